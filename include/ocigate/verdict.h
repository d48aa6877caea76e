/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an evaluation found. A verdict is data: the shim reports it and, if it
 * permits, carries it out; nothing changes it.
 */
#ifndef OG_VERDICT_H
#define OG_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "ocigate/err.h"
#include "ocigate/policy.h"

enum og_op { OG_OP_NONE, OG_OP_ADD, OG_OP_REPLACE, OG_OP_REMOVE };

struct og_finding {
	const char *rule;      /* id */
	enum og_action action; /* what the policy asks for */
	enum og_op op;	       /* the edit; OG_OP_NONE for rejects, notes and launch actions */
	const char *path;   /* RFC 6901, in the document as received ("/mounts/-" for an append) */
	const char *before; /* raw JSON; NULL: was absent */
	const char *after;  /* raw JSON; NULL: removed, or not an edit */
	const char *why;    /* one sentence */
	const char *policy_file; /* a path, or the preset's name with line 0 */
	unsigned policy_line;
	bool made;   /* a parent made on the way: part of the patch, not of reports */
	bool secret; /* values must not reach records (/process/env, args, mount data) */
};

struct og_verdict;

void og_verdict_free(struct og_verdict *verdict); /* NULL is fine */
/* The worst action of all findings: OG_OFF or OG_AUDIT: complies; OG_REWRITE; OG_REJECT. */
enum og_action og_verdict_worst(const struct og_verdict *verdict);
size_t og_verdict_count(const struct og_verdict *verdict); /* findings, made parents included */
const struct og_finding *og_verdict_finding(const struct og_verdict *verdict, size_t i);
unsigned og_verdict_launch(const struct og_verdict *verdict); /* mask of enum og_launch */
/* Names of exceptions that applied / would have applied but are past their date. */
size_t og_verdict_exceptions(const struct og_verdict *verdict, const char *const **ret);
size_t og_verdict_expired(const struct og_verdict *verdict, const char *const **ret);

/* What mode and findings make of a launch (the table of modes, ocigate(8)). */
enum og_outcome {
	OG_OUTCOME_REFUSE,
	OG_OUTCOME_AS_IS,     /* as it came */
	OG_OUTCOME_REWRITTEN, /* as edited, with the launch actions */
};
enum og_outcome og_verdict_outcome(const struct og_verdict *verdict, enum og_mode mode);

/*
 * A verdict for what could not be judged: one rejection by the rule "document"
 * that says |cause|. It is refused in every mode.
 */
int og_verdict_unjudged(const struct og_err *cause, const struct og_policy *policy,
			struct og_verdict **ret, struct og_err *reterr);

/* "allow", "rewrite" or "reject", as records say it. */
const char *og_verdict_word(const struct og_verdict *verdict);

enum {
	OG_ENC_VALUES = 1 << 0,	 /* with the values of secrets too (dry-run) */
	OG_ENC_APPLIED = 1 << 1, /* edits were applied: "applied": true */
};
struct og_buf;
/* The findings as a JSON array. |min|: leave out findings below this action. */
void og_verdict_findings(const struct og_verdict *verdict, unsigned flags, enum og_action min,
			 struct og_buf *out);
/* The edits as an RFC 6902 patch (with "test" before replace and remove). */
void og_verdict_patch(const struct og_verdict *verdict, struct og_buf *out);
/*
 * The refusal as users read it, one line under 4,000 bytes without a newline:
 * "ocigate: rejected: RULE: WHY [FILE:LINE] ... MESSAGE".
 */
void og_verdict_refusal(const struct og_verdict *verdict, const char *message, struct og_buf *out);
/* The same for mode explain: "ocigate: complies" or what would be done, under 4,000 bytes. */
void og_verdict_explain(const struct og_verdict *verdict, const char *message, struct og_buf *out);

#endif
