/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document that remembers the bytes it came from. Every node is a span
 * of the source; writing copies the source and puts in only what was edited,
 * so what no rule touched cannot change. RFC 8259 and nothing more: what two
 * runtimes could read differently is an error, never a choice of ours.
 */
#ifndef OG_DOC_H
#define OG_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/err.h"

enum og_type { OG_NULL, OG_BOOL, OG_NUMBER, OG_STRING, OG_ARRAY, OG_OBJECT };

enum {
	OG_DOC_COMMENTS = 1 << 0, /* accept comments in C and C++ style (policy files) */
	/* |text| need not be copied: it ends in NUL behind |len| bytes and outlives the document */
	OG_DOC_KEPT = 1 << 1,
	/* keys may stand twice in an object: which of them is found is not said */
	OG_DOC_TWICE = 1 << 2,
};

/* Limits of every document (bytes, levels, nodes). */
#define OG_DOC_MAX_BYTES ((size_t)16 << 20)
#define OG_DOC_MAX_DEPTH 64
#define OG_DOC_MAX_NODES 1000000

struct og_doc;
struct og_node;

/*
 * |text| (copied, but for OG_DOC_KEPT) as a tree; |name| (copied) is for messages. Refused with
 * line and column: anything RFC 8259 does not allow, duplicate keys (compared after unescaping),
 * NUL, lone surrogates, invalid UTF-8, trailing text, too deep, too large. *ret is owned by the
 * caller.
 */
int og_doc_parse(const char *name, const char *text, size_t len, unsigned flags,
		 struct og_doc **ret, struct og_err *reterr);
void og_doc_free(struct og_doc *doc); /* NULL is fine */

/* Nodes are borrowed from the document and die with it. All accessors take NULL. */
const struct og_node *og_doc_root(const struct og_doc *doc);
enum og_type og_type(const struct og_node *node); /* OG_NULL for NULL */
/* RFC 6901, relative to |from|; NULL when absent, or a step is not a container. */
const struct og_node *og_get(const struct og_node *from, const char *pointer);
/* The member |key| of an object; NULL when absent or not an object. */
const struct og_node *og_member(const struct og_node *object, const char *key);
const struct og_node *og_first(const struct og_node *container);
const struct og_node *og_next(const struct og_node *sibling);
const struct og_node *og_parent(const struct og_node *node);
size_t og_count(const struct og_node *container); /* children; 0 for others */
const char *og_key(const struct og_node *member); /* decoded; NULL: not a member */
const char *og_str(const struct og_node *node);	  /* decoded; NULL: not a string */
/* The value's bytes as received, without edits below it. Not NUL-terminated. */
const char *og_raw(const struct og_node *node, size_t *retlen);
bool og_is_true(const struct og_node *node); /* the literal true */
bool og_is_null(const struct og_node *node); /* absent or the literal null */
/* 0 and *ret, or -1: not a plain decimal integer (no sign, fraction, exponent) in range. */
int og_u64(const struct og_node *node, uint64_t *ret);
int og_i64(const struct og_node *node, int64_t *ret); /* the same, a leading "-" allowed */
/* 1-based place of the value in its source; 0, 0 for nodes added by an edit. */
void og_pos(const struct og_node *node, unsigned *retline, unsigned *retcol);
/*
 * The RFC 6901 pointer of |node| in the document as received, into |buf|; ends
 * in "..." when cut. An element added by an edit is ".../-". Returns |buf|.
 */
char *og_pointer(const struct og_node *node, char *buf, size_t size);

#define og_each(child, container)                                                                  \
	for (const struct og_node *child = og_first(container); child; child = og_next(child))

/* The bytes after all edits, NUL-terminated, *ret owned by the caller. No edits: identical. */
int og_doc_write(const struct og_doc *doc, char **ret, size_t *retlen, struct og_err *reterr);

#endif
