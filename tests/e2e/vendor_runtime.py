#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a vendor's runtime above ocigate, as nvidia-container-runtime works by its
documentation: at "create" it changes config.json in place, for containers whose variable
EXAMPLE_VISIBLE_DEVICES asks for it, and then becomes, with the same arguments, the first
program of its configuration's "runtimes" that there is.

Beside it lies vendor.json: {"runtimes": [...], "mode": "cdi" or "legacy", "cdi": FILE,
"hook": PATH}. "cdi" makes the edits of that CDI specification, "legacy" adds one hook only.
"""

import json
import os
import shutil
import stat
import sys

HERE = os.path.dirname(os.path.realpath(__file__))


def bundle_of(args):
    """The flag of create, with one dash or two, and its value with or without "="."""
    found, i = os.getcwd(), 0
    while i < len(args):
        flag, equals, value = args[i].partition("=")
        if flag.startswith("-") and flag.lstrip("-") in ("b", "bundle"):
            i += not equals
            found = value if equals else args[i]
        i += 1
    return found


def wanted(spec):
    for entry in spec["process"].get("env", []):
        name, _, value = entry.partition("=")
        if name == "EXAMPLE_VISIBLE_DEVICES":
            return [] if value in ("", "void", "none") else value.split(",")
    return []


def add_node(spec, node):
    found = os.stat(node.get("hostPath", node["path"]))
    numbers = {"type": "b" if stat.S_ISBLK(found.st_mode) else "c",
               "major": os.major(found.st_rdev), "minor": os.minor(found.st_rdev)}
    linux = spec["linux"]
    linux.setdefault("devices", []).append({"path": node["path"], **numbers})
    # what CDI says of a node without "permissions"
    linux["resources"].setdefault("devices", []).append(
        {"allow": True, **numbers, "access": node.get("permissions", "rwm")})


def edit(spec, edits):
    spec["process"].setdefault("env", []).extend(edits.get("env", []))
    for node in edits.get("deviceNodes", []):
        add_node(spec, node)
    for mount in edits.get("mounts", []):
        spec["mounts"].append({"destination": mount["containerPath"], "source": mount["hostPath"],
                               "options": mount["options"]})
    for hook in edits.get("hooks", []):
        stage = spec.setdefault("hooks", {}).setdefault(hook["hookName"], [])
        stage.append({key: hook[key] for key in ("path", "args", "env") if key in hook})


def modify(spec, conf):
    if conf["mode"] == "legacy":
        edit(spec, {"hooks": [{"hookName": "prestart", "path": conf["hook"],
                               "args": [os.path.basename(conf["hook"]), "prestart"]}]})
        return
    names = wanted(spec)
    with open(conf["cdi"], encoding="utf-8") as file:
        cdi = json.load(file)
    for device in cdi["devices"]:
        if device["name"] in names:
            edit(spec, device["containerEdits"])
    if names:
        edit(spec, cdi["containerEdits"])


def main():
    with open(os.path.join(HERE, "vendor.json"), encoding="utf-8") as file:
        conf = json.load(file)
    below = next(filter(None, map(shutil.which, conf["runtimes"])))
    if "create" in sys.argv[1:]:
        path = os.path.join(bundle_of(sys.argv[1:]), "config.json")
        with open(path, encoding="utf-8") as file:
            spec = json.load(file)
        modify(spec, conf)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(spec, file)
    os.execv(below, [below, *sys.argv[1:]])


main()
