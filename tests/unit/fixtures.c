/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one fixture: load, evaluate, compare with the golden files or write
 * them. What must hold for all fixtures alike is properties.c's.
 */
#include "fixtures.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* A plain bundle on an ordinary host. */
static const char default_facts[] = "{\"command\":\"create\",\"id\":\"c1\",\"root\":\"/run/runc\","
				    "\"bundle\":\"/b\",\"today\":\"2026-01-01\","
				    "\"arch\":\"SCMP_ARCH_X86_64\",\"kernel\":6001}";

void fail_with(const char *dir, const char *what, const struct og_err *err)
{
	cr_assert(false, "%s: %s: %s:%u:%u: %s", dir, what, err->where, err->line, err->col,
		  err->msg);
}

/* ---- load ---- */

static void on_problem(void *ctx, bool warning, const struct og_err *problem)
{
	const struct fixture *fixture = ctx;

	cr_log_info("%s: policy.json:%u:%u: %s: %s", fixture->dir, problem->line, problem->col,
		    warning ? "warning" : "error", problem->msg);
}

static void load_policy(struct fixture *fixture)
{
	struct og_policy_source source = { .file = "policy.json" };
	struct og_err err = { 0 };

	fixture->policy_text = text_read(fixture->dir, "policy.json");
	cr_assert(fixture->policy_text.data != NULL, "%s: no policy.json", fixture->dir);
	source.text = fixture->policy_text.data;
	source.len = fixture->policy_text.len;
	if (og_policy_compile(&source, 1, on_problem, fixture, &fixture->policy, &err) < 0)
		fail_with(fixture->dir, "policy.json", &err);
}

static void load_facts(struct fixture *fixture)
{
	struct og_err err = { 0 };
	const char *text = default_facts;

	fixture->facts_text = text_read(fixture->dir, "facts.json");
	if (fixture->facts_text.data)
		text = fixture->facts_text.data;
	if (og_doc_parse("facts.json", text, strlen(text), 0, &fixture->facts_doc, &err) < 0 ||
	    og_facts_parse(fixture->facts_doc, &fixture->facts, &err) < 0)
		fail_with(fixture->dir, "facts.json", &err);
	og_facts_sort(fixture->facts);
}

static enum og_cmd command(const struct fixture *fixture)
{
	static const struct {
		const char *name;
		enum og_cmd cmd;
	} commands[] = {
		{ "create", OG_CMD_CREATE }, { "run", OG_CMD_CREATE },
		{ "exec", OG_CMD_EXEC },     { "update", OG_CMD_UPDATE },
		{ "start", OG_CMD_START },   { "restore", OG_CMD_RESTORE },
	};
	const char *name = fixture->facts->command ? fixture->facts->command : "create";

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].cmd;
	cr_assert(false, "%s: facts.json: no such command: %s", fixture->dir, name);
	return 0;
}

static bool has_document(enum og_cmd cmd)
{
	return cmd != OG_CMD_START && cmd != OG_CMD_RESTORE;
}

static void load(struct fixture *fixture, const char *dir)
{
	const char *end = strrchr(dir, '/'), *start = end;

	fixture->dir = dir;
	while (start > dir && start[-1] != '/')
		start--;
	snprintf(fixture->rule, sizeof(fixture->rule), "%.*s", (int)(end - start), start);
	load_policy(fixture);
	load_facts(fixture);
	fixture->cmd = command(fixture);
	fixture->before = text_read(dir, "before.json");
	cr_assert(!fixture->before.data == !has_document(fixture->cmd),
		  "%s: before.json is there for commands with a document", dir);
	fixture->after = text_read(dir, "after.json");
	fixture->findings = text_read(dir, "findings.jsonl");
}

static void release(struct fixture *fixture)
{
	og_policy_free(fixture->policy);
	og_facts_free(fixture->facts);
	og_doc_free(fixture->facts_doc);
	free(fixture->policy_text.data);
	free(fixture->facts_text.data);
	free(fixture->before.data);
	free(fixture->after.data);
	free(fixture->findings.data);
}

/* ---- evaluate ---- */

