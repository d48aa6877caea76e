/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of chunks and pools as allocations of their own; see pieces.h. */
#include "pieces.h"

#include "alloc.h"
#include "policy/doc_node.h"
#include "policy/policy_internal.h"

static bool counted;

void alloc_pieces(bool count)
{
	counted = count;
}

void *__real_og_chunk_alloc(struct og_chunk **chunks, size_t size);
void *__real_og_chunk_get(struct og_chunk **chunks, size_t size);
void *__real_og_pool_alloc(struct og_pool *pool, size_t n, size_t size);
char *__real_og_pool_text(struct og_pool *pool, const char *text);
void *__wrap_og_chunk_alloc(struct og_chunk **chunks, size_t size);
void *__wrap_og_chunk_get(struct og_chunk **chunks, size_t size);
void *__wrap_og_pool_alloc(struct og_pool *pool, size_t n, size_t size);
char *__wrap_og_pool_text(struct og_pool *pool, const char *text);

void *__wrap_og_chunk_alloc(struct og_chunk **chunks, size_t size)
{
	return counted && alloc_fails() ? NULL : __real_og_chunk_alloc(chunks, size);
}

void *__wrap_og_chunk_get(struct og_chunk **chunks, size_t size)
{
	return counted && alloc_fails() ? NULL : __real_og_chunk_get(chunks, size);
}

void *__wrap_og_pool_alloc(struct og_pool *pool, size_t n, size_t size)
{
	pool->failed = pool->failed || (counted && alloc_fails());
	return __real_og_pool_alloc(pool, n, size);
}

char *__wrap_og_pool_text(struct og_pool *pool, const char *text)
{
	pool->failed = pool->failed || (text && counted && alloc_fails());
	return __real_og_pool_text(pool, text);
}
