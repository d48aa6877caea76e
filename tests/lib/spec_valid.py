#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Is what ocigate hands to the runtime what the OCI runtime specification allows? A
second opinion that shares nothing with policy/schema_table.c: types, required
fields, enumerations and the sentences with MUST in config.md and config-linux.md
of the specification 1.3, and what the kernel or every runtime refuses besides.

    spec_valid.py BUILD                 every tests/fixtures/*/*/after.json, and every
                                        tests/captures/*.json under each preset
    spec_valid.py [-c create|exec|update] FILE...

A rewrite must not add a violation: what was wrong in before.json may stay. A field
that the specification does not have counts as a violation too, or a misspelt one
would be taken for an extension.
"""
import collections, glob, json, os, re, subprocess, sys

# ---- the tables ------------------------------------------------------------
# bool, str, (lo, hi): an integer; {words}; re; [element]; {"*": value}: a map;
# {"field": type}: an object, with "!" after the names of fields that it needs.

U16, U32, U64 = (0, 2**16 - 1), (0, 2**32 - 1), (0, 2**64 - 1)
I32, I64 = (-2**31, 2**31 - 1), (-2**63, 2**63 - 1)
words = lambda text: frozenset(text.split())
prefixed = lambda prefix, text: frozenset(prefix + word for word in text.split())
ABSOLUTE = re.compile(r"/[^\0]*")
FILE = re.compile(r"[^\0]+")
CAPABILITIES = [re.compile(r"CAP_[A-Z_]+")]
CPUS = re.compile(r"[0-9, -]*")

HOOK = {"path!": ABSOLUTE, "args": [str], "env": [str], "timeout": (1, 2**31 - 1)}
MAPPINGS = [{"containerID!": U32, "hostID!": U32, "size!": U32}]
STAGES = "prestart createRuntime createContainer startContainer poststart poststop"
ACTION = prefixed("SCMP_ACT_", "KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY")

PROCESS = {
    "terminal": bool,
    "consoleSize": {"height!": U32, "width!": U32},
    "cwd!": ABSOLUTE,
    "env": [re.compile(r"[^=\0]+=[^\0]*")],
    "args!": [str],
    "commandLine": str,
    "user": {"uid!": U32, "gid!": U32, "umask": (0, 0o777), "additionalGids": [U32], "username": str},
    "rlimits": [{
        "type!": prefixed("RLIMIT_", "AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO"
                                     " RTTIME SIGPENDING STACK"),
        "soft!": U64, "hard!": U64}],
    "apparmorProfile": str,
    "capabilities": {name: CAPABILITIES for name in "bounding effective inheritable permitted ambient".split()},
    "noNewPrivileges": bool,
    "oomScoreAdj": (-1000, 1000),
    "scheduler": {
        "policy!": prefixed("SCHED_", "OTHER FIFO RR BATCH ISO IDLE DEADLINE"),
        "nice": (-20, 19), "priority": I32, "runtime": U64, "deadline": U64, "period": U64,
        "flags": [prefixed("SCHED_FLAG_", "RESET_ON_FORK RECLAIM DL_OVERRUN KEEP_POLICY KEEP_PARAMS UTIL_CLAMP_MIN"
                                          " UTIL_CLAMP_MAX")]},
    "selinuxLabel": str,
    "ioPriority": {"class!": prefixed("IOPRIO_CLASS_", "RT BE IDLE"), "priority": I32},
    "execCPUAffinity": {"initial": CPUS, "final": CPUS},
}

DISK = {"major!": I64, "minor!": I64}
THROTTLE = [dict(DISK, rate=U64)]
RESOURCES = {
    "devices": [{"allow!": bool, "type": words("a b c"), "major": I64, "minor": I64, "access": re.compile("[rwm]*")}],
    "memory": {"limit": I64, "reservation": I64, "swap": I64, "kernel": I64, "kernelTCP": I64, "swappiness": U64,
               "disableOOMKiller": bool, "useHierarchy": bool, "checkBeforeUpdate": bool},
    "cpu": {"shares": U64, "quota": I64, "burst": U64, "period": U64, "realtimeRuntime": I64, "realtimePeriod": U64,
            "cpus": CPUS, "mems": CPUS, "idle": I64},
    "pids": {"limit": I64},
    "blockIO": {"weight": U16, "leafWeight": U16,
                "weightDevice": [dict(DISK, weight=U16, leafWeight=U16)],
                "throttleReadBpsDevice": THROTTLE, "throttleWriteBpsDevice": THROTTLE,
                "throttleReadIOPSDevice": THROTTLE, "throttleWriteIOPSDevice": THROTTLE},
    "hugepageLimits": [{"pageSize!": re.compile("[1-9][0-9]*[KMG]B"), "limit!": U64}],
    "network": {"classID": U32, "priorities": [{"name!": str, "priority!": U32}]},
    "rdma": {"*": {"hcaHandles": U32, "hcaObjects": U32}},
    "unified": {"*": str},
}

SECCOMP = {
    "defaultAction!": ACTION, "defaultErrnoRet": U32,
    "architectures": [prefixed("SCMP_ARCH_", "X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64"
                                             " MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 RISCV64"
                                             " LOONGARCH64 M68K SH SHEB")],
    "flags": [prefixed("SECCOMP_FILTER_FLAG_", "TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV")],
    "listenerPath": str, "listenerMetadata": str,
    "syscalls": [{"names!": [str], "action!": ACTION, "errnoRet": U32,
                  "args": [{"index!": (0, 5), "value!": U64, "valueTwo": U64,
                            "op!": prefixed("SCMP_CMP_", "NE LT LE EQ GE GT MASKED_EQ")}]}],
}

LINUX = {
    "namespaces": [{"type!": words("pid network mount ipc uts user cgroup time"), "path": ABSOLUTE}],
    "uidMappings": MAPPINGS, "gidMappings": MAPPINGS,
    "timeOffsets": {"*": {"secs": I64, "nanosecs": (0, 999999999)}},
    "devices": [{"type!": words("c b u p"), "path!": ABSOLUTE, "major": I64, "minor": I64, "fileMode": U32, "uid": U32,
                 "gid": U32}],
    "netDevices": {"*": {"name": re.compile(r"[^/\s:]{1,15}")}},
    "cgroupsPath": str,
    "resources": RESOURCES,
    # enableCMT and enableMBM were dropped in 1.3
    "intelRdt": {"closID": re.compile(r"[^\n]*"), "schemata": [str], "l3CacheSchema": str,
                 "memBwSchema": re.compile(r"MB:[^\n]*"), "enableMonitoring": bool, "enableCMT": bool,
                 "enableMBM": bool},
    "memoryPolicy": {"mode!": prefixed("MPOL_", "DEFAULT BIND INTERLEAVE WEIGHTED_INTERLEAVE PREFERRED PREFERRED_MANY"
                                                " LOCAL"),
                     "nodes": CPUS, "flags": [prefixed("MPOL_F_", "NUMA_BALANCING RELATIVE_NODES STATIC_NODES")]},
    "sysctl": {"*": str},
    "seccomp": SECCOMP,
    # the text has the four without "r"; Docker writes the others, and runtimes take them
    "rootfsPropagation": words("shared slave private unbindable rshared rslave rprivate runbindable"),
    "maskedPaths": [ABSOLUTE], "readonlyPaths": [ABSOLUTE],
    "mountLabel": str,
    "personality": {"domain!": words("LINUX LINUX32"), "flags": [str]},
}

CONFIG = {
    "ociVersion!": re.compile(r"1\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"),
    "root!": {"path!": FILE, "readonly": bool},
    "mounts": [{"destination!": ABSOLUTE, "type": str, "source": str, "options": [str], "uidMappings": MAPPINGS,
                "gidMappings": MAPPINGS}],
    "process!": PROCESS,
    "hostname": str, "domainname": str,
    "hooks": {stage: [HOOK] for stage in STAGES.split()},
    "annotations": {"*": str},
    "linux!": LINUX,
}

KINDS = {"create": CONFIG, "exec": PROCESS, "update": RESOURCES}

# ---- types -----------------------------------------------------------------


def name_of(kind):
    if isinstance(kind, frozenset):
        return "one of " + " ".join(sorted(kind))
    if isinstance(kind, re.Pattern):
        return "a string like " + kind.pattern
    if isinstance(kind, tuple):
        return "an integer from %d to %d" % kind
    if isinstance(kind, (list, dict)):
        return "an array" if isinstance(kind, list) else "an object"
    return "true or false" if kind is bool else "a string"


def is_a(value, kind):
    if kind is bool:
        return isinstance(value, bool)
    if isinstance(kind, tuple):
        return type(value) is int and kind[0] <= value <= kind[1]
    if isinstance(kind, (list, dict)):
        return isinstance(value, type(kind))
    return isinstance(value, str) and (kind is str or (value in kind if isinstance(kind, frozenset)
                                                       else bool(kind.fullmatch(value))))


def check_object(value, kind, path, found):
    for key, member in value.items():
        if "*" in kind:
            if key == "":
                found.append((path, "an empty name"))
            check_type(member, kind["*"], path + "/" + key, found)
        elif key in kind or key + "!" in kind:
            check_type(member, kind.get(key, kind.get(key + "!")), path + "/" + key, found)
        else:
            found.append((path + "/" + key, "no such field"))
    for key in kind:
        if key.endswith("!") and key[:-1] not in value:
            found.append((path + "/" + key[:-1], "missing"))


def check_type(value, kind, path, found):
    if not is_a(value, kind):
        found.append((path, "%s is not %s" % (json.dumps(value)[:80], name_of(kind))))
    elif isinstance(kind, list):
        for element in value:
            check_type(element, kind[0], path + "/*", found)
    elif isinstance(kind, dict):
        check_object(value, kind, path, found)


# ---- sentences -------------------------------------------------------------


class Missing(dict):
    """What is absent, or of another type, has no members."""


def at(value, *keys):
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def each(value, *keys):
    value = at(value, *keys) if keys else value
    return [item if isinstance(item, dict) else Missing() for item in value] if isinstance(value, list) else []


def strings(value, *keys):
    value = at(value, *keys)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def twice(found, path, items, what):
    for item, n in collections.Counter(item for item in items if item is not None).items():
        if n > 1:
            found.append((path, "%s %s is there %d times" % (what, item, n)))


def number(value):
    return value if type(value) is int else None


def check_process(process, path, found):
    if at(process, "args") == []:
        found.append((path + "/args", "nothing to run"))
    twice(found, path + "/rlimits", [at(limit, "type") for limit in each(process, "rlimits")], "the limit")
    for limit in each(process, "rlimits"):
        soft, hard = number(at(limit, "soft")), number(at(limit, "hard"))
        if soft is not None and hard is not None and soft > hard:  # EINVAL of setrlimit(2)
            found.append((path + "/rlimits/*", "%s: soft %d is above hard %d" % (at(limit, "type"), soft, hard)))
    sets = {name: set(strings(process, "capabilities", name)) for name in ("effective", "permitted", "inheritable",
                                                                           "ambient", "bounding")}
    for name, within in (("effective", "permitted"), ("ambient", "permitted"), ("ambient", "inheritable")):
        more = sets[name] - sets[within]
        if more:  # EPERM of capset(2) and of PR_CAP_AMBIENT_RAISE
            found.append((path + "/capabilities/" + name, "not in %s: %s" % (within, " ".join(sorted(more)))))


def check_resources(resources, path, found):
    limit, swap = (number(at(resources, "memory", name)) for name in ("limit", "swap"))
    if swap is not None and swap > 0 and (limit is None or limit <= 0 or swap < limit):
        found.append((path + "/memory/swap", "memory and swap together below the memory alone, or without it"))
    twice(found, path + "/hugepageLimits", [at(size, "pageSize") for size in each(resources, "hugepageLimits")], "the size")
    for card, limits in (at(resources, "rdma") or {}).items():
        if limits == {}:
            found.append((path + "/rdma/" + card, "neither hcaHandles nor hcaObjects"))
    runtime, period = (number(at(resources, "cpu", name)) for name in ("realtimeRuntime", "realtimePeriod"))
    if runtime and period and runtime > period:
        found.append((path + "/cpu/realtimeRuntime", "longer than its period"))


def check_seccomp(seccomp, path, found):
    takes_errno = ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE")
    if at(seccomp, "defaultErrnoRet") is not None and at(seccomp, "defaultAction") not in takes_errno:
        found.append((path + "/defaultErrnoRet", "the action takes none"))
    if at(seccomp, "listenerMetadata") and not at(seccomp, "listenerPath"):
        found.append((path + "/listenerMetadata", "without listenerPath"))
    notifies = [at(seccomp, "defaultAction")] + [at(call, "action") for call in each(seccomp, "syscalls")]
    if "SCMP_ACT_NOTIFY" in notifies and not at(seccomp, "listenerPath"):
        found.append((path + "/listenerPath", "SCMP_ACT_NOTIFY needs one"))
    for call in each(seccomp, "syscalls"):
        if at(call, "names") == []:
            found.append((path + "/syscalls/*/names", "no names"))
        if at(call, "errnoRet") is not None and at(call, "action") not in takes_errno:
            found.append((path + "/syscalls/*/errnoRet", "the action takes none"))


