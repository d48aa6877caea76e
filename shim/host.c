/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own part of the facts, and what this process would hand on. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "ocigate/buf.h"

#include "clock.h"
#include "file.h"
#include "gather.h"

/* Machine names of the kernel, as seccomp profiles call them. */
static const struct {
	const char *machine, *arch;
} arches[] = {
	{ "x86_64", "SCMP_ARCH_X86_64" },   { "i386", "SCMP_ARCH_X86" },
	{ "i486", "SCMP_ARCH_X86" },	    { "i586", "SCMP_ARCH_X86" },
	{ "i686", "SCMP_ARCH_X86" },	    { "aarch64", "SCMP_ARCH_AARCH64" },
	{ "armv6l", "SCMP_ARCH_ARM" },	    { "armv7l", "SCMP_ARCH_ARM" },
	{ "armv8l", "SCMP_ARCH_ARM" },	    { "ppc64le", "SCMP_ARCH_PPC64LE" },
	{ "ppc64", "SCMP_ARCH_PPC64" },	    { "s390x", "SCMP_ARCH_S390X" },
	{ "riscv64", "SCMP_ARCH_RISCV64" }, { "loongarch64", "SCMP_ARCH_LOONGARCH64" },
	{ "mips64", "SCMP_ARCH_MIPS64" },   { "mips", "SCMP_ARCH_MIPS" },
};

/* The few bytes of a kernel file; "" when there is none. */
static void read_line(const char *path, char *buf, size_t size)
{
	og_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, buf, size - 1);

	buf[len > 0 ? len : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static bool is_mounted(const char *path, uint64_t type)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (uint64_t)fs.f_type == type;
}

static void kernel(struct og_facts *facts)
{
	struct utsname name;
	char *end;

	if (uname(&name) < 0)
		return;
	facts->kernel = strtoul(name.release, &end, 10) * 1000;
	if (*end == '.')
		facts->kernel += strtoul(end + 1, NULL, 10);
	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (strcmp(name.machine, arches[i].machine) == 0)
			facts->arch = arches[i].arch;
}

static void capabilities(struct og_facts *facts)
{
	char line[32], *end;
	unsigned long last;

	read_line("/proc/sys/kernel/cap_last_cap", line, sizeof(line));
	last = strtoul(line, &end, 10);
	if (end == line)
		return;
	facts->host_caps = last >= 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;
}

void og_gather_host(struct og_gather *g)
{
	struct og_facts *facts = g->facts;
	char line[32], today[OG_DATE_SIZE];

	facts->rootless = og_euid() != 0;
	facts->cgroup_v2 = is_mounted("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC);
	facts->selinux = is_mounted("/sys/fs/selinux", SELINUX_MAGIC);
	read_line("/sys/module/apparmor/parameters/enabled", line, sizeof(line));
	facts->apparmor = line[0] == 'Y';
	kernel(facts);
	capabilities(facts);
	og_clock_date(time(NULL), today);
	facts->today = og_arena_printf(&g->arena, "%s", today);
}

/*
 * Every descriptor that this process opened has O_CLOEXEC, and none that it
 * inherited has: execve(2) would have closed it.
 */
static uint64_t count_inherited(void)
{
	DIR *stream = opendir("/proc/self/fd");
	struct dirent *entry;
	uint64_t n = 0;

	while (stream && (entry = readdir(stream))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);
		int flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;

		n += flags >= 0 && !(flags & FD_CLOEXEC);
	}
	if (stream)
		closedir(stream);
	return n;
}

void og_gather_descriptors(struct og_gather *g)
{
	const char *preserve = og_cmdline_value(g->cmd, "preserve-fds");

	g->facts->preserve_fds = preserve ? strtoull(preserve, NULL, 10) : 0;
	g->facts->extra_fds = count_inherited();
	g->facts->listen_fds = getenv("LISTEN_FDS") || getenv("LISTEN_PID") ||
			       getenv("LISTEN_FDNAMES");
	g->facts->notify_socket = getenv("NOTIFY_SOCKET");
}
