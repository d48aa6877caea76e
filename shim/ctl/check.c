/* SPDX-License-Identifier: Apache-2.0 */
/* ocigatectl check: every error and warning of a policy, FILE:LINE:COL, all at once. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "ocigate/facts.h"

#include "../clock.h"
#include "../file.h"
#include "../place.h"
#include "../policyfile.h"
#include "ctl.h"

struct tally {
	unsigned errors, warnings;
};

struct reporter {
	og_report_fn *report;
	void *ctx;
};

static void print_problem(void *ctx, bool warning, const struct og_err *problem)
{
	struct tally *tally = ctx;

	*(warning ? &tally->warnings : &tally->errors) += 1;
	og_ctl_say(stdout, 4, "%s%s%s%s: %s%s", og_ctl_paint(OG_BOLD), OG_PLACE(problem, ""),
		   og_ctl_paint(warning ? OG_GREEN : OG_RED), warning ? "warning" : "error",
		   og_ctl_paint(OG_PLAIN), problem->msg);
}

/* Whether launches would take the file, which a draft need not be fit for yet. */
static int warn_untrusted(const char *path, struct tally *tally)
{
	struct og_policyfiles files;
	struct og_err err = { 0 };

	if (og_policyfile_read(path, false, &files, &err) == 0) {
		og_policyfile_release(&files);
		return 0;
	}
	if (err.code == OG_E_NOMEM)
		return og_ctl_error(&err);
	tally->warnings++;
	/* it may be one that it extends */
	printf("%swarning: not usable where it is: %s\n", OG_PLACE(&err, path), err.msg);
	return 0;
}

/* A path as it is; of a glob, the directory in which names are looked for. */
static bool is_bendable(const struct og_item *item)
{
	char dir[PATH_MAX];
	size_t len = item->glob ? strcspn(item->text, "*") : strlen(item->text);
	struct stat st;

	if (len == 0 || len >= sizeof(dir))
		return false;
	memcpy(dir, item->text, len);
	dir[len] = '\0';
	if (item->glob)
		strrchr(dir, '/')[1] = '\0';
	return stat(dir, &st) == 0 && !og_path_is_safe(dir, item->glob ? 0 : OG_SAFE_ANY_END);
}

__attribute__((format(printf, 3, 4))) static void
warn(struct reporter *to, const struct og_item *item, const char *fmt, ...)
{
	struct og_err problem = { .line = item->line, .col = 1 };
	va_list ap;

	snprintf(problem.where, sizeof(problem.where), "%s", item->file ? item->file : "");
	va_start(ap, fmt);
	vsnprintf(problem.msg, sizeof(problem.msg), fmt, ap);
	va_end(ap);
	to->report(to->ctx, true, &problem);
}

/* As it is mounted now; a glob's sources are looked at when there are any. */
static bool lies_on_setuid(const struct og_item *item)
{
	struct statvfs fs;

	return !item->glob && statvfs(item->text, &fs) == 0 &&
	       (fs.f_flag & (ST_NOSUID | ST_NODEV)) != (ST_NOSUID | ST_NODEV);
}

/* As it is now; sources are compared by their real path. */
static bool leads_elsewhere(const struct og_item *item, char real[PATH_MAX])
{
	return !item->glob && realpath(item->text, real) && strcmp(real, item->text) != 0;
}

/* Sources that others than root decide about, and such that will not be had as they are listed. */
static void warn_sources(const struct og_list *allow, struct reporter *to)
{
	for (size_t i = 0; i < allow->n; i++) {
		const struct og_item *item = &allow->items[i];
		char real[PATH_MAX];

		if (leads_elsewhere(item, real))
			warn(to, item,
			     "the source %s leads through a symbolic link and permits nothing: "
			     "list "
			     "what it leads to, %s",
			     OG_Q(item->text), OG_Q(real));
		if (is_bendable(item))
			warn(to, item,
			     "the source %s can be exchanged or made by others than root, who may "
			     "write a directory on the way to it",
			     OG_Q(item->text));
		if (item->access == OG_RW && !item->accept_setuid && lies_on_setuid(item))
			warn(to, item,
			     "the source %s cannot be had writable: its file system is not mounted "
			     "nosuid and nodev; mount it so, or write \"accept\": \"setuid\"",
			     OG_Q(item->text));
	}
}

