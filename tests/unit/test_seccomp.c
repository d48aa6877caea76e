/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's seccomp profile and what "wider" means, against what the kernel
 * would do (seccomp_oracle.h) and against the profiles that Docker writes
 * (data/seccomp_docker.jsonl, one to a line, from real daemons). Profiles whose
 * reading is a decision and not a measurement are in test_seccomp_reading.c.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/names.h"
#include "policy/seccomp_compare.h"
#include "seccomp_oracle.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define X86_64	     "SCMP_ARCH_X86_64"
#define KERNEL	     6001
#define ALL_CAPS     ((UINT64_C(1) << 41) - 1)

static const uint32_t tokens[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };

static struct og_doc *parse(const char *text, size_t len)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	cr_assert(eq(int, og_doc_parse("profile", text, len, 0, &doc, &err), 0), "%s in %.300s",
		  err.msg, text);
	return doc;
}

static struct og_doc *site_profile(const struct og_scmp_site *site)
{
	struct og_buf out = { 0 };
	struct og_doc *doc;

	og_scmp_write(site, &out);
	cr_assert(not(out.failed));
	doc = parse(out.data, out.len);
	og_buf_release(&out);
	return doc;
}

/*
 * The most that is not wider, as a filter: the site's, and what only older
 * releases of Docker permit.
 */
static struct oracle ceiling(const struct og_scmp_site *site)
{
	static const char older[] =
		",{\"names\":[\"io_uring_enter\",\"io_uring_register\",\"io_uring_setup\","
		"\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct og_buf out = { 0 };
	struct oracle ret;
	struct og_doc *doc;

	og_scmp_write(site, &out);
	cr_assert(out.len > 2 && strcmp(out.data + out.len - 2, "]}") == 0);
	out.len -= 2;
	og_buf_puts(&out, older);
	doc = parse(out.data, out.len);
	cr_assert(oracle_compile(og_doc_root(doc), ORACLE_CRUN, &ret));
	og_doc_free(doc);
	og_buf_release(&out);
	return ret;
}

static struct oracle compile(const struct og_node *profile)
{
	struct oracle ret;

	cr_assert(oracle_compile(profile, ORACLE_CRUN, &ret));
	return ret;
}

/* ---- sets of values ---- */

static bool holds(const struct og_scmp_cond *c, uint64_t x)
{
	switch (c->op) {
	case OG_SCMP_NE:
		return x != c->value;
	case OG_SCMP_LT:
		return x < c->value;
	case OG_SCMP_LE:
		return x <= c->value;
	case OG_SCMP_EQ:
		return x == c->value;
	case OG_SCMP_GE:
		return x >= c->value;
	case OG_SCMP_GT:
		return x > c->value;
	case OG_SCMP_MASKED_EQ:
		return (x & c->value) == (c->two & c->value);
	}
	return false;
}

#define SMALL 4 /* bits */
static unsigned values_of(const struct og_scmp_cond *c)
{
	unsigned ret = 0;

	for (unsigned x = 0; x < 1 << SMALL; x++)
		ret |= (unsigned)holds(c, x) << x;
	return ret;
}

/* Every condition on a value of four bits. */
static size_t all_conds(struct og_scmp_cond *ret)
{
	size_t n = 0;

	for (unsigned op = OG_SCMP_NE; op <= OG_SCMP_MASKED_EQ; op++)
		for (uint64_t v = 0; v < 1 << SMALL; v++)
			for (uint64_t w = 0; w < (op == OG_SCMP_MASKED_EQ ? 1 << SMALL : 1); w++)
				ret[n++] = (struct og_scmp_cond){ 0, (enum og_scmp_op)op, v, w };
	return n;
}

static void check_covered(const struct og_scmp_cond *a, const struct og_scmp_cond *b, size_t n)
{
	unsigned rest = values_of(a);

	for (size_t i = 0; i < n; i++)
		rest &= ~values_of(&b[i]);
	cr_expect(eq(int, og_scmp_covered(a, b, n, SMALL), rest == 0),
		  "op %d value %d two %d in %zu, first op %d value %d two %d", (int)a->op,
		  (int)a->value, (int)a->two, n, (int)b[0].op, (int)b[0].value, (int)b[0].two);
}

