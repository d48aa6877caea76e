/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every evaluation, shown on every fixture: a rewritten document
 * complies, the edits are an RFC 6902 patch, what no edit touched is the same,
 * audit changes nothing, blanks mean nothing, and other spellings are refused.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "json_patch.h"

static bool has_edit(const struct og_verdict *verdict)
{
	for (size_t i = 0; i < og_verdict_count(verdict); i++)
		if (og_verdict_finding(verdict, i)->op != OG_OP_NONE)
			return true;
	return false;
}

static void after_complies(const struct fixture *fixture, const struct outcome *outcome)
{
	struct og_err err = { 0 };

	if (og_recheck(fixture->policy, fixture->facts, fixture->cmd, outcome->written,
		       outcome->len, &err) < 0)
		fail_with(fixture->dir, "after does not comply", &err);
	if (!has_edit(outcome->verdict))
		cr_assert(text_equal(fixture->before, outcome->written, outcome->len),
			  "%s: changed without a finding", fixture->dir);
}

static void patch_gives_after(const struct fixture *fixture, const struct outcome *outcome)
{
	json_t *target = json_exact(fixture->before.data), *want = json_exact(outcome->written);
	struct og_buf buf = { 0 };
	json_t *patch;
	const char *wrong;

	og_verdict_patch(outcome->verdict, &buf);
	cr_assert(!buf.failed);
	patch = json_exact(buf.data);
	cr_assert(target && want && patch, "%s: jansson cannot read it", fixture->dir);
	wrong = json_patch(target, patch);
	cr_assert(!wrong, "%s: the patch does not apply: %s\n%s", fixture->dir, wrong, buf.data);
	cr_assert(json_equal(target, want), "%s: the patch gives something else:\n%s", fixture->dir,
		  buf.data);
	og_buf_release(&buf);
	json_decref(target);
	json_decref(want);
	json_decref(patch);
}

/* ---- untouched bytes ---- */

enum touch { UNTOUCHED, INSIDE, REPLACED, REMOVED };

/* What the findings say of the place |path|. */
static enum touch touched(const struct og_verdict *verdict, const char *path)
{
	enum touch touch = UNTOUCHED;
	size_t len = strlen(path);

	for (size_t i = 0; i < og_verdict_count(verdict); i++) {
		const struct og_finding *finding = og_verdict_finding(verdict, i);

		if (finding->op == OG_OP_NONE || strncmp(finding->path, path, len) != 0)
			continue;
		if (finding->path[len] == '\0')
			return finding->op == OG_OP_REMOVE ? REMOVED : REPLACED;
		if (finding->path[len] == '/')
			touch = INSIDE;
	}
	return touch;
}

static void same_bytes(const struct fixture *fixture, const struct og_verdict *verdict,
		       const struct og_node *before, const struct og_node *after)
{
	char path[4096];
	enum touch touch = touched(verdict, og_pointer(before, path, sizeof(path)));
	size_t blen, alen;
	const char *braw = og_raw(before, &blen), *araw = og_raw(after, &alen);

	if (touch == REPLACED)
		return;
	cr_assert(after != NULL, "%s: %s is gone", fixture->dir, path);
	if (touch == UNTOUCHED) {
		cr_assert(blen == alen && memcmp(braw, araw, blen) == 0,
			  "%s: %s was changed without a finding", fixture->dir, path);
		return;
	}
	after = og_first(after);
	og_each (child, before) {
		if (touched(verdict, og_pointer(child, path, sizeof(path))) == REMOVED)
			continue;
		cr_assert(after && !og_key(child) == !og_key(after) &&
				  (!og_key(child) || strcmp(og_key(child), og_key(after)) == 0),
			  "%s: %s is gone or elsewhere", fixture->dir, path);
		same_bytes(fixture, verdict, child, after);
		after = og_next(after);
	}
}

static void rest_is_untouched(const struct fixture *fixture, const struct outcome *outcome)
{
	struct og_err err = { 0 };
	struct og_doc *before = NULL, *after = NULL;

	if (og_doc_parse("before", fixture->before.data, fixture->before.len, 0, &before, &err) <
		    0 ||
	    og_doc_parse("after", outcome->written, outcome->len, 0, &after, &err) < 0)
		fail_with(fixture->dir, "parse", &err);
	same_bytes(fixture, outcome->verdict, og_doc_root(before), og_doc_root(after));
	og_doc_free(before);
	og_doc_free(after);
}