def check_linux(linux, path, found):
    types = [at(namespace, "type") for namespace in each(linux, "namespaces")]
    twice(found, path + "/namespaces", types, "the namespace")
    for name, needs in (("uidMappings", "user"), ("gidMappings", "user"), ("timeOffsets", "time")):
        if at(linux, name) and needs not in types:
            found.append((path + "/" + name, "without a %s namespace" % needs))
    for clock in at(linux, "timeOffsets") or ():
        if clock not in ("monotonic", "boottime"):
            found.append((path + "/timeOffsets/" + clock, "no such clock"))
    for device in each(linux, "devices"):
        if at(device, "type") != "p" and (at(device, "major") is None or at(device, "minor") is None):
            found.append((path + "/devices/*", "neither major nor minor may be missing"))
    twice(found, path + "/devices", [at(device, "path") for device in each(linux, "devices")], "the device")
    check_resources(at(linux, "resources"), path + "/resources", found)
    if at(linux, "seccomp") is not None:
        check_seccomp(at(linux, "seccomp"), path + "/seccomp", found)


def violations(kind, document):
    """A list of (path with * for indices, what is wrong)."""
    found = []
    check_type(document, KINDS[kind], "", found)
    if kind == "exec":
        check_process(document, "", found)
    elif kind == "update":
        check_resources(document, "", found)
    else:
        check_process(at(document, "process"), "/process", found)
        check_linux(at(document, "linux"), "/linux", found)
    return found


