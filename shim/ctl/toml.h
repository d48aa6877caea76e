/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a TOML 1.0 file statement by statement, with the place of each: enough
 * to edit one that a person keeps without touching the rest. It is checked for
 * what would make the places wrong; what the values mean is left to the engine.
 */
#ifndef OG_CTL_TOML_H
#define OG_CTL_TOML_H

#include <stddef.h>

#include "ocigate/err.h"

/* Parts of a key are joined by this: no name holds it. */
#define OG_TOML_SEP "\x1f"

enum og_toml_kind {
	OG_TOML_TABLE, /* [a.b] */
	OG_TOML_ARRAY, /* [[a.b]] */
	OG_TOML_VALUE, /* c = …, |path| begins with the table's */
};

struct og_toml_item {
	enum og_toml_kind kind;
	char path[1024];
	size_t start, end;	 /* its lines, with the last one's end */
	size_t value, value_end; /* OG_TOML_VALUE: the value's bytes */
};

/* Zero-initialise but for the first three, which stay the caller's. */
struct og_toml {
	const char *name; /* for messages */
	const char *text;
	size_t len;
	size_t at;
	char table[1024];
};

/* The next statement: 1; 0 at the end; -1 and the place in *reterr. */
int og_toml_next(struct og_toml *toml, struct og_toml_item *ret, struct og_err *reterr);

#endif
