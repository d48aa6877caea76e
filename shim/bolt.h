/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a bolt database (bbolt), the file in which dockerd keeps its networks and podman 4
 * its containers. It is read while the engine has it open and locked: a commit writes to pages that
 * its predecessor does not use, and last one of two metas, of which that with the higher number
 * holds. So what was read is of one state if that number is the same afterwards. The format,
 * unchanged since 2014: the types page, meta, branchPageElement, leafPageElement and bucket of
 * bbolt's sources, in the byte order of the host.
 */
#ifndef OG_SHIM_BOLT_H
#define OG_SHIM_BOLT_H

#include <stddef.h>

#include "ocigate/err.h"

/* One value, which is the reader's until this returns. -1: stop, with |reterr| set. */
typedef int og_bolt_fn(void *ctx, const char *value, size_t len, struct og_err *reterr);

/*
 * Call |each| for every value of the bucket |bucket| whose key begins with |prefix|, in
 * the order of the keys. "a/b" is the bucket "b" within "a". 1: the database was changed meanwhile,
 * and what |each| was given may be of no state of it at all; -1: this is no such database, or it
 * cannot be read; OG_BOLT_NO_BUCKET: it could be, and has no such bucket.
 */
#define OG_BOLT_NO_BUCKET (-2)
int og_bolt_each(int fd, const char *bucket, const char *prefix, og_bolt_fn *each, void *ctx,
		 struct og_err *reterr);

#endif
