/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging without memory: every fixture, from the document's bytes to the
 * bytes that would be launched and every text of the report. While the rules
 * run each piece of a chunk can be missing as well. With OG_LONG set memory stays
 * away once it is short, for all of them; else for some.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "ocigate/buf.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"
#include "pieces.h"
#include "shim/file.h"

#define FIXTURES "tests/fixtures"

static const char plain_facts[] = "{\"command\":\"create\",\"id\":\"c1\",\"root\":\"/run/runc\","
				  "\"bundle\":\"/b\",\"today\":\"2026-01-01\","
				  "\"arch\":\"SCMP_ARCH_X86_64\",\"kernel\":6001}";

struct text {
	char *data; /* NULL: there is no such file */
	size_t len;
};

struct subject {
	struct text policy_text, facts_text, document;
	struct og_policy *policy;
	struct og_doc *facts_doc;
	struct og_facts *facts;
	enum og_cmd cmd;
};

static struct text read_text(const char *dir, const char *name)
{
	struct og_err err = { 0 };
	struct text text;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_assert(og_file_read(AT_FDCWD, path, OG_DOC_MAX_BYTES, OG_FILE_MAY_MISS, &text.data,
			       &text.len, NULL, &err) == 0,
		  "%s: %s", path, err.msg);
	return text;
}

static enum og_cmd command(const struct og_facts *facts)
{
	static const struct {
		const char *name;
		enum og_cmd cmd;
	} commands[] = { { "exec", OG_CMD_EXEC },
			 { "update", OG_CMD_UPDATE },
			 { "start", OG_CMD_START },
			 { "restore", OG_CMD_RESTORE } };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (facts->command && strcmp(facts->command, commands[i].name) == 0)
			return commands[i].cmd;
	return OG_CMD_CREATE;
}

static void load(const char *dir, struct subject *ret)
{
	struct og_policy_source source = { .file = "policy.json" };
	struct og_err err = { 0 };
	const char *facts = plain_facts;

	*ret = (struct subject){ .policy_text = read_text(dir, "policy.json"),
				 .facts_text = read_text(dir, "facts.json"),
				 .document = read_text(dir, "before.json") };
	source.text = ret->policy_text.data;
	source.len = ret->policy_text.len;
	if (ret->facts_text.data)
		facts = ret->facts_text.data;
	cr_assert(source.text != NULL, "%s: no policy.json", dir);
	cr_assert(og_policy_compile(&source, 1, NULL, NULL, &ret->policy, &err) == 0 &&
			  og_doc_parse("facts.json", facts, strlen(facts), 0, &ret->facts_doc,
				       &err) == 0 &&
			  og_facts_parse(ret->facts_doc, &ret->facts, &err) == 0,
		  "%s: %s:%u:%u: %s", dir, err.where, err.line, err.col, err.msg);
	og_facts_sort(ret->facts);
	ret->cmd = command(ret->facts);
}

static void release(struct subject *subject)
{
	og_facts_free(subject->facts);
	og_doc_free(subject->facts_doc);
	og_policy_free(subject->policy);
	free(subject->policy_text.data);
	free(subject->facts_text.data);
	free(subject->document.data);
}

/* What would be launched, judged again. */
static int write_document(const struct subject *subject, const struct og_doc *doc,
			  const struct og_verdict *verdict, struct digest *digest,
			  struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	size_t len;

	if (og_doc_write(doc, &text, &len, reterr) < 0)
		return -1;
	digest_add(digest, text, len);
	if (og_verdict_worst(verdict) != OG_REWRITE)
		return 0;
	return og_recheck(subject->policy, subject->facts, subject->cmd, text, len, reterr);
}

static int report(const struct og_verdict *verdict, struct digest *digest, struct og_err *reterr)
{
	og_auto_buf struct og_buf lists = { 0 }, refusal = { 0 }, explained = { 0 };

	og_verdict_findings(verdict, OG_ENC_VALUES | OG_ENC_APPLIED, OG_OFF, &lists);
	og_verdict_patch(verdict, &lists);
	og_verdict_refusal(verdict, "Ask ops@lab.example.", &refusal);
	og_verdict_explain(verdict, NULL, &explained);
	if (lists.failed || refusal.failed || explained.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	digest_text(digest, lists.data);
	digest_text(digest, refusal.data);
	digest_text(digest, explained.data);
	return 0;
}

static int judge(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	const struct subject *subject = ctx;
	struct og_verdict *verdict = NULL;
	struct og_doc *doc = NULL;
	int r = 0;

	if (subject->document.data)
		r = og_doc_parse("config.json", subject->document.data, subject->document.len,
				 OG_DOC_KEPT, &doc, reterr);
	alloc_pieces(true);
	if (r == 0)
		r = og_evaluate(subject->policy, subject->facts, subject->cmd, doc, &verdict,
				reterr);
	alloc_pieces(false);
	if (r == 0)
		r = report(verdict, digest, reterr);
	if (r == 0 && doc)
		r = write_document(subject, doc, verdict, digest, reterr);
	og_verdict_free(verdict);
	og_doc_free(doc);
	return r;
}

/* Which share of the fixtures one belongs to: by its name, so that a new one moves no other. */
static uint64_t share(const char *dir)
{
	struct digest digest = { 0 };

	digest_text(&digest, dir);
	return digest.hash >> 32;
}

Test(fault_memory, evaluate_fixtures, .timeout = 300)
{
	size_t refused = 0;
	glob_t dirs;

	cr_assert(glob(FIXTURES "/*/*/", 0, NULL, &dirs) == 0, "no fixtures below " FIXTURES);
	for (size_t i = 0; i < dirs.gl_pathc; i++) {
		struct subject subject;

		load(dirs.gl_pathv[i], &subject);
		refused += (getenv("OG_LONG") || share(dirs.gl_pathv[i]) % 8 == 0
				    ? fail_each
				    : fail_once)(dirs.gl_pathv[i], judge, &subject);
		release(&subject);
	}
	cr_log_info("%zu fixtures, %zu refused allocations", dirs.gl_pathc, refused);
	globfree(&dirs);
}
