/* SPDX-License-Identifier: Apache-2.0 */
/* The document: what is refused and where, spans, the view, edits, writing back. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "policy/doc_edit.h"
#include "text.h"

static struct og_doc *parse(const char *text, struct og_err *err)
{
	struct og_doc *doc = NULL;

	*err = (struct og_err){ 0 };
	og_doc_parse("config.json", text, strlen(text), 0, &doc, err);
	return doc;
}

/* Write |doc|, compare with |expected|, free it. */
static void expect(struct og_doc *doc, const char *expected)
{
	struct og_err err = { 0 };
	char *text = NULL;
	size_t len;

	cr_assert(eq(int, og_doc_write(doc, &text, &len, &err), 0));
	cr_expect(eq(str, text, (char *)expected));
	cr_expect(eq(sz, len, strlen(expected)));
	free(text);
	og_doc_free(doc);
}

static void refused(const char *text, unsigned line, unsigned col, const char *why)
{
	struct og_err err;
	struct og_doc *doc = parse(text, &err);

	cr_assert(eq(ptr, doc, NULL), "accepted: %s", text);
	cr_expect(eq(int, (int)err.code, (int)OG_E_CONFIG), "%s", text);
	cr_expect(eq(uint, err.line, line), "%s: line %u", text, err.line);
	cr_expect(eq(uint, err.col, col), "%s: column %u", text, err.col);
	cr_expect(ne(ptr, strstr(err.msg, why), NULL), "%s: %s", text, err.msg);
}

Test(doc, identity)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		" \t\r\n{ \"a\" : [ 1 , 2.50 , -0 , 1e+9 ] }\n\n",
		"18446744073709551615",
		"\"\\u003c\\/\\u00e9\\ud83d\\ude00\"",
		"null",
		"false",
		"{\"a\":{\"b\":{\"c\":[[[]]]}},\"\":0}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect(text_parse(texts[i]), texts[i]);
}

Test(doc, refuses_what_readers_understand_differently)
{
	refused("", 1, 1, "empty");
	refused("{\"a\":1,\"a\":2}", 1, 8, "twice");
	refused("{\"a\":1,\n \"\\u0061\":2}", 2, 2, "twice");
	refused("{\"a\":\"x\\u0000y\"}", 1, 8, "\\u0000");
	refused("{\"a\\u0000\":1}", 1, 4, "\\u0000");
	refused("[\"\\ud800\"]", 1, 3, "surrogate");
	refused("[\"\\udc00\\ud800\"]", 1, 3, "surrogate");
	refused("[\"\\ud800\\u0041\"]", 1, 3, "surrogate");
	refused("{} {}", 1, 4, "after its end");
	refused("{}x", 1, 3, "after its end");
	refused("[1,]", 1, 4, "last comma");
	refused("[01]", 1, 3, "");
	refused("[1", 1, 3, "still open");
	refused("[+1]", 1, 2, "");
	refused("[NaN]", 1, 2, "");
	refused("[TRUE]", 1, 2, "");
	refused("['a']", 1, 2, "");
	refused("[1.]", 1, 2, "");
	refused("[\"a\nb\"]", 1, 2, "");
	refused("[\"\xff\"]", 1, 2, "UTF8");
	refused("[\"\xc3(\"]", 1, 2, "UTF8");
	refused("[\"\xed\xa0\x80\"]", 1, 3, "UTF-8");
	refused("[\"\xc0\x80\"]", 1, 3, "UTF-8");
	refused("[\"\xf4\x90\x80\x80\"]", 1, 3, "UTF-8");
	refused("\xef\xbb\xbf{}", 1, 1, "");
	refused("{}\v", 1, 3, "control");
	refused("[1,\f2]", 1, 4, "control");
	refused("/* c */ {}", 1, 1, "comment");
	refused("// c\n{}", 1, 1, "comment");
	refused("{\"a\":1}\n\nx ", 3, 1, "after its end");
}

