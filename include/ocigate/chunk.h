/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is handed out in pieces and given back all at once: a document's nodes,
 * a verdict's findings, a policy, what is gathered about a launch. A list of chunks
 * begins as NULL. The first is small and later ones grow: memory that is touched
 * costs, used or not.
 */
#ifndef OG_CHUNK_H
#define OG_CHUNK_H

#include <stddef.h>

struct og_chunk {
	struct og_chunk *next;
	size_t used, size; /* of |data|, in bytes */
	_Alignas(16) char data[];
};

/* |size| bytes, aligned for anything; NULL when there is no memory. The first kind is zeroed. */
void *og_chunk_alloc(struct og_chunk **chunks, size_t size);
void *og_chunk_get(struct og_chunk **chunks, size_t size);
/* The first chunk, for about |size| bytes; without memory later ones will say so. */
void og_chunk_start(struct og_chunk **chunks, size_t size);
void og_chunks_free(struct og_chunk *chunks); /* NULL is fine */

#endif
