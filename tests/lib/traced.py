#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""traced.py PROGRAM FIXTURE...

Runs tests/lib/traced.c's program under strace over the fixtures and fails on
every system call between its two getppid(2) that is not about memory.
"""
import re
import subprocess
import sys
import tempfile

MEMORY = {"brk", "mmap", "munmap", "mremap", "madvise", "mprotect"}


def main():
    program, fixtures = sys.argv[1], sys.argv[2:]
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        result = subprocess.run(["strace", "-f", "-o", log.name, program, *fixtures],
                                check=True, capture_output=True, text=True)
        lines = log.read().splitlines()
    judged, documents = map(int, result.stdout.split())
    marks = [i for i, line in enumerate(lines) if re.search(r"\bgetppid\(", line)]
    assert len(marks) == 2, f"{len(marks)} marks in the trace"
    inside = lines[marks[0] + 1:marks[1]]
    other = [line for line in inside if (m := re.match(r"\d+ +(\w+)\(", line)) is None or m.group(1) not in MEMORY]
    for line in other:
        print(f"the policy library makes a system call: {line}")
    print(f"{judged} of {documents} fixtures with a document evaluated, {len(inside)} system calls about memory")
    failed = len(other) + (judged < documents or documents == 0)
    print(f"{int(not failed)} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