Test(seccomp, covered_is_set_inclusion)
{
	struct og_scmp_cond all[512];
	size_t n = all_conds(all);

	srand(1);
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++)
			check_covered(&all[a], &all[b], 1);
	for (int i = 0; i < 100000; i++) {
		struct og_scmp_cond some[5];

		for (size_t k = 0; k < COUNT(some); k++)
			some[k] = all[(size_t)rand() % n];
		check_covered(&all[(size_t)rand() % n], some, (size_t)(i % 6));
	}
}

Test(seccomp, covered_at_full_width)
{
	const struct og_scmp_cond mask = { 0, OG_SCMP_MASKED_EQ, 0x7e020000, 0 };
	const struct {
		struct og_scmp_cond cond;
		bool covered64, covered32;
	} cases[] = {
		{ { 0, OG_SCMP_MASKED_EQ, 0x7e020000, 0 }, true, true },
		{ { 0, OG_SCMP_MASKED_EQ, 0x7e020001, 1 }, true, true },
		{ { 0, OG_SCMP_MASKED_EQ, 0x7c020000, 0 }, false, false },
		{ { 0, OG_SCMP_MASKED_EQ, UINT64_MAX, 0x11 }, true, true },
		{ { 0, OG_SCMP_EQ, 0x10000000, 0 }, false, false },
		{ { 0, OG_SCMP_EQ, UINT64_C(0x100000011), 0 }, true, true },
		{ { 0, OG_SCMP_LT, 0x20000, 0 }, true, true },
		{ { 0, OG_SCMP_LE, 0x20000, 0 }, false, false },
		{ { 0, OG_SCMP_GT, UINT64_MAX, 0 }, true, true },
		{ { 0, OG_SCMP_GE, UINT64_MAX, 0 }, false, false },
		{ { 0, OG_SCMP_GT, 0xffffffff, 0 }, false, true },
		{ { 0, OG_SCMP_LT, UINT64_C(1) << 32, 0 }, false, true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect(
			eq(int, og_scmp_covered(&cases[i].cond, &mask, 1, 64), cases[i].covered64),
			"64 bits, case %zu", i);
		cr_expect(
			eq(int, og_scmp_covered(&cases[i].cond, &mask, 1, 32), cases[i].covered32),
			"32 bits, case %zu", i);
	}
}

/* ---- arguments worth trying ---- */

static const uint64_t values[] = { 0,
				   1,
				   7,
				   8,
				   9,
				   11,
				   12,
				   13,
				   16,
				   37,
				   38,
				   39,
				   40,
				   41,
				   45,
				   46,
				   0x11,
				   0x12,
				   0x80,
				   0x1ffff,
				   0x20000,
				   0x20001,
				   0x20008,
				   0x20009,
				   0x2000000,
				   0x4000000,
				   0x8000000,
				   0x10000000,
				   0x10000011,
				   0x20000000,
				   0x40000000,
				   0x7e020000,
				   0x7fffffff,
				   0x80000000,
				   0xffffffff,
				   UINT64_C(0x100000000),
				   UINT64_C(0x100000008),
				   UINT64_C(0x100000028),
				   UINT64_C(0x8000000000000000),
				   UINT64_MAX };

struct tries {
	uint64_t list[256];
	size_t n;
};

/* Whether |a| permits this call, with some of the first two arguments, and |b| does not. */
static bool find_more(const struct oracle *a, const struct oracle *b, uint32_t token, int nr,
		      const struct tries tries[2])
{
	uint64_t args[6] = { 0 };

	for (size_t i = 0; i < tries[0].n; i++)
		for (size_t k = 0; k < tries[1].n; k++) {
			bool looked = false;

			args[0] = tries[0].list[i];
			args[1] = tries[1].list[k];
			if (oracle_permits(a, token, nr, args, &looked) &&
			    !oracle_permits(b, token, nr, args, &looked))
				return true;
			if (!looked)
				return false; /* nor with any others */
		}
	return false;
}

static int first_nr(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? 0x40000000 : 0;
}
#define NRS 560 /* past the last one of each ABI, x32's own from 512 on included */

/* Names of system calls that |a| permits and |b| does not, " name" each, sorted by ABI and number.
 */
static void list_more(const struct oracle *a, const struct oracle *b, struct og_buf *ret)
{
	struct tries tries[2] = { { .n = COUNT(values) }, { .n = 1 } };

	memcpy(tries[0].list, values, sizeof(values));
	og_buf_puts(ret, "");
	for (size_t t = 0; t < COUNT(tokens); t++)
		for (int nr = first_nr(tokens[t]); nr < first_nr(tokens[t]) + NRS; nr++) {
			char *name;

			if (!find_more(a, b, tokens[t], nr, tries))
				continue;
			name = seccomp_syscall_resolve_num_arch(tokens[t], nr);
			og_buf_printf(ret, " %s", name ? name : "?");
			free(name);
		}
}

/* ---- Docker's own profiles ---- */

static uint64_t caps_of(const struct og_node *list)
{
	uint64_t caps = 0;

	og_each (name, list) {
		cr_assert(og_cap_exact(og_str(name)) >= 0);
		caps |= UINT64_C(1) << og_cap_exact(og_str(name));
	}
	return caps;
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	struct og_buf text = { 0 };
	char chunk[4096];
	size_t n;

	cr_assert(file != NULL, "%s: run the tests in the top directory", path);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		og_buf_put(&text, chunk, n);
	fclose(file);
	return og_buf_steal(&text);
}

/* Calls |check| for each line that has the member |key|, |at_least| times. */
static void each_capture(const char *key, int at_least,
			 void (*check)(const char *docker, const struct og_scmp_site *site,
				       const struct og_node *node))
{
	char *text = read_all("tests/unit/data/seccomp_docker.jsonl");
	int n = 0;

	cr_assert(text != NULL);
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		struct og_doc *doc = parse(line, (size_t)(end - line));
		const struct og_node *root = og_doc_root(doc);
		struct og_scmp_site site = og_scmp_site(X86_64, KERNEL,
							caps_of(og_member(root, "caps")));

		if (og_member(root, key)) {
			check(og_str(og_member(root, "docker")), &site, og_member(root, key));
			n++;
		}
		og_doc_free(doc);
	}
	cr_assert(ge(int, n, at_least));
	free(text);
}

