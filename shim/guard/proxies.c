/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's userland proxies: "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 32768
 * -container-ip 172.17.0.2 -container-port 80". Where the user asked for any port, no
 * record says which one the daemon took; its proxy does. Without proxies nothing but
 * forwarded packets reaches such a port, and these are judged by where they go.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "shim/file.h"

#define CMDLINE_MAX 4096

struct list {
	struct og_proxy *proxies;
	size_t n, cap;
};

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

static int read_proxy(void *ctx, const char *pid, struct og_err *reterr)
{
	struct list *list = ctx;
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	struct words words = { 0 };
	char path[300];

	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 16;
		struct og_proxy *more = reallocarray(list->proxies, cap, sizeof(*more));

		if (!more)
			return og_fail(reterr, OG_E_NOMEM, "out of memory");
		list->proxies = more;
		list->cap = cap;
	}
	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	if (og_file_read(AT_FDCWD, path, CMDLINE_MAX, OG_FILE_MAY_MISS, &text, &words.len, NULL,
			 &err) < 0) {
		/* longer than a proxy's ever is */
		if (err.code == OG_E_CONFIG || og_process_is_gone(err.sys_errno))
			return 0;
		*reterr = err;
		return -1;
	}
	if (!text || words.len == 0)
		return 0;
	words.text = text;
	list->n += parse(&words, &list->proxies[list->n]);
	return 0;
}

int og_proxies_read(struct og_proxy **ret, size_t *retn, struct og_err *reterr)
{
	static const char *const names[] = { "docker-proxy", NULL };
	struct list list = { 0 };
	int r = og_process_each(names, read_proxy, &list, reterr);

	*ret = list.proxies;
	*retn = list.n;
	return r;
}
