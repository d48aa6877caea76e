/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once; see chunk.h. */
#include "ocigate/chunk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST ((size_t)2 << 10)
#define ROOM_MAX   ((size_t)1 << 20)

static struct og_chunk *push(struct og_chunk **chunks, size_t room)
{
	struct og_chunk *chunk = malloc(sizeof(*chunk) + room);

	if (!chunk)
		return NULL;
	chunk->next = *chunks;
	chunk->used = 0;
	chunk->size = room;
	*chunks = chunk;
	return chunk;
}

void og_chunk_start(struct og_chunk **chunks, size_t size)
{
	push(chunks, size);
}

/* A large piece gets a chunk behind the first, whose room is not given up. */
static struct og_chunk *add_chunk(struct og_chunk **chunks, size_t want)
{
	struct og_chunk *last = *chunks;
	size_t room = !last ? ROOM_FIRST : last->size < ROOM_MAX / 2 ? last->size * 2 : ROOM_MAX;

	if (last && want > room / 4)
		return push(&last->next, want);
	return push(chunks, want > room ? want : room);
}

void *og_chunk_get(struct og_chunk **chunks, size_t size)
{
	struct og_chunk *chunk = *chunks;
	size_t want = (size + 15) & ~(size_t)15;
	void *mem;

	if (size > SIZE_MAX / 4)
		return NULL;
	if (!chunk || chunk->size - chunk->used < want)
		chunk = add_chunk(chunks, want);
	if (!chunk)
		return NULL;
	mem = chunk->data + chunk->used;
	chunk->used += want;
	return mem;
}

void *og_chunk_alloc(struct og_chunk **chunks, size_t size)
{
	void *mem = og_chunk_get(chunks, size);

	/* Piece by piece: pages of a large chunk that nothing uses are never touched. */
	return mem ? memset(mem, 0, size) : NULL;
}

void og_chunks_free(struct og_chunk *chunks)
{
	while (chunks) {
		struct og_chunk *next = chunks->next;

		free(chunks);
		chunks = next;
	}
}