static void check_inside(const char *docker, const struct og_scmp_site *site,
			 const struct og_node *profile)
{
	struct og_scmp_why why = { "" };

	cr_expect(not(og_scmp_permissive(profile, &why)), "Docker %s: %s", docker, why.text);
	cr_expect(not(og_scmp_wider(profile, site, OG_SCMP_EVERYTHING, &why)),
		  "Docker %s, capabilities %llx: %s", docker, (unsigned long long)site->caps,
		  why.text);
	cr_expect(not(og_scmp_wider(profile, site, OG_SCMP_LACKING, &why)));
}

Test(seccomp, profiles_of_docker_are_inside_the_sites)
{
	each_capture("seccomp", 12, check_inside);
}

/* The other way: one capability less, and its group is too much. */
static void check_outside(const char *docker, const struct og_scmp_site *site,
			  const struct og_node *profile)
{
	static const int caps[] = { 2, 16, 18, 19, 20, 21, 22, 23, 25, 26, 34 };

	for (size_t i = 0; i < COUNT(caps); i++) {
		struct og_scmp_site less = *site;
		struct og_scmp_why why = { "" };
		uint64_t bit = UINT64_C(1) << caps[i];

		/* syslog is in the group of CAP_SYS_ADMIN too, kcmp and its like are not */
		if (!(site->caps & bit) || (caps[i] == 34 && site->caps & 1 << 21))
			continue;
		less.caps &= ~bit;
		cr_expect(og_scmp_wider(profile, &less, OG_SCMP_EVERYTHING, &why) &&
				  og_scmp_wider(profile, &less, OG_SCMP_LACKING, &why),
			  "Docker %s without %s", docker, og_caps[caps[i]]);
		cr_expect(ne(ptr, strstr(why.text, og_caps[caps[i]]), NULL), "%s", why.text);
	}
}

