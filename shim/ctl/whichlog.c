/* SPDX-License-Identifier: Apache-2.0 */
/* Which audit logs are meant: to be read where none is given, and to be named by a draft. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../file.h"
#include "../place.h"
#include "../policyfile.h"
#include "ctl.h"
#include "report.h"

/* A typo in the policy would read like a log that is not there; no policy is no mistake. */
static void say_unread(const char *path, const struct og_err *why)
{
	if (!path || (access(path, F_OK) < 0 && errno == ENOENT))
		return;
	fprintf(stderr, "ocigatectl: which log the policy names is not known: %s%s\n",
		OG_PLACE(why, path), why->msg);
}

/* What the policy in force names; "" where it cannot be read or names none. */
static int log_of_policy(char ret[PATH_MAX], struct og_err *reterr)
{
	og_auto_free char *path = NULL;
	struct og_policyfiles files;
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };
	const char *file;
	int r = og_ctl_find_policy(NULL, &path, &err);

	ret[0] = '\0';
	if (r == 0)
		r = og_policyfile_read(path, false, &files, &err);
	if (r == 0) {
		r = og_policy_compile(files.sources, files.n, NULL, NULL, &policy, &err);
		og_policyfile_release(&files);
	}
	file = r == 0 ? og_policy_audit(policy)->file : NULL;
	if (file && strlen(file) < PATH_MAX)
		memcpy(ret, file, strlen(file) + 1);
	og_policy_free(policy);
	if (r < 0 && err.code == OG_E_NOMEM) {
		*reterr = err;
		return -1;
	}
	if (r < 0)
		say_unread(path, &err);
	return 0;
}

int og_logs_find(char *const *given, size_t n, bool draft, struct og_logs *ret,
		 struct og_err *reterr)
{
	*ret = (struct og_logs){ .paths = given, .n = n };
	if ((n == 0 || draft) && log_of_policy(ret->named, reterr) < 0)
		return -1;
	if (n > 0)
		return 0;
	snprintf(ret->log, sizeof(ret->log), "%s", ret->named[0] ? ret->named : OG_AUDIT_LOG);
	/* as logrotate calls it: what happened earlier is read first */
	snprintf(ret->rotated, sizeof(ret->rotated), "%s.1", ret->log);
	if (access(ret->rotated, F_OK) == 0)
		ret->usual[ret->n++] = ret->rotated;
	/* just rotated, and nothing happened since */
	if (ret->n == 0 || access(ret->log, F_OK) == 0)
		ret->usual[ret->n++] = ret->log;
	ret->paths = ret->usual;
	return 0;
}

/* Not one that was rotated, packed or copied: records would go on to a file that nobody keeps. */
static bool is_kept(const char *path)
{
	char dir[PATH_MAX];
	size_t len = strlen(path), base = (size_t)(og_path_base(path) - path);
	struct stat st;

	if (len < 6 || strcmp(path + len - 6, ".jsonl") != 0 || base < 2 || stat(path, &st) < 0 ||
	    !S_ISREG(st.st_mode))
		return false;
	memcpy(dir, path, base - 1);
	dir[base - 1] = '\0';
	return og_path_is_safe(dir, 0);
}

void og_suggest_log(struct og_suggestions *s, const struct og_logs *logs)
{
	memcpy(s->log, logs->named, sizeof(s->log));
	for (size_t i = 0; i < logs->n && !s->log[0]; i++)
		if (!realpath(logs->paths[i], s->log) || !is_kept(s->log))
			s->log[0] = '\0';
	if (!s->log[0])
		snprintf(s->log, sizeof(s->log), "%s", OG_AUDIT_LOG);
}
