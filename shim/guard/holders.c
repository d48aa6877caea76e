/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the host's ports are held by a program. What an engine publishes it holds itself,
 * by a proxy, or by a socket that only keeps others off; where it publishes nothing, as for
 * a container without a network, its record names the ports all the same. Closing one that
 * is another program's would take that from the network.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"

/* Programs with which engines hold ports; a proxy is one container's, and asked about apart. */
static const char *const engines[] = { "dockerd", "conmon", "podman", NULL };

/* Of /proc/net/: the protocol, and the state of a socket that takes what comes. */
static const struct {
	const char *file, *proto;
	unsigned state;
} tables[] = {
	{ "tcp", "tcp", 0x0a }, /* TCP_LISTEN */
	{ "tcp6", "tcp", 0x0a },
	{ "udp", "udp", 0x07 }, /* TCP_CLOSE: not connected */
	{ "udp6", "udp", 0x07 },
};

static int compare(const void *a, const void *b)
{
	const struct og_holder *x = a, *y = b;

	return (x->port > y->port) - (x->port < y->port);
}

/* "0100007F:1F90", words of the machine's order, of 8 digits or of 32. */
static bool parse_local(const char *text, struct og_holder *ret)
{
	size_t digits = strspn(text, "0123456789ABCDEF");
	unsigned words[4] = { 0 };
	char *end;

	if ((digits != 8 && digits != 32) || text[digits] != ':')
		return false;
	for (size_t i = 0; i < digits / 8; i++) {
		char word[9] = "";

		memcpy(word, text + i * 8, 8);
		words[i] = (unsigned)strtoul(word, &end, 16);
	}
	ret->port = (unsigned)strtoul(text + digits + 1, &end, 16);
	ret->address[0] = '\0';
	/* as og_address() has it */
	if (digits == 32 && words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff))
		inet_ntop(AF_INET, &words[3], ret->address, sizeof(ret->address));
	else
		inet_ntop(digits == 8 ? AF_INET : AF_INET6, words, ret->address,
			  sizeof(ret->address));
	return true;
}

/* " 0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 UID 0 INODE ..." */
static bool parse_line(char *line, unsigned state, struct og_holder *ret)
{
	char *save = NULL, *field = strtok_r(line, " ", &save);
	bool local = false;

	for (int i = 0; field; field = strtok_r(NULL, " ", &save), i++) {
		if (i == 1)
			local = parse_local(field, ret);
		if (i == 3 && strtoul(field, NULL, 16) != state)
			return false;
		if (i == 9) {
			ret->ino = strtoull(field, NULL, 10);
			return local;
		}
	}
	return false;
}

static int read_table(size_t which, struct og_holders *holders, struct og_err *reterr)
{
	char path[32], *line = NULL;
	size_t size = 0;
	FILE *f;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/self/net/%s", tables[which].file);
	f = fopen(path, "re");
	if (!f) /* no IPv6 */
		return errno == ENOENT ? 0 : og_fail_sys(reterr, errno, "%s", path);
	while (r == 0 && (errno = 0, getline(&line, &size, f)) >= 0) {
		struct og_holder one = { .proto = tables[which].proto };

		if (!parse_line(line, tables[which].state, &one))
			continue;
		if (holders->n == holders->cap) {
			size_t cap = holders->cap ? holders->cap * 2 : 64;
			struct og_holder *more = reallocarray(holders->list, cap, sizeof(*more));

			if (!more) {
				r = og_fail(reterr, OG_E_NOMEM, "out of memory");
				break;
			}
			holders->list = more;
			holders->cap = cap;
		}
		holders->list[holders->n++] = one;
	}
	if (r == 0 && ferror(f))
		r = og_fail_sys(reterr, errno, "%s", path);
	free(line);
	fclose(f);
	return r;
}

int og_holders_read(struct og_holders *ret, struct og_err *reterr)
{
	*ret = (struct og_holders){ 0 };
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (read_table(i, ret, reterr) < 0)
			return -1;
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), compare);
	return 0;
}

void og_holders_free(struct og_holders *holders)
{
	free(holders->list);
	free(holders->engines);
	*holders = (struct og_holders){ 0 };
}

const struct og_holder *og_holder_first(const struct og_holders *holders, uint64_t port)
{
	size_t lo = 0, hi = holders->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (holders->list[mid].port < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < holders->n && holders->list[lo].port == port ? &holders->list[lo] : NULL;
}

/* ---- whose a socket is ---- */

static int compare_inodes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int add_engines(struct og_holders *holders, uint64_t ino, struct og_err *reterr)
{
	if (holders->nengines == holders->engines_cap) {
		size_t cap = holders->engines_cap ? holders->engines_cap * 2 : 64;
		uint64_t *more = reallocarray(holders->engines, cap, sizeof(*more));

		if (!more)
			return og_fail(reterr, OG_E_NOMEM, "out of memory");
		holders->engines = more;
		holders->engines_cap = cap;
	}
	holders->engines[holders->nengines++] = ino;
	return 0;
}

/* The sockets that the process has open. */
static int read_sockets(void *ctx, const char *pid, struct og_err *reterr)
{
	struct og_holders *holders = ctx;
	static const char front[] = "socket:[";
	char path[300], link[64];
	const struct dirent *entry;
	DIR *stream;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	stream = opendir(path);
	if (!stream)
		return og_process_is_gone(errno) ? 0 : og_fail_sys(reterr, errno, "%s", path);
	while (r == 0 && (entry = og_readdir(stream, &r, reterr))) {
		ssize_t len = readlinkat(dirfd(stream), entry->d_name, link, sizeof(link) - 1);

		/* negative: closed meanwhile, or no link */
		link[len > 0 ? len : 0] = '\0';
		if (strncmp(link, front, sizeof(front) - 1) == 0)
			r = add_engines(holders, strtoull(link + sizeof(front) - 1, NULL, 10),
					reterr);
	}
	closedir(stream);
	return r;
}

static int read_engines(struct og_holders *holders, struct og_err *reterr)
{
	int r = og_process_each(engines, read_sockets, holders, reterr);

	if (holders->nengines)
		qsort(holders->engines, holders->nengines, sizeof(*holders->engines),
		      compare_inodes);
	return r;
}

int og_holder_is_engines(struct og_holders *holders, const struct og_holder *holder,
			 struct og_err *reterr)
{
	if (!holders->engines_read && read_engines(holders, reterr) < 0)
		return -1;
	holders->engines_read = true;
	return holders->nengines && bsearch(&holder->ino, holders->engines, holders->nengines,
					    sizeof(*holders->engines), compare_inodes);
}
