/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and arrays out of chunks; see arena.h. */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ocigate/chunk.h"

void og_arena_release(struct og_arena *arena)
{
	og_chunks_free(arena->chunks);
	arena->chunks = NULL;
}

void *og_arena_alloc(struct og_arena *arena, size_t size)
{
	return og_chunk_alloc(&arena->chunks, size);
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