Test(seccomp, profiles_of_docker_are_wider_for_fewer_capabilities)
{
	each_capture("seccomp", 12, check_outside);
}

/* What a capability adds in Docker, it adds in the site's profile. */
static void check_adds(const char *docker, const struct og_scmp_site *site,
		       const struct og_node *names)
{
	struct og_doc *doc = site_profile(site);
	struct oracle with = compile(og_doc_root(doc));

	og_each (name, names) {
		uint64_t args[6] = { 0 };
		size_t t = 0;
		int nr;

		do /* stime and clock_settime64 are of 32-bit ABIs only */
			nr = seccomp_syscall_resolve_name_arch(tokens[t], og_str(name));
		while (nr < 0 && ++t < COUNT(tokens));
		cr_assert(ge(int, nr, 0), "%s", og_str(name));
		cr_expect(oracle_permits(&with, tokens[t], nr, args, NULL), "Docker %s: %s", docker,
			  og_str(name));
	}
	oracle_release(&with);
	og_doc_free(doc);
}

/* And only the capability does: without it, what Docker added is too much. */
static void check_adds_only(const char *docker, const struct og_scmp_site *site,
			    const struct og_node *names)
{
	struct og_scmp_site others = og_scmp_site(X86_64, KERNEL, ALL_CAPS & ~site->caps);

	og_each (name, names) {
		/* these two do not need CAP_SYS_PTRACE in later releases, syslog has two groups */
		bool shared = strncmp(og_str(name), "process_vm_", 11) == 0 ||
			      strcmp(og_str(name), "syslog") == 0 ||
			      strcmp(og_str(name), "bpf") == 0 ||
			      strcmp(og_str(name), "perf_event_open") == 0;
		struct og_scmp_grant grant;

		cr_assert(og_scmp_lookup(&others, og_str(name), &grant));
		cr_expect(eq(int, grant.all, shared), "Docker %s: %s", docker, og_str(name));
	}
}

Test(seccomp, capabilities_add_what_they_add_in_docker)
{
	each_capture("adds", 25, check_adds);
	each_capture("adds", 25, check_adds_only);
}

/* The filter that is put in is Docker 28's, less the address families. */
static void check_same(const char *docker, const struct og_scmp_site *site,
		       const struct og_node *profile)
{
	struct og_doc *own = site_profile(site);
	struct oracle a = compile(og_doc_root(own)), b = compile(profile);
	struct og_buf more = { 0 }, less = { 0 };

	if (strcmp(docker, "28.5.2") == 0) {
		list_more(&a, &b, &more);
		cr_expect(eq(str, more.data, (char *)""), "beyond Docker %s", docker);
		list_more(&b, &a, &less);
		cr_expect(eq(str, less.data, (char *)" socket socket socket"),
			  "not as in Docker %s", docker);
	}
	og_buf_release(&more);
	og_buf_release(&less);
	oracle_release(&a);
	oracle_release(&b);
	og_doc_free(own);
}

Test(seccomp, what_is_put_in_is_what_docker_gives)
{
	each_capture("seccomp", 12, check_same);
}

/* ---- the site's profile ---- */

static bool permits(const struct oracle *oracle, const char *name, uint64_t first)
{
	const uint64_t args[6] = { first };
	int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name);

	cr_assert(ge(int, nr, 0), "%s", name);
	return oracle_permits(oracle, SCMP_ARCH_X86_64, nr, args, NULL);
}

