# SPDX-License-Identifier: Apache-2.0
"""documents.py

Bundles' documents by the number: each mutates a base document in what a launch
turns on, and is then written in an odd but (mostly) legal spelling of JSON. The
same seed gives the same document.
"""
import copy
import json
import random

from kernel_view import CALLS, CAPABILITIES, PERSONALITY, normal

# Looked at in every container: what presets mask, and what documents do.
MASKED = """/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug
/proc/scsi /proc/timer_list /proc/timer_stats /proc/version /sys/devices/virtual/powercap /sys/firmware
/sys/kernel /etc /etc/passwd""".split()
READONLY = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger /proc/sys/kernel /proc/sys/net /sys/kernel /sys/fs /data /data/a".split()
SYSCTLS = {"net.ipv4.ip_forward": ["0", "1"], "net.ipv4.ip_unprivileged_port_start": ["0", "1024"],
           "net.ipv4.ping_group_range": ["0 2147483647", "1 0", "0\t5"], "net/ipv4/tcp_syncookies": ["0", "1", "2"],
           "kernel.shm_rmid_forced": ["0", "1"], "kernel.msgmax": ["8192", "65536"], "fs.mqueue.msg_max": ["10", "50"],
           "kernel/sem": ["32000 1024000000 500 32000"], "net.ipv4.tcp_keepalive_time": ["7200", "60"]}
IDS = [0, 0, 1, 33, 1000, 1000, 65534, 65534, 100000, 100000, 200000, 200001, 2147483647]
TARGETS = ["/tmp", "/data", "/data/a", "/mnt", "/run", "/opt/x", "/data/\u00e9", "/data/a b", "//data//b/", "/data/./c"]
DEVICES = ["/dev/d0", "/dev/d1", "/dev/sub/d2"]


class Raw(str):
    """JSON text that is written as it is."""


def some(rng, items, most=None):
    items = list(items)
    return rng.sample(items, rng.randint(0, min(len(items), most or len(items))))


# ---- what is mutated: one function each, of the document -------------------------


def user(rng, doc, _):
    doc["process"]["user"] = {"uid": rng.choice(IDS), "gid": rng.choice(IDS)}
    rng.random() < 0.6 and doc["process"]["user"].update(additionalGids=[rng.choice(IDS) for _ in range(rng.randint(0, 4))])
    rng.random() < 0.4 and doc["process"]["user"].update(umask=rng.choice([0, 2, 0o22, 0o27, 0o77, 0o777, None]))


def capabilities(rng, doc, _):
    bounding = ["CAP_" + n for n in some(rng, CAPABILITIES, rng.choice([3, 14, 41]))]
    permitted = some(rng, bounding)
    sets = {"bounding": bounding, "permitted": permitted, "effective": some(rng, permitted),
            "inheritable": some(rng, permitted) if rng.random() < 0.4 else []}
    sets["ambient"] = some(rng, sets["inheritable"])
    for name in some(rng, sets, 2) if rng.random() < 0.3 else []:
        sets[name] = rng.choice([None, [], ["CAP_SYS_ADMIN"], ["cap_sys_admin"], ["SYS_ADMIN"], ["CAP_NONE"],
                                 ["CAP_CHOWN", "CAP_CHOWN"], ["CAP_SYS_ADMIN\n"], ["21"]])
    if rng.random() < 0.1:
        sets = rng.choice([None, {}])
    doc["process"]["capabilities"] = sets
    if rng.random() < 0.05:
        del doc["process"]["capabilities"]


def privileges(rng, doc, _):
    doc["process"]["noNewPrivileges"] = rng.choice([True, True, False, None])


def rlimits(rng, doc, _):
    kinds = some(rng, ["CORE", "NOFILE", "MEMLOCK", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "FSIZE", "LOCKS", "CPU"], 4)
    doc["process"]["rlimits"] = []
    for kind in kinds:
        most = [1024, 65536, 1000000] if kind == "NOFILE" else [100, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]
        if kind == "CPU":  # in nanoseconds, in 64 bits, the kernel takes others for used up, and adds a second
            most = [100, 2**31, 2**32, 2**64 - 1]
        hard = rng.choice(most)
        soft = rng.choice([n for n in [64, *most] if n <= hard])
        doc["process"]["rlimits"].append({"type": "RLIMIT_" + kind, "hard": hard, "soft": soft})
    if kinds and rng.random() < 0.1:
        doc["process"]["rlimits"].append(dict(doc["process"]["rlimits"][0], soft=1))
    if rng.random() < 0.1:
        doc["process"]["rlimits"] = None


def oom(rng, doc, _):
    doc["process"]["oomScoreAdj"] = rng.choice([-1000, -500, -1, 0, 1, 100, 1000, None, Raw("-0"), Raw("1e2"), Raw("5.0")])