Test(doc, refuses_a_raw_nul)
{
	static const char text[] = "{\"a\":1}\0{}";
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	cr_expect(eq(int, og_doc_parse("c", text, sizeof(text) - 1, 0, &doc, &err), -1));
	cr_expect(eq(uint, err.col, 8));
	cr_expect(ne(ptr, strstr(err.msg, "NUL"), NULL));
}

static char *nested(unsigned depth)
{
	struct og_buf out = { 0 };

	for (unsigned i = 0; i < depth; i++)
		og_buf_puts(&out, "[");
	for (unsigned i = 0; i < depth; i++)
		og_buf_puts(&out, "]");
	return og_buf_steal(&out);
}

Test(doc, depth_is_limited)
{
	char *fits = nested(OG_DOC_MAX_DEPTH), *deeper = nested(OG_DOC_MAX_DEPTH + 1);

	og_doc_free(text_parse(fits));
	refused(deeper, 1, OG_DOC_MAX_DEPTH + 1, "64 levels");
	free(fits);
	free(deeper);
}

Test(doc, nodes_and_bytes_are_limited)
{
	struct og_buf out = { 0 };
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	og_buf_puts(&out, "[0");
	for (unsigned i = 0; i < OG_DOC_MAX_NODES; i++)
		og_buf_puts(&out, ",0");
	og_buf_puts(&out, "]");
	cr_expect(eq(int, og_doc_parse("c", out.data, out.len, 0, &doc, &err), -1));
	cr_expect(ne(ptr, strstr(err.msg, "too many values"), NULL));
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_doc_parse("c", out.data, OG_DOC_MAX_BYTES + 1, 0, &doc, &err), -1));
	cr_expect(ne(ptr, strstr(err.msg, "16 MiB"), NULL));
	og_buf_release(&out);
}

/* A string larger than what memory is taken in at once. */
Test(doc, long_strings_are_kept)
{
	og_auto_buf struct og_buf text = { 0 };
	struct og_doc *doc;
	const char *str;

	og_buf_puts(&text, "[\"\\u0041");
	for (int i = 0; i < 100000; i++)
		og_buf_puts(&text, "b");
	og_buf_puts(&text, "\"]");
	doc = text_parse(text.data);
	str = og_str(og_first(og_doc_root(doc)));
	cr_expect(eq(sz, strlen(str), 100001));
	cr_expect(str[0] == 'A' && strspn(str + 1, "b") == 100000);
	og_doc_free(doc);
}

Test(doc, duplicate_in_a_large_object)
{
	struct og_buf out = { 0 };

	og_buf_puts(&out, "{");
	for (unsigned i = 0; i < 100; i++)
		og_buf_printf(&out, "\"k%u\":0,\n", i);
	og_buf_puts(&out, "\"k42\":1}");
	refused(out.data, 101, 1, "\"k42\"");
	og_buf_release(&out);
}

Test(doc, what_only_begins_like_a_comment)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	cr_expect(eq(int, og_doc_parse("p", "{\n / }", 6, OG_DOC_COMMENTS, &doc, &err), -1));
	cr_expect(err.line == 2 && err.col == 2, "%u:%u: %s", err.line, err.col, err.msg);
}

Test(doc, a_comment_that_never_ends)
{
	static const char text[] = "{\"a\": 1, /* \"b\": 2 }";
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	cr_expect(eq(int, og_doc_parse("p", text, strlen(text), OG_DOC_COMMENTS, &doc, &err), -1));
	cr_expect(err.line == 1 && err.col == 10, "%u:%u: %s", err.line, err.col, err.msg);
	cr_expect(eq(str, err.msg, (char *)"a comment without its end"));
}

Test(doc, comments_only_where_allowed)
{
	static const char text[] = "// one\n{ /* two */ \"a\" /**/ : /* \"*\" */ [1, // x\n2] }";
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;
	unsigned line, col;

	cr_assert(eq(int, og_doc_parse("p", text, strlen(text), OG_DOC_COMMENTS, &doc, &err), 0),
		  "%s", err.msg);
	og_pos(og_get(og_doc_root(doc), "/a/1"), &line, &col);
	cr_expect(eq(uint, line, 3));
	cr_expect(eq(uint, col, 1));
	expect(doc, text);
}

