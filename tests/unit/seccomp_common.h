/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the seccomp profile share: the site's profile as a document and as a filter. */
#ifndef OG_TEST_SECCOMP_COMMON_H
#define OG_TEST_SECCOMP_COMMON_H

#include "policy/seccomp_compare.h"
#include "seccomp_oracle.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define X86_64	     "SCMP_ARCH_X86_64"
#define KERNEL	     6001
#define ALL_CAPS     ((UINT64_C(1) << 41) - 1)

/* libseccomp's numbers of the ABIs that filters here are for */
#define NABIS 3
extern const uint32_t abi_tokens[NABIS];

/* Arguments on both sides of every line that a filter may draw. */
#define NVALUES 40
extern const uint64_t arg_values[NVALUES];

struct og_doc *parse_profile(const char *text, size_t len);
struct og_doc *site_profile(const struct og_scmp_site *site);
/* Fails the test where a runtime would fail. */
struct oracle compile_filter(const struct og_node *profile);

struct tries {
	uint64_t list[256];
	size_t n;
};

/* Whether |a| permits this call, with some of the first two arguments, and |b| does not. */
bool find_more(const struct oracle *a, const struct oracle *b, uint32_t token, int nr,
	       const struct tries tries[2]);

#endif
