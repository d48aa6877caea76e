/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of a JSON file by its bytes; see json_edit.h. */
#include "json_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/doc_edit.h"

static const char blanks[] = " \t\r\n";

/* How the members of an object are laid out: what stands between two of them. */
struct layout {
	char newline[3];   /* "\n", "\r\n", or "" when they share a line */
	char unit[64];	   /* one level of indentation */
	char between[256]; /* before each member, as it stands before the first */
};

static bool is_blank(const char *text, size_t len)
{
	return strspn(text, blanks) >= len;
}

int og_json_open(const char *name, const struct og_text *text, struct og_doc **ret,
		 struct og_err *reterr)
{
	const char *data = text->buf.len ? text->buf.data : "";
	bool empty = is_blank(data, text->buf.len);

	if (og_doc_parse(name, empty ? "{}" : data, empty ? 2 : text->buf.len, 0, ret, reterr) < 0)
		return -1;
	if (og_type(og_doc_root(*ret)) == OG_OBJECT)
		return 0;
	og_doc_free(*ret);
	*ret = NULL;
	return og_fail(reterr, OG_E_CONFIG, "%s: the top level must be an object", name);
}

static void copy_layout(const char *gap, size_t len, struct layout *ret)
{
	const char *end = memrchr(gap, '\n', len);

	*ret = (struct layout){ 0 };
	if (!end) {
		snprintf(ret->between, sizeof(ret->between), " ");
		return;
	}
	snprintf(ret->newline, sizeof(ret->newline), "%s",
		 end > gap && end[-1] == '\r' ? "\r\n" : "\n");
	snprintf(ret->unit, sizeof(ret->unit), "%.*s", (int)(gap + len - end - 1), end + 1);
	snprintf(ret->between, sizeof(ret->between), "%s%s", ret->newline, ret->unit);
}

/* The layout of |object|'s members; of an empty one, two blanks a level. */
static void read_layout(const struct og_node *object, struct layout *ret)
{
	const char *raw;
	size_t len;

	raw = og_raw(object, &len);
	if (og_count(object))
		copy_layout(raw + 1, strspn(raw + 1, blanks), ret);
	else
		copy_layout("\n  ", 3, ret);
}

/* Where in the text |node| stands. */
static size_t offset_of(const struct og_text *text, const struct og_doc *doc,
			const struct og_node *node)
{
	size_t len;

	return strspn(text->buf.data, blanks) +
	       (size_t)(og_raw(node, &len) - og_raw(og_doc_root(doc), &len));
}

/* A member more behind the last of |object|, whose own members are one |depth| further in. */
static int append(struct og_text *text, const struct og_doc *doc, const struct og_node *object,
		  unsigned depth, const char *key, const char *json, struct og_err *reterr)
{
	og_auto_buf struct og_buf out = { 0 };
	const struct og_node *last = NULL;
	struct layout layout, outer;
	size_t len, at = offset_of(text, doc, object);

	read_layout(object, &layout);
	read_layout(og_doc_root(doc), &outer);
	og_each (child, object)
		last = child;
	if (last) {
		at = offset_of(text, doc, last);
		og_raw(last, &len);
		og_buf_printf(&out, ",%s", layout.between);
	} else {
		og_buf_printf(&out, "{%s", outer.newline);
		for (unsigned i = 0; i < depth; i++)
			og_buf_puts(&out, outer.unit);
	}
	og_buf_json(&out, key);
	og_buf_printf(&out, ": %s", json);
	if (last)
		return og_text_splice(text, at + len, 0, &out, reterr);
	og_buf_puts(&out, outer.newline);
	for (unsigned i = 1; i < depth; i++)
		og_buf_puts(&out, outer.unit);
	og_buf_puts(&out, "}");
	og_raw(object, &len);
	return og_text_splice(text, at, len, &out, reterr);
}

static int write_back(struct og_text *text, const struct og_doc *doc, struct og_err *reterr)
{
	struct og_buf out = { 0 };
	char *data;
	size_t len;

	if (og_doc_write(doc, &data, &len, reterr) < 0)
		return -1;
	og_buf_put(&out, data, len);
	free(data);
	if (out.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	og_buf_release(&text->buf);
	text->buf = out;
	return 0;
}

static int replace(struct og_text *text, struct og_doc *doc, const struct og_node *node,
		   const char *json, struct og_err *reterr)
{
	size_t len;
	const char *raw = og_raw(node, &len);

	if (len == strlen(json) && memcmp(raw, json, len) == 0)
		return 0;
	return og_doc_replace(doc, node, json, NULL, reterr) < 0 ? -1
								 : write_back(text, doc, reterr);
}

/* The member, or that |object| has another shape than it must have. */
static int look(const char *name, const struct og_node *root, const char *object,
		const struct og_node **ret, struct og_err *reterr)
{
	unsigned line, col;

	*ret = object ? og_member(root, object) : root;
	if (!*ret || og_type(*ret) == OG_OBJECT)
		return 0;
	og_pos(*ret, &line, &col);
	og_err_where(reterr, name, line, col);
	return og_fail(reterr, OG_E_CONFIG, "\"%s\" must be an object", object);
}

/* An empty file, or none, becomes an object. */
static int make_object(struct og_text *text, struct og_err *reterr)
{
	if (text->there && !is_blank(text->buf.len ? text->buf.data : "", text->buf.len))
		return 0;
	og_text_release(text);
	text->there = true;
	og_buf_puts(&text->buf, "{}\n");
	return text->buf.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

int og_json_set(const char *name, struct og_text *text, const char *object, const char *key,
		const char *json, struct og_err *reterr)
{
	const struct og_node *in, *old;
	struct og_doc *doc;
	int r;

	if (make_object(text, reterr) < 0 || og_json_open(name, text, &doc, reterr) < 0)
		return -1;
	r = look(name, og_doc_root(doc), object, &in, reterr);
	if (r == 0 && !in) {
		r = append(text, doc, og_doc_root(doc), 1, object, "{}", reterr);
		og_doc_free(doc);
		return r < 0 ? -1 : og_json_set(name, text, object, key, json, reterr);
	}
	old = r < 0 ? NULL : og_member(in, key);
	if (old)
		r = replace(text, doc, old, json, reterr);
	else if (r == 0)
		r = append(text, doc, in, object ? 2 : 1, key, json, reterr);
	og_doc_free(doc);
	return r;
}

int og_json_unset(const char *name, struct og_text *text, const char *object, const char *key,
		  struct og_err *reterr)
{
	const struct og_node *in;
	struct og_doc *doc;
	int r;

	if (og_json_open(name, text, &doc, reterr) < 0)
		return -1;
	r = look(name, og_doc_root(doc), object, &in, reterr);
	in = r < 0 ? NULL : og_member(in, key);
	if (in)
		r = og_doc_remove(doc, in, reterr) < 0 ? -1 : write_back(text, doc, reterr);
	og_doc_free(doc);
	return r;
}