def no_duplicates(pairs):
    twice_there = [key for key, n in collections.Counter(key for key, _ in pairs).items() if n > 1]
    if twice_there:
        raise ValueError("the key %r is there twice" % twice_there[0])
    return dict(pairs)


def no_constant(word):
    raise ValueError("%s is not JSON" % word)


def load(text):
    return json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)


# ---- runs ------------------------------------------------------------------


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def count(self, what, wrong):
        """|wrong|: lines; none: passed."""
        self.passed += not wrong
        self.failed += bool(wrong)
        for line in wrong:
            print("%s: %s" % (what, line))

    def rewritten(self, what, kind, before, after):
        try:
            new = collections.Counter(violations(kind, load(after)))
        except ValueError as error:
            self.count(what, [str(error)])
            return
        try:
            new -= collections.Counter(violations(kind, load(before)))
        except ValueError:
            pass  # a document that is no JSON for us has nothing to forgive
        self.count(what, ["%s: %s" % item for item in new])


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_fixtures(tally):
    for after in sorted(glob.glob("tests/fixtures/*/*/after.json")):
        where = os.path.dirname(after)
        facts = os.path.join(where, "facts.json")
        command = load(read(facts)).get("command", "create") if os.path.exists(facts) else "create"
        tally.rewritten(after, command if command in KINDS else "create", read(os.path.join(where, "before.json")),
                        read(after))


