/* SPDX-License-Identifier: Apache-2.0 */
/* ocigatectl check: every error and warning of a policy, FILE:LINE:COL, all at once. */
#include <stdio.h>
#include <stdlib.h>

#include "../policyfile.h"
#include "ctl.h"

struct tally {
	unsigned errors, warnings;
};

static void print_problem(void *ctx, bool warning, const struct og_err *problem)
{
	struct tally *tally = ctx;

	*(warning ? &tally->warnings : &tally->errors) += 1;
	printf("%s%s:%u:%u: %s%s: %s%s\n", og_ctl_paint(OG_BOLD), problem->where, problem->line,
	       problem->col, og_ctl_paint(warning ? OG_GREEN : OG_RED),
	       warning ? "warning" : "error", og_ctl_paint(OG_PLAIN), problem->msg);
}

/* Whether launches would take the file, which a draft need not be fit for yet. */
static void warn_untrusted(const char *path, struct tally *tally)
{
	struct og_policyfiles files;
	struct og_err err = { 0 };

	if (og_policyfile_read(path, false, &files, &err) == 0) {
		og_policyfile_release(&files);
		return;
	}
	tally->warnings++;
	printf("%s: warning: not usable where it is: %s\n", path, err.msg);
}

int og_ctl_check(const struct og_subcommand *self, int argc, char *argv[])
{
	struct og_policyfiles files;
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };
	struct tally tally = { 0 };
	og_auto_free char *path = NULL;
	int r;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return og_ctl_usage(self, "one policy file at most");
	if (og_policyfile_find(argc == 2 ? argv[1] : NULL, "policy", &path, &err) < 0 ||
	    og_policyfile_read(path, true, &files, &err) < 0)
		return og_ctl_error(&err);
	r = og_policy_compile(files.sources, files.n, print_problem, &tally, &policy, &err);
	og_policyfile_release(&files);
	og_policy_free(policy);
	if (r < 0 && tally.errors == 0)
		return og_ctl_error(&err);
	if (r == 0)
		warn_untrusted(path, &tally);
	printf("%s: %u error%s, %u warning%s\n", path, tally.errors, tally.errors == 1 ? "" : "s",
	       tally.warnings, tally.warnings == 1 ? "" : "s");
	return r < 0 ? OG_CTL_ERROR : OG_CTL_OK;
}
