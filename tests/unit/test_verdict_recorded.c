/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what a user wrote gets into a record: readers of the log take lines of 4 MiB. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "ocigate/doc.h"
#include "policy_helpers.h"

#define LINE_MOST ((size_t)4 << 20)

/* The findings, recorded or with all values, about |annotations| that the rule does not allow. */
static void findings(const char *action, const char *annotations, unsigned flags,
		     struct og_buf *ret)
{
	static const struct og_facts facts = { .today = "2030-01-01", .id = "x" };
	og_auto_buf struct og_buf text = { 0 }, config = { 0 };
	struct og_policy *policy;
	struct og_verdict *verdict;
	struct og_err err = { 0 };
	struct og_doc *doc;

	og_buf_printf(&text,
		      "{\"version\":1,\"extends\":\"permissive\",\"rules\":{\"annotations\":"
		      "{\"action\":\"%s\",\"allow\":[\"none\"]}}}",
		      action);
	policy = compile_text(text.data);
	og_buf_printf(&config,
		      "{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":1,\"gid\":5},"
		      "\"args\":[\"x\"],\"cwd\":\"/\"},\"root\":{\"path\":\"r\"},\"linux\":{},"
		      "\"annotations\":{%s}}",
		      annotations);
	cr_assert(eq(int, og_doc_parse("c", config.data, config.len, 0, &doc, &err), 0), "%s",
		  err.msg);
	cr_assert(eq(int, og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, &err), 0), "%s",
		  err.msg);
	og_verdict_findings(verdict, flags, OG_AUDIT, ret);
	og_verdict_free(verdict);
	og_doc_free(doc);
	og_policy_free(policy);
}

static void fill(struct og_buf *out, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		og_buf_puts(out, what);
}

Test(verdict_recorded, long_values)
{
	og_auto_buf struct og_buf value = { 0 }, recorded = { 0 }, shown = { 0 };

	og_buf_puts(&value, "\"a\":\"");
	fill(&value, 65536 - 2, "y");
	og_buf_puts(&value, "\"");
	findings("rewrite", value.data, 0, &recorded);
	cr_expect(strstr(recorded.data, "yyyy\\\"\"") != NULL);
	og_buf_release(&recorded);
	value.data[value.len - 1] = 'z';
	og_buf_puts(&value, "\"");
	findings("rewrite", value.data, 0, &recorded);
	findings("rewrite", value.data, OG_ENC_VALUES, &shown);
	cr_expect(strstr(recorded.data, "\"before\":\"\\\"(65537 bytes, not recorded)\\\"\"") !=
			  NULL,
		  "%.300s", recorded.data);
	cr_expect(strstr(shown.data, "yyyz") != NULL);
}

Test(verdict_recorded, many)
{
	og_auto_buf struct og_buf many = { 0 };

	for (size_t i = 0; i < 20000; i++)
		og_buf_printf(&many, "%s\"a%zu\":\"%060d\"", i ? "," : "", i, 0);
	for (int reject = 0; reject < 2; reject++) {
		const char *action = reject ? "reject" : "rewrite";
		og_auto_buf struct og_buf recorded = { 0 }, shown = { 0 };

		findings(action, many.data, 0, &recorded);
		findings(action, many.data, OG_ENC_VALUES, &shown);
		cr_expect(strstr(recorded.data, " findings more are not recorded\"") != NULL);
		cr_expect(gt(sz, recorded.len, (size_t)(1 + reject) << 20));
		cr_expect(lt(sz, recorded.len, LINE_MOST - (1 << 20)));
		cr_expect(strstr(shown.data, "not recorded") == NULL);
		cr_expect(strstr(shown.data, "/annotations/a19999") != NULL);
	}
}
