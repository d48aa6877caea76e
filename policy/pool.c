/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a policy: handed out in order and freed at once. An allocation that
 * fails is remembered, so that those who build a policy ask once at the end.
 */
#include "policy/policy_internal.h"

#include <string.h>

void *og_pool_alloc(struct og_pool *pool, size_t n, size_t size)
{
	size_t need;
	void *ret = NULL;

	if (!pool->failed && !__builtin_mul_overflow(n, size, &need))
		ret = og_chunk_alloc(&pool->chunks, need);
	pool->failed = !ret;
	return ret;
}

char *og_pool_copy(struct og_pool *pool, const char *text, size_t len)
{
	char *copy = og_pool_alloc(pool, len + 1, 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *og_pool_text(struct og_pool *pool, const char *text)
{
	return text ? og_pool_copy(pool, text, strlen(text)) : NULL;
}

void og_pool_release(struct og_pool *pool)
{
	og_chunks_free(pool->chunks);
	*pool = (struct og_pool){ 0 };
}
