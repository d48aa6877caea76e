/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's seccomp profile: that it holds nothing dangerous, and against the
 * profiles that Docker writes (data/seccomp_docker.jsonl, one to a line, from
 * real daemons).
 */
#include "seccomp_common.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/names.h"

static int first_nr(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? 0x40000000 : 0;
}
#define NRS 560 /* past the last one of each ABI, x32's own from 512 on included */

/* Names of system calls that |a| permits and |b| does not, " name" each, sorted by ABI and number.
 */
static void list_more(const struct oracle *a, const struct oracle *b, struct og_buf *ret)
{
	struct tries tries[2] = { { .n = NVALUES }, { .n = 1 } };

	memcpy(tries[0].list, arg_values, sizeof(arg_values));
	og_buf_puts(ret, "");
	for (size_t t = 0; t < NABIS; t++)
		for (int nr = first_nr(abi_tokens[t]); nr < first_nr(abi_tokens[t]) + NRS; nr++) {
			char *name;

			if (!find_more(a, b, abi_tokens[t], nr, tries))
				continue;
			name = seccomp_syscall_resolve_num_arch(abi_tokens[t], nr);
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
		struct og_doc *doc = parse_profile(line, (size_t)(end - line));
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

Test(seccomp_profile, profiles_of_docker_are_inside_the_sites)
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

Test(seccomp_profile, profiles_of_docker_are_wider_for_fewer_capabilities)
{
	each_capture("seccomp", 12, check_outside);
}

/* What a capability adds in Docker, it adds in the site's profile. */
static void check_adds(const char *docker, const struct og_scmp_site *site,
		       const struct og_node *names)
{
	struct og_doc *doc = site_profile(site);
	struct oracle with = compile_filter(og_doc_root(doc));

	og_each (name, names) {
		uint64_t args[6] = { 0 };
		size_t t = 0;
		int nr;

		do /* stime and clock_settime64 are of 32-bit ABIs only */
			nr = seccomp_syscall_resolve_name_arch(abi_tokens[t], og_str(name));
		while (nr < 0 && ++t < NABIS);
		cr_assert(ge(int, nr, 0), "%s", og_str(name));
		cr_expect(oracle_permits(&with, abi_tokens[t], nr, args, NULL), "Docker %s: %s",
			  docker, og_str(name));
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

		cr_assert(og_scmp_lookup(&others, og_str(name), 0, &grant));
		cr_expect(eq(int, grant.all, shared), "Docker %s: %s", docker, og_str(name));
	}
}

Test(seccomp_profile, capabilities_add_what_they_add_in_docker)
{
	each_capture("adds", 25, check_adds);
	each_capture("adds", 25, check_adds_only);
}

/* The filter that is put in is Docker 28's, less the address families. */
static void check_same(const char *docker, const struct og_scmp_site *site,
		       const struct og_node *profile)
{
	struct og_doc *own = site_profile(site);
	struct oracle a = compile_filter(og_doc_root(own)), b = compile_filter(profile);
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

Test(seccomp_profile, what_is_put_in_is_what_docker_gives)
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

Test(seccomp_profile, without_capabilities_nothing_dangerous)
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
	struct oracle oracle = compile_filter(og_doc_root(doc));

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

Test(seccomp_profile, address_families)
{
	static const uint64_t permitted[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 13,
					      14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30,
					      31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45 };
	struct og_scmp_site site = og_scmp_site(X86_64, KERNEL, ALL_CAPS);
	struct og_doc *doc = site_profile(&site);
	struct oracle oracle = compile_filter(og_doc_root(doc));

	/* the kernel takes an int: bits above are not looked at, by it nor by the filter */
	for (uint64_t family = 0, next = 0; family < 4096; family++) {
		bool is_permitted = next < COUNT(permitted) && permitted[next] == family;

		next += is_permitted;
		cr_expect(eq(int, permits(&oracle, "socket", family), is_permitted), "family %d",
			  (int)family);
		cr_expect(eq(int, permits(&oracle, "socket", UINT64_C(1) << 32 | family),
			     is_permitted),
			  "family %d with a bit above", (int)family);
		cr_expect(not(permits(&oracle, "socket", UINT64_C(1) << 31 | family)));
	}
	cr_expect(not(permits(&oracle, "socket", UINT64_MAX)));
	oracle_release(&oracle);
	og_doc_free(doc);
}

Test(seccomp_profile, before_4_8_no_ptrace)
{
	struct og_scmp_site site = og_scmp_site(X86_64, 4007, 0);
	struct og_doc *doc = site_profile(&site);
	struct oracle oracle = compile_filter(og_doc_root(doc));

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
		cr_expect(og_scmp_lookup(site, og_str(name), 0, &grant) && grant.id < OG_SCMP_IDS,
			  "%s", og_str(name));
		last = og_str(name);
	}
}

/* The first entry of the profile; of these the look-up asks no other group. */
Test(seccomp_profile, what_everybody_may_is_in_no_other_entry)
{
	struct og_scmp_site site = og_scmp_site(X86_64, KERNEL, ALL_CAPS);
	og_auto_buf struct og_buf out = { 0 };
	struct og_err err = { 0 };
	const struct og_node *first, *names;
	struct og_doc *doc;
	size_t n = 0;

	og_scmp_write(&site, &out);
	cr_assert(eq(int, og_doc_parse("profile", out.data, out.len, 0, &doc, &err), 0));
	first = og_first(og_get(og_doc_root(doc), "/syscalls"));
	names = og_get(first, "/names");
	for (const struct og_node *entry = og_next(first); entry; entry = og_next(entry))
		og_each (name, og_get(entry, "/names")) {
			og_each (other, names)
				cr_expect(ne(str, (char *)og_str(name), (char *)og_str(other)));
			n++;
		}
	cr_expect(gt(sz, n, 30));
	/* the guess is only a guess */
	og_each (name, names) {
		struct og_scmp_grant grant, again;

		for (unsigned guess = 0; guess < OG_SCMP_IDS; guess += 61) {
			cr_assert(og_scmp_lookup(&site, og_str(name), 0, &grant));
			cr_assert(og_scmp_lookup(&site, og_str(name), guess, &again));
			cr_expect(grant.all && again.all && grant.id == again.id);
		}
	}
	og_doc_free(doc);
}

Test(seccomp_profile, sites_profile_is_inside_itself)
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
