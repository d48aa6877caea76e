/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running nft(8). Its library is GPL and has no static form, so the program is
 * executed: with a fixed path and environment, the script on standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "ocigate/doc.h"
#include "shim/file.h"

#define OUTPUT_MAX ((size_t)64 << 20)

static const char *const programs[] = { "/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft" };

static const char *find_nft(void)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (access(programs[i], X_OK) == 0)
			return programs[i];
	return NULL;
}

static void become(const char *nft, const char *const *argv, int netns, int in, int out)
{
	const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
					    NULL };

	if (netns >= 0 && setns(netns, CLONE_NEWNET) < 0)
		_exit(126);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	execve(nft, (char *const *)(const void *)argv, (char *const *)(const void *)environment);
	_exit(127);
}

/* Run nft with |argv|; what it printed in *ret, owned by the caller. */
static int run(const char *const *argv, int netns, int in, char **ret, struct og_err *reterr)
{
	og_auto_close int out = memfd_create("nft", MFD_CLOEXEC);
	const char *nft = find_nft();
	size_t len;
	int status;
	pid_t pid;

	if (!nft)
		return og_fail(reterr, OG_E_HOST,
			       "published ports cannot be guarded: there is no nft(8); install "
			       "nftables");
	if (out < 0)
		return og_fail_sys(reterr, errno, "memfd_create");
	pid = fork();
	if (pid == 0)
		become(nft, argv, netns, in, out);
	if (pid < 0)
		return og_fail_sys(reterr, errno, "running nft");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return og_fail_sys(reterr, errno, "waiting for nft");
	if (lseek(out, 0, SEEK_SET) < 0)
		return og_fail_sys(reterr, errno, "reading what nft says");
	if (og_fd_read(out, OUTPUT_MAX, ret, &len, reterr) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

int og_nft_run(const struct og_buf *script, int netns, struct og_err *reterr)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	og_auto_close int in = memfd_create("script", MFD_CLOEXEC);
	og_auto_free char *text = NULL;
	int status;

	if (script->failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	if (in < 0)
		return og_fail_sys(reterr, errno, "memfd_create");
	if (og_fd_write(in, script->data, script->len, reterr) < 0)
		return -1;
	/* from its end nft would read an empty script, and be content */
	if (lseek(in, 0, SEEK_SET) < 0)
		return og_fail_sys(reterr, errno, "rewinding the script for nft");
	status = run(argv, netns, in, &text, reterr);
	if (status <= 0)
		return status;
	text[strcspn(text, "\n")] = '\0';
	return og_fail(reterr, OG_E_HOST, "published ports cannot be guarded: nft exits %d: %.160s",
		       status, text);
}

/* ---- what is there ---- */

/* "10.0.0.1", 80 or {"concat": [...]} as nft reads it. */
static void put_value(struct og_buf *out, const struct og_node *value, bool interface)
{
	const char *raw;
	size_t len, i = 0;

	if (og_type(value) == OG_OBJECT) {
		bool bridge = interface;

		og_each (part, og_member(value, "concat")) {
			og_buf_puts(out, i++ ? " . " : "");
			put_value(out, part, bridge);
			bridge = false;
		}
		return;
	}
	if (og_str(value)) {
		og_buf_printf(out, interface ? "\"%s\"" : "%s", og_str(value));
		return;
	}
	raw = og_raw(value, &len);
	og_buf_put(out, raw, len);
}

static void put_set(struct og_buf *out, const struct og_node *set)
{
	const char *name = og_str(og_member(set, "name"));

	og_each (value, og_member(set, "elem")) {
		og_buf_printf(out, "%s ", name ? name : "");
		put_value(out, value, name && strncmp(name, "bridge", 6) == 0);
		og_buf_puts(out, "\n");
	}
}

/* nft exits 1 for a table that is not there, and for whatever else ails it. */
static int can_list(int in, struct og_err *reterr)
{
	static const char *const argv[] = { "nft", "list", "tables", NULL };
	og_auto_free char *text = NULL;
	int status = run(argv, -1, in, &text, reterr);

	if (status <= 0)
		return status;
	text[strcspn(text, "\n")] = '\0';
	return og_fail(reterr, OG_E_HOST, "the guard's table cannot be read: nft exits %d: %.160s",
		       status, text);
}

int og_nft_list(struct og_buf *ret, bool *there, struct og_err *reterr)
{
	static const char *const argv[] = { "nft", "-j", "list", "table", "inet", "ocigate", NULL };
	og_auto_close int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	og_auto_free char *text = NULL;
	struct og_doc *doc;
	int status = run(argv, -1, in, &text, reterr);

	*there = status == 0;
	if (status < 0)
		return -1;
	if (status > 0)
		return can_list(in, reterr);
	if (og_doc_parse("nft", text, strlen(text), 0, &doc, reterr) < 0)
		return -1;
	og_each (one, og_member(og_doc_root(doc), "nftables"))
		put_set(ret, og_member(one, "set"));
	og_doc_free(doc);
	return ret->failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}
