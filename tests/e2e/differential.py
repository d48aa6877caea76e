#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""differential.py

Launches generated bundles through ocigate with a real runtime below, and
compares what the kernel reports of the process with the document that ocigate
decided on (what it left in the bundle). Prints each difference with the seed of
its document; a single one is launched again with --only NUMBER.
"""
import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys

import documents
from kernel_view import Comparison, View

KNOWN = set()  # keys of documents, for what folds onto one


def learn(value):
    if isinstance(value, dict):
        KNOWN.update(value)
        value = list(value.values())
    for child in value if isinstance(value, list) else []:
        learn(child)


def members(pairs):
    keys = [k for k, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key {key!r} twice")
    return dict(pairs)


def unambiguous(value):
    """Below a key that nobody knows nobody looks for any."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key in KNOWN:
                unambiguous(child)
            elif any(key.casefold() == k.casefold() for k in KNOWN):
                raise ValueError(f"ambiguous key {key!r}")
    for child in value if isinstance(value, list) else []:
        unambiguous(child)


def strict(text):
    """The document as every reader must take it; what two could read differently is an error."""
    doc = json.loads(text.decode("utf-8"), object_pairs_hook=members)
    unambiguous(doc)
    return doc


def site(args, preset):
    """A policy on the preset that lets through what the tests themselves need."""
    rules = {"mounts": {"allow+": [{"source": args.source + "/rw", "access": "rw"}, {"source": args.source + "/ro", "access": "ro"}]}}
    if args.allow:
        rules["invocation"] = {"action": "reject", "allow": [args.allow]}
    if preset == "rewriting":
        preset = "lab"
        rules["mounts"]["outside"] = "remove"
        rules["namespaces"] = {"refuse": []}
        rules["user"] = {"action": "rewrite", "uid": ["1-2147483647"], "gid": ["1-2147483647"], "groups": ["1-2147483647"]}
        for rule in ("devices", "sysctls", "rootfs", "seccomp", "oom-score", "rlimits", "propagation", "capabilities"):
            rules[rule] = {"action": "rewrite"}
        rules["rootfs"]["readonly"] = True
        rules["oom-score"]["min"] = 0
        rules["rlimits"]["limits"] = {"nofile": 65536, "core": 0}
    return json.dumps({"version": 1, "extends": preset, "rules": rules})


PRESETS = ["permissive", "permissive", "permissive", "rewriting", "rewriting", "baseline", "lab", "restricted", "cis-docker"]


def drop_own_hook(doc):
    """Take out the hook by which "run" compares the binds of the host's; whether it was there."""
    stages = doc.get("hooks", {})
    own = [hook for hook in stages.get("createRuntime", []) if hook.get("args", [])[1:2] == ["--ocigate-verify"]]
    for hook in own:
        stages["createRuntime"].remove(hook)
    for stage in [name for name, hooks in stages.items() if not hooks and own]:
        del stages[stage]
    if own and not stages:
        del doc["hooks"]
    return len(own) == 1


