/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are an engine's: by what the kernel says of them, not by what they do. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "shim/file.h"
#include "shim/place.h"

/* The lines before its groups, of which there may be many. */
#define STATUS_FRONT 2048

bool og_process_is_gone(int sys_errno)
{
	return sys_errno == ENOENT || sys_errno == ESRCH;
}

/* What cannot be told of a process that is there is a failure: it might hold the port. */
static int fail(const char *pid, int sys_errno, struct og_err *reterr)
{
	return og_process_is_gone(sys_errno) ? 0
					     : og_fail_sys(reterr, sys_errno, "process %s", pid);
}

/* The front of a file of its directory, as a string, which is empty when that fails: -1. */
static int read_front(const char *pid, const char *file, char *buf, size_t size)
{
	og_auto_close int fd = -1;
	char path[300];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, buf, size - 1);
	buf[len > 0 ? len : 0] = '\0';
	return len < 0 ? -1 : 0;
}

/* 1: root started it, also before any set-user-ID program that it may have become. 0: no. */
static int is_roots(const char *pid, struct og_err *reterr)
{
	/* proc_pid_status(5): real, effective, saved set, file system */
	static const char all_root[] = "\nUid:\t0\t0\t0\t0\n";
	char text[STATUS_FRONT];

	if (read_front(pid, "status", text, sizeof(text)) < 0)
		return fail(pid, errno, reterr);
	return strstr(text, all_root) != NULL;
}

/* 1: it runs where we do, not in a container. 0: no. */
static int is_hosts(const char *pid, const char *kind, struct og_err *reterr)
{
	struct stat ours, theirs;
	char path[300];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	if (stat(path, &ours) < 0)
		return og_fail_sys(reterr, errno, "%s", path);
	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, kind);
	if (stat(path, &theirs) < 0)
		return fail(pid, errno, reterr);
	return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static bool is_one_of(const char *base, const char *const *names)
{
	static const char deleted[] = " (deleted)"; /* by an update, while it runs */

	for (; *names; names++) {
		size_t n = strlen(*names);

		if (strncmp(base, *names, n) == 0 && (!base[n] || strcmp(base + n, deleted) == 0))
			return true;
	}
	return false;
}

/* By the first word of its command line, which everybody may read and write. */
static bool is_called(const char *pid, const char *const *names)
{
	char word[PATH_MAX];

	read_front(pid, "cmdline", word, sizeof(word));
	return is_one_of(og_path_base(word), names);
}

/* 1: its program has one of |names|. 0: no. */
static int is_named(const char *pid, const char *const *names, struct og_err *reterr)
{
	char path[300], program[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	len = readlink(path, program, sizeof(program) - 1);
	/* of one that may do more than we: what it is matters if it is called so */
	if (len < 0 && errno == EACCES && !is_called(pid, names))
		return 0;
	if (len < 0)
		return fail(pid, errno, reterr);
	program[len] = '\0';
	return is_one_of(og_path_base(program), names);
}

/*
 * Anybody may run a program with such a command line: root of a container, and a user one
 * that is root's by its mode (su waits for a password). First is asked what no process can
 * make anybody wait for, as it can for its command line.
 */
static int is_wanted(const char *pid, const char *const *names, struct og_err *reterr)
{
	struct stat st;
	char path[300];
	int r;

	snprintf(path, sizeof(path), "/proc/%s", pid);
	if (stat(path, &st) < 0)
		return fail(pid, errno, reterr);
	r = st.st_uid == 0 ? is_named(pid, names, reterr) : 0;
	r = r > 0 ? is_roots(pid, reterr) : r;
	r = r > 0 ? is_hosts(pid, "pid", reterr) : r;
	return r > 0 ? is_hosts(pid, "net", reterr) : r;
}

int og_process_each(const char *const *names, og_process_fn *fn, void *ctx, struct og_err *reterr)
{
	DIR *stream = opendir("/proc");
	const struct dirent *entry;
	int r = stream ? 0 : og_fail(reterr, OG_E_HOST, "/proc cannot be read");

	while (r == 0 && (entry = og_readdir(stream, &r, reterr))) {
		if (entry->d_name[strspn(entry->d_name, "0123456789")] != '\0')
			continue;
		r = is_wanted(entry->d_name, names, reterr);
		if (r > 0)
			r = fn(ctx, entry->d_name, reterr);
	}
	if (stream)
		closedir(stream);
	return r;
}
