/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of chunks as allocations of their own; see pieces.h. */
#include "pieces.h"

#include "alloc.h"
#include "ocigate/chunk.h"

static bool counted;

void alloc_pieces(bool count)
{
	counted = count;
}

void *__real_og_chunk_alloc(struct og_chunk **chunks, size_t size);
void *__real_og_chunk_get(struct og_chunk **chunks, size_t size);
void *__wrap_og_chunk_alloc(struct og_chunk **chunks, size_t size);
void *__wrap_og_chunk_get(struct og_chunk **chunks, size_t size);

void *__wrap_og_chunk_alloc(struct og_chunk **chunks, size_t size)
{
	return counted && alloc_fails() ? NULL : __real_og_chunk_alloc(chunks, size);
}

void *__wrap_og_chunk_get(struct og_chunk **chunks, size_t size)
{
	return counted && alloc_fails() ? NULL : __real_og_chunk_get(chunks, size);
}