class Launches:
    def __init__(self, args):
        self.args = args
        self.counts, self.reasons, self.failures = collections.Counter(), collections.Counter(), 0
        with open(args.base, encoding="utf-8") as file:
            self.base = json.load(file)
        learn(self.base)
        KNOWN.update("umask ambient inheritable uidMappings gidMappings rootfsPropagation rlimits".split())
        host = subprocess.run([args.probe, "kernel"], capture_output=True, text=True, check=True, env={})
        self.host = View(host.stdout)
        self.at = {"source": args.source + "/rw", "readonly": args.source + "/ro",
                   "join": {"network": "/proc/1/ns/net", "ipc": "/proc/1/ns/ipc", "uts": "/proc/1/ns/uts"}}
        for preset in set(PRESETS):
            with open(self.policy(preset), "w", encoding="utf-8") as file:
                file.write(site(args, preset))

    def policy(self, preset):
        return f"{self.args.work}/{preset}.json"

    def bundle(self, number, text):
        """A root file system of the probe and a few files, and |text| as the document."""
        bundle = f"{self.args.work}/b{number}"
        for name in "bin dev etc proc sys tmp data data/a var/tmp run mnt".split():
            os.makedirs(f"{bundle}/rootfs/{name}")
            self.host.modes["/" + name] = 0o755
        os.chmod(f"{bundle}/rootfs/tmp", 0o1777)
        self.host.modes["/tmp"] = 0o1777
        os.link(self.args.probe, f"{bundle}/rootfs/bin/probe")
        for name, line in (("passwd", "root:x:0:0::/:/bin/sh\n"), ("group", "root:x:0:\n")):
            with open(f"{bundle}/rootfs/etc/{name}", "w", encoding="utf-8") as file:
                file.write(line)
        with open(f"{bundle}/config.json", "wb") as file:
            file.write(text)
        return bundle

    def command(self, preset, *rest):
        return [self.args.ocigate, f"--ocigate-policy={self.policy(preset)}", f"--ocigate-runtime={self.args.runtime}",
                "--root", f"{self.args.work}/root", *self.args.flags.split(), *rest]

    def one(self, number):
        seed = f"{self.args.seed}/{number}"
        preset = random.Random(f"{seed}/policy").choice(PRESETS)
        text = documents.document(seed, self.base, self.at)
        bundle = self.bundle(number, text)
        predicted = subprocess.run([self.args.ctl, "dry-run", "--policy", self.policy(preset), "--format", "config", bundle],
                                   capture_output=True, check=False).stdout
        out = subprocess.run(self.command(preset, "run", "--bundle", bundle, f"d{number}"), capture_output=True, check=False,
                             stdin=subprocess.DEVNULL, timeout=60)
        with open(f"{bundle}/config.json", "rb") as file:
            decided = file.read()
        self.judge(f"{seed} under {preset}", text, decided, predicted, out)
        # Also of a container that did not start: what it left would be found by the next.
        subprocess.run(self.command(preset, "delete", "--force", f"d{number}"), capture_output=True, check=False)
        self.unmount(f"{seed} under {preset}", preset, bundle)
        if not self.args.keep:
            shutil.rmtree(bundle)
            return
        for name, data in (("decided.json", decided), ("printed", out.stdout)):
            with open(f"{bundle}/{name}", "wb") as file:
                file.write(data)

    def unmount(self, name, preset, bundle):
        """Without a mount namespace runtimes mount in the host's; only permissive lets that through."""
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            left = [line.split()[4] for line in table if line.split()[4].startswith(bundle + "/")]
        if left and preset != "permissive":
            self.failed(name, [f"mounts are left in the host's table: {left}"])
        for point in reversed(left):
            subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)

    def judge(self, name, text, decided, predicted, out):
        said = out.stderr.decode("utf-8", "replace")
        if said.startswith("ocigate: "):
            kind, found = "refused", re.findall(r"(?:rejected: |; )([a-z-]+): ", said) or [re.sub(r'[0-9"].*', "", said)[:50]]
            if out.stdout:
                self.failed(name, ["refused, and something ran"])
        elif out.returncode:
            kind, found = "not started", [re.sub(r"[0-9]{3,}|time=\S*", "", said.strip().split("\n")[-1])[-90:]]
        else:
            kind, found = "compared", []
            self.failed(name, self.differences(name, text, decided, predicted, out.stdout))
        self.counts[kind] += 1
        for reason in set(found):
            self.reasons[f"{kind}: {reason}"] += 1
        if self.args.verbose:
            print(f"# {name}: {kind} {said.strip()[-300:]}")

    def differences(self, name, text, decided, predicted, printed):
        try:
            doc = strict(decided)
            strict(text)
        except ValueError as error:
            return [f"launched, though ambiguous: {error}"]
        found = Comparison(doc, View(printed.decode()), self.host, not name.endswith(" permissive")).differences
        if predicted != decided and (not drop_own_hook(doc) or doc != strict(predicted)):
            found.append("dry-run would have launched another document")
        return found

    def failed(self, name, differences):
        self.failures += bool(differences)
        for difference in differences:
            print(f"differs: {name}: {difference}"[:500])


def main():
    parser = argparse.ArgumentParser()
    for name in "seed work base probe source ocigate ctl runtime".split():
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--flags", default="")
    parser.add_argument("--allow", default="")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    launches = Launches(args)
    for number in [args.only] if args.only is not None else range(args.count):
        launches.one(number)
    for reason, n in launches.reasons.most_common(12):
        print(f"# {n:4} {reason}")
    counts = launches.counts
    print(f"# seed {args.seed}: {counts['compared']} compared, {counts['refused']} refused, "
          f"{counts['not started']} not started by the runtime, {launches.failures} differ")
    # What is hardly ever compared shows nothing.
    sys.exit(launches.failures > 0 or (args.only is None and counts["compared"] * 4 < args.count))


if __name__ == "__main__":
    main()
