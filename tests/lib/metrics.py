#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""metrics.py

The bars on the source that a program can measure: lengths of functions and
files, functions that are not used here, where programs are executed, headers
that stand alone, the licence line, the completeness of rules. Run in the top
directory. It measures; whether the code is good is for a reader.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

FUNCTION_MAX, FUNCTION_P90, FILE_MAX = 80, 40, 600
FIXTURES_MIN = 3
FORBIDDEN = "strcpy strcat sprintf vsprintf atoi atol system popen gets".split()
EXEC = r"execve|execv|execvp|execvpe|execl|execlp|execle|fexecve|execveat|posix_spawn|posix_spawnp"
# Where a program may be executed, and how often. The runtime: one place.
EXEC_PLACES = {"shim/runtime.c": 1, "shim/ports.c": 1}
EXEC_FREE = ("shim/ctl/", "shim/guard/", "tests/")
PRODUCT = ("include/", "policy/", "shim/")


class Bars:
    """Counts what holds and prints what does not."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, ok, message):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(f"metrics: {message}")


def find(*patterns):
    return sorted({f for p in patterns for f in glob.glob(p, recursive=True) if not f.startswith("build/")})


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def code_of(text):
    """C without comments, strings and character constants; lines stay."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def functions(files):
    """(length, name, file) of every function, by ctags."""
    if not files:
        return []
    argv = ["ctags-universal", "--output-format=json", "--fields=+ne", "--languages=C",
            "--langmap=C:+.h", "--kinds-C=f", "-f", "-", *files]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    tags = [json.loads(line) for line in out.splitlines()]
    return sorted((t["end"] - t["line"] + 1, t["name"], t["path"]) for t in tags if "end" in t)


def percentile(lengths, percent):
    return lengths[min(len(lengths) - 1, len(lengths) * percent // 100)] if lengths else 0


def check_functions(bars, c_files):
    product = functions([f for f in c_files if f.startswith(PRODUCT)])
    tests = functions([f for f in c_files if not f.startswith(PRODUCT)])
    for name, found in (("product", product), ("tests", tests)):
        lengths = [length for length, _, _ in found]
        print(f"{name}: {len(lengths)} functions, median {percentile(lengths, 50)}, "
              f"90th percentile {percentile(lengths, 90)}, longest {lengths[-1] if lengths else 0}")
    lengths = [length for length, _, _ in product]
    p90 = percentile(lengths, 90)
    bars.check(p90 <= FUNCTION_P90, f"90th percentile of function length is {p90}, over {FUNCTION_P90}")
    for length, name, path in product + tests:
        bars.check(length <= FUNCTION_MAX, f"{path}: {name} has {length} lines, over {FUNCTION_MAX}")


def check_files(bars, files):
    for path in files:
        text = read(path)
        lines = text.count("\n")
        bars.check(lines <= FILE_MAX, f"{path}: {lines} lines, over {FILE_MAX}")
        head = "\n".join(text.split("\n")[:2])
        bars.check("SPDX-License-Identifier: Apache-2.0" in head, f"{path}: no SPDX line at its head")


def check_calls(bars, c_files):
    forbidden = re.compile(r"\b(" + "|".join(FORBIDDEN) + r")\s*\(")
    execs = re.compile(r"\b(" + EXEC + r")\s*\(")
    for path in c_files:
        code = code_of(read(path))
        hits = [f"{path}:{code.count(chr(10), 0, m.start()) + 1}: {m.group(1)}" for m in forbidden.finditer(code)]
        bars.check(not hits, "not to be used: " + ", ".join(hits))
        if path.startswith(EXEC_FREE):
            continue
        found, allowed = len(execs.findall(code)), EXEC_PLACES.get(path, 0)
        bars.check(found <= allowed, f"{path}: executes programs in {found} places, {allowed} allowed")
    runtime = "shim/runtime.c"
    found = len(execs.findall(code_of(read(runtime)))) if os.path.exists(runtime) else 0
    bars.check(found == 1, f"{runtime}: executes the runtime in {found} places, must be 1")


def check_includes(bars, c_files):
    """policy/ sees include/ocigate, its own headers, libc and its three libraries."""
    not_libc = re.compile(r"^(sys/|unistd|fcntl|dirent|syslog|signal|time\.h|stdio_ext|jansson|net/|netdb|spawn)")
    for path in (f for f in c_files if f.startswith("policy/")):
        wrong = [h for h in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', read(path), re.M)
                 if not_libc.match(h) or h.startswith(("shim/", "../shim", "tests/"))]
        bars.check(not wrong, f"{path}: the pure core includes {', '.join(wrong)}")


def check_headers(bars, headers):
    cc = os.environ.get("CC", "cc").split()
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-Iinclude", "-I.", "-I/usr/include/yajl"]
    for path in headers:
        with tempfile.NamedTemporaryFile("w", suffix=".c") as unit:
            # Twice: the guard must work as well.
            unit.write(f'#include "{os.path.abspath(path)}"\n' * 2)
            unit.flush()
            own = ["-I" + os.path.dirname(path)]
            result = subprocess.run([*cc, *flags, *own, "-fsyntax-only", unit.name], capture_output=True, text=True, check=False)
        bars.check(result.returncode == 0, f"{path}: does not compile alone\n{result.stderr}")


def check_rules(bars):
    """One file, one row, enough fixtures; and no file or fixture without its row."""
    rows = re.findall(r'^RULE\(\s*(\w+)\s*,\s*"([^"]+)"', code_free_comments("policy/rules.def"), re.M)
    ids = {rule_id for _, rule_id in rows}
    bars.check(len(ids) == len(rows) > 0, "policy/rules.def: an id is there twice, or none at all")
    for ident, rule_id in rows:
        bars.check(ident == rule_id.replace("-", "_"), f"policy/rules.def: {ident} is not {rule_id} in C")
        bars.check(os.path.exists(f"policy/rules/{ident}.c"), f"rule {rule_id}: no file policy/rules/{ident}.c")
        cases = glob.glob(f"tests/fixtures/{rule_id}/*/")
        bars.check(len(cases) >= FIXTURES_MIN, f"rule {rule_id}: {len(cases)} fixtures, at least {FIXTURES_MIN} are needed")
    idents = {ident for ident, _ in rows}
    for path in find("policy/rules/*.c"):
        code = code_of(read(path))
        defined = re.findall(r"^int (og_rule_\w+)\(struct og_pass \*", code, re.M)
        stem = os.path.basename(path)[:-2]
        bars.check(not defined or stem in idents and defined == ["og_rule_" + stem],
                   f"{path}: defines {', '.join(defined)}, which is not the row of its name")
    for path in find("tests/fixtures/*/"):
        bars.check(os.path.basename(path[:-1]) in ids, f"{path}: no such rule")


def code_free_comments(path):
    return re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)


def main():
    bars = Bars()
    c_files = find("include/**/*.[ch]", "policy/**/*.[ch]", "shim/**/*.[ch]", "tests/**/*.[ch]")
    others = find("policy/*.def", "shim/**/*.def", "tests/**/*.py", "tests/**/*.sh", "tests/**/*.awk", "examples/**/*.sh", "Makefile")
    check_functions(bars, c_files)
    check_files(bars, c_files + others)
    check_calls(bars, c_files)
    check_includes(bars, c_files)
    check_headers(bars, [f for f in c_files if f.endswith(".h")])
    check_rules(bars)
    print(f"{bars.passed} passed, {bars.failed} failed")
    return bars.failed > 0


if __name__ == "__main__":
    sys.exit(main())
