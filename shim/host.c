/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own part of the facts, and what this process would hand on. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "ocigate/buf.h"

#include "clock.h"
#include "file.h"
#include "gather.h"
#include "policy/glob.h"

/* The list of AppArmor's profiles; of a name and a mode each. */
#define PROFILES_MAX ((size_t)4 << 20)

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

/*
 * Whether errno says that the kernel has no such thing, or none for this user. Any
 * other failure says nothing: what it would have told might be what a rule needs.
 */
static bool is_absent(void)
{
	return errno == ENOENT || (errno == EACCES && og_is_rootless());
}

static int fail_at(const char *path, struct og_err *reterr)
{
	return og_fail_sys(reterr, errno, "%s cannot be read", path);
}

/* The few bytes of a kernel file; "" when there is none. */
static int read_line(const char *path, char *buf, size_t size, struct og_err *reterr)
{
	og_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[len > 0 ? len : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return len >= 0 || (fd < 0 && is_absent()) ? 0 : fail_at(path, reterr);
}

static int is_mounted(const char *path, uint64_t type, bool *ret, struct og_err *reterr)
{
	struct statfs fs;

	*ret = false;
	if (statfs(path, &fs) < 0)
		return is_absent() ? 0 : fail_at(path, reterr);
	*ret = (uint64_t)fs.f_type == type;
	return 0;
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

/* The capabilities of this kernel: one at a time from the last that we have heard of. */
static void capabilities(struct og_facts *facts)
{
	int last = CAP_LAST_CAP;

	while (last > 0 && prctl(PR_CAPBSET_READ, last) < 0)
		last--;
	while (last < 63 && prctl(PR_CAPBSET_READ, last + 1) >= 0)
		last++;
	facts->host_caps = last >= 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;
}

/* A line "NAME (MODE)" of the kernel's list of profiles that are loaded. */
struct loaded {
	const char *name, *mode;
	size_t name_len, mode_len;
};

/* A name may have parentheses, and blanks, of its own. */
static bool read_loaded(const char *line, size_t len, struct loaded *ret)
{
	const char *open = memrchr(line, '(', len);

	if (!open || open < line + 2 || open[-1] != ' ')
		return false;
	*ret = (struct loaded){ line, open + 1, (size_t)(open - line) - 1, 0 };
	ret->mode_len = strspn(ret->mode, "abcdefghijklmnopqrstuvwxyz");
	return ret->mode_len && ret->mode + ret->mode_len + 1 == line + len && line[len - 1] == ')';
}

static bool is_text(const char *text, const char *at, size_t len)
{
	return strlen(text) == len && memcmp(text, at, len) == 0;
}

/* The engine's own; the name of a part or a stack of profiles is no plain one. */
static int take_default(struct og_gather *g, const struct loaded *loaded, struct og_err *reterr)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._+~-";
	char name[128];

	if (g->facts->apparmor_default || loaded->name_len >= sizeof(name) ||
	    (!is_text("enforce", loaded->mode, loaded->mode_len) &&
	     !is_text("kill", loaded->mode, loaded->mode_len)))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)loaded->name_len, loaded->name);
	if (name[strspn(name, plain)] || !og_glob_text(og_engine_apparmor(g->facts->engine), name))
		return 0;
	g->facts->apparmor_default = og_arena_strdup(&g->arena, name);
	return g->facts->apparmor_default ? 0 : og_gather_nomem(reterr);
}

static int read_profiles(struct og_gather *g, const char *list, struct og_err *reterr)
{
	for (const char *line = list, *end; (end = strchr(line, '\n')); line = end + 1) {
		struct loaded loaded;

		if (!read_loaded(line, (size_t)(end - line), &loaded))
			continue;
		if (g->profile && !g->facts->apparmor_mode &&
		    is_text(g->profile, loaded.name, loaded.name_len)) {
			g->facts->apparmor_mode = og_arena_printf(
				&g->arena, "%.*s", (int)loaded.mode_len, loaded.mode);
			if (!g->facts->apparmor_mode)
				return og_gather_nomem(reterr);
		}
		if (take_default(g, &loaded, reterr) < 0)
			return -1;
	}
	return 0;
}

static int find_profiles(struct og_gather *g, struct og_err *reterr)
{
	static const char path[] = "/sys/kernel/security/apparmor/profiles";
	og_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	og_auto_free char *list = NULL;
	size_t len;

	if (fd < 0 && !is_absent())
		return fail_at(path, reterr);
	if (fd < 0) {
		g->facts->apparmor_mode = OG_APPARMOR_UNKNOWN;
		return 0;
	}
	if (og_fd_read(fd, PROFILES_MAX, &list, &len, reterr) < 0) {
		og_err_where(reterr, path, 0, 0);
		return -1;
	}
	return read_profiles(g, list, reterr);
}

/* An exec without a profile keeps the container's, which a pod's sandbox may not have. */
int og_gather_apparmor(struct og_gather *g, struct og_err *reterr)
{
	bool asked = g->doc || (g->profile && *g->profile) || g->facts->pause;

	return g->facts->apparmor && asked ? find_profiles(g, reterr) : 0;
}

static int apparmor(struct og_gather *g, struct og_err *reterr)
{
	char line[32];

	if (read_line("/sys/module/apparmor/parameters/enabled", line, sizeof(line), reterr) < 0)
		return -1;
	g->facts->apparmor = line[0] == 'Y';
	return 0;
}

int og_gather_host(struct og_gather *g, struct og_err *reterr)
{
	struct og_facts *facts = g->facts;
	char today[OG_DATE_SIZE];

	facts->rootless = og_is_rootless();
	facts->userns = og_first(og_get(og_doc_root(g->doc), "/linux/devices")) &&
			!og_has_every_id();
	kernel(facts);
	if (is_mounted("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC, &facts->cgroup_v2, reterr) < 0 ||
	    is_mounted("/sys/fs/selinux", SELINUX_MAGIC, &facts->selinux, reterr) < 0 ||
	    apparmor(g, reterr) < 0)
		return -1;
	capabilities(facts);
	og_clock_date(time(NULL), today);
	facts->today = og_arena_printf(&g->arena, "%s", today);
	return facts->today ? 0 : og_gather_nomem(reterr);
}

void og_gather_descriptors(struct og_gather *g)
{
	const char *preserve = og_cmdline_value(g->cmd, "preserve-fds");

	g->facts->preserve_fds = preserve ? strtoull(preserve, NULL, 10) : 0;
	g->facts->listen_fds = getenv("LISTEN_FDS") || getenv("LISTEN_PID") ||
			       getenv("LISTEN_FDNAMES");
	g->facts->notify_socket = getenv("NOTIFY_SOCKET");
}