Test(seccomp, without_capabilities_nothing_dangerous)
{
	static const char *const denied[] = {
		"unshare",
		"setns",
		"mount",
		"umount2",
		"move_mount",
		"open_tree",
		"fsopen",
		"fsmount",
		"mount_setattr",
		"pivot_root",
		"clone3",
		"keyctl",
		"add_key",
		"request_key",
		"bpf",
		"chroot",
		"reboot",
		"perf_event_open",
		"userfaultfd",
		"open_by_handle_at",
		"swapon",
		"swapoff",
		"kexec_load",
		"kexec_file_load",
		"init_module",
		"finit_module",
		"delete_module",
		"acct",
		"quotactl",
		"settimeofday",
		"io_uring_setup",
		"io_uring_enter",
		"io_uring_register",
		"iopl",
		"ioperm",
		"kcmp",
		"pidfd_getfd",
		"syslog",
		"vhangup",
		"nfsservctl",
		"lookup_dcookie",
		"uselib",
		"ustat",
		"sysfs",
		"_sysctl",
	};
	struct og_scmp_site site = og_scmp_site(X86_64, KERNEL, 0);
	struct og_doc *doc = site_profile(&site);
	struct oracle oracle = compile(og_doc_root(doc));

	for (size_t i = 0; i < COUNT(denied); i++)
		cr_expect(not(permits(&oracle, denied[i], 0)), "%s", denied[i]);
	for (unsigned bit = 0; bit < 64; bit++) {
		/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
		bool namespace = bit == 17 || (bit >= 25 && bit <= 30);

		cr_expect(eq(int, permits(&oracle, "clone", UINT64_C(1) << bit | 17), !namespace),
			  "clone with bit %u", bit);
	}
	cr_expect(permits(&oracle, "personality", 8) && !permits(&oracle, "personality", 0x40000));
	cr_expect(permits(&oracle, "ptrace", 0));
	oracle_release(&oracle);
	og_doc_free(doc);
}

Test(seccomp, address_families)
{
	static const uint64_t denied[] = {
		12, 38, 40, 46, UINT64_C(0x100000026), UINT64_C(0x100000028), UINT64_MAX
	};
	static const uint64_t permitted[] = { 0, 1, 2, 10, 11, 16, 17, 29, 31, 39, 44 };
	struct og_scmp_site site = og_scmp_site(X86_64, KERNEL, ALL_CAPS);
	struct og_doc *doc = site_profile(&site);
	struct oracle oracle = compile(og_doc_root(doc));

	for (size_t i = 0; i < COUNT(denied); i++)
		cr_expect(not(permits(&oracle, "socket", denied[i])), "family %#llx",
			  (unsigned long long)denied[i]);
	for (size_t i = 0; i < COUNT(permitted); i++)
		cr_expect(permits(&oracle, "socket", permitted[i]), "family %d", (int)permitted[i]);
	oracle_release(&oracle);
	og_doc_free(doc);
}

Test(seccomp, before_4_8_no_ptrace)
{
	struct og_scmp_site site = og_scmp_site(X86_64, 4007, 0);
	struct og_doc *doc = site_profile(&site);
	struct oracle oracle = compile(og_doc_root(doc));

	cr_expect(not(permits(&oracle, "ptrace", 0)));
	cr_expect(not(permits(&oracle, "process_vm_readv", 0)));
	oracle_release(&oracle);
	og_doc_free(doc);
}

/* Every entry's names are sorted (the table is searched by halves), and inside the ceiling. */
static void check_names(const struct og_scmp_site *site, const struct og_node *names)
{
	const char *last = "";

	og_each (name, names) {
		struct og_scmp_grant grant;

		cr_expect(lt(int, strcmp(last, og_str(name)), 0), "%s after %s", og_str(name),
			  last);
		cr_expect(og_scmp_lookup(site, og_str(name), &grant) && grant.id < OG_SCMP_IDS,
			  "%s", og_str(name));
		last = og_str(name);
	}
}

