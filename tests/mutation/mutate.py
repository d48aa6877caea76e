#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks each rule in turn and shows that a test fails each time.

A mutant is one change to a copy of the tree: a rule that returns early, a row
of the table that forgets a command, a condition turned round, the check that a
part of the document has one owner left out. It is killed by a build that fails
or by a unit test or fixture that fails. A survivor must be listed, with the
reason why nobody could tell it from the original, in survivors.txt; a line
there that no mutant answers to is an error as well.

usage: mutate.py [--kinds early,table,owner,invert] [--rule ID]... [--every N] [--jobs N]
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SURVIVORS = os.path.join(TREE, "tests/mutation/survivors.txt")


class Mutant:
    def __init__(self, kind, rule, path, old, new, offset):
        self.kind, self.rule, self.path, self.old, self.new, self.offset = kind, rule, path, old, new, offset

    def name(self, text):
        line = text.count("\n", 0, self.offset) + 1
        shown = " ".join(self.new.split())
        return f"{self.kind} {self.path}:{line}: {self.rule} {shown[:90]}", f"{self.kind} {self.path}: {self.rule} {shown}"


def read(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as file:
        return file.read()


def rule_files():
    """The table's rows: (file of the rule, id)."""
    rows = re.findall(r'^\s*RULE\((\w+),\s*"([a-z-]+)"', read("policy/rules.def"), re.M)
    if not rows:
        sys.exit("mutate.py: policy/rules.def has no row that can be read")
    return [(f"policy/rules/{ident}.c", name, ident) for ident, name in rows]


def close_paren(text, start):
    """The offset behind the parenthesis that closes the one at |start|."""
    depth, at, quote = 0, start, None
    while at < len(text):
        c = text[at]
        if quote:
            at += c == "\\"
            quote = None if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return -1


def early(path, name, ident):
    text = read(path)
    found = re.search(rf"^int og_rule_{ident}\(struct og_pass \*pass\)\n{{\n", text, re.M)
    if not found:
        sys.exit(f"mutate.py: {path} has no og_rule_{ident}()")
    yield Mutant("early", name, path, "", "\tif (pass)\n\t\treturn 0;\n", found.end())


def invert(path, name, _ident):
    text = read(path)
    for found in re.finditer(r"\bif \(", text):
        start = found.end() - 1
        end = close_paren(text, start)
        old = text[start:end]
        yield Mutant("invert", name, path, old, f"(!{old})", start)


def table():
    text = read("policy/rules.def")
    for row in re.finditer(r'^RULE\(\w+,\s*"([a-z-]+)"[^"]*', text, re.M):
        for cmd in re.finditer(r"OG_CMD_(\w+)", row.group(0)):
            yield Mutant("table", row.group(1), "policy/rules.def", cmd.group(0), "0 /* not " + cmd.group(1) + " */",
                         row.start() + cmd.start())


def owner():
    text = read("policy/pass.c")
    found = list(re.finditer(r"owner == 0 \|\| owner == pass->rule \+ 1", text))
    found += list(re.finditer(r"owner && owner != pass->rule \+ 1", text))
    if len(found) < 2:
        sys.exit("mutate.py: policy/pass.c no longer checks owners as this script expects")
    for one in found:
        whole = one.group(0)
        yield Mutant("owner", "", "policy/pass.c", whole, "1 || " + whole if "||" in whole else "0 && " + whole,
                     one.start())


def mutants(kinds, only):
    for path, name, ident in rule_files():
        if only and name not in only:
            continue
        if "early" in kinds:
            yield from early(path, name, ident)
        if "invert" in kinds:
            yield from invert(path, name, ident)
    if "table" in kinds:
        yield from (m for m in table() if not only or m.rule in only)
    if "owner" in kinds and not only:
        yield from owner()


def listed():
    """The survivors that are known: their names without line numbers."""
    names = {}
    if os.path.exists(SURVIVORS):
        for line in read("tests/mutation/survivors.txt").splitlines():
            if line and not line.startswith(("#", " ", "\t")):
                names[line] = False
    return names


class Copy:
    """A copy of the tree in which one mutant at a time is built and tested."""

    def __init__(self, where):
        self.where = where
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TREE, check=True,
                               stdout=subprocess.PIPE, text=True).stdout.split("\n")
        for file in filter(None, files):
            source, target = os.path.join(TREE, file), os.path.join(where, file)
            if os.path.isfile(source):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(source, target)
        log = self.make()
        if log.returncode:
            sys.exit("mutate.py: the tree as it is does not build\n" + log.stdout[-2000:])

    def make(self):
        return subprocess.run(["make", "-s", "CFLAGS=-O0", "build/default/test-unit"], cwd=self.where,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def fails(self, *arguments):
        try:
            run = subprocess.run(["build/default/test-unit", "-j1", "--timeout", "20", *arguments], cwd=self.where,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
        except subprocess.TimeoutExpired:
            return True
        return run.returncode != 0

    def killed(self, mutant):
        path = os.path.join(self.where, mutant.path)
        text = read(mutant.path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:mutant.offset] + mutant.new + text[mutant.offset + len(mutant.old):])
        try:
            if self.make().returncode:
                return True
            suite = mutant.rule.replace("-", "_")
            return (suite and self.fails("--filter", f"fixture_{suite}/*")) or self.fails()
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


def sample(every_one, step):
    """Every step-th; which is the first, the sources decide, so that a change tries others."""
    text = "".join(read(path) for path in sorted({mutant.path for mutant in every_one}))
    return every_one[zlib.crc32(text.encode()) % step :: step]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", default="early,table,owner,invert")
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    kinds = args.kinds.split(",")
    known = listed()
    failed = passed = 0
    with tempfile.TemporaryDirectory(prefix="mutation.", dir=os.environ.get("TMPDIR", "/var/tmp")) as work:
        copies = Queue()
        for i in range(args.jobs):
            copies.put(Copy(os.path.join(work, str(i))))
        if copies.queue[0].fails():
            sys.exit("mutate.py: the tests fail without any mutant")

        def run(mutant):
            copy = copies.get()
            try:
                return mutant, copy.killed(mutant)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(args.jobs) as pool:
            for mutant, killed in pool.map(run, sample(list(mutants(kinds, args.rule)), args.every)):
                shown, name = mutant.name(read(mutant.path))
                if killed and name in known:
                    print(f"killed, but listed as a survivor: {shown}", flush=True)
                    failed += 1
                elif killed or name in known:
                    passed += 1
                    if name in known:
                        known[name] = True
                else:
                    print(f"survived: {shown}\n  {name}", flush=True)
                    failed += 1
    if not args.rule and args.every == 1 and set(kinds) == {"early", "table", "owner", "invert"}:
        for name in (name for name, seen in known.items() if not seen):
            print(f"survivors.txt lists what is no mutant any more: {name}")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
