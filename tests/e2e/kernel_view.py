# SPDX-License-Identifier: Apache-2.0
"""kernel_view.py

What the kernel must report of a container, by the document it was started
from, beside what `probe kernel` says that it does report. An own reading of
the specification: nothing here is taken from ocigate.
"""
import os
import posixpath
import stat

NAMESPACES = {"cgroup": "cgroup", "ipc": "ipc", "mount": "mnt", "network": "net", "pid": "pid",
              "time": "time", "user": "user", "uts": "uts"}
CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()
LIMITS = {"CPU": "cpu time", "FSIZE": "file size", "CORE": "core file size", "NOFILE": "open files",
          "NPROC": "processes", "MEMLOCK": "locked memory", "LOCKS": "file locks",
          "SIGPENDING": "pending signals", "MSGQUEUE": "msgqueue size", "NICE": "nice priority",
          "RTPRIO": "realtime priority"}
INFINITY = 2**64 - 1
PERSONALITY = 0xffffffff
# What `probe kernel` asks, with the first argument of each.
CALLS = {"getpgid": 0, "getpriority": 0, "personality": PERSONALITY, "sched_yield": 0, "getsid": 0}


def unhex(text):
    return bytes.fromhex(text)


class View:
    """The output of `probe kernel`."""

    def __init__(self, text):
        self.status, self.limits, self.paths, self.sysctls = {}, {}, {}, {}
        self.namespaces, self.calls, self.args, self.env, self.mounts = {}, {}, [], [], []
        self.oom = self.hostname = self.cwd = None
        self.modes = {}  # of directories of the root file system, as they were
        last = None
        for line in text.split("\n"):
            word, _, rest = line.partition(" ")
            if word == "path":
                last, *fields = rest.split(" ")
                self.paths[unhex(last)] = self.path(fields)
            elif word == "sysctl":
                error, _, value = rest.partition(" ")
                self.sysctls[unhex(last)] = unhex(value).split() if error == "0" else None
            elif word in ("arg", "env"):
                (self.args if word == "arg" else self.env).append(unhex(rest))
            elif word in ("hostname", "cwd"):
                setattr(self, word, unhex(rest))
            elif word == "namespace":
                name, _, link = rest.partition(" ")
                self.namespaces[name] = link
            elif word == "call":
                name, _, error = rest.partition(" ")
                self.calls[name] = int(error)
            elif word == "oom_score_adj":
                self.oom = int(rest)
            elif word == "Max":
                self.limits[line[4:26].strip()] = line[26:68].split()
            elif word.isdigit() and " - " in rest:
                self.mounts.append(self.mount(line))
            elif "\t" in line:
                key, _, value = line.partition(":")
                self.status[key] = value.split()

    @staticmethod
    def path(fields):
        error, mode, device, uid, gid, readonly, entries = fields
        return {"error": int(error), "mode": int(mode, 8), "device": device, "uid": int(uid),
                "gid": int(gid), "ro": readonly == "1", "entries": int(entries)}

    @staticmethod
    def mount(line):
        left, _, right = line.partition(" - ")
        left, right = left.split(" "), right.split(" ")
        at = left[4]
        for code in ("040", "011", "012", "134"):
            at = at.replace("\\" + code, chr(int(code, 8)))
        return {"at": at, "root": left[3], "flags": left[5].split(","), "peers": left[6:], "type": right[0],
                "data": right[2].split(",")}

    def mount_at(self, path):
        found = [m for m in self.mounts if m["at"] == path]
        return found[-1] if found else None


def caps(names):
    return sum(1 << CAPABILITIES.index(n[4:]) for n in set(names or []) if n[:4] == "CAP_" and n[4:] in CAPABILITIES)


def normal(path):
    return posixpath.normpath("/" + path.lstrip("/"))


def get(value, *steps):
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