/* Ids that login.defs(5) gives to people; above them lie nobody's and those of user namespaces. */
static bool spans_accounts(const struct og_list *uids)
{
	for (size_t i = 0; i < uids->n; i++)
		if (uids->items[i].lo < uids->items[i].hi && uids->items[i].lo <= 60000)
			return true;
	return uids->n == 0;
}

/* The runtime is not told who calls: whoever may launch at all is any of the uids. */
static void warn_uids(const struct og_effective *effective, const struct og_list *allow,
		      struct reporter *to)
{
	enum og_action action = og_effective_action(effective, OG_RULE_user);
	bool open = action == OG_OFF || action == OG_AUDIT;

	if (allow->n > 0 && (open || spans_accounts(og_effective_list(effective, OG_OPT_user_uid))))
		warn(to, &allow->items[0],
		     "whoever may launch containers may be %s in them, and has that user's rights "
		     "to the files below the allowed sources: see the option \"uid\" of the rule "
		     "user",
		     open ? "any user, root too," : "any user of the allowed uids");
}

/* What an administrator will not want to find out later, as the host stands now. */
void og_ctl_warn_mounts(const struct og_policy *policy, og_report_fn *report, void *ctx)
{
	static const struct og_facts nothing = { .today = "" };
	struct reporter to = { report, ctx };
	struct og_effective *effective = NULL;
	struct og_err err = { 0 };
	const struct og_list *allow;

	if (og_policy_effective(policy, &nothing, &effective, &err) < 0)
		return;
	allow = og_effective_list(effective, OG_OPT_mounts_allow);
	warn_sources(allow, &to);
	warn_uids(effective, allow, &to);
	og_effective_free(effective);
}

/* One that has ended does nothing any more, and its container is refused. */
static void warn_expired(const struct og_policy *policy, const char *path, struct tally *tally)
{
	char today[OG_DATE_SIZE];
	const char *name, *expires;

	og_clock_date(time(NULL), today);
	for (size_t i = 0; (name = og_policy_exception(policy, i, &expires)); i++) {
		struct og_err err = { 0 };

		if (!expires || strcmp(today, expires) <= 0)
			continue;
		og_fail(&err, OG_E_POLICY,
			"the exception %s ended on %s: take it out, or give it a later day",
			OG_Q(name), expires);
		og_err_where(&err, path, 0, 0);
		print_problem(tally, true, &err);
	}
}

int og_ctl_check(const struct og_subcommand *self, int argc, char *argv[])
{
	struct og_policyfiles files;
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };
	struct tally tally = { 0 };
	og_auto_free char *path = NULL;
	int r;

	if (argc > 1 && argv[1][0] == '-')
		return og_ctl_usage(self, "%s is no option", OG_Q(argv[1]));
	if (argc > 2)
		return og_ctl_usage(self, "%s: one policy file at most", OG_Q(argv[2]));
	if (og_ctl_find_policy(argc == 2 ? argv[1] : NULL, &path, &err) < 0 ||
	    og_policyfile_read(path, true, &files, &err) < 0)
		return og_ctl_error(&err);
	r = og_policy_compile(files.sources, files.n, print_problem, &tally, &policy, &err);
	if (r == 0)
		og_ctl_warn_mounts(policy, print_problem, &tally);
	if (r == 0)
		warn_expired(policy, path, &tally);
	og_policyfile_release(&files);
	og_policy_free(policy);
	if (r < 0 && tally.errors == 0)
		return og_ctl_error(&err);
	if (r == 0 && warn_untrusted(path, &tally) != 0)
		return OG_CTL_ERROR;
	printf("%s: %u error%s, %u warning%s\n", path, tally.errors, tally.errors == 1 ? "" : "s",
	       tally.warnings, tally.warnings == 1 ? "" : "s");
	return r < 0 ? OG_CTL_ERROR : OG_CTL_OK;
}
