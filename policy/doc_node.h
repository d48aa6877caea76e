/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document is made of, shared by doc.c (parsing), doc_view.c (reading),
 * doc_edit.c (editing and writing), and by nobody else.
 */
#ifndef OG_DOC_NODE_H
#define OG_DOC_NODE_H

#include <stdint.h>

#include "doc_edit.h"

/* Text that nodes point into: the document as received, or the JSON of an edit. */
struct og_source_text {
	struct og_source_text *next;
	char *text; /* NUL-terminated */
	size_t len;
	uint32_t *lines; /* offset of each newline; NULL for edits */
	size_t nlines;
};

enum {
	OG_NODE_REMOVED = 1 << 0, /* out of the view */
	OG_NODE_DIRTY = 1 << 1,	  /* something below was edited */
	OG_NODE_EDITED = 1 << 2,  /* this node is, or was put in by, an edit */
};

struct og_node {
	const struct og_source_text *src;
	struct og_node *parent, *prev, *next, *first, *last;
	struct og_node *orig; /* the node as received whose place this one took */
	const char *key, *str;
	uint32_t start, end, key_start; /* of the value, and of a member's key, in src */
	uint32_t index;			/* among its siblings as received */
	uint32_t count;			/* children in the view */
	uint32_t order;			/* in the document */
	uint8_t type, flags, owner;
};

struct og_chunk {
	struct og_chunk *next;
	size_t used, size;
	_Alignas(16) char data[];
};

struct og_doc {
	char *name;
	unsigned flags;
	struct og_node *root;
	struct og_source_text *sources; /* the newest first */
	struct og_chunk *chunks;	/* nodes and decoded strings */
	uint32_t nodes;
	bool whole; /* og_doc_take_whole() */
};

/* Zeroed memory that dies with the chunks; NULL when there is none. */
void *og_chunk_alloc(struct og_chunk **chunks, size_t size);
void og_chunks_free(struct og_chunk *chunks);
/* Parse |json| into nodes of |doc|; *ret is not in the tree yet. */
int og_doc_parse_into(struct og_doc *doc, const char *json, size_t len, unsigned depth,
		      struct og_node **ret, struct og_err *reterr);
/* An object or array of which only the text is kept; NULL: no memory. */
struct og_node *og_doc_take(struct og_doc *doc, const char *json, size_t len,
			    struct og_err *reterr);

#endif
