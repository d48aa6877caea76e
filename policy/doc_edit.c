/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Editing a document and writing it back. Nodes as received stay linked among
 * their siblings, marked as removed or named by the node that took their place,
 * so that the writer knows which bytes of the source stand where.
 */
#include "doc_edit.h"

#include <string.h>

#include "doc_node.h"
#include "ocigate/buf.h"

/* Rules get const nodes; the document is ours to change. */
static struct og_node *mutable_node(const struct og_node *node)
{
	return (struct og_node *)(uintptr_t)node;
}

static void mark_dirty(struct og_node *node)
{
	for (; node && !(node->flags & OG_NODE_DIRTY); node = node->parent)
		node->flags |= OG_NODE_DIRTY;
}

static unsigned depth_of(const struct og_node *node)
{
	unsigned depth = 0;

	for (; node; node = node->parent)
		depth++;
	return depth;
}

static struct og_node *parse_value(struct og_doc *doc, const struct og_node *parent,
				   const char *json, struct og_err *reterr)
{
	struct og_err err = { 0 };
	struct og_node *node = NULL;

	if (doc->flags & OG_DOC_COMMENTS) {
		og_fail(reterr, OG_E_BUG, "a document with comments cannot be edited");
		return NULL;
	}
	if (doc->whole && strchr("{[", json[0]))
		return og_doc_take(doc, json, strlen(json), reterr);
	if (og_doc_parse_into(doc, json, strlen(json), depth_of(parent), &node, &err) == 0)
		return node;
	og_fail(reterr, err.code == OG_E_NOMEM ? OG_E_NOMEM : OG_E_BUG,
		"an edit is no valid JSON value: %s", err.msg);
	return NULL;
}

void og_doc_take_whole(struct og_doc *doc, bool whole)
{
	doc->whole = whole;
}

/* |new| where |old| stands among its siblings. */
static void put_in_place(struct og_node *old, struct og_node *new)
{
	struct og_node *parent = old->parent;

	new->next = old->next;
	new->prev = old->prev == old ? new : old->prev;
	if (parent->first == old)
		parent->first = new;
	else
		old->prev->next = new;
	if (old->next)
		old->next->prev = new;
	else
		parent->first->prev = new;
}

int og_doc_replace(struct og_doc *doc, const struct og_node *at, const char *json,
		   const struct og_node **ret, struct og_err *reterr)
{
	struct og_node *old = mutable_node(at), *new = parse_value(doc, at->parent, json, reterr);

	if (!new)
		return -1;
	new->orig = old->orig ? old->orig : old;
	new->parent = old->parent;
	new->key = old->key;
	new->index = old->index;
	new->order = old->order;
	new->flags |= OG_NODE_EDITED;
	if (doc->root == old)
		doc->root = new;
	else
		put_in_place(old, new);
	mark_dirty(new->parent);
	if (ret)
		*ret = new;
	return 0;
}

int og_doc_remove(struct og_doc *doc, const struct og_node *at, struct og_err *reterr)
{
	struct og_node *node = mutable_node(at);

	if (doc->flags & OG_DOC_COMMENTS || !node->parent || node->flags & OG_NODE_REMOVED)
		return og_fail(reterr, OG_E_BUG, "removing what is not in the document");
	node->flags |= OG_NODE_REMOVED | OG_NODE_EDITED;
	node->parent->count--;
	mark_dirty(node->parent);
	return 0;
}

static const char *copy_key(struct og_doc *doc, const char *key)
{
	char *copy = og_chunk_alloc(&doc->chunks, strlen(key) + 1);

	return copy ? memcpy(copy, key, strlen(key) + 1) : NULL;
}

int og_doc_add(struct og_doc *doc, const struct og_node *parent, const char *key, const char *json,
	       const struct og_node **ret, struct og_err *reterr)
{
	struct og_node *into = mutable_node(parent), *new;

	if (into->type != (key ? OG_OBJECT : OG_ARRAY) || (key && og_member(parent, key)))
		return og_fail(reterr, OG_E_BUG, "adding to the wrong place");
	new = parse_value(doc, parent, json, reterr);
	if (!new)
		return -1;
	if (key && !(new->key = copy_key(doc, key)))
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	new->parent = into;
	og_node_append(into, new);
	new->flags |= OG_NODE_EDITED;
	mark_dirty(into);
	if (ret)
		*ret = new;
	return 0;
}

