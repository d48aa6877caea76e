/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON reader that keeps everything: each of two members of one name, NULs in
 * strings, numbers as text. For a text that is known to be JSON.
 */
#ifndef OG_FUZZ_JSON_TREE_H
#define OG_FUZZ_JSON_TREE_H

#include "fuzz.h"
#include "ocigate/doc.h"
#include "shim/arena.h"

struct tree {
	enum og_type type;
	struct tree *next, *first;
	size_t count;
	const char *key, *str, *raw; /* decoded with a NUL behind; |raw| in the text */
	size_t key_len, str_len, raw_len;
};

struct forest {
	struct og_arena arena;
	const char *at, *end;
};

static inline void forest_free(struct forest *f)
{
	og_arena_release(&f->arena);
}

static inline char peek(struct forest *f)
{
	while (f->at < f->end && strchr(" \t\r\n", *f->at))
		f->at++;
	MUST(f->at < f->end);
	return *f->at;
}

static inline unsigned take_hex(struct forest *f)
{
	char digits[5] = "";

	MUST(f->end - f->at >= 4);
	memcpy(digits, f->at, 4);
	f->at += 4;
	return (unsigned)strtoul(digits, NULL, 16);
}

static inline size_t put_utf8(char *out, unsigned c)
{
	static const struct {
		unsigned below, lead, shift;
	} forms[] = {
		{ 0x80, 0, 0 }, { 0x800, 0xc0, 6 }, { 0x10000, 0xe0, 12 }, { 0x110000, 0xf0, 18 }
	};
	size_t form = 0, n = 0;

	while (c >= forms[form].below)
		form++;
	out[n++] = (char)(forms[form].lead | c >> forms[form].shift);
	for (unsigned shift = forms[form].shift; shift; shift -= 6)
		out[n++] = (char)(0x80 | (c >> (shift - 6) & 0x3f));
	return n;
}

static inline size_t take_escape(struct forest *f, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = *f->at++;
	unsigned unit;

	if (c != 'u') {
		MUST(c && strchr(from, c));
		*out = to[strchr(from, c) - from];
		return 1;
	}
	unit = take_hex(f);
	if (unit >= 0xd800 && unit < 0xdc00 && f->end - f->at >= 6 && f->at[0] == '\\') {
		f->at += 2;
		unit = 0x10000 + ((unit - 0xd800) << 10) + (take_hex(f) - 0xdc00);
	}
	return put_utf8(out, unit);
}

/* What is decoded is never longer than what was written. */
static inline size_t string_length(const struct forest *f)
{
	size_t n = 1;

	while (f->at + n < f->end && f->at[n] != '"')
		n += 1 + (f->at[n] == '\\');
	return n;
}

static inline const char *take_string(struct forest *f, size_t *retlen)
{
	char *text;
	size_t n = 0;

	MUST(peek(f) == '"');
	text = og_arena_alloc(&f->arena, string_length(f));
	MUST(text);
	f->at++;
	while (f->at < f->end && *f->at != '"') {
		if (*f->at != '\\') {
			text[n++] = *f->at++;
			continue;
		}
		f->at++;
		n += take_escape(f, text + n);
	}
	f->at++;
	*retlen = n;
	return text;
}

static inline struct tree *take_tree(struct forest *f);

static inline void take_children(struct forest *f, struct tree *tree)
{
	char close = *f->at == '{' ? '}' : ']';
	struct tree **last = &tree->first;

	for (f->at++; peek(f) != close; f->at += *f->at == ',') {
		const char *key = NULL;
		size_t len = 0;

		if (close == '}') {
			key = take_string(f, &len);
			MUST(peek(f) == ':');
			f->at++;
		}
		*last = take_tree(f);
		(*last)->key = key;
		(*last)->key_len = len;
		last = &(*last)->next;
		tree->count++;
		MUST(peek(f) == ',' || *f->at == close);
	}
	f->at++;
}

static inline struct tree *take_tree(struct forest *f)
{
	struct tree *tree = og_arena_alloc(&f->arena, sizeof(*tree));
	char c = peek(f);

	MUST(tree);
	tree->raw = f->at;
	tree->type = c == '{'		    ? OG_OBJECT
		     : c == '['		    ? OG_ARRAY
		     : c == '"'		    ? OG_STRING
		     : c == 't' || c == 'f' ? OG_BOOL
		     : c == 'n'		    ? OG_NULL
					    : OG_NUMBER;
	if (tree->type == OG_OBJECT || tree->type == OG_ARRAY)
		take_children(f, tree);
	else if (tree->type == OG_STRING)
		tree->str = take_string(f, &tree->str_len);
	else
		while (f->at < f->end && !strchr(" \t\r\n,]}", *f->at))
			f->at++;
	tree->raw_len = (size_t)(f->at - tree->raw);
	return tree;
}

static inline const struct tree *tree_read(struct forest *f, const char *text, size_t len)
{
	f->at = text;
	f->end = text + len;
	return take_tree(f);
}

#endif
