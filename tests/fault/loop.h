/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over failing allocations: an operation is repeated with the first,
 * the second, ... allocation refused, until a run needs fewer. What it gives
 * otherwise is known beforehand, as a digest.
 */
#ifndef OG_FAULT_LOOP_H
#define OG_FAULT_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "ocigate/err.h"

/* FNV-1a over everything that an operation gave. */
struct digest {
	uint64_t hash;
	size_t len; /* how much */
};

void digest_add(struct digest *digest, const void *data, size_t len);
void digest_text(struct digest *digest, const char *text); /* NULL is a text too */

/* Frees all that it allocates, whatever it returns. */
typedef int operation_fn(const void *ctx, struct digest *digest, struct og_err *reterr);

/*
 * Each refused allocation must give -1 and OG_E_NOMEM, or what is given
 * otherwise, and leave nothing behind. Fails the running test, naming |what| and
 * n, if not. Returns how many allocations were refused.
 */
size_t fail_once(const char *what, operation_fn *operation, const void *ctx);
/* And again with every allocation after the n-th refused as well. */
size_t fail_each(const char *what, operation_fn *operation, const void *ctx);
/* Like fail_each(), with each piece of a chunk or pool as an allocation of its own. */
size_t fail_pieces(const char *what, operation_fn *operation, const void *ctx);

#endif
