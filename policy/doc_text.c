/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text that a document's nodes point into, and what yajl does not look at in
 * it: bytes that JSON does not have, UTF-8 as RFC 3629 has it, NUL and surrogates
 * behind escapes.
 */
#include "doc_node.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

struct og_source_text *og_text_add(struct og_doc *doc, const char *text, size_t len)
{
	struct og_source_text *src = calloc(1, sizeof(*src));
	bool kept = doc->flags & OG_DOC_KEPT && !doc->sources && len &&
		    strchr("}] \n", text[len - 1]);
	size_t room = kept ? 0 : len + 2;

	if (!src)
		return NULL;
	src->ours = malloc(room + len);
	if (!src->ours) {
		free(src);
		return NULL;
	}
	src->text = text;
	src->len = len;
	src->strings = memcpy(src->ours + room, text, len);
	if (!kept) {
		src->text = memcpy(src->ours, text, len);
		memcpy(src->ours + len, "\n", 2);
	}
	src->next = doc->sources;
	doc->sources = src;
	return src;
}

/* ---- places ---- */

int og_text_index(struct og_source_text *src, struct og_err *reterr)
{
	size_t n = 0;

	for (const char *s = src->text; (s = memchr(s, '\n', (size_t)(src->text + src->len - s)));
	     s++)
		n++;
	src->lines = calloc(n + 1, sizeof(*src->lines));
	if (!src->lines)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	for (const char *s = src->text; (s = memchr(s, '\n', (size_t)(src->text + src->len - s)));
	     s++)
		src->lines[src->nlines++] = (uint32_t)(s - src->text);
	return 0;
}

void og_text_place(const struct og_source_text *src, size_t offset, unsigned *line, unsigned *col)
{
	size_t lo = 0, hi = src->nlines;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (src->lines[mid] < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	*line = (unsigned)lo + 1;
	*col = (unsigned)(offset - (lo ? src->lines[lo - 1] + 1 : 0)) + 1;
}

void og_pos(const struct og_node *node, unsigned *retline, unsigned *retcol)
{
	*retline = *retcol = 0;
	if (node && node->src->lines)
		og_text_place(node->src, node->start, retline, retcol);
}

/* ---- bytes ---- */

static bool is_foreign(char c)
{
	return c == '\0' || c == '\v' || c == '\f';
}

/* Whether one of the eight bytes is below 0x20, or not ASCII. */
static bool is_odd(uint64_t eight)
{
	return (((eight - EACH_BYTE(0x20)) & ~eight) | eight) & EACH_BYTE(0x80);
}

/* How many bytes at |s|, by eight, have nothing odd: nearly all of what engines write. */
static size_t plain_bytes(const char *s, size_t len)
{
	uint64_t eight;
	size_t n = 0;

	for (; len - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, s + n, sizeof(eight));
		if (is_odd(eight))
			break;
	}
	return n;
}

size_t og_text_foreign(struct og_source_text *src)
{
	const char *s = src->text;

	src->ascii = true;
	for (size_t i = 0;; i++) {
		i += plain_bytes(s + i, src->len - i);
		if (i == src->len || is_foreign(s[i]))
			return i;
		src->ascii = src->ascii && !(s[i] & 0x80);
	}
}

/* ---- strings ---- */

/* The four hex digits at |s|; yajl has checked that they are. */
static unsigned hex4(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (s[i] <= '9' ? (unsigned)(s[i] - '0') : ((unsigned)s[i] & 7) + 9);
	return v;
}

/* yajl's own check lets overlong forms and encoded surrogates pass. */
static const char *bad_utf8(const struct og_source_text *src, size_t *at, size_t end)
{
	while (!src->ascii && *at < end) {
		size_t n = og_utf8_len((const unsigned char *)src->text + *at, end - *at);

		if (n == 0)
			return "a string is not valid UTF-8";
		*at += n;
	}
	return NULL;
}

/* yajl accepts \u0000 and surrogates without their other half. */
static const char *bad_escape(const struct og_source_text *src, size_t *at, size_t end)
{
	const char *s = src->text, *escape;

	for (size_t i = *at; (escape = memchr(s + i, '\\', end - i)); i++) {
		unsigned v;

		i = (size_t)(escape - s) + 1;
		*at = i - 1;
		if (s[i] != 'u')
			continue;
		v = hex4(s + i + 1);
		if (v == 0)
			return "a string holds \\u0000, which C readers take for its end";
		if (v >= 0xdc00 && v <= 0xdfff)
			return "a low surrogate without its high one";
		if (v < 0xd800 || v > 0xdfff) {
			i += 4;
			continue;
		}
		if (s[i + 5] != '\\' || s[i + 6] != 'u' || hex4(s + i + 7) < 0xdc00 ||
		    hex4(s + i + 7) > 0xdfff)
			return "a high surrogate without its low one";
		i += 10;
	}
	return NULL;
}

const char *og_text_flaw(const struct og_source_text *src, size_t start, size_t end, bool escaped,
			 size_t *at)
{
	const char *flaw;

	*at = start;
	flaw = bad_utf8(src, at, end);
	if (flaw || !escaped)
		return flaw;
	*at = start;
	return bad_escape(src, at, end);
}

/* ---- keys ---- */

static int compare_keys(const void *a, const void *b)
{
	const struct og_node *const *x = a, *const *y = b;
	int c = strcmp((*x)->key, (*y)->key);

	return c ? c : (*x)->order < (*y)->order ? -1 : 1;
}

const struct og_node *og_text_twice(const struct og_node *object, bool *failed)
{
	const struct og_node **keys, *found = NULL;
	size_t n = 0;

	*failed = false;
	if (object->count <= 16) {
		for (const struct og_node *a = object->first; a; a = a->next)
			for (const struct og_node *b = object->first; b != a; b = b->next)
				if (a->key[0] == b->key[0] && strcmp(a->key, b->key) == 0)
					return a;
		return NULL;
	}
	keys = malloc(object->count * sizeof(*keys));
	if (!keys) {
		*failed = true;
		return NULL;
	}
	for (const struct og_node *a = object->first; a; a = a->next)
		keys[n++] = a;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (strcmp(keys[i - 1]->key, keys[i]->key) == 0 &&
		    (!found || keys[i]->order < found->order))
			found = keys[i];
	free(keys);
	return found;
}
