/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's userland proxies: "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 32768
 * -container-ip 172.17.0.2 -container-port 80". Where the user asked for any port, no
 * record says which one the daemon took; its proxy does. Without proxies nothing but
 * forwarded packets reaches such a port, and these are judged by where they go.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "shim/file.h"
#include "shim/place.h"

#define CMDLINE_MAX  4096
/* The lines before its groups, of which there may be many. */
#define STATUS_FRONT 2048

static const char *const proxies[] = { "docker-proxy", NULL };

struct words {
	const char *text;
	size_t len;
};

/* The word behind |flag|; "" when there is none. */
static const char *value_of(const struct words *words, const char *flag)
{
	const char *end = words->text + words->len;

	for (const char *word = words->text; word < end; word += strlen(word) + 1) {
		const char *next = word + strlen(word) + 1;

		if (strcmp(word, flag) == 0 && next < end)
			return next;
	}
	return "";
}

static bool parse(const struct words *words, struct og_proxy *ret)
{
	snprintf(ret->proto, sizeof(ret->proto), "%s", value_of(words, "-proto"));
	snprintf(ret->host_ip, sizeof(ret->host_ip), "%s", value_of(words, "-host-ip"));
	snprintf(ret->container_ip, sizeof(ret->container_ip), "%s",
		 value_of(words, "-container-ip"));
	ret->host_port = (unsigned)strtoul(value_of(words, "-host-port"), NULL, 10);
	ret->container_port = (unsigned)strtoul(value_of(words, "-container-port"), NULL, 10);
	return ret->host_port > 0 && ret->host_port < 65536 && ret->container_port > 0;
}

/* Whether a process could not be looked at because it is there no more. */
static bool is_gone(int sys_errno)
{
	return sys_errno == ENOENT || sys_errno == ESRCH;
}

/* What cannot be told of a process that is there is a failure: it might hold the port. */
static int fail(const char *pid, int sys_errno, struct og_err *reterr)
{
	return is_gone(sys_errno) ? 0 : og_fail_sys(reterr, sys_errno, "process %s", pid);
}

/* 1: root started it, also before any set-user-ID program that it may have become. 0: no. */
static int is_roots(const char *pid, struct og_err *reterr)
{
	/* proc_pid_status(5): real, effective, saved set, file system */
	static const char all_root[] = "\nUid:\t0\t0\t0\t0\n";
	char path[300], text[STATUS_FRONT];
	og_auto_close int fd = -1;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return fail(pid, errno, reterr);
	text[len] = '\0';
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
	char path[300], word[PATH_MAX];
	og_auto_close int fd = -1;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, word, sizeof(word) - 1);
	word[len > 0 ? len : 0] = '\0';
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
 * that is root's by its mode (su waits for a password).
 */
int og_process_is(const char *pid, const char *const *names, struct og_err *reterr)
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

static int read_proxy(const char *pid, bool *is_proxy, struct og_proxy *ret, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	struct words words = { 0 };
	char path[300];
	/* first what no process can make anybody wait for, as it can for its command line */
	int r = og_process_is(pid, proxies, reterr);

	*is_proxy = false;
	if (r <= 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	if (og_file_read(AT_FDCWD, path, CMDLINE_MAX, OG_FILE_MAY_MISS, &text, &words.len, NULL,
			 &err) < 0) {
		/* longer than a proxy's ever is */
		if (err.code == OG_E_CONFIG || is_gone(err.sys_errno))
			return 0;
		*reterr = err;
		return -1;
	}
	if (!text || words.len == 0)
		return 0;
	words.text = text;
	*is_proxy = parse(&words, ret);
	return 0;
}

int og_proxies_read(struct og_proxy **ret, size_t *retn, struct og_err *reterr)
{
	DIR *stream = opendir("/proc");
	struct dirent *entry;
	size_t cap = 0;
	int r = stream ? 0 : og_fail(reterr, OG_E_HOST, "/proc cannot be read");

	*ret = NULL;
	*retn = 0;
	while (r == 0 && (entry = og_readdir(stream, &r, reterr))) {
		struct og_proxy proxy = { 0 };
		bool is_proxy;

		if (entry->d_name[strspn(entry->d_name, "0123456789")] != '\0')
			continue;
		r = read_proxy(entry->d_name, &is_proxy, &proxy, reterr);
		if (r < 0 || !is_proxy)
			continue;
		if (*retn == cap) {
			struct og_proxy *more;

			cap = cap ? cap * 2 : 16;
			more = reallocarray(*ret, cap, sizeof(*more));
			if (!more) {
				r = og_fail(reterr, OG_E_NOMEM, "out of memory");
				break;
			}
			*ret = more;
		}
		(*ret)[(*retn)++] = proxy;
	}
	if (stream)
		closedir(stream);
	return r;
}
