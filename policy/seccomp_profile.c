/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's profile as a table: groups of system calls, what a group depends
 * on, and argument filters. It is what the current Docker gives a container
 * with the same capabilities; what older ones gave and the current one does not
 * is marked OLDER: never put into a profile, but not counted as wider either.
 */
#include "policy/seccomp_profile.h"

#include <linux/capability.h>
#include <seccomp.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const og_scmp_ops[] = { "SCMP_CMP_NE",	  "SCMP_CMP_LT", "SCMP_CMP_LE",
				    "SCMP_CMP_EQ",	  "SCMP_CMP_GE", "SCMP_CMP_GT",
				    "SCMP_CMP_MASKED_EQ", NULL };

/* ---- architectures ---- */

enum { X86 = 1 << 0, ARM = 1 << 1, S390 = 1 << 2, PPC = 1 << 3, RISCV = 1 << 4, OTHER = 1 << 5 };

#define ABI(arch)                                                                                  \
	{                                                                                          \
		"SCMP_ARCH_" #arch, SCMP_ARCH_##arch                                               \
	}

/*
 * Where a kernel has one ABI the profile names none: a missing list means the
 * native one, and libseccomp need not know its name.
 */
static const struct og_scmp_arch arches[] = {
	{ { ABI(X86_64), ABI(X86), ABI(X32) }, X86 },
	{ { ABI(AARCH64), ABI(ARM) }, ARM },
	{ { ABI(MIPS64), ABI(MIPS), ABI(MIPS64N32) }, OTHER },
	{ { ABI(MIPSEL64), ABI(MIPSEL), ABI(MIPSEL64N32) }, OTHER },
	{ { ABI(S390X), ABI(S390) }, S390 },
	{ { ABI(PPC64LE) }, PPC },
	{ { ABI(RISCV64) }, RISCV },
};
static const struct og_scmp_arch unknown_arch = { .groups = OTHER };

struct og_scmp_site og_scmp_site(const char *arch, uint64_t kernel, uint64_t caps)
{
	struct og_scmp_site site = { &unknown_arch, kernel, caps };

	for (size_t i = 0; arch && i < COUNT(arches); i++)
		if (strcmp(arches[i].abis[0].name, arch) == 0)
			site.arch = &arches[i];
	return site;
}

/* ---- system calls; every list is sorted ---- */

static const char *const always[] = {
#define SYSCALL(name) #name,
#include "policy/seccomp_always.def"
#undef SYSCALL
};

/* The same as the elements of a JSON list, which most of a profile is; behind a comma. */
static const char always_json[] =
#define SYSCALL(name) ",\"" #name "\""
#include "policy/seccomp_always.def"
#undef SYSCALL
	;

/* From 4.8 on seccomp is asked after ptrace, so that a tracer cannot change what it saw. */
static const char *const tracing[] = { "process_vm_readv", "process_vm_writev", "ptrace" };

static const char *const on_x86[] = { "arch_prctl", "modify_ldt" };
static const char *const on_arm[] = { "arm_fadvise64_64", "arm_sync_file_range",
				      "breakpoint",	  "cacheflush",
				      "set_tls",	  "sync_file_range2" };
static const char *const on_s390[] = { "s390_pci_mmio_read", "s390_pci_mmio_write",
				       "s390_runtime_instr" };
static const char *const on_ppc[] = { "swapcontext", "sync_file_range2" };
static const char *const on_riscv[] = { "riscv_flush_icache" };

static const char *const dac_read_search[] = { "open_by_handle_at" };
static const char *const sys_admin[] = { "bpf",
					 "clone",
					 "clone3",
					 "fanotify_init",
					 "fsconfig",
					 "fsmount",
					 "fsopen",
					 "fspick",
					 "lookup_dcookie",
					 "lsm_get_self_attr",
					 "lsm_list_modules",
					 "lsm_set_self_attr",
					 "mount",
					 "mount_setattr",
					 "move_mount",
					 "open_tree",
					 "perf_event_open",
					 "quotactl",
					 "quotactl_fd",
					 "setdomainname",
					 "sethostname",
					 "setns",
					 "syslog",
					 "umount",
					 "umount2",
					 "unshare" };
