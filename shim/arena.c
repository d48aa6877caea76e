/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: blocks in a list, strings carved from the newest one. Large pieces
 * get a block to themselves.
 */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the first; the next are larger: memory that is touched costs, used or not. */
#define BLOCK_SIZE     ((size_t)4096)
#define BLOCK_SIZE_MAX ((size_t)65536)

struct og_arena_block {
	struct og_arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

void og_arena_release(struct og_arena *arena)
{
	while (arena->blocks) {
		struct og_arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}

static struct og_arena_block *new_block(struct og_arena *arena, size_t size)
{
	struct og_arena_block *block = arena->blocks;
	size_t room = !block			      ? BLOCK_SIZE
		      : block->size >= BLOCK_SIZE_MAX ? BLOCK_SIZE_MAX
						      : block->size * 2;

	if (room < size)
		room = size;
	if (room > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + room);
	if (!block)
		return NULL;
	block->used = 0;
	block->size = room;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *og_arena_alloc(struct og_arena *arena, size_t size)
{
	struct og_arena_block *block = arena->blocks;
	const size_t align = _Alignof(max_align_t);
	void *ret;

	if (size > SIZE_MAX - align)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size)
		block = new_block(arena, size);
	if (!block)
		return NULL;
	ret = block->data + block->used;
	block->used += size;
	/* piece by piece: pages that nothing uses are never touched */
	return memset(ret, 0, size);
}

void *og_arena_array(struct og_arena *arena, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		return NULL;
	return og_arena_alloc(arena, n * size);
}

char *og_arena_strndup(struct og_arena *arena, const char *text, size_t len)
{
	char *ret = len < SIZE_MAX ? og_arena_alloc(arena, len + 1) : NULL;

	if (ret)
		memcpy(ret, text, len);
	return ret;
}

char *og_arena_strdup(struct og_arena *arena, const char *text)
{
	return og_arena_strndup(arena, text, strlen(text));
}

char *og_arena_printf(struct og_arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *ret = NULL;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len >= 0)
		ret = og_arena_alloc(arena, (size_t)len + 1);
	if (!ret)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(ret, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return ret;
}