def words(rng, doc, _):
    odd = ["a=b", "\u00e9", "\U0001f600", "a/b\\c\"d", "\t\n\r", "x" * 300, "\u2028", "%s $HOME `x`", ""]
    doc["process"]["args"] += some(rng, odd, 3)
    doc["process"]["env"] += [f"V{i}={v}" for i, v in enumerate(some(rng, odd, 4))]
    doc["process"]["cwd"] = rng.choice(["/", "/tmp", "/data", "/etc/", "/data/new dir", "/\u00e9"])
    doc["hostname"] = rng.choice(["h", "a-b.example", "X" * 60, "\u00e9t\u00e9"])


def root(rng, doc, _):
    doc["root"]["readonly"] = rng.choice([True, True, False, None])


def masked(rng, doc, _):
    doc["linux"]["maskedPaths"] = rng.choice([None, some(rng, MASKED), some(rng, MASKED), []])
    doc["linux"]["readonlyPaths"] = rng.choice([None, some(rng, READONLY), some(rng, READONLY), []])


def options_of(rng, extra):
    flags = some(rng, "ro rw nosuid suid nodev dev noexec exec relatime noatime nodiratime".split(), 5)
    if rng.random() < 0.15:
        flags.append(rng.choice(["rro", "rrw", "rnosuid", "rnoexec", "rexec"]))
    if rng.random() < 0.05:
        flags.append(rng.choice(["RO", "defaults", "sync", "x-unknown", "ro,rw"]))
    options = flags + extra
    rng.shuffle(options)
    return options


def mounts(rng, doc, at):
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.5:
            words = some(rng, ["rprivate", "private", "rslave", "slave", "rshared", "shared"], 2)
            entry = {"destination": rng.choice(TARGETS), "type": rng.choice(["bind", "bind", "none", "tmpfs"]),
                     "source": at[rng.choice(["source", "readonly", "readonly"])], "options": options_of(rng, [rng.choice(["bind", "rbind"]), *words])}
        else:
            data = [f"mode={m}" for m in some(rng, ["755", "1777", "0700"], 1)] + \
                   [f"size={s}" for s in some(rng, ["64k", "1m", "65536"], 1)]
            entry = {"destination": rng.choice(TARGETS), "type": "tmpfs", "source": "tmpfs", "options": options_of(rng, data)}
        rng.random() < 0.1 and entry.pop("options")
        doc["mounts"].append(entry)
    if rng.random() < 0.2:
        rng.shuffle(rng.choice(doc["mounts"]).get("options") or [])


def propagation(rng, doc, _):
    doc["linux"]["rootfsPropagation"] = rng.choice("private rprivate slave rslave shared rshared".split() + [None, ""])


def namespaces(rng, doc, at):
    kept = [n for n in doc["linux"]["namespaces"] if n["type"] == "mount" or rng.random() < 0.7]
    if rng.random() < 0.3:
        kept.append({"type": rng.choice(["cgroup", "time", "user", "pid", "uts", "PID", "net"])})
    for entry in kept:
        if entry["type"] in ("network", "ipc", "uts") and rng.random() < 0.15:
            entry["path"] = rng.choice([at["join"][entry["type"]], ""])
    if any(n["type"] == "user" for n in kept):
        doc["linux"]["uidMappings"] = doc["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 4294967295}]
    rng.shuffle(kept)
    doc["linux"]["namespaces"] = kept


def sysctls(rng, doc, _):
    doc["linux"]["sysctl"] = {name: rng.choice(SYSCTLS[name]) for name in some(rng, SYSCTLS, 4)}


def devices(rng, doc, _):
    made = []
    for path in some(rng, DEVICES, 3):
        device = {"path": path, "type": rng.choice("ccb"), "major": rng.choice([1, 5, 10, 7]), "minor": rng.choice([0, 3, 5, 229]),
                  "fileMode": rng.choice([0o666, 0o600, 0o640, 0]), "uid": rng.choice([0, 1000]), "gid": rng.choice([0, 5])}
        for key in some(rng, ["fileMode", "uid", "gid"], 2):
            del device[key]
        made.append(device)
    doc["linux"]["devices"] = made


def seccomp(rng, doc, _):
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": []}
    for name in some(rng, CALLS):
        entry = {"names": [name, "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": rng.choice([1, 38, 77])}
        rng.random() < 0.2 and entry.pop("errnoRet")
        if rng.random() < 0.5:
            entry["args"] = [{"index": 0, "value": rng.choice([CALLS[name], 7, PERSONALITY, 2**64 - 1, 2**32]), "op": op}
                             for op in some(rng, ["SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_GE", "SCMP_CMP_LT"], 2)]
        profile["syscalls"].append(entry)
    doc["linux"]["seccomp"] = rng.choice([profile, profile, profile, None, {}, {"defaultAction": "SCMP_ACT_ALLOW"}])


def nulls(rng, doc, _):
    part = rng.choice([doc, doc["process"], doc["linux"], doc["root"]])
    part[rng.choice(list(part))] = None


def unknown(rng, doc, _):
    part = rng.choice([doc, doc["process"], doc["linux"], doc["root"], doc["linux"].get("resources") or doc])
    part[rng.choice(["x-vendor", "futureField", "\u00e9", "a.b/c~d", "processes", "linux2"])] = \
        rng.choice([None, 1, "s", [1, {"process": {"user": {"uid": 0}}}], Raw("-1.5e300"), 2**64 - 1])


PARTS = [user, user, capabilities, capabilities, privileges, rlimits, oom, words, root, masked, mounts, mounts, propagation,
         namespaces, sysctls, devices, seccomp, nulls, unknown]


# ---- how it is spelled -----------------------------------------------------------


class Spelling:
    """A writer of JSON with habits of its own."""

    def __init__(self, rng):
        self.rng = rng
        self.escapes = rng.choice([0, 0, 0.05, 0.5, 1])
        self.space = rng.choice(["", "", " ", "\n\t", None])
        self.shuffled = rng.random() < 0.5

    def gap(self):
        return self.rng.choice(["", " ", "\t", "\r\n", "\n  "]) if self.space is None else self.space

    def character(self, c):
        short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "/": "\\/"}
        if self.rng.random() < self.escapes or c < " " and c not in short:
            units = c.encode("utf-16-be", "surrogatepass")
            form = self.rng.choice(["\\u%04x", "\\u%04X"])
            return "".join(form % (units[i] << 8 | units[i + 1]) for i in range(0, len(units), 2))
        return short[c] if c in short and (c != "/" or self.rng.random() < self.escapes) else c

    def string(self, text):
        return '"' + "".join(self.character(c) for c in text) + '"'

    def write(self, value):
        if isinstance(value, Raw):
            return str(value)
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, dict):
            members = list(value.items())
            self.shuffled and self.rng.shuffle(members)
            inner = ("%s%s%s:%s%s%s" % (self.gap(), self.string(k), self.gap(), self.gap(), self.write(v), self.gap()) for k, v in members)
            return "{" + ",".join(inner) + self.gap() + "}"
        if isinstance(value, list):
            return "[" + ",".join(self.gap() + self.write(v) + self.gap() for v in value) + "]"
        return json.dumps(value)


