/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer's mutations for inputs whose parts are JSON: one splice at a node of one
 * part, which mostly leaves it JSON. What cannot be parsed, and every fourth input, is
 * changed byte by byte. Include it where a target is; without libFuzzer nothing calls it.
 */
#ifndef OG_FUZZ_JSON_MUTATOR_H
#define OG_FUZZ_JSON_MUTATOR_H

#include "doc_edits.h"
#include "oci_words.h"
#include "ocigate/buf.h"
#include "policy/doc_node.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max);

struct dice {
	uint64_t state;
};

static inline size_t roll(struct dice *dice, size_t sides)
{
	dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(dice->state >> 33) % sides;
}

/* |put| in place of |len| bytes from |at| on. */
struct patch {
	size_t at, len;
	struct og_buf put;
};

static inline size_t key_length(const char *key)
{
	size_t i = 1;

	while (key[i] != '"')
		i += 1 + (key[i] == '\\');
	return i + 1;
}

static inline const char *key_of(const struct og_node *node)
{
	return og_key(node) ? node->src->text + node->key_start : NULL;
}

static inline void put_raw(struct patch *patch, const struct og_node *node)
{
	size_t len;
	const char *raw = og_raw(node, &len);

	og_buf_put(&patch->put, raw, len);
}

static inline void put_value(struct patch *patch, struct dice *dice, const struct og_doc *doc)
{
	if (roll(dice, 2))
		put_raw(patch, pick_node(doc, roll(dice, 1u << 30)));
	else
		og_buf_puts(&patch->put, oci_values[roll(dice, OCI_VALUES)]);
}

/* One letter of the key in another case, or another character that folds to it; or escaped. */
static inline void put_key(struct patch *patch, struct dice *dice, const char *key, size_t len)
{
	size_t at = 1 + roll(dice, len - 2 ? len - 2 : 1);

	og_buf_put(&patch->put, key, at);
	if (at >= len - 1 || key[at] == '\\' ||
	    !((key[at] | 0x20) >= 'a' && (key[at] | 0x20) <= 'z'))
		at--;
	else if (roll(dice, 2))
		og_buf_printf(&patch->put, "\\u%04x", (unsigned)key[at]);
	else if ((key[at] | 0x20) == 's' && roll(dice, 2))
		og_buf_puts(&patch->put, "\xc5\xbf"); /* U+017F */
	else if ((key[at] | 0x20) == 'k' && roll(dice, 2))
		og_buf_puts(&patch->put, "\xe2\x84\xaa"); /* U+212A */
	else
		og_buf_printf(&patch->put, "%c", key[at] ^ 0x20);
	og_buf_put(&patch->put, key + at + 1, len - at - 1);
}

static inline void patch_key(struct patch *patch, struct dice *dice, const struct og_doc *doc,
			     const struct og_node *node)
{
	const char *key = key_of(node), *other = key_of(pick_node(doc, roll(dice, 1u << 30)));

	patch->at = node->key_start;
	patch->len = key_length(key);
	if (roll(dice, 2))
		put_key(patch, dice, key, patch->len);
	else if (other && roll(dice, 2))
		og_buf_put(&patch->put, other, key_length(other));
	else
		og_buf_printf(&patch->put, "\"%s\"", oci_names[roll(dice, OCI_NAMES)]);
}

/* A sibling in front of the node: the same key or a known one, with a value from anywhere. */
static inline void patch_sibling(struct patch *patch, struct dice *dice, const struct og_doc *doc,
				 const struct og_node *node)
{
	const char *key = key_of(node);

	patch->at = key ? node->key_start : node->start;
	if (key && roll(dice, 3) == 0)
		put_key(patch, dice, key, key_length(key));
	else if (key && roll(dice, 3) == 0)
		og_buf_put(&patch->put, key, key_length(key));
	else if (key)
		og_buf_printf(&patch->put, "\"%s\"", oci_names[roll(dice, OCI_NAMES)]);
	if (key)
		og_buf_puts(&patch->put, ":");
	put_value(patch, dice, doc);
	og_buf_puts(&patch->put, ",");
}

static inline void make_patch(struct patch *patch, struct dice *dice, const struct og_doc *doc)
{
	const struct og_node *node = pick_node(doc, roll(dice, 1u << 30));
	size_t kind = roll(dice, 3);

	if (kind == 0 && key_of(node)) {
		patch_key(patch, dice, doc, node);
	} else if (kind == 1 && og_parent(node)) {
		patch_sibling(patch, dice, doc, node);
	} else {
		patch->at = node->start;
		patch->len = node->end - node->start;
		put_value(patch, dice, doc);
	}
}

/* The part of |data| that |dice| choose; *ret: where it begins. */
static inline size_t choose_part(const uint8_t *data, size_t len, struct dice *dice, size_t *ret)
{
	const uint8_t *rest = data;
	size_t left = len, want = roll(dice, 3), part_len = 0;

	*ret = 0;
	for (size_t i = 0; i <= want && (i == 0 || left); i++) {
		*ret = (size_t)(rest - data);
		part_len = next_part(&rest, &left).len;
	}
	return part_len;
}

/* The new length; 0: it does not fit. */
static inline size_t apply(uint8_t *data, size_t len, size_t max, size_t from,
			   const struct patch *patch)
{
	size_t at = from + patch->at, more = patch->put.len;

	if (patch->put.failed || len - patch->len + more > max)
		return 0;
	memmove(data + at + more, data + at + patch->len, len - at - patch->len);
	if (more)
		memcpy(data + at, patch->put.data, more);
	return len - patch->len + more;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed)
{
	struct dice dice = { seed * UINT64_C(0x9e3779b97f4a7c15) };
	og_auto_free char *text = NULL;
	struct patch patch = { 0 };
	struct og_doc *doc = NULL;
	struct og_err err = { 0 };
	size_t from, part_len = choose_part(data, len, &dice, &from), ret = 0;

	text = strndup((const char *)data + from, part_len);
	if (roll(&dice, 4) && text && og_doc_parse("part", text, part_len, 0, &doc, &err) == 0) {
		make_patch(&patch, &dice, doc);
		ret = apply(data, len, max, from, &patch);
	}
	og_buf_release(&patch.put);
	og_doc_free(doc);
	return ret ? ret : LLVMFuzzerMutate(data, len, max);
}

#endif
