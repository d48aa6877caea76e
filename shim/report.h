/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a verdict or a failure is written: stderr, the runtime's --log, the
 * audit log, syslog. Nothing here changes a verdict.
 */
#ifndef OG_REPORT_H
#define OG_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ocigate/err.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"
#include "ocigate/verdict.h"

/* One line to stderr and, as {"level":"error",...}, to the file |log| (NULL: none). */
void og_report_error(const char *text, const char *log);

/* |err| as the line that a person reads: "ocigate: WHERE:LINE:COL: MSG". |size| >= 1024. */
char *og_report_text(const struct og_err *err, char *buf, size_t size);

struct og_audit_record {
	const struct og_policy *policy;
	const char *sha256;
	const struct og_facts *facts;
	const struct og_verdict *verdict;
	enum og_mode mode;
	uint64_t started_ns; /* CLOCK_MONOTONIC */
};

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t og_report_now(void);

/* Write the audit record where the policy wants it; -1: it could not be written. */
int og_report_audit(const struct og_audit_record *record, struct og_err *reterr);

#endif
