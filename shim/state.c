/* SPDX-License-Identifier: Apache-2.0 */
/* The state files of runc (state.json) and crun (status); see state.h. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"

#include "file.h"
#include "place.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *file, *pid, *start;
} state_files[] = {
	{ "state.json", "/init_process_pid", "/init_process_start" }, /* runc */
	{ "status", "/pid", "/process-start-time" },		      /* crun */
};

/* Each runtime's own state directory, below /run or XDG_RUNTIME_DIR. */
static const char *const defaults[] = { "runc", "crun" };

static const char *default_dir(void)
{
	return og_is_rootless() ? getenv("XDG_RUNTIME_DIR") : "/run";
}

/* Which one is told by the file's name: the one that a link leads to, or else its own. */
static const char *default_name(const char *runtime)
{
	char real[PATH_MAX];
	bool is_real = runtime[0] == '/' && og_path_real(AT_FDCWD, runtime, real);

	for (const char *path = is_real ? real : runtime; path;
	     path = path == real ? runtime : NULL)
		for (size_t i = 0; i < COUNT(defaults); i++)
			if (strstr(og_path_base(path), defaults[i]))
				return defaults[i];
	return defaults[0];
}

/* The default of the other runtime, where |root| is one's. */
static bool other_default(const char *root, char buf[PATH_MAX])
{
	const char *dir = default_dir();
	size_t len = dir ? strlen(dir) : 0;

	if (len == 0 || len > PATH_MAX / 2 || strncmp(root, dir, len) != 0 || root[len] != '/')
		return false;
	for (size_t i = 0; i < COUNT(defaults); i++)
		if (strcmp(root + len + 1, defaults[i]) == 0)
			return snprintf(buf, PATH_MAX, "%s/%s", dir, defaults[!i]) > 0;
	return false;
}

int og_state_root(const char *given, const char *runtime, char **ret, struct og_err *reterr)
{
	og_auto_free char *cwd = NULL;
	const char *dir, *name = given;
	int len;

	if (!given) {
		name = default_name(runtime);
		dir = default_dir();
		if (!dir || dir[0] != '/')
			return og_fail(reterr, OG_E_HOST,
				       "XDG_RUNTIME_DIR is not set: the runtime's state "
				       "directory is not known; give --root");
	} else if (given[0] == '/') {
		dir = "";
		name = given + 1;
	} else {
		dir = cwd = getcwd(NULL, 0);
		if (!cwd)
			return og_fail_sys(reterr, errno, "cannot tell the working directory");
		if (strcmp(dir, "/") == 0)
			dir = "";
	}
	len = asprintf(ret, "%s/%s", dir, name);
	if (len < 0)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	while (len > 1 && (*ret)[len - 1] == '/')
		(*ret)[--len] = '\0';
	return 0;
}

/* Whether a file is there and was not read, or not to be trusted: that says nothing of the rest. */
static bool is_unread(const struct og_err *err)
{
	return err->code != OG_E_CONFIG && err->sys_errno != ENOENT && err->sys_errno != ESRCH;
}

struct process {
	uint64_t start; /* 0: there is no such process */
	bool ended;	/* and waits for its parent: no thread of it runs */
};

/* By a file /proc/PID/stat. */
static int read_stat(const char *path, struct process *ret)
{
	og_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[4096], state = '\0', *at;
	unsigned long long threads = 0;
	ssize_t len;

	*ret = (struct process){ 0 };
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	/* one line of a few hundred bytes, given at once */
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return errno == ESRCH ? 0 : -1;
	text[len] = '\0';
	/* The name, the second field, may hold anything but ends in the last ")". */
	at = strrchr(text, ')');
	for (int field = 3; at && field <= 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
		if (at && field == 3)
			state = *at;
		else if (at && field == 20)
			threads = strtoull(at, NULL, 10);
	}
	ret->start = at ? strtoull(at, NULL, 10) : 0;
	/* it is "Z" also where its first thread alone has ended, and others go on */
	ret->ended = at && (state == 'Z' || state == 'X') && threads <= 1;
	return 0;
}