Test(doc, spans_of_every_kind)
{
	struct og_doc *doc = text_parse(
		"{\"a\":null,\"b\":true,\"c\":-1.5,\"d\":\"x\\n\",\"e\":[ ],\"f\":{ }}");
	static const struct {
		const char *pointer, *raw;
	} spans[] = { { "/a", "null" },	    { "/b", "true" }, { "/c", "-1.5" },
		      { "/d", "\"x\\n\"" }, { "/e", "[ ]" },  { "/f", "{ }" } };

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		size_t len;
		const char *raw = og_raw(og_get(og_doc_root(doc), spans[i].pointer), &len);

		cr_expect(eq(sz, len, strlen(spans[i].raw)));
		cr_expect(eq(int, strncmp(raw, spans[i].raw, len), 0));
	}
	cr_expect(eq(str, (char *)og_str(og_get(og_doc_root(doc), "/d")), "x\n"));
	cr_expect(og_is_true(og_get(og_doc_root(doc), "/b")));
	cr_expect(og_is_null(og_get(og_doc_root(doc), "/a")));
	cr_expect(og_is_null(og_get(og_doc_root(doc), "/zz")));
	og_doc_free(doc);
}

Test(doc, numbers_are_exact_or_none)
{
	struct og_doc *doc = text_parse(
		"[0,18446744073709551615,18446744073709551616,-1,-0,1.0,1e3,"
		"\"7\",-9223372036854775808,-9223372036854775809,9223372036854775808,"
		"100000000000000000000000000000]");
	static const struct {
		int u, i;
	} ok[] = { { 0, 0 },   { 0, -1 },  { -1, -1 }, { -1, 0 },  { -1, -1 }, { -1, -1 },
		   { -1, -1 }, { -1, -1 }, { -1, 0 },  { -1, -1 }, { 0, -1 },  { -1, -1 } };
	size_t n = 0;

	og_each (node, og_doc_root(doc)) {
		uint64_t u = 0;
		int64_t i = 0;

		cr_expect(eq(int, og_u64(node, &u), ok[n].u), "u64 of element %zu", n);
		cr_expect(eq(int, og_i64(node, &i), ok[n].i), "i64 of element %zu", n);
		if (n == 1)
			cr_expect(eq(u64, u, UINT64_MAX));
		if (n == 8)
			cr_expect(eq(i64, i, INT64_MIN));
		n++;
	}
	og_doc_free(doc);
}

Test(doc, pointers_both_ways)
{
	struct og_doc *doc = text_parse("{\"a/b\":{\"m~n\":[10,{\"\":5}]},\"x\":1}");
	const struct og_node *root = og_doc_root(doc), *deep = og_get(root, "/a~1b/m~0n/1/");
	char buf[64], small[8];
	uint64_t value = 0;

	cr_assert(ne(ptr, (void *)deep, NULL));
	cr_expect(eq(int, og_u64(deep, &value), 0));
	cr_expect(eq(u64, value, 5));
	cr_expect(eq(str, og_pointer(deep, buf, sizeof(buf)), "/a~1b/m~0n/1/"));
	cr_expect(eq(str, og_pointer(root, buf, sizeof(buf)), ""));
	cr_expect(eq(str, og_pointer(deep, small, sizeof(small)) + strlen(small) - 3, "..."));
	cr_expect(eq(ptr, (void *)og_get(root, "/a~1b/m~0n/2"), NULL));
	cr_expect(eq(ptr, (void *)og_get(root, "/a~1b/m~0n/01"), NULL));
	cr_expect(eq(ptr, (void *)og_get(root, "/a~1b/m~0n/"), NULL));
	cr_expect(eq(ptr, (void *)og_get(root, "/a~1b/m~"), NULL));
	cr_expect(eq(ptr, (void *)og_get(root, "/x/y"), NULL));
	cr_expect(eq(ptr, (void *)og_get(root, "x"), NULL));
	cr_expect(eq(ptr, (void *)og_get(root, ""), (void *)root));
	og_doc_free(doc);
}

