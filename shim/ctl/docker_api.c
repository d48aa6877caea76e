/* SPDX-License-Identifier: Apache-2.0 */
/* A running dockerd: its process by the pid file, and GET /info on its socket. */
#include "docker_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../engine.h"
#include "../file.h"
#include "json_edit.h"

#define INFO_MAX_BYTES OG_DOC_MAX_BYTES

void og_dockerd_release(struct og_dockerd *dockerd)
{
	free(dockerd->cmdline);
	dockerd->cmdline = NULL;
}

/* The argument behind |arg|; NULL: there is none. |arg| NULL: the first. */
static const char *next_arg(const struct og_dockerd *dockerd, const char *arg)
{
	const char *next = arg ? arg + strlen(arg) + 1 : dockerd->cmdline;

	return next && next < dockerd->cmdline + dockerd->len ? next : NULL;
}

/* What |arg| gives |flag|, in itself or in the next one; NULL: it is another. */
static const char *value_of(const struct og_dockerd *dockerd, const char *arg, const char *flag)
{
	size_t len = strlen(flag);

	if (strncmp(arg, flag, len) != 0)
		return NULL;
	if (arg[len] == '=')
		return arg + len + 1;
	if (arg[len])
		return flag[1] == '-' ? NULL : arg + len; /* "-Htcp://..." */
	arg = next_arg(dockerd, arg);
	return arg ? arg : "";
}

const char *og_dockerd_flag(const struct og_dockerd *dockerd, const char *flag)
{
	const char *value = NULL;

	for (const char *arg = NULL; !value && (arg = next_arg(dockerd, arg));)
		value = value_of(dockerd, arg, flag);
	return value;
}

static bool has_scheme(const char *host, const char *scheme)
{
	return host && strncmp(host, scheme, strlen(scheme)) == 0;
}

const char *og_dockerd_host(const struct og_dockerd *dockerd, const struct og_node *config,
			    const char *scheme, size_t i)
{
	for (const char *arg = NULL; (arg = next_arg(dockerd, arg));) {
		const char *host = value_of(dockerd, arg, "-H");

		if (!host)
			host = value_of(dockerd, arg, "--host");
		if (has_scheme(host, scheme) && i-- == 0)
			return host;
	}
	og_each (host, og_member(config, "hosts"))
		if (has_scheme(og_str(host), scheme) && i-- == 0)
			return og_str(host);
	return NULL;
}

/* As Go's strconv.ParseBool has it; dockerd does not start with anything else. */
static bool is_true(const char *value)
{
	static const char *const words[] = { "1", "t", "T", "true", "TRUE", "True" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(value, words[i]) == 0)
			return true;
	return false;
}

bool og_dockerd_switch(const struct og_dockerd *dockerd, const char *flag)
{
	size_t len = strlen(flag);
	bool on = false;

	for (const char *arg = NULL; (arg = next_arg(dockerd, arg));)
		if (strncmp(arg, flag, len) == 0 && (arg[len] == '=' || arg[len] == '\0'))
			on = arg[len] == '\0' || is_true(arg + len + 1);
	return on;
}

static pid_t read_pid(const char *path)
{
	og_auto_free char *text = NULL;
	struct og_err ignored = { 0 };
	char *end;
	size_t len;
	long pid;

	if (og_file_read(AT_FDCWD, path, 64, OG_FILE_FOLLOW, &text, &len, NULL, &ignored) < 0)
		return 0;
	pid = strtol(text, &end, 10);
	return end == text || pid <= 1 || pid > INT_MAX ? 0 : (pid_t)pid;
}

/* Its arguments, when |pid| is a dockerd. */
static bool read_cmdline(struct og_dockerd *dockerd)
{
	struct og_err ignored = { 0 };
	og_auto_free char *comm = NULL;
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)dockerd->pid);
	if (og_file_read(AT_FDCWD, path, 64, 0, &comm, &len, NULL, &ignored) < 0 ||
	    strcmp(comm, "dockerd\n") != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)dockerd->pid);
	return og_file_read(AT_FDCWD, path, 1 << 20, 0, &dockerd->cmdline, &dockerd->len, NULL,
			    &ignored) == 0;
}

int og_dockerd_find(const struct og_setup *setup, const struct og_text *config,
		    struct og_dockerd *ret, struct og_err *reterr)
{
	struct og_err ignored = { 0 };
	const struct og_node *root;
	struct og_doc *doc = NULL;
	char pidfile[PATH_MAX];
	const char *given;

	*ret = (struct og_dockerd){ 0 };
	if (og_json_open("daemon.json", config, &doc, &ignored) < 0)
		doc = NULL;
	root = og_doc_root(doc);
	given = og_str(og_member(root, "pidfile"));
	if (og_setup_path(setup, given ? given : "/var/run/docker.pid", pidfile, reterr) < 0) {
		og_doc_free(doc);
		return -1;
	}
	ret->pid = read_pid(pidfile);
	if (ret->pid && !read_cmdline(ret))
		ret->pid = 0;
	given = og_dockerd_host(ret, root, OG_DOCKERD_UNIX, 0);
	snprintf(ret->socket, sizeof(ret->socket), "%s%s", setup->root,
		 given ? given + strlen(OG_DOCKERD_UNIX) : "/var/run/docker.sock");
	og_doc_free(doc);
	return 0;
}

/* HTTP/1.0: the answer is not in chunks, and its end is the connection's. */
static int ask(int fd, const char *path, char **ret, size_t *retlen, struct og_err *reterr)
{
	og_auto_buf struct og_buf request = { 0 };

	og_buf_printf(&request, "GET %s HTTP/1.0\r\nHost: docker\r\n\r\n", path);
	if (request.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return og_fd_write(fd, request.data, request.len, reterr) < 0
		       ? -1
		       : og_fd_read(fd, INFO_MAX_BYTES, ret, retlen, reterr);
}

static int reach(const char *path, struct og_err *reterr)
{
	static const struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(to.sun_path))
		return og_fail(reterr, OG_E_HOST, "%s: too long for a socket", OG_Q(path));
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return og_fail_sys(reterr, errno, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	og_fail_sys(reterr, errno, "the engine's socket %s", OG_Q(path));
	close(fd);
	return -1;
}

int og_dockerd_get(const struct og_dockerd *dockerd, const char *path, struct og_doc **ret,
		   struct og_err *reterr)
{
	og_auto_close int fd = reach(dockerd->socket, reterr);
	og_auto_free char *text = NULL;
	const char *body;
	size_t len;

	*ret = NULL;
	if (fd < 0 || ask(fd, path, &text, &len, reterr) < 0)
		return -1;
	body = strstr(text, "\r\n\r\n");
	if (!body || strncmp(text, "HTTP/1.", 7) != 0 || strncmp(text + 8, " 200", 4) != 0)
		return og_fail(reterr, OG_E_HOST, "%s does not answer as dockerd does",
			       OG_Q(dockerd->socket));
	body += 4;
	/* labels of containers are their users' */
	return og_engine_parse(path, body, len - (size_t)(body - text), ret, reterr);
}

int og_dockerd_info(const struct og_dockerd *dockerd, struct og_doc **ret, struct og_err *reterr)
{
	return og_dockerd_get(dockerd, "/info", ret, reterr);
}
