/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the policy library over fixture directories with all input in memory,
 * between two calls of getppid(2), so that a tracer can see which system calls
 * the library makes: the other half of "pure", which no symbol table shows.
 * What the verdicts are is not its business. Commands without a document
 * (before.json) are left out.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"

struct input {
	char *text;
	size_t len;
};

struct fixture {
	struct input policy, before, facts;
};

static int read_file(const char *dir, const char *name, struct input *ret)
{
	char path[4096];
	FILE *file;
	long size;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
		fclose(file);
		return -1;
	}
	rewind(file);
	ret->text = calloc(1, (size_t)size + 1);
	ret->len = ret->text ? fread(ret->text, 1, (size_t)size, file) : 0;
	fclose(file);
	return ret->text ? 0 : -1;
}

static enum og_cmd cmd_of(const struct og_facts *facts)
{
	if (facts->command && strcmp(facts->command, "exec") == 0)
		return OG_CMD_EXEC;
	if (facts->command && strcmp(facts->command, "update") == 0)
		return OG_CMD_UPDATE;
	return OG_CMD_CREATE;
}

/* Everything that an evaluation is made of, the texts of the report included. */
static int judge(const struct og_policy *policy, const struct og_facts *facts, struct og_doc *doc)
{
	struct og_err err = { 0 };
	struct og_verdict *verdict = NULL;
	struct og_buf out = { 0 };
	char *text = NULL;
	size_t len;

	if (og_evaluate(policy, facts, cmd_of(facts), doc, &verdict, &err) < 0)
		return 0;
	og_verdict_findings(verdict, OG_ENC_VALUES, OG_OFF, &out);
	og_verdict_patch(verdict, &out);
	og_verdict_refusal(verdict, NULL, &out);
	if (og_doc_write(doc, &text, &len, &err) == 0 && og_verdict_worst(verdict) != OG_REJECT)
		og_recheck(policy, facts, cmd_of(facts), text, len, &err);
	free(text);
	og_buf_release(&out);
	og_verdict_free(verdict);
	return 1;
}

static int evaluate(const struct fixture *fixture)
{
	struct og_policy_source source = { "policy.json", fixture->policy.text,
					   fixture->policy.len };
	struct og_err err = { 0 };
	struct og_policy *policy = NULL;
	struct og_doc *doc = NULL, *facts_doc = NULL;
	struct og_facts *facts = NULL;
	int judged = 0;

	if (og_policy_compile(&source, 1, NULL, NULL, &policy, &err) == 0 &&
	    og_doc_parse("facts.json", fixture->facts.text, fixture->facts.len, 0, &facts_doc,
			 &err) == 0 &&
	    og_facts_parse(facts_doc, &facts, &err) == 0 &&
	    og_doc_parse("config.json", fixture->before.text, fixture->before.len, 0, &doc, &err) ==
		    0)
		judged = judge(policy, facts, doc);
	og_facts_free(facts);
	og_doc_free(facts_doc);
	og_doc_free(doc);
	og_policy_free(policy);
	return judged;
}

static void fixture_release(struct fixture *fixture)
{
	free(fixture->policy.text);
	free(fixture->before.text);
	free(fixture->facts.text);
	*fixture = (struct fixture){ 0 };
}

static bool fixture_read(const char *dir, struct fixture *ret)
{
	if (read_file(dir, "facts.json", &ret->facts) < 0) {
		ret->facts.text = strdup("{}");
		ret->facts.len = 2;
	}
	if (ret->facts.text && read_file(dir, "policy.json", &ret->policy) == 0 &&
	    read_file(dir, "before.json", &ret->before) == 0)
		return true;
	fixture_release(ret);
	return false;
}

int main(int argc, char **argv)
{
	struct fixture *fixtures = calloc((size_t)argc, sizeof(*fixtures));
	int n = 0, judged = 0;

	if (!fixtures)
		return 1;
	for (int i = 1; i < argc; i++)
		n += fixture_read(argv[i], &fixtures[n]);
	(void)getppid();
	for (int i = 0; i < n; i++)
		judged += evaluate(&fixtures[i]);
	(void)getppid();
	printf("%d %d\n", judged, n);
	for (int i = 0; i < n; i++)
		fixture_release(&fixtures[i]);
	free(fixtures);
	return 0;
}
