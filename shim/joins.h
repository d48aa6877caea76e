/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces joined by path: what the parts of joins.c leave for each other. */
#ifndef OG_SHIM_JOINS_H
#define OG_SHIM_JOINS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "ocigate/policy.h"

#include "gather.h"
#include "record.h"

struct og_nsname;

/* What was found at the path of a namespace; one for each of facts->namespaces. */
struct og_join {
	const struct og_nsname *name; /* NULL: no namespace is there */
	struct stat st;
};

bool og_namespace_is_of(const struct og_join *join, pid_t pid);

/* See og_hostfacts_policy(). */
int og_gather_join(struct og_gather *g, const struct og_policy *policy, struct og_err *reterr);

#endif
