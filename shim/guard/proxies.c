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

#define CMDLINE_MAX 4096
#define STATUS_MAX  65536

static const char name[] = "docker-proxy";

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
	if (strcmp(og_path_base(words->text), name) != 0)
		return false;
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
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	char path[300];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	if (og_file_read(AT_FDCWD, path, STATUS_MAX, OG_FILE_MAY_MISS, &text, &len, NULL, &err) <
	    0) {
		if (is_gone(err.sys_errno))
			return 0;
		*reterr = err;
		return -1;
	}
	return text && strstr(text, all_root);
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

/* 1: its program is called so, or was before an update took that away. 0: no. */
static int is_named(const char *pid, struct og_err *reterr)
{
	static const char deleted[] = " (deleted)";
	char path[300], program[PATH_MAX];
	const char *base;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	len = readlink(path, program, sizeof(program) - 1);
	if (len < 0)
		return fail(pid, errno, reterr);
	program[len] = '\0';
	base = og_path_base(program);
	return strncmp(base, name, sizeof(name) - 1) == 0 &&
	       (!base[sizeof(name) - 1] || strcmp(base + sizeof(name) - 1, deleted) == 0);
}

/*
 * Anybody may run a program with such a command line: root of a container, and a user one
 * that is root's by its mode (su waits for a password). 1: dockerd's; 0: not; -1.
 */
static int is_daemons(const char *pid, struct og_err *reterr)
{
	int r = is_roots(pid, reterr);

	r = r > 0 ? is_hosts(pid, "pid", reterr) : r;
	r = r > 0 ? is_hosts(pid, "net", reterr) : r;
	return r > 0 ? is_named(pid, reterr) : r;
}

static int read_proxy(const char *pid, bool *is_proxy, struct og_proxy *ret, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	struct words words = { 0 };
	char path[300];
	int r;

	*is_proxy = false;
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
	if (!parse(&words, ret))
		return 0;
	r = is_daemons(pid, reterr);
	*is_proxy = r > 0;
	return r < 0 ? -1 : 0;
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
		struct og_proxy proxy;
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