def source_facts(source, container):
    """What there is on a host with Docker at a bind's source."""
    fact = {"source": source, "resolved": source, "origin": source, "fstype": "ext4", "type": "dir"}
    if source.startswith("/var/lib/docker/volumes/"):
        fact.update(role="volume")
    elif source.startswith("/var/lib/docker/containers/%s/" % container):
        fact.update(role="netfile", type="file")
    elif source.endswith("/docker-init"):
        fact.update(role="init", type="file")
    elif source.endswith(".sock"):
        fact.update(socket=source, type="socket")
    return fact


def port_facts(host):
    return [{"proto": port.split("/")[1], "address": bind["HostIp"], "host_port": int(bind["HostPort"] or 0),
             "container_port": int(port.split("/")[0])}
            for port, binds in (host.get("PortBindings") or {}).items() for bind in binds or ()]


def facts_of(name, config, command):
    host = json.loads(read("tests/captures/%s.hostconfig.json" % name))
    container = config["linux"]["cgroupsPath"].split("/")[-1]
    ports = port_facts(host)
    return {
        "engine": "docker", "command": command, "id": container, "root": "/run/docker/runtime-runc/moby",
        "bundle": "/b", "today": "2030-01-01", "cgroup_v2": True, "apparmor": True, "selinux": True,
        "arch": "SCMP_ARCH_X86_64", "kernel": 6001, "host_caps": 2**41 - 1, "image_known": "known", "image": "bb:1",
        "image_id": "sha256:" + container, "image_digests": ["bb@sha256:" + container], "privileged_known": "known",
        "privileged": bool(host.get("Privileged")), "ports_known": "known" if ports else "none", "ports": ports,
        "network_mode": host.get("NetworkMode", "bridge"), "cgroup_parent": "",
        "sources": [source_facts(mount["source"], container) for mount in config["mounts"]
                    if {"bind", "rbind"} & set(mount.get("options", ()))],
        "rootfs": config["root"]["path"], "rootfs_in_storage": True, "storage": "/var/lib/docker", "record": "known",
        "record_uid": config["process"]["user"]["uid"]}


