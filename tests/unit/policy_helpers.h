/* SPDX-License-Identifier: Apache-2.0 */
/* Policies from text for tests: what is reported becomes text to compare. */
#ifndef OG_TEST_POLICY_HELPERS_H
#define OG_TEST_POLICY_HELPERS_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"
#include "text.h"

#define UNUSED __attribute__((unused))

/* A policy that extends a preset, with these members more. */
#define POLICY(preset, more) "{\"version\":1,\"extends\":\"" preset "\"" more "}"

UNUSED static void report_to_buf(void *ctx, bool warning, const struct og_err *problem)
{
	og_buf_printf(ctx, "%s%s:%u:%u: %s%s", ((struct og_buf *)ctx)->len ? "\n" : "",
		      problem->where, problem->line, problem->col, warning ? "warning: " : "",
		      problem->msg);
}

UNUSED static void report_to_stderr(void *ctx, bool warning, const struct og_err *problem)
{
	(void)ctx;
	if (!warning)
		fprintf(stderr, "%s:%u:%u: %s\n", problem->where, problem->line, problem->col,
			problem->msg);
}

/* |texts| are the chain, the one a launch uses first, as files "p0", "p1", ... */
UNUSED static struct og_policy *compile_chain(const char *const *texts, size_t n)
{
	struct og_policy_source sources[16];
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };
	char names[16][24];

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "p%zu", i);
		sources[i] = (struct og_policy_source){ names[i], texts[i], strlen(texts[i]) };
	}
	cr_assert(og_policy_compile(sources, n, report_to_stderr, NULL, &policy, &err) == 0,
		  "%s:%u:%u: %s", err.where, err.line, err.col, err.msg);
	return policy;
}

UNUSED static struct og_policy *compile_text(const char *text)
{
	return compile_chain(&text, 1);
}

/* What is to be done (enum og_launch) at a launch of |config|: permissive with these rules. */
UNUSED static unsigned launch_of(const char *config, const struct og_facts *facts,
				 const char *rules)
{
	struct og_doc *doc = text_parse(config);
	struct og_verdict *verdict = NULL;
	struct og_err err = { 0 };
	struct og_policy *policy;
	char text[512];
	unsigned ret;

	snprintf(text, sizeof(text), POLICY("permissive", ",\"rules\":{%s}"), rules);
	policy = compile_text(text);
	cr_assert(og_evaluate(policy, facts, OG_CMD_CREATE, doc, &verdict, &err) == 0);
	ret = og_verdict_launch(verdict);
	og_verdict_free(verdict);
	og_policy_free(policy);
	og_doc_free(doc);
	return ret;
}

UNUSED static struct og_effective *effective_of(const struct og_policy *policy,
						const struct og_facts *facts)
{
	struct og_effective *effective = NULL;
	struct og_err err = { 0 };

	cr_assert(og_policy_effective(policy, facts, &effective, &err) == 0, "%s", err.msg);
	return effective;
}

/* A list as text, "A B C", owned by the caller. Ranges as "1-5", sources as "/a=rw". */
UNUSED static char *list_text(const struct og_effective *effective, enum og_option option)
{
	const struct og_list *list = og_effective_list(effective, option);
	struct og_buf out = { 0 };
	char *text;

	for (size_t i = 0; i < list->n; i++) {
		const struct og_item *item = &list->items[i];

		og_buf_puts(&out, i ? " " : "");
		if (og_options[option].type == OG_T_IDS)
			og_buf_printf(&out, "%llu-%llu", (unsigned long long)item->lo,
				      (unsigned long long)item->hi);
		else if (og_options[option].type == OG_T_SOURCES)
			og_buf_printf(&out, "%s=%s%s", item->text,
				      item->access == OG_RW ? "rw" : "ro",
				      item->accept_setuid ? "+setuid" : "");
		else
			og_buf_puts(&out, item->text);
	}
	text = og_buf_steal(&out);
	cr_assert(text != NULL);
	return text;
}

UNUSED static void check_list(const struct og_effective *effective, enum og_option option,
			      const char *expected, const char *what)
{
	char *text = list_text(effective, option);

	cr_expect(eq(str, text, (char *)expected), "%s", what);
	free(text);
}

#endif
