/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a verdict: the worst action, and findings as JSON, as a patch, as text. */
#include "ocigate/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "verdict_internal.h"

/* podman's conmon loses everything past 4067 bytes of an error. */
#define REFUSAL_MAX   4000
#define REFUSAL_SHOWN 3

void og_verdict_free(struct og_verdict *verdict)
{
	if (!verdict)
		return;
	og_chunks_free(verdict->chunks);
	free(verdict);
}

enum og_action og_verdict_worst(const struct og_verdict *verdict)
{
	enum og_action worst = OG_OFF;

	for (size_t i = 0; i < verdict->n; i++)
		if (verdict->entries[i].finding.action > worst)
			worst = verdict->entries[i].finding.action;
	return worst;
}

size_t og_verdict_count(const struct og_verdict *verdict)
{
	return verdict->n;
}

const struct og_finding *og_verdict_finding(const struct og_verdict *verdict, size_t i)
{
	return i < verdict->n ? &verdict->entries[i].finding : NULL;
}

unsigned og_verdict_launch(const struct og_verdict *verdict)
{
	return verdict->launch;
}

size_t og_verdict_exceptions(const struct og_verdict *verdict, const char *const **ret)
{
	*ret = verdict->exceptions;
	return verdict->nexceptions;
}

size_t og_verdict_expired(const struct og_verdict *verdict, const char *const **ret)
{
	*ret = verdict->expired;
	return verdict->nexpired;
}

enum og_outcome og_verdict_outcome(const struct og_verdict *verdict, enum og_mode mode)
{
	enum og_action worst = og_verdict_worst(verdict);

	if (verdict->unjudged)
		return OG_OUTCOME_REFUSE;
	switch (mode) {
	case OG_MODE_AUDIT:
		return OG_OUTCOME_AS_IS;
	case OG_MODE_ENFORCE:
		return worst == OG_REJECT    ? OG_OUTCOME_REFUSE
		       : worst == OG_REWRITE ? OG_OUTCOME_REWRITTEN
					     : OG_OUTCOME_AS_IS;
	case OG_MODE_EXPLAIN:
		return OG_OUTCOME_REFUSE;
	}
	return OG_OUTCOME_REFUSE;
}

static char *keep(struct og_verdict *verdict, const char *text)
{
	char *copy = og_chunk_alloc(&verdict->chunks, strlen(text) + 1);

	return copy ? memcpy(copy, text, strlen(text) + 1) : NULL;
}

int og_verdict_unjudged(const struct og_err *cause, const struct og_policy *policy,
			struct og_verdict **ret, struct og_err *reterr)
{
	static const char *const none[1];
	struct og_verdict *verdict = calloc(1, sizeof(*verdict));
	char why[sizeof(cause->where) + sizeof(cause->msg) + 32];
	struct og_finding *finding;

	if (cause->line)
		snprintf(why, sizeof(why), "%s:%u:%u: %s", cause->where, cause->line, cause->col,
			 cause->msg);
	else
		snprintf(why, sizeof(why), "%s%s%s", cause->where, cause->where[0] ? ": " : "",
			 cause->msg);
	if (verdict)
		verdict->entries = og_chunk_alloc(&verdict->chunks, sizeof(*verdict->entries));
	if (!verdict || !verdict->entries) {
		og_verdict_free(verdict);
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	}
	finding = &verdict->entries[0].finding;
	*finding = (struct og_finding){ .rule = "document",
					.action = OG_REJECT,
					.path = "",
					.why = keep(verdict, why),
					.policy_file = keep(verdict, og_policy_file(policy)) };
	verdict->n = verdict->cap = 1;
	verdict->unjudged = true;
	verdict->exceptions = verdict->expired = (const char **)(uintptr_t)none;
	if (!finding->why || !finding->policy_file) {
		og_verdict_free(verdict);
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	}
	*ret = verdict;
	return 0;
}

const char *og_verdict_word(const struct og_verdict *verdict)
{
	static const char *const words[] = { "allow", "allow", "rewrite", "reject" };

	return words[og_verdict_worst(verdict)];
}

