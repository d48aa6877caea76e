/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict while it is being filled: engine.c writes it, verdict.c reads it. */
#ifndef OG_VERDICT_INTERNAL_H
#define OG_VERDICT_INTERNAL_H

#include "doc_node.h"
#include "ocigate/verdict.h"

struct og_entry {
	struct og_finding finding;
	size_t order; /* of the node in the document, for the patch */
};

struct og_verdict {
	struct og_entry *entries;
	size_t n, cap;
	unsigned launch; /* mask of enum og_launch */
	bool unjudged;	 /* refused in every mode */
	const char **exceptions, **expired;
	size_t nexceptions, nexpired;
	struct og_chunk *chunks; /* the memory of all of the above */
};

/* No evaluation may give more findings than this. */
#define OG_MAX_FINDINGS 100000

#endif
