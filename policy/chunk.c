/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once: a document's nodes, a verdict's findings. */
#include <stdlib.h>
#include <string.h>

#include "doc_node.h"

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

void *og_chunk_get(struct og_chunk **chunks, size_t size)
{
	struct og_chunk *chunk = *chunks;
	size_t want = (size + 15) & ~(size_t)15;
	void *mem;

	if (!chunk || chunk->size - chunk->used < want) {
		size_t room = !chunk			 ? 2048
			      : chunk->size < (1u << 20) ? chunk->size * 2
							 : chunk->size;

		chunk = push(chunks, room < want ? want : room);
		if (!chunk)
			return NULL;
	}
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