/*
 * How long a value in a record is, and all findings: users choose the values that are found
 * fault with, and readers of the log take lines of 4 MiB at most. The last is for rejections.
 */
#define RECORDED_VALUE	    ((size_t)64 << 10)
#define RECORDED	    ((size_t)1 << 20)
#define RECORDED_REJECTIONS ((size_t)2 << 20)

static void put_value(struct og_buf *out, const char *key, const char *json, unsigned flags,
		      bool secret)
{
	size_t len = json ? strlen(json) : 0;
	char size[64];

	og_buf_key(out, key);
	/* raw JSON text inside a string: no reader of the record can lose digits */
	if (!json || flags & OG_ENC_VALUES || (!secret && len <= RECORDED_VALUE)) {
		og_buf_json(out, json);
		return;
	}
	snprintf(size, sizeof(size), "\"(%zu bytes, not recorded)\"", len);
	og_buf_json(out, secret ? "\"(not recorded)\"" : size);
}

static void put_finding(const struct og_finding *finding, unsigned flags, struct og_buf *out)
{
	og_buf_puts(out, "{");
	og_buf_key(out, "rule");
	og_buf_json(out, finding->rule);
	og_buf_key(out, "action");
	og_buf_json(out, og_action_name(finding->action));
	og_buf_key(out, "applied");
	og_buf_puts(out,
		    finding->action == OG_REWRITE && flags & OG_ENC_APPLIED ? "true" : "false");
	og_buf_key(out, "path");
	og_buf_json(out, finding->path);
	put_value(out, "before", finding->before, flags, finding->secret);
	put_value(out, "after", finding->after, flags, finding->secret);
	og_buf_key(out, "why");
	og_buf_json(out, finding->why);
	og_buf_key(out, "policy");
	if (finding->policy_line) {
		og_auto_buf struct og_buf place = { 0 };

		og_buf_printf(&place, "%s:%u", finding->policy_file, finding->policy_line);
		og_buf_json(out, place.data);
		out->failed |= place.failed;
	} else {
		og_buf_json(out, finding->policy_file);
	}
	og_buf_puts(out, "}");
}

void og_verdict_findings(const struct og_verdict *verdict, unsigned flags, enum og_action min,
			 struct og_buf *out)
{
	struct og_finding rest = { .path = "" };
	size_t start = out->len, left = 0;
	bool first = true;
	char why[64];

	og_buf_puts(out, "[");
	for (size_t i = 0; i < verdict->n; i++) {
		const struct og_finding *finding = &verdict->entries[i].finding;

		if (finding->made || finding->action < min)
			continue;
		if (!(flags & OG_ENC_VALUES) &&
		    out->len - start >
			    (finding->action == OG_REJECT ? RECORDED_REJECTIONS : RECORDED)) {
			left++;
			if (finding->action <= rest.action)
				continue;
			rest.rule = finding->rule;
			rest.action = finding->action;
			rest.policy_file = finding->policy_file;
			rest.policy_line = finding->policy_line;
			continue;
		}
		og_buf_puts(out, first ? "" : ",");
		put_finding(finding, flags, out);
		first = false;
	}
	if (left) {
		snprintf(why, sizeof(why), "%zu findings more are not recorded", left);
		rest.why = why;
		og_buf_puts(out, ",");
		put_finding(&rest, flags, out);
	}
	og_buf_puts(out, "]");
}

static void put_op(struct og_buf *out, const char *op, const char *path, const char *value)
{
	if (out->data[out->len - 1] != '[')
		og_buf_puts(out, ",");
	og_buf_printf(out, "{\"op\":\"%s\",\"path\":", op);
	og_buf_json(out, path);
	if (value) {
		og_buf_key(out, "value");
		og_buf_puts(out, value);
	}
	og_buf_puts(out, "}");
}

/* Back to front in the document, so that array indices stay those of the document as received. */
static int compare_backwards(const void *a, const void *b)
{
	const struct og_entry *const *x = a, *const *y = b;

	return ((*x)->order < (*y)->order) - ((*x)->order > (*y)->order);
}

