#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Branches of policy/ that no test takes: each is in tests/coverage.txt, with the reason.

A branch is named by its file, its function and the text of its line, so that
edits elsewhere leave the list as it is. Of a line that is listed as many
branches must be missed as are said there: one that a test takes by now, and one
that is missed and not listed, fails. So does less than --min per cent in all.

usage: coverage.py [--min PERCENT] GCOVR-JSON
"""
import argparse
import json
import os
import re
import sys
from collections import Counter

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIST = "tests/coverage.txt"
# "FILE FUNCTION N: TEXT", and indented lines below it that say why
HEAD = re.compile(r"(\S+) (\S+) (\d+): (.*)")


def function_of(functions, number):
    """The function that begins last at or before line |number|."""
    return max((f for f in functions if f["lineno"] <= number), key=lambda f: f["lineno"], default={"name": "-"})["name"]


def missed_in(file, missed, where):
    """Adds what is missed in |file|; the numbers of branches, all and missed."""
    with open(os.path.join(TREE, file["file"]), encoding="utf-8") as source:
        text = source.read().split("\n")
    every = wrong = 0
    for line in file["lines"]:
        branches = [branch["count"] for branch in line["branches"]]
        n = branches.count(0)
        every += len(branches)
        wrong += n
        if n:
            number = line["line_number"]
            key = (file["file"], function_of(file["functions"], number), text[number - 1].strip())
            missed[key] += n
            where.setdefault(key, number)
    return every, wrong


def listed():
    """{branch: how many}, and what is wrong with the list itself."""
    found, errors, last = Counter(), [], None
    with open(os.path.join(TREE, LIST), encoding="utf-8") as file:
        for number, line in enumerate(file.read().split("\n"), 1):
            if line.startswith((" ", "\t")):
                last = None
                continue
            if last:
                errors.append(f"{LIST}:{last}: no reason is given")
                last = None
            if not line or line.startswith("#"):
                continue
            head = HEAD.fullmatch(line)
            if not head:
                errors.append(f"{LIST}:{number}: \"FILE FUNCTION N: TEXT\" is expected")
                continue
            key, last = (head[1], head[2], head[4]), number
            if key in found:
                errors.append(f"{LIST}:{number}: listed twice")
            found[key] += int(head[3])
    return found, errors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--min", type=float, default=0)
    parser.add_argument("json")
    args = parser.parse_args()
    with open(args.json, encoding="utf-8") as file:
        files = json.load(file)["files"]
    missed, where, every, wrong = Counter(), {}, 0, 0
    for file in files:
        counts = missed_in(file, missed, where)
        every, wrong = every + counts[0], wrong + counts[1]
    known, errors = listed()
    for key in sorted(set(missed) | set(known)):
        if missed[key] > known[key]:
            errors.append(f"{key[0]}:{where[key]}: branches that no test takes; listed are {known[key]} of\n"
                          f"  {key[0]} {key[1]} {missed[key]}: {key[2]}")
        elif missed[key] < known[key]:
            errors.append(f"{LIST}: {missed[key]} missed of\n  {key[0]} {key[1]} {known[key]}: {key[2]}")
    share = 100 * (1 - wrong / every) if every else 0
    if share < args.min:
        errors.append(f"branch coverage of policy/ is {share:.2f} %, less than {args.min:g} %")
    print("\n".join(errors + [f"{every - wrong} of {every} branches ({share:.2f} %), {sum(known.values())} explained"]))
    print(f"{0 if errors else len(known) + 1} passed, {len(errors)} failed")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
