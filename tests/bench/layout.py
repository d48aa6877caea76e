#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a GNU ld script that puts next to each other what launches execute.

A program's text is mapped in pieces of 64 KiB around what is touched, and each piece
costs a page fault and sixteen entries of the page table. The linker takes functions
in the order of the object files, so that a launch's are spread over all of it.

usage: layout.py MAP TRACE... >SCRIPT

MAP is what ld -Map wrote, each TRACE has addresses of executed instructions, one per
line (usage --trace). A section comes with the first trace that has it. What a script
names and a build does not have is no error to ld: another libc, or another
processor's variants of memcpy(3) and the like, only lie elsewhere.
"""
import bisect
import re
import sys

HEADER = """\
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the usual commands execute, together: for GNU ld, which puts this before the
 * rest of the text (INSERT). Written by "make layout"; tests/bench/layout.py says why.
 * It decides nothing: a function that is missing here lies elsewhere.
 */
"""


def input_sections(path):
    """(address, size, object, section) of each part of the text, by address."""
    found, name = [], None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            alone = re.fullmatch(r" (\.text\S*)\n", line)
            if alone:  # a long name has a line of its own
                name = alone[1]
                continue
            part = re.fullmatch(r" (\.text\S*)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)\n", line)
            if part and (part[1] or name):
                found.append((int(part[2], 16), int(part[3], 16), part[4], part[1] or name))
            name = None
    return sorted(part for part in found if part[0] and part[1])


def pattern(path):
    """How ld's scripts name an object file, wherever it lies."""
    member = re.search(r"([^/]+\.a)\(([^)]+)\)$", path)
    return f"*{member[1]}:{member[2]}" if member else "*/" + path.split("/")[-1]


def variants(paths):
    """The C library's functions of which the loader chose one for this processor."""
    for path in sorted(paths):
        member = re.search(r"(libc\.a)\((\w+)-(?:avx|evex|sse|erms)[^)]*\)$", path)
        if member:
            yield f"*{member[1]}:{member[2]}-*.o"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    parts = input_sections(sys.argv[1])
    if not parts:
        sys.exit(f"layout.py: {sys.argv[1]} names no text: is it what ld -Map wrote?")
    starts = [part[0] for part in parts]
    taken = set()
    print(HEADER + "SECTIONS\n{\n\t.text.launch :\n\t{")
    for trace in sys.argv[2:]:
        new = set()
        with open(trace, encoding="utf-8") as lines:
            for address in (int(line, 16) for line in lines):
                start, size, path, section = parts[bisect.bisect(starts, address) - 1]
                if start <= address < start + size and (path, section) not in taken:
                    new.add((path, section))
        taken |= new
        print(f"\t\t/* {trace.split('/')[-1].split('.')[0]} */")
        for path in sorted({pattern(path) for path, _ in new}):
            print(f"\t\t{path}({' '.join(sorted(s for p, s in new if pattern(p) == path))})")
    print("\t\t/* of other processors */")
    for name in sorted(set(variants(path for path, _ in taken))):
        print(f"\t\t{name}(.text .text.*)")
    print("\t}\n}\nINSERT BEFORE .text;")


main()
