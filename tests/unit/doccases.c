/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one case of tests/doc: what the parser, and for documents that only the
 * table of fields can judge the rule document, make of one input.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fixtures.h"

static void put_error(struct og_buf *out, unsigned line, unsigned col, const char *text)
{
	og_buf_printf(out, "%u:%u: %s\n", line, col, text);
}

static void valid(const char *dir, const struct og_doc *doc, struct text input)
{
	struct og_err err = { 0 };
	char *written;
	size_t len;

	if (og_doc_write(doc, &written, &len, &err) < 0)
		fail_with(dir, "write", &err);
	cr_assert(text_equal(input, written, len), "%s: written otherwise than read", dir);
	free(written);
}

/* What the rule document finds, with the place of each finding in |doc|. */
static void judge(const char *dir, struct og_doc *doc, struct text input, struct og_buf *out)
{
	static const char policy_text[] = "{\"version\":1,\"extends\":\"permissive\"}";
	const struct og_policy_source source = { "policy.json", policy_text,
						 sizeof(policy_text) - 1 };
	const struct og_facts facts = { .command = "create", .today = "2026-01-01" };
	struct og_verdict *verdict = NULL;
	struct og_policy *policy = NULL;
	struct og_doc *fresh = NULL;
	struct og_err err = { 0 };

	if (og_policy_compile(&source, 1, NULL, NULL, &policy, &err) < 0 ||
	    og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, &err) < 0 ||
	    og_doc_parse("input", input.data, input.len, 0, &fresh, &err) < 0)
		fail_with(dir, "judge", &err);
	for (size_t i = 0; i < og_verdict_count(verdict); i++) {
		const struct og_finding *finding = og_verdict_finding(verdict, i);
		unsigned line, col;

		if (finding->action != OG_REJECT)
			continue;
		og_pos(og_get(og_doc_root(fresh), finding->path), &line, &col);
		put_error(out, line, col, finding->why);
	}
	og_verdict_free(verdict);
	og_policy_free(policy);
	og_doc_free(fresh);
}

static void run(const char *dir, struct text input, struct text error, unsigned flags)
{
	bool is_valid = strncmp(dir, "tests/doc/valid/", 16) == 0;
	bool is_ambiguous = strncmp(dir, "tests/doc/ambiguous/", 20) == 0;
	const char *golden = getenv("OG_UPDATE_GOLDEN");
	struct og_buf got = { 0 };
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	if (og_doc_parse("input", input.data, input.len, flags, &doc, &err) < 0)
		put_error(&got, err.line, err.col, err.msg);
	else if (is_ambiguous)
		judge(dir, doc, input, &got);
	else if (is_valid)
		valid(dir, doc, input);
	cr_assert(!got.failed && is_valid == (got.len == 0), "%s: %s", dir,
		  got.len ? got.data : "accepted");
	if (golden && strcmp(golden, "1") == 0)
		text_write(dir, "error", got.data, got.len);
	else
		cr_assert(!error.data == !got.data &&
				  (!got.data || text_equal(error, got.data, got.len)),
			  "%s: error\nwanted:\n%sgot:\n%s", dir, error.data ? error.data : "",
			  got.data ? got.data : "");
	og_doc_free(doc);
	og_buf_release(&got);
}

void og_doccase_run(const char *dir)
{
	unsigned comments = strncmp(strrchr(dir, '/'), "/policy-", 8) == 0 ? OG_DOC_COMMENTS : 0;
	struct text input = text_read(dir, "input"), error = text_read(dir, "error");

	cr_assert(input.data != NULL, "%s: no input", dir);
	run(dir, input, error, comments);
	run(dir, input, error, comments | OG_DOC_KEPT);
	free(input.data);
	free(error.data);
}
