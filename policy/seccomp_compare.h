/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a seccomp profile as runc and crun read it, and whether it permits
 * what the site's does not. Wherever the two runtimes, or releases of
 * libseccomp, may take a profile differently it counts as permitting more.
 */
#ifndef OG_SECCOMP_COMPARE_H
#define OG_SECCOMP_COMPARE_H

#include "policy/seccomp_profile.h"

/* Why a profile is replaced: a sentence, cut if need be. */
struct og_scmp_why {
	char text[512];
};

/*
 * Whether |profile| is no filter whatever it lists: it permits by default, lets
 * a program of the caller's decide, or cannot be read. Linear.
 */
bool og_scmp_permissive(const struct og_node *profile, struct og_scmp_why *why);

enum og_scmp_scope {
	OG_SCMP_EVERYTHING,
	OG_SCMP_LACKING, /* only system calls that belong to capabilities not granted */
};
/*
 * Whether |profile|, which is not permissive, permits what |site| does not.
 * Linear in its size.
 */
bool og_scmp_wider(const struct og_node *profile, const struct og_scmp_site *site,
		   enum og_scmp_scope scope, struct og_scmp_why *why);

/*
 * Whether each value of |bits| bits for which |cond| holds is one for which one
 * of |conds|, at most OG_SCMP_CONDS, holds; values are cut to that size first.
 */
#define OG_SCMP_CONDS 31
bool og_scmp_covered(const struct og_scmp_cond *cond, const struct og_scmp_cond *conds, size_t n,
		     unsigned bits);
/* The same with no |conds|, at once: whether |cond| holds for no value at all. */
bool og_scmp_empty(const struct og_scmp_cond *cond, unsigned bits);

#endif