static const char *const sys_boot[] = { "reboot" };
static const char *const sys_chroot[] = { "chroot" };
static const char *const sys_module[] = { "delete_module", "finit_module", "init_module" };
static const char *const sys_pacct[] = { "acct" };
static const char *const sys_ptrace[] = {
	"kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace"
};
static const char *const sys_rawio[] = { "ioperm", "iopl" };
static const char *const sys_time[] = { "clock_settime", "clock_settime64", "settimeofday",
					"stime" };
static const char *const sys_tty_config[] = { "vhangup" };
static const char *const sys_nice[] = { "get_mempolicy", "mbind", "set_mempolicy",
					"set_mempolicy_home_node" };
static const char *const syslog_group[] = { "syslog" };
static const char *const bpf_group[] = { "bpf" };
static const char *const perfmon[] = { "perf_event_open" };

static const char *const clone_group[] = { "clone" };
static const char *const clone3_group[] = { "clone3" };
static const char *const personality_group[] = { "personality" };
static const char *const socket_group[] = { "socket" };
/* Docker permitted them from 20.10 on and no longer does from 25 on. */
static const char *const io_uring[] = { "io_uring_enter", "io_uring_register", "io_uring_setup" };

/* ---- argument filters ---- */

#define EQ(n, v)                                                                                   \
	{                                                                                          \
		(n), OG_SCMP_EQ, (v), 0                                                            \
	}

/* PER_LINUX and PER_LINUX32, each also with UNAME26, and the question what it is now. */
static const struct og_scmp_cond personalities[] = { EQ(0, 0), EQ(0, 0x8), EQ(0, 0x20000),
						     EQ(0, 0x20008), EQ(0, 0xffffffff) };

/* No CLONE_NEW* flag: no user namespace, in which a process has every capability. */
#define CLONE_NEW_FLAGS 0x7e020000
static const struct og_scmp_cond clone_flags[] = { { 0, OG_SCMP_MASKED_EQ, CLONE_NEW_FLAGS, 0 } };
static const struct og_scmp_cond clone_flags_s390[] = { { 1, OG_SCMP_MASKED_EQ, CLONE_NEW_FLAGS,
							  0 } };

/*
 * Address families in use but for AF_ALG and AF_VSOCK: 0 to 11, 13 to 18, 21, 22, 24,
 * 26 to 33, 35, 36, 39, 41 to 45, as the fewest sets that differ in some bits only.
 * libseccomp takes one rule for each and ABI: named one by one (26 rules), they made
 * runc 5 ms slower. The kernel takes an int, the filter compares 64 bits, so what
 * is compared are the lower 32: "not 40" would let 0x100000028 through. The 32-bit ABIs
 * keep socketcall, which no filter can look into; libseccomp permits its socket part
 * with any filtered socket.
 */
#define ANY_OF(n, bits, v)                                                                         \
	{                                                                                          \
		(n), OG_SCMP_MASKED_EQ, UINT32_MAX & ~(unsigned)(bits), (v)                        \
	}
static const struct og_scmp_cond families[] = {
	ANY_OF(0, 0x07, 0),  /* 0 to 7 */
	ANY_OF(0, 0x1a, 0),  /* 0, 2, 8, 10, 16, 18, 24, 26 */
	ANY_OF(0, 0x21, 0),  /* 0, 1, 32, 33 */
	ANY_OF(0, 0x14, 1),  /* 1, 5, 17, 21 */
	ANY_OF(0, 0x1c, 2),  /* 2, 6, 10, 14, 18, 22, 26, 30 */
	ANY_OF(0, 0x24, 3),  /* 3, 7, 35, 39 */
	ANY_OF(0, 0x24, 9),  /* 9, 13, 41, 45 */
	ANY_OF(0, 0x15, 10), /* 10, 11, 14, 15, 26, 27, 30, 31 */
	ANY_OF(0, 0x21, 10), /* 10, 11, 42, 43 */
	ANY_OF(0, 0x03, 28), /* 28 to 31 */
	ANY_OF(0, 0x08, 36), /* 36, 44 */
};

/* ---- the table ---- */

