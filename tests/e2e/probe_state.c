/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process inherits through execve(2), one "name: value" a line, so that
 * two processes can be compared. Pids are printed only as relations.
 */
#include "probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

static void state_file(FILE *to, const char *name, const char *path)
{
	fprintf(to, "%s: ", name);
	probe_copy(to, path);
}

/* Of /proc/self/status, what does not change from one process to the next. */
static void state_status(FILE *to)
{
	static const char *const keep[] = {
		"Umask:",	 "Uid:",
		"Gid:",		 "Groups:",
		"SigQ:",	 "ShdPnd:",
		"SigBlk:",	 "SigIgn:",
		"SigCgt:",	 "CapInh:",
		"CapPrm:",	 "CapEff:",
		"CapBnd:",	 "CapAmb:",
		"Seccomp:",	 "NoNewPrivs:",
		"SigPnd:",	 "Seccomp_filters:",
		"THP_enabled:",	 "Speculation_Store_Bypass:",
		"Cpus_allowed:", "Mems_allowed:",
	};
	FILE *from = fopen("/proc/self/status", "re");
	char line[1024];

	if (!from)
		return;
	while (fgets(line, sizeof(line), from))
		for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
			if (!strncmp(line, keep[i], strlen(keep[i])) && strncmp(line, "SigQ", 4))
				fputs(line, to);
	fclose(from);
}

static void state_fds(FILE *to)
{
	char path[64], link[512];
	DIR *dir = opendir("/proc/self/fd");
	int own = dir ? dirfd(dir) : -1;

	for (int fd = 0; fd < 256; fd++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0 || fd == own || fd == fileno(to))
			continue;
		link[len] = '\0';
		fprintf(to, "fd %d: %s flags %o\n", fd, link, fcntl(fd, F_GETFL));
	}
	if (dir)
		closedir(dir);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void state_environment(FILE *to)
{
	size_t n = 0;

	while (environ[n])
		n++;
	qsort(environ, n, sizeof(*environ), by_text);
	for (size_t i = 0; i < n; i++)
		fprintf(to, "env: %s\n", environ[i]);
}

void probe_state(FILE *to)
{
	char cwd[4096];

	state_status(to);
	state_file(to, "limits", "/proc/self/limits");
	state_file(to, "oom_score_adj", "/proc/self/oom_score_adj");
	state_file(to, "timerslack", "/proc/self/timerslack_ns");
	state_file(to, "coredump_filter", "/proc/self/coredump_filter");
	fprintf(to, "cwd: %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : "unreadable");
	fprintf(to, "securebits: %d\n", prctl(PR_GET_SECUREBITS));
	fprintf(to, "keepcaps: %d\n", prctl(PR_GET_KEEPCAPS));
	fprintf(to, "child subreaper: %d\n", ({
			int on = -1;
			prctl(PR_GET_CHILD_SUBREAPER, &on);
			on;
		}));
	fprintf(to, "pdeathsig: %d\n", ({
			int sig = -1;
			prctl(PR_GET_PDEATHSIG, &sig);
			sig;
		}));
	fprintf(to, "personality: %x\n", (unsigned)personality(0xffffffff));
	fprintf(to, "nice: %d\n", getpriority(PRIO_PROCESS, 0));
	fprintf(to, "scheduler: %d\n", sched_getscheduler(0));
	fprintf(to, "session leader: %d\n", getsid(0) == getpid());
	fprintf(to, "group leader: %d\n", getpgrp() == getpid());
	fprintf(to, "foreground: %d\n", tcgetpgrp(0) == getpgrp());
	state_fds(to);
	state_environment(to);
}
