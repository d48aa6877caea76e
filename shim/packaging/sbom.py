#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom.py VERSION PROGRAM...

Prints what is linked into the static programs, as an SPDX 2.3 document in JSON.
PROGRAM.map is what the linker wrote of it: each archive that gave a part. The
package that an archive comes from is asked of dpkg; elsewhere the archive's name
stands for it. The same programs and libraries give the same document.
"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys

# As the packages' own copyright files say.
LICENSES = {
    "libyajl-dev": "ISC",
    "libseccomp-dev": "LGPL-2.1-only",
    "libmd-dev": "BSD-3-Clause AND BSD-2-Clause AND ISC AND Beerware",
    "libjansson-dev": "MIT",
    "libcap-ng-dev": "LGPL-2.1-or-later",
    "libc6-dev": "LGPL-2.1-or-later",
}
GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def linked(program):
    """The archives and objects of others in a program's map."""
    found = set()
    with open(program + ".map", encoding="utf-8") as text:
        for line in text:
            # what is only looked into has its LOAD line too, but no member
            match = re.match(r"(/\S+?\.a)\(|LOAD (/\S+\.o)$", line)
            if match:
                found.add(os.path.realpath(match.group(1) or match.group(2)))
    return found


def package_of(path):
    """Name, version and license of what a file belongs to."""
    owner = ""
    for name in (path, path.replace("/usr/", "/", 1)):
        owner = owner or run("dpkg-query", "-S", name).split(": ")[0].split(",")[0]
    if not owner:
        return os.path.basename(path), "NOASSERTION", "NOASSERTION"
    version = run("dpkg-query", "-W", "-f", "${Version}", owner)
    name = owner.split(":")[0]
    return name, version, GCC if name.startswith("libgcc") else LICENSES.get(name, "NOASSERTION")


def created():
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or run("git", "log", "-1", "--format=%ct") or "0"
    when = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def package(name, version, license_id):
    return {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": license_id,
        "licenseDeclared": license_id,
        "copyrightText": "NOASSERTION",
    }


def main():
    version, programs = sys.argv[1], sys.argv[2:]
    packages = {}
    relations = []
    for program in programs:
        own = package(os.path.basename(program), version, "Apache-2.0")
        packages[own["SPDXID"]] = own
        relations.append(("SPDXRef-DOCUMENT", "DESCRIBES", own["SPDXID"]))
        for part in {package_of(path) for path in linked(program)}:
            other = package(*part)
            packages[other["SPDXID"]] = other
            relations.append((own["SPDXID"], "STATIC_LINK", other["SPDXID"]))
    body = sorted(packages.values(), key=lambda p: p["SPDXID"])
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    json.dump({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "ocigate-" + version,
        "documentNamespace": "https://spdx.org/spdxdocs/ocigate-%s-%s" % (version, digest[:32]),
        "creationInfo": {"created": created(), "creators": ["Tool: ocigate-sbom"]},
        "packages": body,
        "relationships": [{"spdxElementId": a, "relationshipType": r, "relatedSpdxElement": b}
                          for a, r, b in sorted(set(relations))],
    }, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