class Comparison:
    """Collects what differs between the document |doc| and the view |got|, on |host|; |judged|: by a policy with rules."""

    def __init__(self, doc, got, host, judged):
        self.doc, self.got, self.host, self.judged, self.differences = doc, got, host, judged, []
        self.process = doc["process"]
        self.user = self.process.get("user") or {}
        self.linux = doc.get("linux") or {}
        for part in (self.ids, self.capabilities, self.flags, self.rlimits, self.namespaces, self.words,
                     self.masked, self.mounts, self.propagation, self.devices, self.sysctls, self.seccomp):
            part()

    def same(self, what, got, want):
        if got != want:
            self.differences.append(f"{what}: the kernel says {got!r}, the document {want!r}")

    def ids(self):
        status = self.got.status
        self.same("uid", set(status["Uid"]), {str(self.user.get("uid") or 0)})
        self.same("gid", set(status["Gid"]), {str(self.user.get("gid") or 0)})
        self.same("groups", {int(g) for g in status["Groups"]}, set(self.user.get("additionalGids") or []))
        umask, found = self.user.get("umask"), int(status["Umask"][0], 8)
        # Without the whole user, crun from 1.21 on leaves it at 0 (the rule "user" takes it for that).
        if umask is not None or self.user or found:
            self.same("umask", found, 0o22 if umask is None else umask)

    def capabilities(self):
        sets = self.process.get("capabilities")
        # For runc 1.3 and later that is all of them, for others none: the rule "capabilities" sees to that.
        if sets is None and not self.judged:
            return
        sets, here = sets or {}, int(self.host.status["CapBnd"][0], 16)
        bounding, permitted, inheritable = (caps(sets.get(s)) & here for s in ("bounding", "permitted", "inheritable"))
        ambient = caps(sets.get("ambient")) & permitted & inheritable
        # What execve(2) makes of them: capabilities(7).
        if self.user.get("uid") or 0:
            after = ambient
        else:
            after = bounding | inheritable
            if self.process.get("noNewPrivileges"):
                after &= permitted
        want = {"CapBnd": bounding, "CapInh": inheritable, "CapPrm": after, "CapEff": after, "CapAmb": ambient}
        for name, value in want.items():
            self.same(name, hex(int(self.got.status[name][0], 16)), hex(value))

    def flags(self):
        self.same("NoNewPrivs", self.got.status["NoNewPrivs"][0] == "1", self.process.get("noNewPrivileges") is True)
        self.same("Seccomp", self.got.status["Seccomp"][0] == "2", bool(self.linux.get("seccomp")))
        oom = self.process.get("oomScoreAdj")
        self.same("oom_score_adj", self.got.oom, self.host.oom if oom is None else oom)

    def rlimits(self):
        want = {name: self.host.limits[name] for name in LIMITS.values()}
        for limit in self.process.get("rlimits") or []:
            want[LIMITS[limit["type"][7:]]] = ["unlimited" if n == INFINITY else str(n)
                                               for n in (limit["soft"], limit["hard"])]
        self.same("limits", {name: self.got.limits[name][:2] for name in want}, {n: v[:2] for n, v in want.items()})

    def namespaces(self):
        asked = {n["type"]: n.get("path") for n in self.linux.get("namespaces") or []}
        for name, proc in NAMESPACES.items():
            here, outside = self.got.namespaces[proc], self.host.namespaces[proc]
            if name == "pid" and name not in asked and "time" in asked and here != outside:
                continue  # crun 1.21 makes one with a time namespace: more apart than asked for
            if asked.get(name):
                self.same(f"namespace {name}", here, os.readlink(asked[name]) if "/ns/" in asked[name] else None)
            else:
                self.same(f"namespace {name} is the host's", here == outside, name not in asked)

    def words(self):
        self.same("args", self.got.args, [os.fsencode(a) for a in self.process["args"]])
        self.same("cwd", self.got.cwd, os.fsencode(normal(self.process["cwd"])))
        for entry in self.process.get("env") or []:
            self.same(f"env {entry!r}", os.fsencode(entry) in self.got.env, True)
        if self.doc.get("hostname"):
            self.same("hostname", self.got.hostname, os.fsencode(self.doc["hostname"]))

    def at(self, path):
        """What the probe said of a path; everything that matters was asked for."""
        found = self.got.paths.get(os.fsencode(path))
        if found is None:
            self.differences.append(f"{path!r} was not looked at")
        return found or {"error": 1}

    def masked(self):
        for path in self.linux.get("maskedPaths") or []:
            seen = self.at(path)
            if not seen["error"]:
                empty = seen["entries"] == 0 and seen["ro"] if stat.S_ISDIR(seen["mode"]) else seen["device"] == "1:3"
                self.same(f"{path} is masked", empty, True)
        readonly = self.linux.get("readonlyPaths") or []
        for path in readonly:
            seen = self.at(path)
            # What lies in another of them may be lost with crun: the rule "masked-paths" sees to that.
            if not seen["error"] and (self.judged or not any(within(path, p) for p in readonly if p != path)):
                self.same(f"{path} is read-only", seen["ro"], True)
        readonly = get(self.doc, "root", "readonly") is True
        self.same("/ is read-only", self.at("/")["ro"], readonly)

    def mounts(self):
        entries = [dict(m, destination=normal(m["destination"])) for m in self.doc.get("mounts") or []]
        for i, entry in enumerate(entries):
            at = entry["destination"]
            if any(within(at, normal(p)) for p in self.linux.get("maskedPaths") or []) or \
                    any(within(at, later["destination"]) for later in entries[i + 1:]) or \
                    not self.judged and self.changed_later(at, entries[:i]):
                continue
            seen = self.got.mount_at(at)
            self.same(f"mount at {at}", seen is not None, True)
            if seen:
                options = entry.get("options") or []
                bind = entry.get("type") == "bind" or "bind" in options or "rbind" in options
                what = f"mount at {at} {options}"
                self.mount_flags(entry, seen, what, bind, options)
                self.mount_kind(entry, seen, what, bind, options)
                # what is mounted below a shared mount is shared: mount_namespaces(7)
                self.mount_propagation(seen, what, [entry, *(e for e in entries[:i] if within(at, normal(e["destination"])))])

    def changed_later(self, at, earlier):
        """
        runc makes a tmpfs read-only at the end, by its path: what was mounted on it since is hit. crun makes
        a read-only path of a copy, in which mounts lose their options. The rule "mounts" refuses both.
        """
        return any(at == entry["destination"] for entry in earlier) or \
            any(within(at, normal(p)) for p in self.linux.get("readonlyPaths") or [])

    def mount_flags(self, entry, seen, what, bind, options):
        said = {}
        for option in options:
            word = option[1:] if option.startswith("r") and option not in FLAGS else option
            if word in FLAGS:
                said.setdefault(FLAGS[word][0], set()).add((FLAGS[word][1], word == option or bind))
        for one in self.controllers(entry, seen) or [seen]:
            for flag in ("ro", "nosuid", "nodev", "noexec"):
                self.flag(f"{what}: {flag}", flag in one["flags"], said.get(flag, {(False, True)}), flag)

    def flag(self, what, got, said, flag):
        """|said|: what the options ask for, and whether in a form that runc and crun both apply to such a mount."""
        if len(said) == 1 and next(iter(said))[1]:
            self.same(what, got, next(iter(said))[0])
        # runc takes the last of two words, crun the one that forbids: none is left where that is judged.
        elif self.judged and flag in ("nosuid", "nodev"):
            self.same(f"{what}: asked for", said, "once")

    def mount_kind(self, entry, seen, what, bind, options):
        if not bind and not entry["type"].startswith("cgroup"):
            self.same(f"{what}: type", seen["type"], entry["type"])
        if entry.get("type") == "tmpfs" and not bind:
            self.tmpfs(what, entry["destination"], options, seen)

    def mount_propagation(self, seen, what, asking):
        asked = False
        for entry in asking:
            words = [o for o in entry.get("options") or [] if o.lstrip("r") in ("shared", "private", "slave", "unbindable")]
            asked = asked or bool(words) and words[-1].endswith("shared")
        if get(self.linux, "rootfsPropagation") not in ("shared", "rshared"):
            self.private(what, any(p.startswith("shared:") for p in seen["peers"]), asked)

    def controllers(self, entry, seen):
        """With cgroups v1 what was asked for is a tmpfs of the runtime's own with these in it."""
        return [m for m in self.got.mounts if entry["type"] == "cgroup" and seen["type"] == "tmpfs" and
                m["type"] == "cgroup" and within(m["at"], seen["at"])]

    def tmpfs(self, what, at, options, seen):
        data = dict(o.split("=", 1) for o in options if "=" in o)
        if "mode" in data and seen["at"] != "/dev":
            found = self.at(at)
            if not found["error"]:
                # runc gives it the mode of the directory that it covers, if there is one.
                covered = self.host.modes.get(normal(at), -1)
                self.same(f"{what}: mode", found["mode"] & 0o7777 in (int(data["mode"], 8), covered), True)
        if "size" in data:
            unit = {"k": 1, "m": 1024, "g": 1024**2}.get(data["size"][-1])
            kilobytes = int(data["size"][:-1]) * unit if unit else -(-int(data["size"]) // 4096) * 4
            self.same(f"{what}: size", [d for d in seen["data"] if d.startswith("size=")], [f"size={kilobytes}k"])

    def propagation(self):
        root, word = self.got.mount_at("/"), self.linux.get("rootfsPropagation") or "rprivate"
        self.private("/", any(p.startswith("shared:") for p in root["peers"]), word.endswith("shared"))

    def private(self, what, shared, asked):
        """Not each runtime shares whatever it is asked to (runc 1.1 the root, crun some binds): that it does must be asked."""
        if not asked:
            self.same(f"{what}: shared", shared, False)

    def devices(self):
        for device in self.linux.get("devices") or []:
            seen, kind = self.at(device["path"]), device["type"]
            what = f"device {device['path']}"
            self.same(f"{what} is there", seen["error"], 0)
            if seen["error"]:
                continue
            self.same(f"{what}: kind", stat.S_ISBLK(seen["mode"]), kind == "b")
            self.same(f"{what}: number", seen["device"], f"{device['major']}:{device['minor']}")
            if device.get("fileMode") is not None:
                self.same(f"{what}: mode", seen["mode"] & 0o777, device["fileMode"] & 0o777)
            self.same(f"{what}: owner", (seen["uid"], seen["gid"]), (device.get("uid") or 0, device.get("gid") or 0))

    def sysctls(self):
        for name, value in (self.linux.get("sysctl") or {}).items():
            path = "/proc/sys/" + name.replace(".", "/")
            self.at(path)
            self.same(f"sysctl {name}", self.got.sysctls.get(os.fsencode(path)), os.fsencode(value).split())

    def seccomp(self):
        profile = self.linux.get("seccomp")
        for name, argument in CALLS.items():
            want = action_of(profile, name, argument) if profile else 0
            self.same(f"call {name}", self.got.calls[name], want)


FLAGS = {"ro": ("ro", True), "rw": ("ro", False), "nosuid": ("nosuid", True), "suid": ("nosuid", False),
         "nodev": ("nodev", True), "dev": ("nodev", False), "noexec": ("noexec", True), "exec": ("noexec", False)}


def within(path, top):
    return path == top or path.startswith(top.rstrip("/") + "/")


def holds(condition, argument):
    value = argument if condition["index"] == 0 else 0
    op, wanted, second = condition["op"], condition["value"], condition.get("valueTwo") or 0
    return {"SCMP_CMP_NE": value != wanted, "SCMP_CMP_LT": value < wanted, "SCMP_CMP_LE": value <= wanted,
            "SCMP_CMP_EQ": value == wanted, "SCMP_CMP_GE": value >= wanted, "SCMP_CMP_GT": value > wanted,
            "SCMP_CMP_MASKED_EQ": value & wanted == second}[op]


def applies(entry, argument):
    """Conditions on one argument twice: any of them; else all. As both runtimes read them."""
    conditions = entry.get("args") or []
    indices = [c["index"] for c in conditions]
    if len(set(indices)) < len(indices):
        return any(holds(c, argument) for c in conditions)
    return all(holds(c, argument) for c in conditions)


def action_of(profile, name, argument):
    """The errno of the call; 0: permitted."""
    action, errno = profile["defaultAction"], profile.get("defaultErrnoRet")
    for entry in profile.get("syscalls") or []:
        if name in entry["names"] and applies(entry, argument):
            action, errno = entry["action"], entry.get("errnoRet")
    if action != "SCMP_ACT_ERRNO":
        return 0
    return 1 if errno is None else errno