struct group {
	const char *const *names;
	size_t n;
	int cap;	 /* needed; NO_CAP: none */
	int without;	 /* holds only where this one is not granted; NO_CAP: always */
	unsigned arches; /* 0: all */
	uint64_t kernel; /* at least */
	const struct og_scmp_cond *conds; /* NULL: any arguments */
	size_t nconds;
	unsigned refuse; /* not permitted: fails with this errno */
	bool older;	 /* permitted by an older Docker only */
};

#define NO_CAP	  (-1)
#define LIST(l)	  .names = (l), .n = COUNT(l), .cap = NO_CAP, .without = NO_CAP
#define CAP(l, c) .names = (l), .n = COUNT(l), .cap = (c), .without = NO_CAP
#define IF(c)	  .conds = (c), .nconds = COUNT(c)

static const struct group groups[] = {
	{ LIST(always) },
	{ LIST(tracing), .kernel = 4008 },
	{ LIST(socket_group), IF(families) },
	{ LIST(personality_group), IF(personalities) },
	{ LIST(on_x86), .arches = X86 },
	{ LIST(on_arm), .arches = ARM },
	{ LIST(on_s390), .arches = S390 },
	{ LIST(on_ppc), .arches = PPC },
	{ LIST(on_riscv), .arches = RISCV },
	{ CAP(dac_read_search, CAP_DAC_READ_SEARCH) },
	{ CAP(sys_admin, CAP_SYS_ADMIN) },
	{ .names = clone_group,
	  .n = 1,
	  .cap = NO_CAP,
	  .without = CAP_SYS_ADMIN,
	  .arches = ~(unsigned)S390,
	  IF(clone_flags) },
	{ .names = clone_group,
	  .n = 1,
	  .cap = NO_CAP,
	  .without = CAP_SYS_ADMIN,
	  .arches = S390,
	  IF(clone_flags_s390) },
	/* A filter cannot see its flags; ENOSYS makes libraries fall back to clone. */
	{ .names = clone3_group, .n = 1, .cap = NO_CAP, .without = CAP_SYS_ADMIN, .refuse = 38 },
	{ CAP(sys_boot, CAP_SYS_BOOT) },
	{ CAP(sys_chroot, CAP_SYS_CHROOT) },
	{ CAP(sys_module, CAP_SYS_MODULE) },
	{ CAP(sys_pacct, CAP_SYS_PACCT) },
	{ CAP(sys_ptrace, CAP_SYS_PTRACE) },
	{ CAP(sys_rawio, CAP_SYS_RAWIO) },
	{ CAP(sys_time, CAP_SYS_TIME) },
	{ CAP(sys_tty_config, CAP_SYS_TTY_CONFIG) },
	{ CAP(sys_nice, CAP_SYS_NICE) },
	{ CAP(syslog_group, CAP_SYSLOG) },
	{ CAP(bpf_group, CAP_BPF) },
	{ CAP(perfmon, CAP_PERFMON) },
	{ LIST(io_uring), .older = true },
	/* Docker 20.10 filters no address family, 23 to 28 only AF_VSOCK. */
	{ LIST(socket_group), .older = true },
};

static bool granted(const struct og_scmp_site *site, int cap)
{
	return cap == NO_CAP || (site->caps & UINT64_C(1) << cap) != 0;
}

static bool applies(const struct group *group, const struct og_scmp_site *site)
{
	return site->kernel >= group->kernel &&
	       (group->arches == 0 || (group->arches & site->arch->groups) != 0) &&
	       (group->without == NO_CAP || !granted(site, group->without));
}

