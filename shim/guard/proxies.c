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

#include "guard.h"
#include "shim/file.h"

#define CMDLINE_MAX 4096

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
	const char *name = strrchr(words->text, '/');

	if (strcmp(name ? name + 1 : words->text, "docker-proxy") != 0)
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

/*
 * Root's only: anybody may run a program with such a command line. -1: what this
 * one is cannot be told, and it might hold the port.
 */
static int read_proxy(const char *pid, bool *is_proxy, struct og_proxy *ret, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	struct words words = { 0 };
	struct stat st;
	char path[300];

	snprintf(path, sizeof(path), "/proc/%s", pid);
	*is_proxy = false;
	if (stat(path, &st) < 0)
		return is_gone(errno) ? 0 : og_fail_sys(reterr, errno, "process %s", pid);
	if (st.st_uid != 0)
		return 0;
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