/* What does not fit is cut in front, and never at more than its room. */
Test(doc, a_pointer_fits_its_room)
{
	struct og_doc *doc = text_parse("{\"abc\":{\"/\":{\"d\":[0]}}}");
	const struct og_node *deep = og_get(og_doc_root(doc), "/abc/~1/d/0");
	static const char whole[] = "/abc/~1/d/0";

	for (size_t size = 1; size <= sizeof(whole); size++) {
		char buf[sizeof(whole) + 1];
		size_t len;

		memset(buf, '#', sizeof(buf));
		len = strlen(og_pointer(deep, buf, size));
		cr_expect(eq(chr, buf[size], '#'), "%zu", size);
		cr_assert(lt(sz, len, size));
		if (size == sizeof(whole))
			cr_expect(eq(str, buf, (char *)whole));
		else
			cr_expect(len < 3 || strcmp(buf + len - 3, "...") == 0, "%s", buf);
	}
	og_doc_free(doc);
}

/* One step alone may be more than the room. */
Test(doc, a_pointers_step_fits_its_room)
{
	og_auto_buf struct og_buf text = { 0 };
	const struct og_node *last = NULL;
	struct og_doc *doc;
	char buf[8];

	og_buf_puts(&text, "[[0");
	for (int i = 1; i < 10001; i++)
		og_buf_puts(&text, ",0");
	og_buf_puts(&text, "]]");
	doc = text_parse(text.data);
	og_each (node, og_first(og_doc_root(doc)))
		last = node;
	cr_expect(eq(str, og_pointer(last, buf, 5), ""));
	cr_expect(eq(str, og_pointer(last, buf, 6), "10..."));
	cr_expect(eq(str, og_pointer(last, buf, 7), "/10..."));
	og_doc_free(doc);
}

static void edit_remove(struct og_doc *doc, const char *pointer)
{
	struct og_err err = { 0 };

	cr_assert(eq(int, og_doc_remove(doc, og_get(og_doc_root(doc), pointer), &err), 0), "%s",
		  err.msg);
}

Test(doc, removals_keep_the_rest_as_it_stood)
{
	static const char text[] = "{ \"a\" : 1 ,\n  \"b\":[ 1, 2 ,3 ] , \"c\":{} }";
	struct og_doc *doc = text_parse(text);

	edit_remove(doc, "/a");
	expect(doc, "{ \n  \"b\":[ 1, 2 ,3 ] , \"c\":{} }");
	doc = text_parse(text);
	edit_remove(doc, "/c");
	expect(doc, "{ \"a\" : 1 ,\n  \"b\":[ 1, 2 ,3 ] }");
	doc = text_parse(text);
	edit_remove(doc, "/b/0");
	edit_remove(doc, "/b/0");
	expect(doc, "{ \"a\" : 1 ,\n  \"b\":[ 3 ] , \"c\":{} }");
	doc = text_parse(text);
	for (int i = 0; i < 3; i++)
		edit_remove(doc, "/b/0");
	cr_expect(eq(sz, og_count(og_get(og_doc_root(doc), "/b")), 0));
	expect(doc, "{ \"a\" : 1 ,\n  \"b\":[ ] , \"c\":{} }");
}

