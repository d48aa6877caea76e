/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits of a document that the input's own bytes choose, and what must hold
 * after them: one edit leaves every other byte as it was, and what is written
 * reads back as the view showed it.
 */
#ifndef OG_FUZZ_DOC_EDITS_H
#define OG_FUZZ_DOC_EDITS_H

#include "fuzz.h"
#include "ocigate/doc.h"
#include "policy/doc_edit.h"

enum edit { EDIT_REPLACE, EDIT_REMOVE, EDIT_ADD, EDITS };

struct splice {
	const char *before, *after;
	size_t before_len, after_len;
};

static inline uint64_t fuzz_hash(const uint8_t *data, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static inline const struct og_node *following(const struct og_node *node)
{
	if (og_first(node))
		return og_first(node);
	while (node && !og_next(node))
		node = og_parent(node);
	return node ? og_next(node) : NULL;
}

/* Any node of the view. */
static inline const struct og_node *pick_node(const struct og_doc *doc, uint64_t random)
{
	const struct og_node *root = og_doc_root(doc), *node = root;
	size_t n = 0;

	for (; node; node = following(node))
		n++;
	for (node = root, n = random % n; n; n--)
		node = following(node);
	return node;
}

/* False: the edit is none (the root cannot go, scalars hold nothing), or exceeds a limit. */
static inline bool make_edit(struct og_doc *doc, const struct og_node *at, enum edit edit,
			     const char *json)
{
	struct og_err err = { 0 };
	const struct og_node *made = NULL;
	int r = -1;

	if (edit == EDIT_REPLACE)
		r = og_doc_replace(doc, at, json, &made, &err);
	else if (edit == EDIT_REMOVE && og_parent(at))
		r = og_doc_remove(doc, at, &err);
	else if (edit == EDIT_ADD && og_type(at) == OG_OBJECT && !og_member(at, "a\"/~\n"))
		r = og_doc_add(doc, at, "a\"/~\n", json, &made, &err);
	else if (edit == EDIT_ADD && og_type(at) == OG_ARRAY)
		r = og_doc_add(doc, at, NULL, json, &made, &err);
	else
		return false;
	/* at the bottom of a document as deep as one may be nothing can be put in */
	if (r < 0 && !strstr(err.msg, "the limit is"))
		must_explain(&err, false);
	if (r == 0 && made)
		MUST(og_node_is_added(made));
	return r == 0;
}

/* The same keys, values and order: scalars by their bytes. */
static inline void must_be_same(const struct og_node *a, const struct og_node *b)
{
	const struct og_node *y = og_first(b);
	size_t alen, blen;
	const char *araw = og_raw(a, &alen), *braw = og_raw(b, &blen);

	MUST(og_type(a) == og_type(b) && og_count(a) == og_count(b));
	MUST(!og_key(a) == !og_key(b) && (!og_key(a) || strcmp(og_key(a), og_key(b)) == 0));
	if (og_type(a) != OG_OBJECT && og_type(a) != OG_ARRAY)
		MUST(alen == blen && memcmp(araw, braw, alen) == 0);
	og_each (x, a) {
		must_be_same(x, y);
		y = og_next(y);
	}
	MUST(!y);
}

static inline void must_read_back(const struct og_doc *doc, const char *text, size_t len)
{
	struct og_err err = { 0 };
	struct og_doc *again = NULL;

	MUST_FOR(og_doc_parse("written", text, len, 0, &again, &err) == 0, &err);
	must_be_same(og_doc_root(doc), og_doc_root(again));
	og_doc_free(again);
}

/* |after| is |before| with one range taken out and |most| bytes at most put in. */
static inline void must_splice(const struct splice *splice, size_t most)
{
	size_t shorter = splice->before_len < splice->after_len ? splice->before_len
								: splice->after_len;
	size_t head = 0, tail = 0;

	while (head < shorter && splice->before[head] == splice->after[head])
		head++;
	while (tail < shorter - head && splice->before[splice->before_len - 1 - tail] ==
						splice->after[splice->after_len - 1 - tail])
		tail++;
	MUST(splice->after_len - head - tail <= most);
}

#endif
