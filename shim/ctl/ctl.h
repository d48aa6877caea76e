/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl: one file per subcommand, one table (main.c). Shared here: reading
 * a policy and a document as a person points at them, and colours.
 */
#ifndef OG_CTL_H
#define OG_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "ocigate/err.h"
#include "ocigate/policy.h"

/* Exit statuses; of several bundles the worst, in the order 2, 1, 4, 3, 0. */
enum og_ctl_exit {
	OG_CTL_OK = 0,
	OG_CTL_ERROR = 1,
	OG_CTL_USAGE = 2,
	OG_CTL_REWRITTEN = 3,
	OG_CTL_REJECTED = 4,
};

struct og_subcommand {
	const char *name, *arguments, *summary, *example;
	int (*run)(const struct og_subcommand *self, int argc, char *argv[]);
};

int og_ctl_check(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_show(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_report(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_suggest(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_rule(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_schema(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_ports(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_install(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_uninstall(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_status(const struct og_subcommand *self, int argc, char *argv[]);
int og_ctl_dry_run(const struct og_subcommand *self, int argc, char *argv[]);

#define OG_HOSTS_POLICY "/etc/ocigate/policy.json"
/*
 * Which policy is meant: |given|, or what launches of the caller's would be judged by, or
 * (a user who has none of his own) the host's. *ret owned by the caller.
 */
int og_ctl_find_policy(const char *given, char **ret, struct og_err *reterr);

/* Report what check says of the policy's allowed sources, as the host stands now. */
void og_ctl_warn_mounts(const struct og_policy *policy, og_report_fn *report, void *ctx);

/* Print what was wrong with the arguments, and how a subcommand is used, to stderr; OG_CTL_USAGE.
 */
int og_ctl_usage(const struct og_subcommand *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same to stdout, for --help; OG_CTL_OK. */
int og_ctl_help(const struct og_subcommand *self);
/* Print "ocigatectl: WHERE:LINE:COL: MSG" to stderr; OG_CTL_ERROR. */
int og_ctl_error(const struct og_err *err);

/* Print |out| to stdout, all of it or OG_CTL_ERROR with a message. */
int og_ctl_print(const struct og_buf *out);
/* Write out what was printed: OG_CTL_ERROR where any of it was lost, with a message, once. */
int og_ctl_flush(void);

/* Whether stdout is a terminal that wants colour (NO_COLOR unset). */
bool og_ctl_colour(void);
/* An escape sequence, or "" without colour. */
const char *og_ctl_paint(const char *sequence);
#define OG_RED	 "\033[31m"
#define OG_GREEN "\033[32m"
#define OG_BOLD	 "\033[1m"
#define OG_PLAIN "\033[0m"

/* Columns of the terminal that |out| is; 0: it is none. */
unsigned og_ctl_columns(FILE *out);
/* A line, or some; on a terminal folded at blanks to its width, what goes on indented. */
void og_ctl_say(FILE *out, unsigned indent, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* |node| as text with one value per line, for people and for diff(1). */
void og_ctl_pretty(const struct og_node *node, struct og_buf *out);
/* Print a unified diff of two texts; both stay the caller's. */
int og_ctl_diff(const char *name, const struct og_buf *before, const struct og_buf *after,
		struct og_err *reterr);
/* The same, saying what the two are. */
int og_ctl_diff_of(const char *name, const char *from, const char *to, const struct og_buf *before,
		   const struct og_buf *after, struct og_err *reterr);

#endif
