/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and filters made of the site's profile, and comparing two filters. */
#include "seccomp_common.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <seccomp.h>

const uint32_t abi_tokens[NABIS] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };

struct og_doc *parse_profile(const char *text, size_t len)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	cr_assert(eq(int, og_doc_parse("profile", text, len, 0, &doc, &err), 0), "%s in %.300s",
		  err.msg, text);
	return doc;
}

struct og_doc *site_profile(const struct og_scmp_site *site)
{
	struct og_buf out = { 0 };
	struct og_doc *doc;

	og_scmp_write(site, &out);
	cr_assert(not(out.failed));
	doc = parse_profile(out.data, out.len);
	og_buf_release(&out);
	return doc;
}

struct oracle compile_filter(const struct og_node *profile)
{
	struct oracle ret;

	cr_assert(oracle_compile(profile, ORACLE_CRUN, &ret));
	return ret;
}

const uint64_t arg_values[NVALUES] = { 0,
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

bool find_more(const struct oracle *a, const struct oracle *b, uint32_t token, int nr,
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