PRESETS = "permissive baseline restricted cis-docker lab".split()
# What a preset refuses is brought into line where that is possible, so that more is rewritten.
SOFT = {"privileged": {"action": "rewrite"}, "user": {"action": "rewrite"}, "mounts": {"outside": "remove"},
        "namespaces": {"refuse": []}, "devices": {"action": "rewrite"}, "sysctls": {"action": "rewrite"},
        "hooks": {"action": "rewrite"}, "rootfs": {"action": "rewrite", "readonly": True},
        "rlimits": {"action": "rewrite"}, "resources": {"action": "rewrite"}, "oom-score": {"action": "rewrite"},
        "environment": {"action": "rewrite"}, "network-host": {"action": "audit"}, "cgroup": {"action": "audit"},
        "ports": {"action": "audit"}, "image": {"action": "audit"}, "command": {"action": "audit"}}
PARTS = {"create": (), "exec": ("process",), "update": ("linux", "resources")}


def dry_run(ctl, policy, command, facts, text, place):
    for name, content in (("policy.json", policy), ("facts.json", json.dumps(facts)), ("config.json", text)):
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write(content)
    return subprocess.run([ctl, "dry-run", "--policy", place + "/policy.json", "--command", command, "--facts",
                           place + "/facts.json", "--format", "config", place + "/config.json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", check=False)


def check_captures(tally, build):
    place, became = os.path.join(build, "spec_valid"), collections.Counter()
    os.makedirs(place, mode=0o755, exist_ok=True)
    names = sorted(os.path.basename(path)[:-5] for path in glob.glob("tests/captures/*.json")
                   if not path.endswith(".hostconfig.json"))
    policies = [(preset, {"version": 1, "extends": preset}) for preset in PRESETS]
    policies += [(preset + ", softened", {"version": 1, "extends": preset, "rules": SOFT}) for preset in PRESETS[1:]]
    for name, (preset, policy), command in ((n, p, c) for n in names for p in policies for c in PARTS):
        text = read("tests/captures/%s.json" % name)
        config = load(text)
        before = text if command == "create" else json.dumps(at(config, *PARTS[command]))
        what = "%s, %s, %s" % (name, preset, command)
        done = dry_run(os.path.join(build, "ocigatectl"), json.dumps(policy), command,
                       facts_of(name, config, command), before, place)
        word = {0: "complied", 3: "rewritten", 4: "refused"}.get(done.returncode)
        became[preset, word] += 1
        if word is None:
            tally.count(what, ["exit status %d: %s" % (done.returncode, done.stderr.strip())])
        elif word != "refused":
            tally.rewritten(what, command, before, done.stdout)
    for preset, _ in policies:
        print("captures under %s: %s" % (preset, ", ".join("%d %s" % (became[preset, word], word)
                                                           for word in ("complied", "rewritten", "refused"))))
        # a run that judges nothing would pass too
        wanted = "complied" if preset == "permissive" else "rewritten"
        tally.count("captures under " + preset, [] if became[preset, wanted] else ["none was " + wanted])


# ---- the checker itself ----------------------------------------------------

GOOD = """{"ociVersion":"1.3.0","process":{"terminal":true,"user":{"uid":1,"gid":1,"umask":18,"additionalGids":[5]},
"args":["sh"],"env":["PATH=/bin","EMPTY="],"cwd":"/","capabilities":{"bounding":["CAP_KILL"],"permitted":["CAP_KILL"],
"effective":["CAP_KILL"],"inheritable":[],"ambient":[]},"rlimits":[{"type":"RLIMIT_CORE","hard":18446744073709551615,
"soft":1024}],"oomScoreAdj":-1000,"noNewPrivileges":true,"ioPriority":{"class":"IOPRIO_CLASS_IDLE","priority":4}},
"root":{"path":"rootfs","readonly":true},"hostname":"h","mounts":[{"destination":"/proc","type":"proc","source":"proc",
"options":["nosuid"]}],"hooks":{"poststop":[{"path":"/bin/x","timeout":1}]},"annotations":{"a":"b"},"linux":{
"namespaces":[{"type":"pid"},{"type":"network","path":"/run/netns/x"},{"type":"user"}],"uidMappings":[{"containerID":0,
"hostID":1000,"size":1}],"devices":[{"path":"/dev/fuse","type":"c","major":10,"minor":229,"fileMode":438}],"sysctl":
{"net.ipv4.ip_forward":"1"},"maskedPaths":["/proc/kcore"],"rootfsPropagation":"rslave","resources":{"devices":[{"allow":
false,"access":"rwm"}],"memory":{"limit":536870912,"swap":536870912},"pids":{"limit":-1},"unified":{"memory.high":"1"}},
"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":["SCMP_ARCH_X86_64"],"syscalls":[{
"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"valueTwo":0,
"op":"SCMP_CMP_MASKED_EQ"}]}]}}}"""

# (path of the violation, steps to the place, the value put there; DELETE: taken away)
DELETE = object()
BAD = [
    ("/ociVersion", "ociVersion", DELETE),
    ("/ociVersion", "ociVersion", "2.0.0"),
    ("/process", "process", DELETE),
    ("/process/cwd", "process cwd", "relative"),
    ("/process/args", "process args", []),
    ("/process/args/*", "process args", [1]),
    ("/process/env/*", "process env", ["NO_EQUALS_SIGN"]),
    ("/process/user/uid", "process user uid", "0"),
    ("/process/user/gid", "process user gid", 2**32),
    ("/process/user/umask", "process user umask", 0o1000),
    ("/process/user/additionalGids/*", "process user additionalGids", [-1]),
    ("/process/capabilities/bounding/*", "process capabilities bounding", ["cap_kill"]),
    ("/process/capabilities/effective", "process capabilities effective", ["CAP_CHOWN"]),
    ("/process/capabilities/ambient", "process capabilities ambient", ["CAP_KILL"]),
    ("/process/rlimits/*/type", "process rlimits 0 type", "RLIMIT_FISH"),
    ("/process/rlimits/*/hard", "process rlimits 0 hard", 2**64),
    ("/process/rlimits/*/hard", "process rlimits 0 hard", DELETE),
    ("/process/rlimits/*", "process rlimits 0 hard", 1),
    ("/process/rlimits", "process rlimits", [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2),
    ("/process/noNewPrivileges", "process noNewPrivileges", 1),
    ("/process/noNewPrivileges", "process noNewPrivileges", None),
    ("/process/oomScoreAdj", "process oomScoreAdj", 1001),
    ("/process/oomScoreAdj", "process oomScoreAdj", 0.5),
    ("/process/ioPriority/class", "process ioPriority class", DELETE),
    ("/process/scheduler/policy", "process scheduler", {"nice": 1}),
    ("/process/newPrivileges", "process newPrivileges", True),
    ("/root/path", "root path", ""),
    ("/root", "root", []),
    ("/mounts/*/destination", "mounts 0 destination", DELETE),
    ("/mounts/*/destination", "mounts 0 destination", "proc"),
    ("/mounts/*/options", "mounts 0 options", "ro"),
    ("/hooks/poststop/*/path", "hooks poststop 0 path", "bin/x"),
    ("/hooks/poststop/*/timeout", "hooks poststop 0 timeout", 0),
    ("/annotations/a", "annotations a", 1),
    ("/linux/namespaces/*/type", "linux namespaces 0 type", "PID"),
    ("/linux/namespaces/*/path", "linux namespaces 1 path", ""),
    ("/linux/namespaces", "linux namespaces 0 type", "network"),
    ("/linux/uidMappings", "linux namespaces 2 type", "uts"),
    ("/linux/uidMappings/*/size", "linux uidMappings 0 size", DELETE),
    ("/linux/devices/*", "linux devices 0 major", DELETE),
    ("/linux/devices/*/type", "linux devices 0 type", "x"),
    ("/linux/sysctl/net.ipv4.ip_forward", "linux sysctl net.ipv4.ip_forward", 1),
    ("/linux/maskedPaths/*", "linux maskedPaths", ["proc/kcore"]),
    ("/linux/rootfsPropagation", "linux rootfsPropagation", "rw"),
    ("/linux/resources/devices/*/allow", "linux resources devices 0 allow", DELETE),
    ("/linux/resources/devices/*/access", "linux resources devices 0 access", "rx"),
    ("/linux/resources/memory/limit", "linux resources memory limit", 2**63),
    ("/linux/resources/memory/swap", "linux resources memory swap", 1),
    ("/linux/resources/memory/swap", "linux resources memory limit", DELETE),
    ("/linux/resources/pids/limit", "linux resources pids limit", "max"),
    ("/linux/resources/unified/memory.high", "linux resources unified memory.high", 1),
    ("/linux/resources/cpu/cpus", "linux resources cpu", {"cpus": "all"}),
    ("/linux/resources/hugepageLimits/*/pageSize", "linux resources hugepageLimits", [{"pageSize": "2M", "limit": 1}]),
    ("/linux/seccomp/defaultAction", "linux seccomp defaultAction", DELETE),
    ("/linux/seccomp/defaultErrnoRet", "linux seccomp defaultAction", "SCMP_ACT_KILL"),
    ("/linux/seccomp/architectures/*", "linux seccomp architectures", ["x86_64"]),
    ("/linux/seccomp/listenerMetadata", "linux seccomp listenerMetadata", "x"),
    ("/linux/seccomp/syscalls/*/names", "linux seccomp syscalls 0 names", []),
    ("/linux/seccomp/syscalls/*/action", "linux seccomp syscalls 0 action", "ALLOW"),
    ("/linux/seccomp/syscalls/*/args/*/op", "linux seccomp syscalls 0 args 0 op", DELETE),
    ("/linux/seccomp/syscalls/*/args/*/index", "linux seccomp syscalls 0 args 0 index", 6),
    ("/linux/timeOffsets", "linux timeOffsets", {"boottime": {"secs": 1}}),
    ("/linux/personality/domain", "linux personality", {"domain": "BSD"}),
    ("/linux/memoryPolicy/mode", "linux memoryPolicy", {"nodes": "0"}),
]


def check_self(tally):
    tally.count("self-test: a good document", ["%s: %s" % item for item in violations("create", load(GOOD))])
    for wanted, steps, value in BAD:
        document = load(GOOD)
        *way, last = [int(step) if step.isdigit() else step for step in steps.split()]
        holder = document
        for step in way:
            holder = holder[step]
        if value is DELETE:
            del holder[last]
        else:
            holder[last] = value
        found = violations("create", document)
        tally.count("self-test: %s: %s" % (steps, wanted),
                    [] if wanted in (path for path, _ in found) else ["taken for valid, or found at %s" % found])
    for text in ('{"a":1,"a":2}', '{"a":NaN}', '{"a":1}x', '{"a":01}'):
        try:
            load(text)
            tally.count("self-test", [text + " is read"])
        except ValueError:
            tally.count("self-test", [])
    # what was wrong may stay, what is new may not
    for before, after, wrong in (('{"cwd":"x","args":["a"]}', '{"cwd":"x","args":["a","b"]}', 0),
                                 ('{"cwd":"/","args":["a"]}', '{"cwd":"x","args":["a"]}', 1),
                                 ('{"cwd":"/","args":["a",1]}', '{"cwd":"/","args":[1,1]}', 1)):
        inner = Tally()
        with open(os.devnull, "w", encoding="utf-8") as quiet:
            stdout, sys.stdout = sys.stdout, quiet
            inner.rewritten("", "exec", before, after)
            sys.stdout = stdout
        tally.count("self-test", [] if inner.failed == wrong else ["%s -> %s" % (before, after)])


def main(argv):
    tally = Tally()
    kind = "create"
    if len(argv) > 2 and argv[1] == "-c":
        kind, argv = argv[2], argv[:1] + argv[3:]
    if len(argv) == 2 and os.path.isdir(argv[1]):
        check_self(tally)
        check_fixtures(tally)
        check_captures(tally, os.path.abspath(argv[1]))
    elif len(argv) > 1:
        for path in argv[1:]:
            tally.rewritten(path, kind, "", read(path))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