Test(seccomp, sites_profile_is_inside_itself)
{
	static const char *const arches[] = { X86_64,
					      "SCMP_ARCH_AARCH64",
					      "SCMP_ARCH_MIPS64",
					      "SCMP_ARCH_MIPSEL64",
					      "SCMP_ARCH_S390X",
					      "SCMP_ARCH_PPC64LE",
					      "SCMP_ARCH_RISCV64",
					      "SCMP_ARCH_UNHEARD_OF",
					      NULL };
	static const uint64_t caps[] = { 0, UINT64_C(1) << 21, ALL_CAPS, UINT64_MAX };

	for (size_t a = 0; a < COUNT(arches); a++)
		for (size_t c = 0; c < COUNT(caps); c++) {
			struct og_scmp_site site = og_scmp_site(arches[a], KERNEL, caps[c]);
			struct og_doc *doc = site_profile(&site);
			const struct og_node *root = og_doc_root(doc);
			struct og_scmp_why why = { "" };

			cr_expect(not(og_scmp_permissive(root, &why)), "%s", why.text);
			cr_expect(not(og_scmp_wider(root, &site, OG_SCMP_EVERYTHING, &why)),
				  "%s: %s", arches[a], why.text);
			cr_expect(eq(int, (int)og_type(og_member(root, "flags")), OG_ARRAY));
			og_each (entry, og_member(root, "syscalls"))
				check_names(&site, og_member(entry, "names"));
			og_doc_free(doc);
		}
}

/* ---- wider, against the filters ---- */

#ifndef PAIRS
#define PAIRS 100 /* for each set of capabilities */
#endif

static unsigned pick(unsigned n)
{
	return (unsigned)rand() % n;
}

static const char *const some_names[] = {
	"read",
	"mount",
	"clone",
	"clone",
	"clone3",
	"personality",
	"personality",
	"socket",
	"unshare",
	"ptrace",
	"io_uring_setup",
	"vm86",
	"umount",
	"bpf",
	"chroot",
	"no_such_call",
	"semop",
	"socketcall",
	"keyctl",
	"kcmp",
	"s390_runtime_instr",
	"stime",
	"clock_settime64",
};

static void put_args(struct og_buf *out, bool one_argument)
{
	unsigned n = pick(3);

	og_buf_puts(out, ",\"args\":[");
	for (unsigned i = 0; i < n; i++) {
		uint64_t v = values[pick(COUNT(values))], w = values[pick(COUNT(values))];
		unsigned op = pick(OG_SCMP_MASKED_EQ + 1);

		og_buf_printf(out,
			      "%s{\"index\":%u,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"%s\"}",
			      i ? "," : "", one_argument ? 0 : pick(2), (unsigned long long)v,
			      (unsigned long long)(w & v), og_scmp_ops[op]);
	}
	og_buf_puts(out, "]");
}

/* A profile of a few entries, one action to a name. */
static struct og_doc *generate(void)
{
	static const char *const permit[] = { "ALLOW", "ALLOW", "LOG", "TRACE" };
	static const char *const arches[] = {
		"", "\"architectures\":[\"SCMP_ARCH_X86_64\"],",
		"\"architectures\":[\"SCMP_ARCH_X86\"],",
		"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
	};
	const char *action = permit[pick(COUNT(permit))];
	struct og_buf out = { 0 };
	struct og_doc *doc;

	og_buf_printf(&out, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",%s\"syscalls\":[",
		      arches[pick(COUNT(arches))]);
	for (unsigned i = 0, n = 1 + pick(3); i < n; i++) {
		og_buf_printf(&out, "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_%s\"",
			      i ? "," : "", some_names[pick(COUNT(some_names))], action);
		if (pick(4))
			put_args(&out, pick(2) == 0);
		og_buf_puts(&out, "}");
	}
	og_buf_puts(&out, "]}");
	doc = parse(out.data, out.len);
	og_buf_release(&out);
	return doc;
}

/* A value, its neighbours, and the same with bits that some filter looks at. */
static void try_near(struct tries *tries, uint64_t value)
{
	static const uint64_t bits[] = { 0, 2, 0x10000000, UINT64_C(0x100000000) };

	for (uint64_t v = value - 1; v != value + 2; v++)
		for (size_t i = 0; i < COUNT(bits); i++) {
			cr_assert(lt(sz, tries->n, COUNT(tries->list)));
			tries->list[tries->n++] = v | bits[i];
		}
}