Test(doc, edits_are_seen_at_once_and_written)
{
	struct og_doc *doc = text_parse("{\"a\":[1,2],\"b\":{\"c\":7}}");
	const struct og_node *root = og_doc_root(doc), *added;
	struct og_err err = { 0 };
	char path[64];

	cr_assert(
		eq(int, og_doc_replace(doc, og_get(root, "/a/1"), "{\"x\":[]}", &added, &err), 0));
	cr_expect(eq(str, og_pointer(added, path, sizeof(path)), "/a/1"));
	cr_assert(eq(int, og_doc_add(doc, og_get(root, "/a/1/x"), NULL, "9", &added, &err), 0));
	cr_expect(eq(str, og_pointer(added, path, sizeof(path)), "/a/1/x/-"));
	cr_assert(eq(int, og_doc_add(doc, og_get(root, "/b"), "d\"", "null", &added, &err), 0));
	cr_assert(eq(int, og_doc_add(doc, og_get(root, "/a"), NULL, "3", &added, &err), 0));
	cr_expect(eq(str, og_pointer(added, path, sizeof(path)), "/a/-"));
	cr_expect(og_node_is_added(added));
	cr_expect(not(og_node_is_added(og_get(root, "/b/c"))));
	cr_expect(eq(sz, og_count(og_get(root, "/a")), 3));
	cr_assert(eq(int, og_doc_remove(doc, og_get(root, "/b/c"), &err), 0));
	cr_expect(eq(ptr, (void *)og_get(root, "/b/c"), NULL));
	expect(doc, "{\"a\":[1,{\"x\":[9]},3],\"b\":{\"d\\\"\":null}}");
}

Test(doc, values_taken_whole_are_written_and_look_empty)
{
	struct og_doc *doc = text_parse("{\"a\":[1],\"b\":2}");
	const struct og_node *root = og_doc_root(doc), *added;
	struct og_err err = { 0 };

	og_doc_take_whole(doc, true);
	cr_assert(eq(int, og_doc_replace(doc, og_get(root, "/a"), "{\"x\" : [ 1 ]}", &added, &err),
		     0));
	cr_expect(eq(int, (int)og_type(added), OG_OBJECT));
	cr_expect(eq(sz, og_count(added), 0));
	cr_expect(og_node_is_added(added));
	cr_assert(eq(int, og_doc_add(doc, root, "c", "[2, 3]", &added, &err), 0));
	cr_expect(eq(int, (int)og_type(added), OG_ARRAY));
	cr_assert(eq(int, og_doc_replace(doc, og_get(root, "/b"), "\"t\"", &added, &err), 0));
	cr_expect(eq(str, (char *)og_str(added), "t"));
	cr_assert(eq(int, og_doc_replace(doc, added, "2", &added, &err), 0));
	og_doc_take_whole(doc, false);
	cr_assert(eq(int, og_doc_add(doc, root, "d", "[4]", &added, &err), 0));
	cr_expect(eq(sz, og_count(added), 1));
	expect(doc, "{\"a\":{\"x\" : [ 1 ]},\"b\":2,\"c\":[2, 3],\"d\":[4]}");
}

/* Readers ask for what may not be there without looking first. */
Test(doc, nothing_is_found_in_nothing)
{
	unsigned line = 7, col = 7;
	uint64_t u;
	size_t len;

	cr_expect(eq(ptr, (void *)og_parent(NULL), NULL));
	cr_expect(eq(ptr, (void *)og_key(NULL), NULL));
	cr_expect(eq(ptr, (void *)og_str(NULL), NULL));
	cr_expect(eq(ptr, (void *)og_first(NULL), NULL));
	cr_expect(eq(ptr, (void *)og_next(NULL), NULL));
	og_raw(NULL, &len);
	cr_expect(eq(sz, len, 0));
	cr_expect(eq(sz, og_count(NULL), 0));
	cr_expect(eq(int, og_u64(NULL, &u), -1));
	og_pos(NULL, &line, &col);
	cr_expect(line == 0 && col == 0);
}

Test(doc, edits_have_no_place_in_the_file)
{
	struct og_doc *doc = text_parse("{\"a\":1,\n\"b\":2}");
	const struct og_node *root = og_doc_root(doc);
	struct og_err err = { 0 };
	unsigned line, col;

	/* whoever does not need the new node asks for none */
	cr_assert(eq(int, og_doc_replace(doc, og_get(root, "/a"), "[7]", NULL, &err), 0));
	cr_assert(eq(int, og_doc_add(doc, og_get(root, "/a"), NULL, "8", NULL, &err), 0));
	og_pos(og_get(root, "/a/0"), &line, &col);
	cr_expect(line == 0 && col == 0);
	og_pos(og_get(root, "/b"), &line, &col);
	cr_expect(line == 2 && col == 5);
	expect(doc, "{\"a\":[7,8],\n\"b\":2}");
}

