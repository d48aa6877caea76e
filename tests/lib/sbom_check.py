#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom_check.py SBOM PROGRAM... -- MODULE:PACKAGE...

Does the list of what is linked in say what the programs are made of? The other
way round than it was made: a program that has symbols which only a library's
archive defines must name the library's package, and no other may.
"""
import json
import os
import re
import subprocess
import sys


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def symbols(path, kinds="TDRBW"):
    """Names that a program or archive defines; an archive's own are not asked for."""
    return set(re.findall(r" [%s] (\S+)$" % kinds, run("nm", "--defined-only", path), re.M))


def archive_of(module):
    where = run("pkg-config", "--variable=libdir", module).strip()
    name = {"yajl": "yajl_s"}.get(module) or re.search(r"-l(\S+)", run("pkg-config", "--libs", module)).group(1)
    return os.path.join(where, "lib%s.a" % name)


def main():
    split = sys.argv.index("--")
    with open(sys.argv[1], encoding="utf-8") as text:
        sbom = json.load(text)
    libraries = [m.split(":") for m in sys.argv[split + 1:]] + [["", "libc6-dev"]]
    names = {p["SPDXID"]: p for p in sbom["packages"]}
    results = [("each package has a version and a licence",
                all(p["versionInfo"] != "NOASSERTION" and p["licenseDeclared"] != "NOASSERTION"
                    for p in names.values()))]
    for relation in sbom["relationships"]:
        results.append((str(relation), relation["relatedSpdxElement"] in names))
    for program in sys.argv[2:split]:
        own = "SPDXRef-" + os.path.basename(program)
        listed = {names[r["relatedSpdxElement"]]["name"] for r in sbom["relationships"]
                  if r["spdxElementId"] == own and r["relationshipType"] == "STATIC_LINK"}
        have = symbols(program, "A-Za-z")
        for module, package in libraries:
            inside = bool(have & symbols(archive_of(module))) if module else "abort" in have
            results.append(("%s: %s is %slinked in" % (program, package, "" if inside else "not "),
                            inside == (package in listed)))
    failed = [what for what, ok in results if not ok]
    for what in failed:
        print("not so in the list:", what)
    print("%d passed, %d failed" % (len(results) - len(failed), len(failed)))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
