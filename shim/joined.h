/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the launch record keeps about namespaces that the document joins by path:
 * what was decided about, so that what the process is in can be compared with it.
 */
#ifndef OG_SHIM_JOINED_H
#define OG_SHIM_JOINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "ocigate/err.h"
#include "ocigate/facts.h"

struct og_nsname;

struct og_joined {
	const struct og_nsname *name;
	uint64_t dev, ino; /* of the namespace, st_dev and st_ino */
};

/*
 * The namespaces that |config| (the root of the document to launch) joins by path,
 * of the types that |verify| (a mask of enum og_launch) names. *ret is owned by the
 * caller (free).
 */
int og_joined_collect(const struct og_facts *facts, const struct og_node *config, unsigned verify,
		      struct og_joined **ret, size_t *retn, struct og_err *reterr);

/* The member "joined" of the record; nothing when there are none. */
void og_joined_put(struct og_buf *out, const struct og_joined *joined, size_t n);

/* |array| may be NULL. *ret is owned by the caller (free). */
int og_joined_read(const struct og_node *array, struct og_joined **ret, size_t *retn,
		   struct og_err *reterr);

/* Whether the process whose directory of /proc is |proc| is in each of them; -1: not, or untold. */
int og_joined_check(int proc, const struct og_joined *joined, size_t n, struct og_err *reterr);

/*
 * Whether nobody but root (and ourselves) can make |path| lead to another namespace. The
 * path of a process's in /proc is such a one, for as long as the process is there.
 */
bool og_joined_path_is_safe(const char *path);

#endif