/* Additions and parents go first: they only append, so they move no index. */
static bool goes_first(const struct og_finding *finding)
{
	return finding->op == OG_OP_ADD || finding->made;
}

void og_verdict_patch(const struct og_verdict *verdict, struct og_buf *out)
{
	const struct og_entry **edits = calloc(verdict->n + 1, sizeof(*edits));
	size_t n = 0;

	og_buf_puts(out, "[");
	out->failed |= !edits;
	for (size_t i = 0; !out->failed && i < verdict->n; i++) {
		const struct og_finding *finding = &verdict->entries[i].finding;

		if (finding->op == OG_OP_NONE)
			continue;
		if (goes_first(finding))
			put_op(out, finding->op == OG_OP_ADD ? "add" : "replace", finding->path,
			       finding->after);
		else
			edits[n++] = &verdict->entries[i];
	}
	if (n)
		qsort(edits, n, sizeof(*edits), compare_backwards);
	for (size_t i = 0; !out->failed && i < n; i++) {
		const struct og_finding *finding = &edits[i]->finding;

		put_op(out, "test", finding->path, finding->before);
		put_op(out, finding->op == OG_OP_REMOVE ? "remove" : "replace", finding->path,
		       finding->after);
	}
	og_buf_puts(out, "]");
	free(edits);
}

/* "RULE: WHY [FILE:LINE]" */
static void put_line(const struct og_finding *finding, struct og_buf *out)
{
	const char *file = strrchr(finding->policy_file, '/');

	file = file ? file + 1 : finding->policy_file;
	og_buf_printf(out, "%s: %s [%s", finding->rule, finding->why, file);
	if (finding->policy_line)
		og_buf_printf(out, ":%u", finding->policy_line);
	og_buf_puts(out, "]");
}

/* The findings from |min| on: the first few in full, then how many more. Returns how many. */
static size_t put_lines(const struct og_verdict *verdict, enum og_action min, struct og_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < verdict->n; i++) {
		const struct og_finding *finding = &verdict->entries[i].finding;

		if (finding->made || finding->action < min || ++n > REFUSAL_SHOWN)
			continue;
		og_buf_puts(out, n > 1 ? "; " : "");
		put_line(finding, out);
	}
	if (n > REFUSAL_SHOWN)
		og_buf_printf(out, "; and %zu more", n - REFUSAL_SHOWN);
	return n;
}

/* |message| ends it, whatever has to give way. One line. */
static void finish(struct og_buf *out, const char *message)
{
	size_t tail = message ? strlen(message) + 1 : 0;

	if (out->failed)
		return;
	if (tail > REFUSAL_MAX / 2)
		tail = REFUSAL_MAX / 2;
	if (out->len + tail > REFUSAL_MAX - 1) {
		out->len = REFUSAL_MAX - 1 - tail - 3;
		/* not in the middle of a character; it begins with ours */
		while (((unsigned char)out->data[out->len] & 0xc0) == 0x80)
			out->len--;
		og_buf_puts(out, "...");
	}
	if (tail) {
		og_buf_puts(out, " ");
		og_buf_put(out, message, tail - 1);
	}
	for (size_t i = 0; !out->failed && i < out->len; i++)
		if ((unsigned char)out->data[i] < 0x20)
			out->data[i] = ' ';
}

void og_verdict_refusal(const struct og_verdict *verdict, const char *message, struct og_buf *out)
{
	og_buf_puts(out, "ocigate: rejected: ");
	put_lines(verdict, OG_REJECT, out);
	finish(out, message);
}

void og_verdict_explain(const struct og_verdict *verdict, const char *message, struct og_buf *out)
{
	enum og_action worst = og_verdict_worst(verdict);

	if (worst < OG_REWRITE) {
		og_buf_puts(out, "ocigate: complies: this container would be launched as it is");
		finish(out, NULL);
		return;
	}
	og_buf_puts(out, worst == OG_REJECT ? "ocigate: would be rejected: "
					    : "ocigate: would be rewritten: ");
	put_lines(verdict, worst == OG_REJECT ? OG_REJECT : OG_REWRITE, out);
	finish(out, message);
}
