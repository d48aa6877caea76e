/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document: parsing and writing is the identity, jansson agrees, an edit
 * keeps all other bytes, and what is written reads back as edited.
 */
#include "doc_edits.h"
#include "json_mutator.h"
#include "second_opinion.h"

static void edit(const char *text, size_t len, unsigned flags, uint64_t random)
{
	static const char *const values[] = { "1", "\"x\\u00e9\"", "{\"k\":[null]}", "[]" };
	const char *json = values[random / EDITS % 4];
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;
	char *written = NULL;
	size_t written_len;

	MUST_FOR(og_doc_parse("config.json", text, len, flags, &doc, &err) == 0, &err);
	for (int i = 0; i < 5; i++, random = random * 6364136223846793005u + 1) {
		if (!make_edit(doc, pick_node(doc, random >> 16), random % EDITS, json))
			continue;
		MUST_FOR(og_doc_write(doc, &written, &written_len, &err) == 0, &err);
		if (i == 0)
			must_splice(&(struct splice){ text, written, len, written_len },
				    strlen(json) + 32);
		must_read_back(doc, written, written_len);
		free(written);
	}
	og_doc_free(doc);
}

static bool is_limit(const struct og_err *err)
{
	return strstr(err->msg, "the limit is") || strstr(err->msg, "larger than");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	MUST(text);
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	for (unsigned flags = 0; flags <= OG_DOC_KEPT; flags++) {
		struct og_err err = { 0 };
		struct og_doc *doc = NULL;
		char *written;
		size_t written_len;

		if (og_doc_parse("config.json", text, len, flags, &doc, &err) < 0) {
			must_explain(&err, true);
			/* jansson overlooks a NUL behind the value */
			if (flags != OG_DOC_COMMENTS && !is_limit(&err) && !memchr(text, '\0', len))
				second_opinion(text, len, NULL);
			continue;
		}
		MUST_FOR(og_doc_write(doc, &written, &written_len, &err) == 0, &err);
		MUST(written_len == len && memcmp(written, text, len) == 0);
		free(written);
		if (flags != OG_DOC_COMMENTS)
			second_opinion(text, len, og_doc_root(doc));
		og_doc_free(doc);
		/* nothing edits a document with comments */
		if (flags != OG_DOC_COMMENTS)
			edit(text, len, flags, fuzz_hash(data, len));
	}
	free(text);
	return 0;
}
