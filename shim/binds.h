/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the launch record keeps about binds of the host's: what was decided about,
 * so that what was mounted can be compared with it.
 */
#ifndef OG_SHIM_BINDS_H
#define OG_SHIM_BINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "ocigate/err.h"
#include "ocigate/facts.h"

/* What may be mounted below a recursive bind, and where, seen from the bind. */
struct og_bind_below {
	const char *path; /* "/sub" */
	const char *root; /* as og_submount.root; NULL: the document's own, here or below */
	uint64_t dev;	  /* as og_submount.dev */
};

struct og_bind_id {
	const char *source;	 /* as in the document; borrowed, as is the next */
	const char *destination; /* where it is, without links if those were seen */
	uint64_t dev, ino;	 /* of the source, st_dev and st_ino */
	uint64_t birth;		 /* nanoseconds since 1970; 0: not known */
	bool readonly;		 /* the source lay on a read-only mount */
	bool deep;		 /* a recursive bind of a directory: */
	const struct og_bind_below *below;
	size_t nbelow;
};

/*
 * The binds of |config| (the root of the document to launch) whose sources are not
 * the engine's own, or that lie in another bind. *ret, owned by the caller (free), borrows from
 * both.
 */
int og_binds_collect(const struct og_facts *facts, const struct og_node *config,
		     struct og_bind_id **ret, size_t *retn, struct og_err *reterr);

/* The member "binds" of the record; nothing when there are none. */
void og_binds_put(struct og_buf *out, const struct og_bind_id *binds, size_t n);

/* |array| may be NULL. *ret, owned by the caller (free), borrows from it. */
int og_binds_read(const struct og_node *array, struct og_bind_id **ret, size_t *retn,
		  struct og_err *reterr);

#endif
