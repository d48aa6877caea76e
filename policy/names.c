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

/* clang-format off */
const char *const og_caps[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
	"CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

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

/* Every launch asks for dozens: most of the table differs in the first letter of its own. */
int og_cap_exact(const char *name)
{
	const size_t skip = sizeof("CAP_") - 1;

	if (strncmp(name, "CAP_", skip) != 0)
		return -1;
	for (size_t i = 0; i < og_ncaps; i++)
		if (og_caps[i][skip] == name[skip] && strcmp(og_caps[i] + skip, name + skip) == 0)
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