static int look(pid_t pid, struct process *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return read_stat(path, ret);
}

int og_process_look(pid_t pid, uint64_t *ret)
{
	struct process process;
	int r = look(pid, &process);

	*ret = process.start;
	return r;
}

pid_t og_process_self(uint64_t *now)
{
	long ticks = sysconf(_SC_CLK_TCK);
	struct timespec boot; /* time since then */
	char pid[32];
	ssize_t len = readlink("/proc/self", pid, sizeof(pid) - 1);

	*now = 0;
	if (len < 0 || ticks <= 0 || clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return 0;
	pid[len] = '\0';
	*now = (uint64_t)(boot.tv_sec * ticks + boot.tv_nsec / (1000000000 / ticks));
	return (pid_t)strtol(pid, NULL, 10);
}

uint64_t og_process_start(pid_t pid)
{
	uint64_t start;

	return og_process_look(pid, &start) == 0 ? start : 0;
}

/* The process, from |text|; |ret| is as it was where it is not told. */
static bool parse_state(size_t which, const char *text, size_t len, struct og_state *ret,
			struct og_err *reterr)
{
	struct og_doc *doc = NULL;
	uint64_t pid = 0, started = 0;
	struct process process;
	bool told;

	if (og_doc_parse(state_files[which].file, text, len, 0, &doc, reterr) < 0)
		return false;
	told = og_u64(og_get(og_doc_root(doc), state_files[which].pid), &pid) == 0 &&
	       og_u64(og_get(og_doc_root(doc), state_files[which].start), &started) == 0;
	og_doc_free(doc);
	if (!told)
		return false;
	ret->start = started;
	if (pid > 0 && pid <= INT32_MAX) {
		ret->unknown |= look((pid_t)pid, &process) < 0;
		ret->pid = process.start == started ? (pid_t)pid : 0;
		ret->ended = ret->pid && process.ended;
	}
	return true;
}

static bool read_state(int dirfd, size_t which, struct og_state *ret)
{
	static const char rest[] = ",\"config\":";
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	char *cut = NULL;
	bool told = false;
	size_t len = 0;

	if (og_file_read(dirfd, state_files[which].file, OG_DOC_MAX_BYTES, OG_FILE_TRUSTED, &text,
			 &len, NULL, &err) == 0)
		cut = memmem(text, len, rest, sizeof(rest) - 1);
	/* runc's has the process first, and then 30 KB that take longer than all else */
	if (cut) {
		*cut = '}';
		told = parse_state(which, text, (size_t)(cut - text) + 1, ret, &err);
		*cut = ',';
	}
	if (!told && text) {
		err = (struct og_err){ 0 };
		told = parse_state(which, text, len, ret, &err);
	}
	ret->unknown |= !told && is_unread(&err);
	return told;
}

static void read_below(const char *root, const char *id, struct og_state *ret)
{
	og_auto_close int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	og_auto_close int fd = -1;

	memset(ret, 0, sizeof(*ret));
	if (rootfd >= 0)
		fd = openat(rootfd, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ret->exists = fd >= 0 || errno != ENOENT;
	ret->unknown = fd < 0 && ret->exists;
	if (fd < 0)
		return;
	for (size_t i = 0; i < COUNT(state_files); i++)
		if (read_state(fd, i, ret))
			break;
	/* Both keep this FIFO from "create" until "start" has opened it. */
	ret->created = ret->pid && faccessat(fd, "exec.fifo", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	ret->unknown |= ret->pid && !ret->created && errno != ENOENT;
}

void og_state_read(const char *root, const char *id, struct og_state *ret)
{
	char other[PATH_MAX];

	read_below(root, id, ret);
	if (!ret->exists && other_default(root, other))
		read_below(other, id, ret);
}
