#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hardening.py [--static] [--no-pie=PROGRAM] --flags="FLAGS" OBJECTS-DIRECTORY PROGRAM...

Reads back from the programs and their objects what the hardening flags should
have left there: a flag that was asked for is not yet a flag obtained. FLAGS are
those that the compiler accepted. --no-pie: a program whose addresses are fixed, as
the Makefile says why.
"""
import argparse
import os
import re
import subprocess
import sys


def run(*argv):
    env = dict(os.environ, LC_ALL="C")
    return subprocess.run(argv, check=True, capture_output=True, text=True, env=env).stdout


class Program:
    """What readelf and nm say about one program."""

    def __init__(self, path):
        self.path = path
        self.header = run("readelf", "-hW", path)
        self.segments = run("readelf", "-lW", path)
        self.dynamic = run("readelf", "-dW", path)
        self.symbols = set(re.findall(r" (\S+)$", run("nm", path), re.M))

    def flags_of(self, segment):
        """The access letters of every segment of one type: ["R", "RE", "RW"]."""
        out = []
        for line in self.segments.splitlines():
            fields = line.split()
            if fields and fields[0] == segment:
                out.append("".join(f for f in fields[6:-1]))
        return out

    def needs(self):
        return re.findall(r"\(NEEDED\).*\[(.*)\]", self.dynamic)


def program_checks(prog, static, pie):
    loads = prog.flags_of("LOAD")
    mode = os.stat(prog.path).st_mode
    yield "position independent" if pie else "at a fixed address", ("DYN" if pie else "EXEC") in prog.header
    yield "stack is not executable", prog.flags_of("GNU_STACK") == ["RW"]
    yield "no segment is writable and executable", loads and not [f for f in loads if "W" in f and "E" in f]
    yield "relocations are read-only (RELRO)", prog.flags_of("GNU_RELRO") == ["R"]
    if pie:
        yield "everything is bound at start (NOW)", re.search(r"\(FLAGS_1\).*NOW", prog.dynamic) is not None
    else:
        yield "nothing is left to be bound", "no dynamic section" in prog.dynamic
    yield "no relocation in the text", "TEXTREL" not in prog.dynamic
    yield "no run path", not re.search(r"R(UN)?PATH", prog.dynamic)
    yield "not setuid, not setgid", mode & 0o6000 == 0
    yield "stack protector is linked", any(s.startswith("__stack_chk_fail") for s in prog.symbols)
    if static:
        yield "static: no interpreter", "INTERP" not in prog.segments
        yield "static: no library", prog.needs() == []


def objects(directory):
    for base, _, names in os.walk(directory):
        if os.sep + "tests" in base:
            continue
        yield from (os.path.join(base, n) for n in sorted(names) if n.endswith(".o"))


def object_checks(directory, flags):
    """What the linker does not keep is read from our own objects."""
    fortified = set()
    for path in objects(directory):
        if "-fcf-protection=full" in flags:
            yield f"{path}: IBT and SHSTK", re.search(r"IBT.*SHSTK", run("readelf", "-n", path)) is not None
        producer = re.search(r"DW_AT_producer.*GNU C.*", run("readelf", "--debug-dump=info", path))
        if producer:
            for flag in flags:
                yield f"{path}: {flag}", flag in producer.group(0) or flag == "-fPIE" and "-fpie" in producer.group(0)
        fortified |= set(re.findall(r" U (__\w+_chk)$", run("nm", path), re.M))
    yield "calls of libc are fortified", fortified


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--static", action="store_true")
    parser.add_argument("--no-pie", default="")
    parser.add_argument("--flags", default="")
    parser.add_argument("objects")
    parser.add_argument("programs", nargs="+")
    args = parser.parse_args()
    passed = failed = 0
    results = [(p + ": " + what, ok) for p in args.programs for what, ok in program_checks(Program(p), args.static, p != args.no_pie)]
    results += list(object_checks(args.objects, args.flags.split()))
    for what, ok in results:
        passed += bool(ok)
        failed += not ok
        if not ok:
            print(f"not so: {what}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
