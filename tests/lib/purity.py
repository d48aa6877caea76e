#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""purity.py LIBPOLICY.A

Is the policy library pure? It may call only what the list below allows, and
may have no writable data. What cannot be seen by a linker (a listed function
that makes a system call) is not this program's business: that is why the list
has no stdio but formatting into memory, and of libseccomp only name look-ups.
"""
import re
import subprocess
import sys

# A fortified or C99-redirected spelling counts as the function itself.
ALLOWED = set("""
    abort bsearch calloc free malloc qsort realloc reallocarray
    memchr memcmp memcpy memmem memmove memrchr memset rawmemchr
    strcasecmp strchr strchrnul strcmp strcspn strdup strerror_r __xpg_strerror_r
    strerrordesc_np strerrorname_np
    strlen strncasecmp strncmp strndup strnlen strpbrk strrchr strspn strstr strcasestr
    strtol strtoll strtoul strtoull stpcpy
    snprintf vsnprintf inet_ntop inet_pton
    __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc isalnum isalpha isdigit
    tolower toupper
    _setjmp longjmp __popcountdi2
    __assert_fail __errno_location __stack_chk_fail __memcpy_chk
    yajl_alloc yajl_complete_parse yajl_config yajl_free yajl_free_error
    yajl_get_bytes_consumed yajl_get_error yajl_parse yajl_status_to_string
    seccomp_arch_resolve_name seccomp_syscall_resolve_name
    seccomp_syscall_resolve_name_arch seccomp_syscall_resolve_name_rewrite
    seccomp_syscall_resolve_num_arch
    capng_capability_to_name capng_name_to_capability
""".split())

# .data.rel.ro is written by the dynamic loader only: const tables of pointers.
READ_ONLY = re.compile(r"\.data\.rel\.ro")
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss|init_array|fini_array|ctors|dtors)\b")


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def plain(name):
    name = re.sub(r"^__isoc(99|23)_", "", name)
    return re.sub(r"^__(.*)_chk$", r"\1", name)


def calls(lib):
    """Undefined symbols by the member that wants them, less what members define."""
    wanted, defined, member = {}, set(), "?"
    for line in run("nm", lib).splitlines():
        if line.endswith(":"):
            member = line[:-1]
            continue
        fields = line.split()
        if not fields:
            continue
        if fields[-2] in "Uw":
            wanted.setdefault(fields[-1], set()).add(member)
        else:
            defined.add(fields[-1])
    return {name: by for name, by in wanted.items() if name not in defined and name != "_GLOBAL_OFFSET_TABLE_"}


def writable(lib):
    """Symbols and sections that can be written at run time."""
    found, member = [], "?"
    for line in run("objdump", "-h", "-w", lib).splitlines():
        if "file format" in line:
            member = line.split(":")[0]
        fields = line.split()
        if len(fields) < 3 or not fields[0].isdigit():
            continue
        name, size = fields[1], int(fields[2], 16)
        if size and WRITABLE.match(name) and not READ_ONLY.match(name):
            found.append(f"{member}: {size} bytes in {name}")
    for line in run("nm", lib).splitlines():
        if re.match(r"^[0-9a-f]+ C ", line):
            found.append(f"common symbol {line.split()[-1]}")
    return found


def main():
    lib = sys.argv[1]
    passed = failed = 0
    for name, members in sorted(calls(lib).items()):
        if name in ALLOWED or plain(name) in ALLOWED:
            passed += 1
            continue
        failed += 1
        print(f"{lib}: calls {name}, which is not on the list (from {', '.join(sorted(members))})")
    data = writable(lib)
    for line in data:
        print(f"{lib}: writable data: {line}")
    passed += not data
    failed += len(data)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
