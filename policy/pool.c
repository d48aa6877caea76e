/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a policy: handed out in order and freed at once. An allocation that
 * fails is remembered, so that those who build a policy ask once at the end.
 */
#include "policy/policy_internal.h"

#include <stdlib.h>
#include <string.h>

/* Of the first; the next are larger: memory that is touched costs, used or not. */
#define CHUNK_SIZE     ((size_t)2 << 10)
#define CHUNK_SIZE_MAX ((size_t)64 << 10)

struct og_pool_chunk {
	struct og_pool_chunk *next;
	size_t used, size;
	_Alignas(16) char data[];
};

static struct og_pool_chunk *add_chunk(struct og_pool *pool, size_t need)
{
	const struct og_pool_chunk *last = pool->chunks;
	size_t room = !last			     ? CHUNK_SIZE
		      : last->size >= CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX
						     : last->size * 2;
	bool large = need > room / 4;
	struct og_pool_chunk *chunk = malloc(sizeof(*chunk) + (large ? need : room));

	if (!chunk)
		return NULL;
	chunk->used = 0;
	chunk->size = large ? need : room;
	/* A large one goes behind the first, whose room is not given up. */
	if (pool->chunks && large) {
		chunk->next = pool->chunks->next;
		pool->chunks->next = chunk;
	} else {
		chunk->next = pool->chunks;
		pool->chunks = chunk;
	}
	return chunk;
}

void *og_pool_alloc(struct og_pool *pool, size_t n, size_t size)
{
	struct og_pool_chunk *chunk = pool->chunks;
	size_t need;
	void *ret;

	if (pool->failed || __builtin_mul_overflow(n, size, &need) || need > SIZE_MAX / 4) {
		pool->failed = true;
		return NULL;
	}
	need = (need + 15) & ~(size_t)15;
	if (!chunk || chunk->size - chunk->used < need)
		chunk = add_chunk(pool, need);
	if (!chunk) {
		pool->failed = true;
		return NULL;
	}
	ret = chunk->data + chunk->used;
	chunk->used += need;
	return memset(ret, 0, need);
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
	struct og_pool_chunk *next;

	for (struct og_pool_chunk *chunk = pool->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*pool = (struct og_pool){ 0 };
}
