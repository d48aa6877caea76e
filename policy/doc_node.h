/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document is made of, shared by doc.c (parsing), doc_text.c (what is
 * parsed), doc_view.c (reading), doc_edit.c (editing and writing), and by nobody
 * else.
 */
#ifndef OG_DOC_NODE_H
#define OG_DOC_NODE_H

#include <stdint.h>

#include "doc_edit.h"
#include "ocigate/chunk.h"
#include "ocigate/policy.h"

/* Text that nodes point into: the document as received, or the JSON of an edit. */
struct og_source_text {
	struct og_source_text *next;
	const char *text; /* NUL-terminated; the caller's, or |ours|, with a newline before that */
	char *strings;	  /* the same again, with a NUL in place of the quote behind each string */
	char *ours;	  /* what is freed in the end */
	size_t len;
	bool ascii;	 /* og_text_foreign() */
	uint32_t *lines; /* offset of each newline; NULL for edits */
	size_t nlines;
};

enum {
	OG_NODE_REMOVED = 1 << 0, /* out of the view */
	OG_NODE_DIRTY = 1 << 1,	  /* something below was edited */
	OG_NODE_EDITED = 1 << 2,  /* this node is, or was put in by, an edit */
};

/* Small: a launch touches some hundred, and memory touched first costs most of it. */
struct og_node {
	const struct og_source_text *src;
	struct og_node *parent, *next;
	struct og_node *prev; /* of the first child: the last */
	struct og_node *orig; /* the node as received whose place this one took */
	const char *key;
	union {
		struct og_node *first; /* of an object or array */
		const char *str;       /* of a string */
	};
	uint32_t start, end; /* of the value, in src */
	union {
		uint32_t key_start; /* of a member's key, in src */
		uint32_t index;	    /* of an element, among its siblings as received */
	};
	uint32_t order;	     /* in the document */
	uint32_t count : 21; /* children in the view: up to OG_DOC_MAX_NODES */
	uint32_t type : 3, flags : 3, owner : 5;
};
_Static_assert(OG_DOC_MAX_NODES < 1 << 21 && OG_NRULES < 1 << 5, "the bits of a node suffice");

struct og_doc {
	char *name;
	unsigned flags;
	struct og_node *root;
	struct og_source_text *sources; /* the newest first */
	struct og_chunk *chunks;	/* nodes and decoded strings */
	uint32_t nodes;
	bool whole; /* og_doc_take_whole() */
};

/* |node| becomes the last child of |parent|, an object or array. */
static inline void og_node_append(struct og_node *parent, struct og_node *node)
{
	struct og_node *first = parent->first;

	if (first) {
		node->prev = first->prev;
		first->prev->next = node;
		first->prev = node;
	} else {
		node->prev = node;
		parent->first = node;
	}
	parent->count++;
}

/* Parse |json| into nodes of |doc|; *ret is not in the tree yet. */
int og_doc_parse_into(struct og_doc *doc, const char *json, size_t len, unsigned depth,
		      struct og_node **ret, struct og_err *reterr);

/* ---- doc_text.c ---- */

/*
 * |text| as a source of |doc|; NULL: no memory. Copied, with a newline behind it, which
 * ends a number at the very end: without it yajl does not say where that ends.
 */
struct og_source_text *og_text_add(struct og_doc *doc, const char *text, size_t len);
/* The offset of each newline, so that a place is found in O(log n). */
int og_text_index(struct og_source_text *src, struct og_err *reterr);
/* Line and column (in bytes) of an offset, 1-based. */
void og_text_place(const struct og_source_text *src, size_t offset, unsigned *line, unsigned *col);
/*
 * The first byte that stands nowhere in JSON and that yajl lets pass (it takes \v and
 * \f for blanks) or sees late (NUL, which ends our own scans); the length: none.
 */
size_t og_text_foreign(struct og_source_text *src);
/*
 * Why the string token is no text that all readers take alike, and where; NULL: it is.
 * |escaped|: it has escapes.
 */
const char *og_text_flaw(const struct og_source_text *src, size_t start, size_t end, bool escaped,
			 size_t *at);
/* A key of |object| that stands in it twice (the later one); *failed: out of memory. */
const struct og_node *og_text_twice(const struct og_node *object, bool *failed);

/* ---- doc.c ---- */

/* An object or array of which only the text is kept; NULL: no memory. */
struct og_node *og_doc_take(struct og_doc *doc, const char *json, size_t len,
			    struct og_err *reterr);

#endif
