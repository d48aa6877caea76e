/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What report and suggest gather from audit logs, and the forms in which it is shown:
 * report.c (text, JSON), report_html.c (a page), suggest.c (a policy). Which logs those
 * are is in whichlog.c.
 */
#ifndef OG_CTL_REPORT_H
#define OG_CTL_REPORT_H

#include <limits.h>

#include "auditlog.h"
#include "ocigate/buf.h"

#define OG_AUDIT_LOG "/var/log/ocigate/audit.jsonl"

/* The logs to read. Not to be copied: |paths| may lead into it. */
struct og_logs {
	char *const *paths;
	size_t n;
	char *usual[2];
	char log[PATH_MAX], rotated[PATH_MAX + 2];
	char named[PATH_MAX]; /* by the policy in force, where that was read; "": none */
};
/*
 * Those that are |given|; without any that of the policy in force, OG_AUDIT_LOG where it
 * names none, and before it the one that was rotated last, LOG.1. The policy is read for
 * that, and where |draft|; why it could not be is said on stderr.
 */
int og_logs_find(char *const *given, size_t n, bool draft, struct og_logs *ret,
		 struct og_err *reterr);

/* The columns: what became of a launch, or would become under "enforce". */
enum { OG_REJECTED, OG_REWRITTEN, OG_NOTED, OG_COMPLIED };
extern const char *const og_report_columns[OG_TALLY_COLUMNS];

/* Whether a record is of an exec or update, of which one container can have any number. */
bool og_record_is_later(const struct og_node *record);

/* What the log would have needed to comply. */
struct og_suggestions {
	struct og_tally additions; /* "INDEX\tJSON" */
	struct og_tally others;	   /* "RULE" */
	uint64_t launches, later;
	char log[PATH_MAX]; /* where records go on to under the policy to review */
};

/* The members of a record that og_suggest_take wants, and an og_log_fn of an og_suggestions. */
extern const char *const og_suggest_keys[];
int og_suggest_take(void *ctx, const struct og_node *record, struct og_err *reterr);
/*
 * The log for the policy to name: that of the policy in force, or else the first of |logs|
 * that ends in ".jsonl" where only root may write, or else OG_AUDIT_LOG.
 */
void og_suggest_log(struct og_suggestions *s, const struct og_logs *logs);
/* The policy to review, with what check says of it; ends the taking. */
void og_suggest_print(struct og_suggestions *s, const struct og_logstat *stat, const char *extends,
		      struct og_buf *out);
void og_suggest_free(struct og_suggestions *s);

struct og_counts {
	uint64_t n[OG_TALLY_COLUMNS];
	struct og_tally rules, images, days;
};

struct og_report {
	const char *since; /* "": from the start */
	struct og_counts launches, later;
	uint64_t left_out;
	char first[40], last[40];
	struct og_suggestions *suggestions; /* gathered in the same reading; or NULL */
};

/* One page of HTML that needs no other file: the tables, as charts, and the suggestion. */
void og_report_html(const struct og_report *report, const struct og_logstat *stat,
		    const char *extends, struct og_buf *out);

#endif