Test(doc, the_whole_document_is_replaced)
{
	struct og_doc *doc = text_parse(" {\"a\":1}\n");
	struct og_err err = { 0 };

	cr_assert(eq(int, og_doc_replace(doc, og_doc_root(doc), "{\"b\":[2]}", NULL, &err), 0));
	cr_expect(og_node_is_added(og_get(og_doc_root(doc), "/b/0")));
	expect(doc, " {\"b\":[2]}\n");
}

/* A policy is never edited: what is between its tokens could not be kept. */
Test(doc, what_has_comments_is_not_edited)
{
	static const char text[] = "{\"a\":1}";
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	cr_assert(eq(int, og_doc_parse("p", text, strlen(text), OG_DOC_COMMENTS, &doc, &err), 0));
	cr_expect(
		eq(int, og_doc_replace(doc, og_get(og_doc_root(doc), "/a"), "2", NULL, &err), -1));
	cr_expect(eq(int, (int)err.code, (int)OG_E_BUG));
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_doc_remove(doc, og_get(og_doc_root(doc), "/a"), &err), -1));
	cr_expect(eq(int, (int)err.code, (int)OG_E_BUG));
	expect(doc, text);
}

Test(doc, what_is_no_edit_is_an_error)
{
	struct og_doc *doc = text_parse("{\"a\":[1]}");
	const struct og_node *root = og_doc_root(doc), *added;
	struct og_err err = { 0 };

	cr_expect(eq(int, og_doc_replace(doc, og_get(root, "/a"), "[", &added, &err), -1));
	cr_expect(eq(int, (int)err.code, (int)OG_E_BUG));
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_doc_add(doc, root, "a", "1", &added, &err), -1));
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_doc_add(doc, root, NULL, "1", &added, &err), -1));
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_doc_remove(doc, root, &err), -1));
	expect(doc, "{\"a\":[1]}");
	doc = text_parse("[1,2]");
	root = og_first(og_doc_root(doc));
	err = (struct og_err){ 0 };
	cr_assert(eq(int, og_doc_remove(doc, root, &err), 0));
	cr_expect(eq(int, og_doc_remove(doc, root, &err), -1), "a second time");
	cr_expect(eq(int, (int)err.code, (int)OG_E_BUG));
	expect(doc, "[2]");
}

Test(doc, owners_are_found_above_and_below)
{
	struct og_doc *doc = text_parse("{\"a\":{\"b\":[1,2]},\"c\":0}");
	const struct og_node *root = og_doc_root(doc), *edited;
	struct og_err err = { 0 };

	cr_assert(eq(int, og_doc_replace(doc, og_get(root, "/a/b/0"), "9", &edited, &err), 0));
	og_node_set_owner(edited, 4);
	cr_expect(eq(uint, og_node_owner_near(og_get(root, "/a")), 4));
	cr_expect(eq(uint, og_node_owner_near(og_get(root, "/a/b/0")), 4));
	cr_expect(eq(uint, og_node_owner_near(og_get(root, "/a/b/1")), 0));
	cr_expect(eq(uint, og_node_owner_near(og_get(root, "/c")), 0));
	og_doc_free(doc);
	/* an edit that nobody owns */
	doc = text_parse("{\"a\":{\"b\":[1,2]},\"c\":0}");
	root = og_doc_root(doc);
	cr_assert(eq(int, og_doc_replace(doc, og_get(root, "/a/b/0"), "9", &edited, &err), 0));
	cr_expect(eq(uint, og_node_owner_near(og_get(root, "/a")), 0));
	og_doc_free(doc);
}