/* ---- audit ---- */

/* The fixture's policy with every rule that can be turned to audit turned to it. */
static struct og_policy *audit_policy(const struct fixture *fixture)
{
	struct og_policy_source sources[2] = {
		{ .file = "audit.json" },
		{ .file = "/policy.json",
		  .text = fixture->policy_text.data,
		  .len = fixture->policy_text.len },
	};
	struct og_buf text = { 0 };
	struct og_policy *policy;
	struct og_err err = { 0 };

	og_buf_puts(&text, "{\"version\":1,\"extends\":\"/policy.json\",\"rules\":{");
	for (size_t i = 0; i < og_nrules; i++) {
		if (og_rules[i].flags & OG_RULE_ALWAYS)
			continue;
		og_buf_key(&text, og_rules[i].id);
		og_buf_puts(&text, "{\"action\":\"audit\"}");
	}
	og_buf_puts(&text, "}}");
	cr_assert(!text.failed);
	sources[0].text = text.data;
	sources[0].len = text.len;
	if (og_policy_compile(sources, 2, NULL, NULL, &policy, &err) < 0)
		fail_with(fixture->dir, "the policy in audit", &err);
	og_buf_release(&text);
	return policy;
}

/* Only the rule document, which cannot be turned to audit, may still do something. */
static void audit_changes_nothing(const struct fixture *fixture)
{
	struct og_policy *policy;
	struct outcome outcome;
	bool document = false;

	if (strstr(fixture->policy_text.data, "\"exceptions\"")) /* they may set actions again */
		return;
	policy = audit_policy(fixture);
	fixture_evaluate(fixture, policy, fixture->before.data, fixture->before.len, &outcome);
	for (size_t i = 0; i < og_verdict_count(outcome.verdict); i++) {
		const struct og_finding *finding = og_verdict_finding(outcome.verdict, i);

		cr_assert(finding->action == OG_AUDIT || strcmp(finding->rule, "document") == 0,
			  "%s: %s does something under audit: %s", fixture->dir, finding->rule,
			  finding->why);
		document |= finding->op != OG_OP_NONE;
	}
	cr_assert(document || !outcome.written ||
			  text_equal(fixture->before, outcome.written, outcome.len),
		  "%s: audit changed the document", fixture->dir);
	outcome_release(&outcome);
	og_policy_free(policy);
}

/* ---- blanks ---- */

static bool same_json(const char *a, const char *b)
{
	char *x = a ? json_strip(a, strlen(a)) : NULL, *y = b ? json_strip(b, strlen(b)) : NULL;
	bool same = !x == !y && (!x || strcmp(x, y) == 0);

	free(x);
	free(y);
	return same;
}

static void blanks_mean_nothing(const struct fixture *fixture, const struct outcome *outcome)
{
	char *text = json_strip(fixture->before.data, fixture->before.len);
	struct outcome stripped;

	fixture_evaluate(fixture, fixture->policy, text, strlen(text), &stripped);
	cr_assert(og_verdict_count(stripped.verdict) == og_verdict_count(outcome->verdict),
		  "%s: blanks change the findings", fixture->dir);
	for (size_t i = 0; i < og_verdict_count(stripped.verdict); i++) {
		const struct og_finding *a = og_verdict_finding(stripped.verdict, i);
		const struct og_finding *b = og_verdict_finding(outcome->verdict, i);

		cr_assert(strcmp(a->rule, b->rule) == 0 && a->action == b->action &&
				  a->op == b->op && strcmp(a->path, b->path) == 0 &&
				  strcmp(a->why, b->why) == 0 && same_json(a->before, b->before) &&
				  same_json(a->after, b->after),
			  "%s: blanks change a finding: %s / %s", fixture->dir, a->why, b->why);
	}
	outcome_release(&stripped);
	free(text);
}

/* ---- spellings ---- */

/* The opening quote of a member's key in |text|. */
static char *key_in(char *text, const char *original, const struct og_node *member)
{
	size_t len;
	const char *raw = og_raw(member, &len);
	size_t at = (size_t)(raw - original);

	while (text[--at] != '"')
		;
	while (text[--at] != '"')
		;
	return text + at;
}

