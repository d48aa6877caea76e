/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running ocigate-ports in a child. It is a program of its own so that the code which
 * speaks to nftables is not in the one that every launch runs.
 */
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "place.h"

static const char helper[] = OG_LIBEXECDIR "/ocigate-ports";

/* Its status, and the one line that it printed. */
static int run(const char *what, const struct og_record *record, char *line, size_t size)
{
	const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const char *const argv[] = {
		"ocigate-ports", what, "--root", record->root, record->id, NULL
	};
	og_auto_close int out = memfd_create("ports", MFD_CLOEXEC);
	posix_spawn_file_actions_t actions;
	ssize_t n;
	int status, r;
	pid_t pid;

	line[0] = '\0';
	if (out < 0 || posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	r = r ? r : posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	r = r ? r : posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	r = r ? r
	      : posix_spawn(&pid, helper, &actions, NULL, (char *const *)(const void *)argv,
			    (char *const *)(const void *)environment);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	n = pread(out, line, size - 1, 0);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* |cannot|, |failed|: what it means that it is not there, and that it says no. */
static int demand(const char *what, const struct og_record *record, const char *cannot,
		  const char *failed, struct og_err *reterr)
{
	static const char own[] = "ocigate-ports: ";
	char line[512];
	const char *why = line;

	if (!og_path_is_safe(helper, 0))
		return og_fail(reterr, OG_E_HOST,
			       "%s: %s is not there, or others than root may write it", cannot,
			       helper);
	if (run(what, record, line, sizeof(line)) == 0)
		return 0;
	if (strncmp(line, own, sizeof(own) - 1) == 0)
		why += sizeof(own) - 1;
	return og_fail(reterr, OG_E_HOST, "%s: %.300s", failed,
		       *why ? why : "ocigate-ports died without a word");
}

int og_ports_up(const struct og_record *record, struct og_err *reterr)
{
	return demand("up", record, "published ports cannot be guarded", "the port guard failed",
		      reterr);
}

int og_ports_check(const struct og_record *record, struct og_err *reterr)
{
	return demand("check", record, "the kind of the network cannot be known",
		      "rejected: network-host", reterr);
}

void og_ports_down(const struct og_record *record)
{
	char line[64];

	if (og_path_is_safe(helper, 0))
		run("down", record, line, sizeof(line));
}