/* What tells apart the conditions of |profile| and the site's. */
static void collect(const struct og_node *profile, struct tries tries[2])
{
	static const uint64_t sites[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };

	tries[0].n = 0;
	tries[1].n = 1;
	tries[1].list[0] = 0;
	for (size_t i = 0; i < COUNT(sites); i++)
		try_near(&tries[0], sites[i]);
	og_each (entry, og_member(profile, "syscalls")) {
		og_each (arg, og_member(entry, "args")) {
			uint64_t index, value, two;

			cr_assert(og_u64(og_member(arg, "index"), &index) == 0 && index < 2 &&
				  og_u64(og_member(arg, "value"), &value) == 0 &&
				  og_u64(og_member(arg, "valueTwo"), &two) == 0);
			try_near(&tries[index], value);
			try_near(&tries[index], two);
		}
	}
}

/* Does |a| permit anything, of the names that are generated, that |b| does not? */
static bool more(const struct oracle *a, const struct oracle *b, const struct tries tries[2])
{
	static const int x86_socketcall = 102, x86_ipc = 117, x86_socket = 359;
	static const int muxed[] = { x86_socketcall, x86_ipc, x86_socket };

	for (size_t t = 0; t < COUNT(tokens); t++)
		for (size_t i = 0; i < COUNT(some_names); i++) {
			int nr = seccomp_syscall_resolve_name_arch(tokens[t], some_names[i]);

			if (nr >= 0 && find_more(a, b, tokens[t], nr, tries))
				return true;
		}
	for (size_t i = 0; i < COUNT(muxed); i++)
		if (find_more(a, b, SCMP_ARCH_X86, muxed[i], tries))
			return true;
	return false;
}

struct tally {
	int wider, inside, refused, lost;
};

/*
 * What the filter permits beyond the site's must be found, always. The other
 * way libseccomp 2.5 makes exceptions: in some filters (a part of ipc beside an
 * argument filter on x86, two conditions of one kind with different upper
 * halves) it drops what it was asked to permit, about once in a thousand here.
 */
static void check_pair(const struct og_scmp_site *site, const struct oracle *top,
		       enum oracle_reader reader, struct tally *tally)
{
	struct og_doc *doc = generate();
	const struct og_node *root = og_doc_root(doc);
	struct og_scmp_why why = { "" };
	bool ours = og_scmp_wider(root, site, OG_SCMP_EVERYTHING, &why);
	struct tries tries[2];
	struct oracle oracle;
	const char *text;
	size_t len;

	text = og_raw(root, &len);
	cr_assert(not(og_scmp_permissive(root, &why)));
	collect(root, tries);
	if (oracle_compile(root, reader, &oracle)) {
		bool theirs = more(&oracle, top, tries);

		cr_expect(ours || !theirs, "caps %llx: %.*s: \"%s\"",
			  (unsigned long long)site->caps, (int)len, text, why.text);
		tally->lost += ours && !theirs;
		*(ours ? &tally->wider : &tally->inside) += 1;
		oracle_release(&oracle);
	} else {
		tally->refused++;
	}
	og_doc_free(doc);
}

Test(seccomp, wider_is_what_the_filter_permits, .timeout = 60)
{
	static const uint64_t caps[] = { 0, UINT64_C(1) << 21, UINT64_C(1) << 18, ALL_CAPS };
	struct tally tally = { 0 };

	srand(20240229);
	for (size_t c = 0; c < COUNT(caps); c++) {
		struct og_scmp_site site = og_scmp_site(X86_64, KERNEL, caps[c]);
		struct oracle top = ceiling(&site);

		for (int i = 0; i < PAIRS; i++)
			check_pair(&site, &top, i % 2 ? ORACLE_RUNC : ORACLE_CRUN, &tally);
		oracle_release(&top);
	}
	/* both answers must occur, or nothing has been compared */
	cr_expect(gt(int, tally.wider, PAIRS));
	cr_expect(gt(int, tally.inside, PAIRS / 2));
	cr_expect(lt(int, tally.refused, PAIRS));
	cr_expect(le(int, tally.lost, PAIRS / 50));
}