static bool finds_document(const struct outcome *outcome)
{
	for (size_t i = 0; i < og_verdict_count(outcome->verdict); i++)
		if (strcmp(og_verdict_finding(outcome->verdict, i)->rule, "document") == 0 &&
		    og_verdict_finding(outcome->verdict, i)->action == OG_REJECT)
			return true;
	return false;
}

/* The parser refuses what is then there twice, the rule document the rest. */
static void must_be_refused(const struct fixture *fixture, const char *text, size_t len,
			    const char *key)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;
	struct outcome outcome;

	if (og_doc_parse("key", text, len, 0, &doc, &err) < 0)
		return;
	og_doc_free(doc);
	fixture_evaluate(fixture, fixture->policy, text, len, &outcome);
	cr_assert(finds_document(&outcome), "%s: the key %.40s is accepted", fixture->dir, key);
	outcome_release(&outcome);
}

static void other_case_is_refused(const struct fixture *fixture, const char *original,
				  const struct og_node *member)
{
	char *text = strndup(fixture->before.data, fixture->before.len), *key;

	cr_assert(text != NULL);
	key = key_in(text, original, member);
	if (islower((unsigned char)key[1])) {
		key[1] = (char)toupper((unsigned char)key[1]);
		must_be_refused(fixture, text, fixture->before.len, key);
	}
	free(text);
}

/* Once more before the closing brace; |escaped|: its first letter as \uXXXX. */
static void twice_is_refused(const struct fixture *fixture, const struct og_node *member,
			     bool escaped)
{
	struct og_err err = { 0 };
	struct og_buf text = { 0 };
	struct og_doc *doc = NULL;
	const char *end = strrchr(fixture->before.data, '}');

	og_buf_put(&text, fixture->before.data, (size_t)(end - fixture->before.data));
	if (escaped)
		og_buf_printf(&text, ",\"\\u%04x%s\":null}", (unsigned char)og_key(member)[0],
			      og_key(member) + 1);
	else
		og_buf_printf(&text, ",\"%s\":null}", og_key(member));
	cr_assert(!text.failed);
	cr_assert(og_doc_parse("twice", text.data, text.len, 0, &doc, &err) < 0,
		  "%s: the key %s is accepted twice", fixture->dir, og_key(member));
	og_buf_release(&text);
}

/* In these any key goes, so case is theirs. */
static bool is_free_map(const char *key)
{
	static const char *const maps[] = { "annotations", "sysctl",	 "unified",
					    "rdma",	   "netDevices", "timeOffsets" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (strcmp(key, maps[i]) == 0)
			return true;
	return false;
}

/* Fields that the specification does not know are called "x-..." in fixtures. */
static void spellings_are_refused(const struct fixture *fixture)
{
	struct og_err err = { 0 };
	struct og_doc *doc;
	size_t len;
	const char *original;

	if (og_doc_parse("before", fixture->before.data, fixture->before.len, 0, &doc, &err) < 0)
		fail_with(fixture->dir, "parse", &err);
	original = og_raw(og_doc_root(doc), &len);
	original -= strcspn(fixture->before.data, "{");
	og_each (member, og_doc_root(doc)) {
		if (strncmp(og_key(member), "x-", 2) == 0)
			continue;
		other_case_is_refused(fixture, original, member);
		twice_is_refused(fixture, member, false);
		twice_is_refused(fixture, member, true);
		if (og_type(member) != OG_OBJECT || is_free_map(og_key(member)))
			continue;
		og_each (inner, member) {
			if (strncmp(og_key(inner), "x-", 2) != 0)
				other_case_is_refused(fixture, original, inner);
		}
	}
	og_doc_free(doc);
}

void fixture_properties(const struct fixture *fixture, const struct outcome *outcome)
{
	audit_changes_nothing(fixture);
	if (!outcome->doc)
		return;
	if (og_verdict_worst(outcome->verdict) != OG_REJECT) {
		after_complies(fixture, outcome);
		patch_gives_after(fixture, outcome);
		rest_is_untouched(fixture, outcome);
	}
	blanks_mean_nothing(fixture, outcome);
	spellings_are_refused(fixture);
}
