/* SPDX-License-Identifier: Apache-2.0 */
/* A unified diff of two texts, by diff(1), which every Debian system has. */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../file.h"
#include "ctl.h"

static void become_diff(const char *name, const char *was, const char *is, int before, int after)
{
	char from[32], to[32], from_label[256], to_label[256];
	char *const env[] = { NULL };

	snprintf(from, sizeof(from), "/proc/self/fd/%d", before);
	snprintf(to, sizeof(to), "/proc/self/fd/%d", after);
	snprintf(from_label, sizeof(from_label), "--label=%s (%s)", name, was);
	snprintf(to_label, sizeof(to_label), "--label=%s (%s)", name, is);
	execle("/usr/bin/diff", "diff", og_ctl_colour() ? "--color=always" : "--color=never", "-U2",
	       from_label, to_label, from, to, NULL, env);
	_exit(127);
}

int og_ctl_diff(const char *name, const struct og_buf *before, const struct og_buf *after,
		struct og_err *reterr)
{
	return og_ctl_diff_of(name, "asked for", "launched", before, after, reterr);
}

int og_ctl_diff_of(const char *name, const char *from, const char *to, const struct og_buf *before,
		   const struct og_buf *after, struct og_err *reterr)
{
	og_auto_close int a = og_memfd("before", before->data, before->len, reterr);
	og_auto_close int b = a < 0 ? -1 : og_memfd("after", after->data, after->len, reterr);
	int status;
	pid_t pid;

	if (a < 0 || b < 0)
		return -1;
	if (fflush(stdout) != 0)
		return og_fail_sys(reterr, errno, "standard output cannot be written");
	pid = fork();
	if (pid == 0)
		become_diff(name, from, to, a, b);
	if (pid < 0)
		return og_fail_sys(reterr, errno, "fork");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return og_fail_sys(reterr, errno, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return og_fail(reterr, OG_E_HOST, "/usr/bin/diff failed%s",
			       WIFEXITED(status) && WEXITSTATUS(status) == 127
				       ? ": the package is diffutils"
				       : "");
	return 0;
}