void fixture_evaluate(const struct fixture *fixture, const struct og_policy *policy,
		      const char *text, size_t len, struct outcome *ret)
{
	struct og_err err = { 0 };

	*ret = (struct outcome){ 0 };
	if (text && og_doc_parse("before.json", text, len, 0, &ret->doc, &err) < 0)
		fail_with(fixture->dir, "parse", &err);
	if (og_evaluate(policy, fixture->facts, fixture->cmd, ret->doc, &ret->verdict, &err) < 0)
		fail_with(fixture->dir, "evaluate", &err);
	if (text && og_doc_write(ret->doc, &ret->written, &ret->len, &err) < 0)
		fail_with(fixture->dir, "write", &err);
}

void outcome_release(struct outcome *outcome)
{
	og_verdict_free(outcome->verdict);
	og_doc_free(outcome->doc);
	free(outcome->written);
}

/* ---- compare ---- */

/*
 * The golden form: one finding per line, those of the fixture's own rule and
 * those of others that do something.
 */
static char *golden_findings(const struct fixture *fixture, const struct outcome *outcome)
{
	bool applied = og_verdict_worst(outcome->verdict) == OG_REWRITE;
	struct og_buf array = { 0 }, lines = { 0 };
	struct og_err err = { 0 };
	struct og_doc *doc;
	size_t len;

	og_verdict_findings(outcome->verdict, OG_ENC_VALUES | (applied ? OG_ENC_APPLIED : 0),
			    OG_AUDIT, &array);
	cr_assert(!array.failed);
	if (og_doc_parse("findings", array.data, array.len, 0, &doc, &err) < 0)
		fail_with(fixture->dir, "findings are no JSON", &err);
	og_each (finding, og_doc_root(doc)) {
		const char *raw = og_raw(finding, &len);

		if (strcmp(og_str(og_member(finding, "rule")), fixture->rule) != 0 &&
		    strcmp(og_str(og_member(finding, "action")), "audit") == 0)
			continue;
		og_buf_put(&lines, raw, len);
		og_buf_puts(&lines, "\n");
	}
	og_doc_free(doc);
	og_buf_release(&array);
	og_buf_puts(&lines, "");
	return og_buf_steal(&lines);
}

static void compare(const struct fixture *fixture, const struct outcome *outcome,
		    const char *findings)
{
	const char *want = fixture->findings.data ? fixture->findings.data : "";

	cr_expect(strcmp(want, findings) == 0, "%s: findings.jsonl\nwanted:\n%sgot:\n%s",
		  fixture->dir, want, findings);
	if (og_verdict_worst(outcome->verdict) == OG_REJECT || !outcome->written) {
		cr_assert(!fixture->after.data, "%s: rejected, but after.json is there",
			  fixture->dir);
		return;
	}
	cr_assert(fixture->after.data != NULL, "%s: not rejected, but there is no after.json",
		  fixture->dir);
	cr_assert(text_equal(fixture->after, outcome->written, outcome->len),
		  "%s: after.json\nwanted:\n%s\ngot:\n%s", fixture->dir, fixture->after.data,
		  outcome->written);
}

static void update(const struct fixture *fixture, const struct outcome *outcome,
		   const char *findings)
{
	bool rejected = og_verdict_worst(outcome->verdict) == OG_REJECT;

	text_write(fixture->dir, "findings.jsonl", findings, strlen(findings));
	text_write(fixture->dir, "after.json", rejected ? NULL : outcome->written, outcome->len);
}

void og_fixture_run(const char *dir)
{
	struct fixture fixture = { 0 };
	struct outcome outcome;
	const char *golden = getenv("OG_UPDATE_GOLDEN");
	char *findings;

	load(&fixture, dir);
	fixture_evaluate(&fixture, fixture.policy, fixture.before.data, fixture.before.len,
			 &outcome);
	findings = golden_findings(&fixture, &outcome);
	cr_assert(findings != NULL);
	if (golden && strcmp(golden, "1") == 0)
		update(&fixture, &outcome, findings);
	else
		compare(&fixture, &outcome, findings);
	fixture_properties(&fixture, &outcome);
	free(findings);
	outcome_release(&outcome);
	release(&fixture);
}
