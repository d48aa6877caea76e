/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One judgement from bytes to verdict, and what must hold for every one of
 * them whatever the policy, the document and the facts are.
 */
#ifndef OG_FUZZ_JUDGING_H
#define OG_FUZZ_JUDGING_H

#include "fuzz.h"
#include "ocigate/buf.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"
#include "readers.h"

struct judging {
	struct og_policy *policy;
	struct og_doc *facts_doc;
	struct og_facts *facts;
	enum og_cmd cmd;
	struct part document;
};

static const char *const presets[] = { "permissive", "baseline", "restricted", "cis-docker",
				       "lab" };
#define PRESETS (sizeof(presets) / sizeof(presets[0]))

/* A plain bundle on an ordinary host. */
static const char plain_facts[] = "{\"command\":\"create\",\"id\":\"c1\",\"root\":\"/run/runc\","
				  "\"bundle\":\"/b\",\"today\":\"2026-01-01\","
				  "\"arch\":\"SCMP_ARCH_X86_64\",\"kernel\":6001}";

static inline bool prepare_policy(struct judging *j, struct part text)
{
	struct og_buf preset = { 0 };
	struct og_err err = { 0 };
	struct og_policy_source source = { "/policy.json", text.text, text.len };
	int r;

	if (text.len && text.len < 32 && !memchr(text.text, '{', text.len)) {
		og_buf_printf(&preset, "{\"version\":1,\"extends\":\"%.*s\"}", (int)text.len,
			      text.text);
		MUST(!preset.failed);
		source.text = preset.data;
		source.len = preset.len;
	}
	r = og_policy_compile(&source, 1, NULL, NULL, &j->policy, &err);
	og_buf_release(&preset);
	return r == 0;
}

static inline bool prepare_facts(struct judging *j, struct part text)
{
	static const struct {
		const char *name;
		enum og_cmd cmd;
	} commands[] = { { "exec", OG_CMD_EXEC },
			 { "update", OG_CMD_UPDATE },
			 { "start", OG_CMD_START },
			 { "restore", OG_CMD_RESTORE } };
	struct og_err err = { 0 };

	if (!text.len)
		text = (struct part){ plain_facts, strlen(plain_facts) };
	if (og_doc_parse("facts.json", text.text, text.len, 0, &j->facts_doc, &err) < 0 ||
	    og_facts_parse(j->facts_doc, &j->facts, &err) < 0) {
		must_explain(&err, false);
		return false;
	}
	og_facts_sort(j->facts);
	j->cmd = OG_CMD_CREATE;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (j->facts->command && strcmp(j->facts->command, commands[i].name) == 0)
			j->cmd = commands[i].cmd;
	return true;
}

static inline void must_be_json(const char *text, size_t len)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	MUST_FOR(og_doc_parse("output", text, len, 0, &doc, &err) == 0, &err);
	og_doc_free(doc);
}

static inline void must_be_one_line(const struct og_buf *text)
{
	MUST(!text->failed && text->len > 0 && text->len < 4000);
	for (size_t i = 0; i < text->len; i++)
		MUST((unsigned char)text->data[i] >= 0x20);
}

/* The texts that a verdict is reported by; |all| gets them. */
static inline void must_report(const struct og_verdict *verdict, struct og_buf *all)
{
	struct og_buf out = { 0 };

	og_verdict_findings(verdict, OG_ENC_VALUES, OG_AUDIT, &out);
	MUST(!out.failed);
	must_be_json(out.data, out.len);
	og_buf_put(all, out.data, out.len);
	out.len = 0;
	og_verdict_patch(verdict, &out);
	MUST(!out.failed);
	must_be_json(out.data, out.len);
	og_buf_put(all, out.data, out.len);
	out.len = 0;
	og_verdict_refusal(verdict, "Ask ops@example.org.", &out);
	must_be_one_line(&out);
	out.len = 0;
	og_verdict_explain(verdict, NULL, &out);
	must_be_one_line(&out);
	og_buf_release(&out);
}

/* What would be launched means to every runtime what it means to ocigate. */
static inline void must_mean_one_thing(const char *written, size_t len)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	MUST_FOR(og_doc_parse("written", written, len, 0, &doc, &err) == 0, &err);
	must_read_alike(og_doc_root(doc), written, len);
	og_doc_free(doc);
}

/* What the edits made of the document. */
static inline void must_write(const struct judging *j, const struct og_doc *doc,
			      const struct og_verdict *verdict, struct og_buf *all)
{
	struct og_err err = { 0 };
	char *written = NULL;
	size_t len = 0;

	MUST_FOR(og_doc_write(doc, &written, &len, &err) == 0, &err);
	must_be_json(written, len);
	if (og_verdict_worst(verdict) < OG_REWRITE)
		MUST(len == j->document.len && memcmp(written, j->document.text, len) == 0);
	if (og_verdict_worst(verdict) < OG_REJECT && j->cmd == OG_CMD_CREATE)
		must_mean_one_thing(written, len);
	if (og_verdict_worst(verdict) == OG_REWRITE)
		MUST_FOR(og_recheck(j->policy, j->facts, j->cmd, written, len, &err) == 0, &err);
	og_buf_put(all, written, len);
	free(written);
}

/* Evaluate once; everything that came of it is appended to |all|. */
static inline void evaluate(const struct judging *j, struct og_buf *all)
{
	bool has_document = j->cmd != OG_CMD_START && j->cmd != OG_CMD_RESTORE;
	struct og_verdict *verdict = NULL;
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	if (has_document &&
	    og_doc_parse("config.json", j->document.text, j->document.len, 0, &doc, &err) < 0) {
		MUST(og_verdict_unjudged(&err, j->policy, &verdict, &err) == 0);
		MUST(og_verdict_outcome(verdict, OG_MODE_AUDIT) == OG_OUTCOME_REFUSE);
		must_report(verdict, all);
	} else if (og_evaluate(j->policy, j->facts, j->cmd, doc, &verdict, &err) < 0) {
		must_explain(&err, false);
	} else {
		must_report(verdict, all);
		MUST(og_verdict_outcome(verdict, OG_MODE_AUDIT) == OG_OUTCOME_AS_IS);
		if (doc)
			must_write(j, doc, verdict, all);
	}
	og_verdict_free(verdict);
	og_doc_free(doc);
}

static inline void judge(struct part policy, struct part document, struct part facts)
{
	struct judging j = { .document = document };
	struct og_buf first = { 0 }, second = { 0 };

	if (prepare_policy(&j, policy) && prepare_facts(&j, facts)) {
		evaluate(&j, &first);
		evaluate(&j, &second);
		MUST(!first.failed && !second.failed && first.len == second.len);
		MUST(first.len == 0 || memcmp(first.data, second.data, first.len) == 0);
	}
	og_buf_release(&first);
	og_buf_release(&second);
	og_facts_free(j.facts);
	og_doc_free(j.facts_doc);
	og_policy_free(j.policy);
}

#endif