# What two readers take differently; to be refused, or to mean what Python says.
HOSTILE = [
    lambda rng, t: t.replace('"process"', '"Process":{"user":{"uid":0,"gid":0}},"process"', 1),
    lambda rng, t: t.replace('"process"', '"proce\u017f\u017f":{"noNewPrivileges":false},"process"', 1),
    lambda rng, t: t.replace('"maskedPaths"', '"mas\u212aedPaths":null,"maskedPaths"', 1),
    lambda rng, t: t.rstrip("}\n ") and t[:t.rindex("}")] + ',"\\u0070rocess":{"args":["/bin/probe"]}}',
    lambda rng, t: t[:t.rindex("}")] + ',"linux":{"seccomp":null}}',
    lambda rng, t: t[:t.rindex("}")] + ',"Linux":{"Seccomp":null}}',
    lambda rng, t: t.replace('"uid"', '"UID":0,"uid"', 1),
    lambda rng, t: t.replace('"uid":', '"uid": "0", "x":', 1),
    lambda rng, t: t.replace('"process"', '"process\\u0000x":{},"process"', 1),
    lambda rng, t: t.replace('"process"', '"\\ud800":1,"process"', 1),
    lambda rng, t: t + rng.choice(["{}", " x", "\x00", "/* c */", "// c", ",", "\u00a0", "\ufeff"]),
    lambda rng, t: rng.choice(["\ufeff", "/**/", "\u00a0", "//x\n"]) + t,
    lambda rng, t: t.replace("true", rng.choice(["True", "TRUE", "1", '"true"', "[true]"]), 1),
    lambda rng, t: t.replace("[", "[,", 1) if rng.random() < 0.5 else t[:t.rindex("}")] + ",}",
    lambda rng, t: t.replace('"', "'", 2),
]


def paths_of(doc):
    """What the probe is to look at."""
    linux = doc["linux"]
    named = [m.get("destination") for m in doc.get("mounts") or []] + [d["path"] for d in linux.get("devices") or []] + \
            ["/proc/sys/" + n.replace(".", "/") for n in SYSCTLS]
    return sorted({normal(p) for p in ["/", "/run", "/tmp", "/var/tmp", *named, *MASKED, *READONLY]})


def document(seed, base, at):
    """The text of the document |seed| ("SEED/NUMBER")."""
    rng = random.Random(seed)
    doc = copy.deepcopy(base)
    for part in some(rng, PARTS, 5):
        try:
            part(rng, doc, at)
        except (AttributeError, TypeError, KeyError):
            pass  # what an earlier one set to null
    if doc.get("process") and doc.get("linux") and doc["process"].get("args"):
        doc["process"]["args"][2:2] = paths_of(doc)
    text = Spelling(rng).write(doc)
    if rng.random() < 0.12:
        text = rng.choice(HOSTILE)(rng, text)
    return text.encode("utf-8", "surrogatepass")
