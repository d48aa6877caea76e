/* SPDX-License-Identifier: Apache-2.0 */
/* Which audit logs are meant: to be read where none is given, and to be named by a draft. */
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
	if (r == 0 || err.code != OG_E_NOMEM)
		return 0;
	*reterr = err;
	return -1;
}

int og_logs_find(char *const *given, size_t n, struct og_logs *ret, struct og_err *reterr)
{
	*ret = (struct og_logs){ .paths = given, .n = n };
	if (n > 0)
		return 0;
	if (log_of_policy(ret->log, reterr) < 0)
		return -1;
	if (!ret->log[0])
		snprintf(ret->log, sizeof(ret->log), "%s", OG_AUDIT_LOG);
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

int og_suggest_log(struct og_suggestions *s, char *const *paths, size_t n, struct og_err *reterr)
{
	if (log_of_policy(s->log, reterr) < 0)
		return -1;
	for (size_t i = 0; i < n && !s->log[0]; i++)
		if (!realpath(paths[i], s->log) || !is_kept(s->log))
			s->log[0] = '\0';
	if (!s->log[0])
		snprintf(s->log, sizeof(s->log), "%s", OG_AUDIT_LOG);
	return 0;
}
