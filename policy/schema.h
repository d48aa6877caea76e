/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects, fields and types of the OCI runtime specification's config.json
 * for Linux, as a table, and a walk that compares a document with it. What
 * becomes of a flaw is the caller's business.
 */
#ifndef OG_SCHEMA_H
#define OG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/doc.h"

enum og_shape {
	OG_S_BOOL,
	OG_S_INT,    /* a plain decimal integer from |min| to |max| */
	OG_S_STRING, /* any */
	OG_S_WORD,   /* a string for which |known| is true */
	OG_S_OBJECT, /* |fields|, each at most once */
	OG_S_LIST,   /* an array whose elements are |of| */
	OG_S_MAP,    /* an object with any keys, whose values are |of| */
	OG_S_FOREIGN /* a section for another platform */
};

struct og_schema {
	enum og_shape shape;
	const char *what; /* "an object", for messages */
	const struct og_schema *of;
	const struct og_field *fields;
	size_t nfields;
	bool (*known)(const char *word);
	int64_t min;
	uint64_t max;
};

struct og_field {
	const char *name;
	const struct og_schema *schema;
	bool required; /* absent or null is a flaw */
};

/* The three kinds of document; their root is an object. */
extern const struct og_schema og_schema_config, og_schema_process, og_schema_resources;

enum og_flaw {
	OG_FLAW_FOLDED,	 /* the key is not |expected|, but Go's encoding/json takes it for that */
	OG_FLAW_UNKNOWN, /* the specification has no such field; expected: NULL */
	OG_FLAW_TYPE,	 /* the value is not |expected| ("a string") */
	OG_FLAW_WORD, /* the string is not one that runtimes know; |expected| says which they do */
	OG_FLAW_MISSING, /* the object |at| lacks its field |expected| */
	OG_FLAW_FOREIGN, /* the section |expected| is for another platform */
};

/* |at| is the member or element concerned. Not 0 stops the walk. |at| may be removed. */
typedef int og_flaw_fn(void *ctx, enum og_flaw flaw, const struct og_node *at,
		       const char *expected);

/*
 * Call |report| for every flaw below |node|, in the document's order. A field
 * that is null counts as absent: every runtime reads it so. Returns 0 or what
 * |report| returned.
 */
int og_schema_check(const struct og_schema *schema, const struct og_node *node, og_flaw_fn *report,
		    void *ctx);

/*
 * Whether Go's encoding/json takes the key |key| for the field |name|: both
 * compared under simple Unicode folding. |name| is ASCII.
 */
bool og_key_folds(const char *key, const char *name);

#endif