bool og_node_is_added(const struct og_node *node)
{
	for (; node->parent; node = node->parent)
		if (node->src != node->parent->src)
			return true;
	return node->src->lines == NULL;
}

void og_node_set_owner(const struct og_node *node, unsigned owner)
{
	mutable_node(node)->owner = (uint8_t)owner;
}

/* The first owner found below |node|; only dirty nodes can have one. */
static unsigned owner_below(const struct og_node *node)
{
	for (const struct og_node *child = node->first; child; child = child->next) {
		unsigned owner = child->owner;

		if (!owner && child->flags & OG_NODE_DIRTY)
			owner = owner_below(child);
		if (owner)
			return owner;
	}
	return 0;
}

unsigned og_node_owner_near(const struct og_node *node)
{
	const struct og_node *up = node;

	do
		if (up->owner)
			return up->owner;
	while ((up = up->parent));
	return node->flags & OG_NODE_DIRTY ? owner_below(node) : 0;
}

size_t og_node_order(const struct og_node *node)
{
	return node->order;
}

static void write_node(const struct og_node *node, struct og_buf *out);

/* The member's key and colon, with the blanks that stood there. */
static void write_key(const struct og_node *place, bool added, struct og_buf *out)
{
	if (!place->key)
		return;
	if (added) {
		og_buf_json(out, place->key);
		og_buf_puts(out, ":");
		return;
	}
	og_buf_put(out, place->src->text + place->key_start, place->start - place->key_start);
}

/* What stood before an element, less its comma when nothing is left before it. */
static void write_gap(const char *gap, size_t len, bool first, struct og_buf *out)
{
	const char *comma = first ? memchr(gap, ',', len) : NULL;

	if (comma) {
		og_buf_put(out, gap, (size_t)(comma - gap));
		len -= (size_t)(comma - gap) + 1;
		gap = comma + 1;
	}
	og_buf_put(out, gap, len);
}

/*
 * The children in order: those of the source with the bytes between them as
 * they stood, those that were added behind a comma of our own.
 */
static void write_container(const struct og_node *node, struct og_buf *out)
{
	const char *text = node->src->text;
	uint32_t pos = node->start + 1;
	bool first = true;

	og_buf_put(out, text + node->start, 1);
	for (const struct og_node *child = node->first; child; child = child->next) {
		const struct og_node *place = child->orig ? child->orig : child;
		bool added = place->src != node->src;
		uint32_t from = place->key ? place->key_start : place->start;

		if (!(child->flags & OG_NODE_REMOVED)) {
			if (added)
				og_buf_puts(out, first ? "" : ",");
			else
				write_gap(text + pos, from - pos, first, out);
			write_key(place, added, out);
			write_node(child, out);
			first = false;
		}
		if (!added)
			pos = place->end;
	}
	og_buf_put(out, text + pos, node->end - pos);
}

static void write_node(const struct og_node *node, struct og_buf *out)
{
	if (node->flags & OG_NODE_DIRTY)
		write_container(node, out);
	else
		og_buf_put(out, node->src->text + node->start, node->end - node->start);
}

/* The text as received: the oldest source. */
static const struct og_source_text *received(const struct og_doc *doc)
{
	const struct og_source_text *src = doc->sources;

	while (src->next)
		src = src->next;
	return src;
}

int og_doc_write(const struct og_doc *doc, char **ret, size_t *retlen, struct og_err *reterr)
{
	const struct og_source_text *src = received(doc);
	const struct og_node *place = doc->root->orig ? doc->root->orig : doc->root;
	og_auto_buf struct og_buf out = { 0 };

	og_buf_put(&out, src->text, place->start);
	write_node(doc->root, &out);
	og_buf_put(&out, src->text + place->end, src->len - place->end);
	*retlen = out.len;
	*ret = og_buf_steal(&out);
	return *ret ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}