/* The place of |name| in the group, |guess| looked at first; -1: not there. */
static int find(const struct group *group, const char *name, size_t guess)
{
	size_t lo = 0, hi = group->n;

	if (guess < hi && strcmp(group->names[guess], name) == 0)
		return (int)guess;
	/* most groups hold a few names, far from this one */
	if (name[0] < group->names[0][0] || name[0] > group->names[hi - 1][0])
		return -1;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(group->names[mid], name);

		if (c == 0)
			return (int)mid;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

static void add_group(const struct group *group, const struct og_scmp_site *site,
		      struct og_scmp_grant *ret)
{
	if (group->refuse || !applies(group, site))
		return;
	if (!granted(site, group->cap)) {
		if (ret->lacking < 0)
			ret->lacking = group->cap;
	} else if (!group->conds) {
		ret->all = true;
	} else {
		ret->conds = group->conds;
		ret->nconds = group->nconds;
	}
}

bool og_scmp_lookup(const struct og_scmp_site *site, const char *name, unsigned guess,
		    struct og_scmp_grant *ret)
{
	unsigned base = (unsigned)COUNT(always);
	int first = find(&groups[0], name, guess);
	bool found = false;

	*ret = (struct og_scmp_grant){ .lacking = -1 };
	/* what everybody may is in no other group */
	if (first >= 0) {
		ret->id = (unsigned)first;
		ret->all = true;
		return true;
	}
	for (size_t i = 1; i < COUNT(groups); i++) {
		int at = find(&groups[i], name, 0);

		if (at >= 0 && !found)
			ret->id = base + (unsigned)at;
		found = found || at >= 0;
		if (at >= 0)
			add_group(&groups[i], site, ret);
		base += (unsigned)groups[i].n;
	}
	return found;
}

bool og_scmp_is_newer(const char *name)
{
	static const char *const newer[] = { "file_getattr", "file_setattr", "listns",
					     "open_tree_attr", "uprobe" };
	const struct group group = { .names = newer, .n = COUNT(newer) };

	return find(&group, name, 0) >= 0;
}

/* ---- JSON ---- */

static void write_arches(const struct og_scmp_arch *arch, struct og_buf *out)
{
	if (!arch->abis[1].name)
		return;
	og_buf_key(out, "architectures");
	og_buf_puts(out, "[");
	for (size_t i = 0; i < OG_SCMP_ABIS && arch->abis[i].name; i++)
		og_buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", arch->abis[i].name);
	og_buf_puts(out, "]");
}

static void write_cond(const struct og_scmp_cond *cond, struct og_buf *out)
{
	og_buf_puts(out, ",\"args\":[{\"index\":");
	og_buf_u64(out, cond->index);
	og_buf_puts(out, ",\"value\":");
	og_buf_u64(out, cond->value);
	og_buf_puts(out, ",\"valueTwo\":");
	og_buf_u64(out, cond->two);
	og_buf_puts(out, ",\"op\":\"");
	og_buf_puts(out, og_scmp_ops[cond->op]);
	og_buf_puts(out, "\"}]");
}

/* One entry: with |cond|, only where it holds. */
static void write_entry(const struct group *group, const struct og_scmp_cond *cond,
			struct og_buf *out)
{
	og_buf_puts(out, out->data && out->data[out->len - 1] == '[' ? "{" : ",{");
	og_buf_key(out, "names");
	if (group->names == always) {
		og_buf_puts(out, "[");
		og_buf_puts(out, always_json + 1);
	}
	for (size_t i = 0; group->names != always && i < group->n; i++) {
		og_buf_puts(out, i > 0 ? ",\"" : "[\"");
		og_buf_puts(out, group->names[i]);
		og_buf_puts(out, "\"");
	}
	if (group->refuse)
		og_buf_printf(out, "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%u",
			      group->refuse);
	else
		og_buf_puts(out, "],\"action\":\"SCMP_ACT_ALLOW\"");
	if (cond)
		write_cond(cond, out);
	og_buf_puts(out, "}");
}

/*
 * The flags are written though there are none: where they are absent, runc sets
 * SECCOMP_FILTER_FLAG_SPEC_ALLOW, which turns a mitigation of Spectre 4 off.
 * Conditions are one to an entry: several in one would be read as "and".
 */
void og_scmp_write(const struct og_scmp_site *site, struct og_buf *out)
{
	og_buf_puts(out, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1");
	write_arches(site->arch, out);
	og_buf_puts(out, ",\"flags\":[],\"syscalls\":[");
	for (size_t i = 0; i < COUNT(groups); i++) {
		const struct group *group = &groups[i];

		if (group->older || !applies(group, site) || !granted(site, group->cap))
			continue;
		if (!group->conds)
			write_entry(group, NULL, out);
		for (size_t c = 0; c < group->nconds; c++)
			write_entry(group, &group->conds[c], out);
	}
	og_buf_puts(out, "]}");
}
