/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables behind names.h and the look-ups in them. Numbers are the kernel's
 * (linux/capability.h, sched.h, asm-generic/resource.h), so the index is the value.
 */
#include "policy/names.h"

#include <sched.h>
#include <string.h>
#include <strings.h>

#include "ocigate/doc.h"
#include "ocigate/facts.h"

/* clang-format off */
#define CAPS(X) \
	X(CHOWN) X(DAC_OVERRIDE) X(DAC_READ_SEARCH) X(FOWNER) X(FSETID) X(KILL) X(SETGID) \
	X(SETUID) X(SETPCAP) X(LINUX_IMMUTABLE) X(NET_BIND_SERVICE) X(NET_BROADCAST) \
	X(NET_ADMIN) X(NET_RAW) X(IPC_LOCK) X(IPC_OWNER) X(SYS_MODULE) X(SYS_RAWIO) \
	X(SYS_CHROOT) X(SYS_PTRACE) X(SYS_PACCT) X(SYS_ADMIN) X(SYS_BOOT) X(SYS_NICE) \
	X(SYS_RESOURCE) X(SYS_TIME) X(SYS_TTY_CONFIG) X(MKNOD) X(LEASE) X(AUDIT_WRITE) \
	X(AUDIT_CONTROL) X(SETFCAP) X(MAC_OVERRIDE) X(MAC_ADMIN) X(SYSLOG) X(WAKE_ALARM) \
	X(BLOCK_SUSPEND) X(AUDIT_READ) X(PERFMON) X(BPF) X(CHECKPOINT_RESTORE)
#define NAME(name) "CAP_" #name,
#define LENGTH(name) sizeof("CAP_" #name) - 1,

const char *const og_caps[] = { CAPS(NAME) };
/* Every launch asks for dozens: few of the table have the same length. */
static const unsigned char cap_lengths[] = { CAPS(LENGTH) };

const struct og_nsname og_namespaces[] = {
	{ "cgroup", "cgroup", CLONE_NEWCGROUP },
	{ "ipc", "ipc", CLONE_NEWIPC },
	{ "mount", "mnt", CLONE_NEWNS },
	{ "network", "net", CLONE_NEWNET },
	{ "pid", "pid", CLONE_NEWPID },
	{ "time", "time", 0x80 }, /* CLONE_NEWTIME: Linux 5.6; the C library may not have it */
	{ "user", "user", CLONE_NEWUSER },
	{ "uts", "uts", CLONE_NEWUTS },
};

const char *const og_rlimits[] = {
	"RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS",
	"RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS",
	"RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
const size_t og_ncaps = COUNT(og_caps);
const size_t og_nnamespaces = COUNT(og_namespaces);
const size_t og_nrlimits = COUNT(og_rlimits);

static int find_exact(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(table[i], name))
			return (int)i;
	return -1;
}

static int find_loose(const char *const *table, size_t n, const char *prefix, const char *name)
{
	size_t skip = strlen(prefix);

	if (!strncasecmp(name, prefix, skip))
		name += skip;
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(table[i] + skip, name))
			return (int)i;
	return -1;
}

int og_cap_exact(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < og_ncaps; i++)
		if (cap_lengths[i] == len && memcmp(og_caps[i], name, len) == 0)
			return (int)i;
	return -1;
}

int og_cap_parse(const char *name)
{
	return find_loose(og_caps, og_ncaps, "CAP_", name);
}

int og_rlimit_exact(const char *name)
{
	return find_exact(og_rlimits, og_nrlimits, name);
}

int og_rlimit_parse(const char *name)
{
	return find_loose(og_rlimits, og_nrlimits, "RLIMIT_", name);
}

const struct og_nsname *og_namespace_type(const char *type)
{
	for (size_t i = 0; i < og_nnamespaces; i++)
		if (!strcmp(og_namespaces[i].type, type))
			return &og_namespaces[i];
	return NULL;
}

const struct og_nsname *og_namespace_proc(const char *proc)
{
	for (size_t i = 0; i < og_nnamespaces; i++)
		if (!strcmp(og_namespaces[i].proc, proc))
			return &og_namespaces[i];
	return NULL;
}

const struct og_node *og_namespace_entry(const struct og_node *list, const char *type)
{
	og_each (entry, list) {
		const char *has = og_str(og_member(entry, "type"));

		if (has && strcmp(has, type) == 0)
			return entry;
	}
	return NULL;
}

const char *og_engine_apparmor(enum og_engine engine)
{
	static const char *const profiles[] = {
		[OG_ENGINE_NONE] = "docker-default",
		[OG_ENGINE_DOCKER] = "docker-default",
		[OG_ENGINE_DOCKER_BUILD] = "docker-default",
		[OG_ENGINE_DOCKER_PLUGIN] = "docker-default",
		[OG_ENGINE_CONTAINERD] = "docker-default",
		[OG_ENGINE_CRI_CONTAINERD] = "cri-containerd.apparmor.d",
		[OG_ENGINE_CRIO] = "crio-default",
		[OG_ENGINE_NERDCTL] = "nerdctl-default",
		/* of the version that loads it: "containers-default-0.57.4" */
		[OG_ENGINE_PODMAN] = "containers-default-*",
		[OG_ENGINE_BUILDAH] = "containers-default-*",
	};

	return profiles[engine];
}
