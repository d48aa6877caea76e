/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed all at once. What is gathered about a launch lives as
 * long as the launch is judged, so that its parts need no owners of their own.
 */
#ifndef OG_SHIM_ARENA_H
#define OG_SHIM_ARENA_H

#include <stddef.h>

struct og_chunk;

/* Zero-initialise. */
struct og_arena {
	struct og_chunk *chunks;
};

void og_arena_release(struct og_arena *arena);
/* All return NULL when memory is short; what they return is owned by the arena. */
void *og_arena_alloc(struct og_arena *arena, size_t size); /* zeroed */
void *og_arena_array(struct og_arena *arena, size_t n, size_t size);
char *og_arena_strdup(struct og_arena *arena, const char *text);
char *og_arena_strndup(struct og_arena *arena, const char *text, size_t len);
char *og_arena_printf(struct og_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
