/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a document: navigation over the view (what edits left), values, and
 * RFC 6901 pointers in both directions. Nothing here changes anything.
 */
#include "ocigate/doc.h"

#include <stdio.h>
#include <string.h>

#include "doc_node.h"

static const struct og_node *skip_removed(const struct og_node *node)
{
	while (node && node->flags & OG_NODE_REMOVED)
		node = node->next;
	return node;
}

const struct og_node *og_doc_root(const struct og_doc *doc)
{
	return doc ? doc->root : NULL;
}

enum og_type og_type(const struct og_node *node)
{
	return node ? (enum og_type)node->type : OG_NULL;
}

const struct og_node *og_first(const struct og_node *container)
{
	return og_type(container) >= OG_ARRAY ? skip_removed(container->first) : NULL;
}

const struct og_node *og_next(const struct og_node *sibling)
{
	return sibling ? skip_removed(sibling->next) : NULL;
}

const struct og_node *og_parent(const struct og_node *node)
{
	return node ? node->parent : NULL;
}

size_t og_count(const struct og_node *container)
{
	return container ? container->count : 0;
}

const char *og_key(const struct og_node *member)
{
	return member ? member->key : NULL;
}

const char *og_str(const struct og_node *node)
{
	return og_type(node) == OG_STRING ? node->str : NULL;
}

const char *og_raw(const struct og_node *node, size_t *retlen)
{
	*retlen = node ? node->end - node->start : 0;
	return node ? node->src->text + node->start : "";
}

bool og_is_true(const struct og_node *node)
{
	return node && node->type == OG_BOOL && node->src->text[node->start] == 't';
}

bool og_is_null(const struct og_node *node)
{
	return og_type(node) == OG_NULL;
}

int og_u64(const struct og_node *node, uint64_t *ret)
{
	uint64_t value = 0;
	size_t len;
	const char *raw = og_raw(node, &len);

	if (og_type(node) != OG_NUMBER || len > 20)
		return -1;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(raw[i] - '0');

		if (raw[i] < '0' || raw[i] > '9' || value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

int og_i64(const struct og_node *node, int64_t *ret)
{
	struct og_node digits;
	uint64_t value;
	bool negative = og_type(node) == OG_NUMBER && node->src->text[node->start] == '-';

	if (!node)
		return -1;
	digits = *node;
	digits.start += negative;
	/* "-0" is a float to some readers */
	if (og_u64(&digits, &value) < 0 || (negative && value == 0) ||
	    value > (uint64_t)INT64_MAX + negative)
		return -1;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

const struct og_node *og_member(const struct og_node *object, const char *key)
{
	if (og_type(object) != OG_OBJECT)
		return NULL;
	og_each (member, object)
		if (member->key[0] == key[0] && strcmp(member->key, key) == 0)
			return member;
	return NULL;
}

/* Whether |token| of |len| bytes, unescaped by RFC 6901, is |key|. */
static bool token_is(const char *token, size_t len, const char *key)
{
	for (size_t i = 0; i < len; i++, key++) {
		char c = token[i];

		if (c == '~' && i + 1 < len)
			c = token[++i] == '1' ? '/' : '~';
		if (*key != c)
			return false;
	}
	return *key == '\0';
}

static const struct og_node *step(const struct og_node *from, const char *token, size_t len)
{
	size_t index = 0;

	if (og_type(from) == OG_OBJECT) {
		og_each (member, from)
			if (token_is(token, len, member->key))
				return member;
		return NULL;
	}
	if (og_type(from) != OG_ARRAY || len == 0 || len > 9 || (len > 1 && token[0] == '0'))
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (token[i] < '0' || token[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(token[i] - '0');
	}
	og_each (element, from)
		if (index-- == 0)
			return element;
	return NULL;
}

const struct og_node *og_get(const struct og_node *from, const char *pointer)
{
	while (from && *pointer == '/') {
		size_t len = (size_t)(strchrnul(pointer + 1, '/') - (pointer + 1));

		from = step(from, pointer + 1, len);
		pointer += 1 + len;
	}
	return *pointer ? NULL : from;
}

/* A pointer is written from its end, because nodes know only what is above them. */
struct backwards {
	char *buf;
	size_t at; /* buf[at] is the first byte written */
	bool full;
};

static void put_back(struct backwards *out, const char *text, size_t len)
{
	if (out->full || len > out->at) {
		out->full = true;
		return;
	}
	out->at -= len;
	memcpy(out->buf + out->at, text, len);
}

static void put_key_back(struct backwards *out, const char *key)
{
	for (size_t i = strlen(key); i-- > 0;) {
		if (key[i] == '/')
			put_back(out, "~1", 2);
		else if (key[i] == '~')
			put_back(out, "~0", 2);
		else
			put_back(out, key + i, 1);
	}
}

char *og_pointer(const struct og_node *node, char *buf, size_t size)
{
	struct backwards out = { .buf = buf, .at = size - 1 };

	buf[size - 1] = '\0';
	for (; node && node->parent; node = node->parent) {
		const struct og_node *place = node->orig ? node->orig : node;
		char index[16] = "";

		if (place->key)
			put_key_back(&out, place->key);
		else if (place->src != place->parent->src)
			put_back(&out, "-", 1);
		else
			put_back(&out, index,
				 (size_t)snprintf(index, sizeof(index), "%u", place->index));
		put_back(&out, "/", 1);
	}
	memmove(buf, buf + out.at, size - out.at);
	if (out.full) {
		size_t len = size - 1 - out.at, dots = len < 3 ? len : 3;

		memcpy(buf + len - dots, "...", dots);
	}
	return buf;
}
