/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What puts the guard of published ports back after somebody flushed the tables of
 * nftables: drop-ins for the two services that do so, and the package's timer for
 * everybody else. They are the host's, not an engine's: made with the first engine
 * that is told of ocigate, taken away with the last.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../place.h"
#include "setup.h"

#define TIMER "ocigate-ports-sync.timer"
#define OURS  "/etc/systemd/system"
#define LINK  OURS "/timers.target.wants/" TIMER

#define NFTABLES  OURS "/nftables.service.d/ocigate.conf"
#define FIREWALLD OURS "/firewalld.service.d/ocigate.conf"

/* ---- the drop-ins ---- */

static int find_nftables(const struct og_setup *setup, char path[PATH_MAX], struct og_err *reterr)
{
	(void)setup;
	(void)reterr;
	snprintf(path, PATH_MAX, NFTABLES);
	return 0;
}

static int find_firewalld(const struct og_setup *setup, char path[PATH_MAX], struct og_err *reterr)
{
	(void)setup;
	(void)reterr;
	snprintf(path, PATH_MAX, FIREWALLD);
	return 0;
}

/*
 * In the service itself, so that nobody has to say what runs after what, and a stop,
 * which flushes too, is covered. "-": it never fails for our sake; "+": whatever the
 * service may not do.
 */
static int add(const struct og_setup *setup, const char *name, const struct og_text *from,
	       struct og_text *ret, struct og_err *reterr)
{
	static const char *const when[] = { "ExecStartPost", "ExecReload", "ExecStopPost" };

	(void)name;
	(void)from;
	*ret = (struct og_text){ .there = true };
	og_buf_puts(&ret->buf, "# Written by \"ocigatectl install\": what flushes the tables takes "
			       "the guard of\n# published ports out too.\n[Service]\n");
	for (size_t i = 0; i < sizeof(when) / sizeof(when[0]); i++)
		og_buf_printf(&ret->buf, "%s=-+%sctl ports sync\n", when[i], setup->ocigate);
	return ret->buf.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

static bool is_default(const struct og_text *text)
{
	(void)text;
	return false;
}

/* The directory of |path|, when nothing of others' is in it. */
static void remove_empty(const char *path)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", (int)(og_path_base(path) - path), path);
	rmdir(dir);
}

static int apply(const struct og_setup *setup, struct og_conf *conf, const struct og_text *final,
		 struct og_err *reterr)
{
	(void)setup;
	if (og_conf_put(conf, final, reterr) < 0)
		return -1;
	if (!final->there)
		remove_empty(conf->path);
	return 0;
}

const struct og_engine_setup og_setup_nftables = {
	.name = "nftables.service",
	.find = find_nftables,
	.add = add,
	.strip = og_conf_strip_whole,
	.is_default = is_default,
	.apply = apply,
};

const struct og_engine_setup og_setup_firewalld = {
	.name = "firewalld.service",
	.find = find_firewalld,
	.add = add,
	.strip = og_conf_strip_whole,
	.is_default = is_default,
	.apply = apply,
};

/* ---- the timer ---- */

static bool there(const struct og_setup *setup, const char *path)
{
	struct og_err ignored = { 0 };
	char full[PATH_MAX];

	return og_setup_path(setup, path, full, &ignored) == 0 && access(full, F_OK) == 0;
}

bool og_systemd_is_here(const struct og_setup *setup)
{
	return there(setup, "/usr/lib/systemd/systemd") || there(setup, "/lib/systemd/systemd");
}

bool og_systemd_is_set(const struct og_setup *setup)
{
	struct og_err ignored = { 0 };
	char link[PATH_MAX], to[PATH_MAX];

	return og_setup_path(setup, LINK, link, &ignored) == 0 &&
	       readlink(link, to, sizeof(to)) > 0 && there(setup, NFTABLES) &&
	       there(setup, FIREWALLD);
}

/* The running systemd, of this host; what it says is for the user to see. */
static void tell(const struct og_setup *setup, const char *verb, const char *unit)
{
	char *const env[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	/* no execle(3): without a unit the list would end before the environment */
	const char *const argv[] = { "systemctl", "--quiet", verb, unit, NULL };
	int status;
	pid_t pid;

	if (setup->root[0] || access("/run/systemd/system", F_OK) < 0)
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execve("/usr/bin/systemctl", (char *const *)(uintptr_t)argv, env);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		printf("systemd has not taken it over: run \"systemctl %s%s%s\"\n", verb,
		       unit ? " " : "", unit ? unit : "");
}

static int enable(const struct og_setup *setup, const char *link, struct og_err *reterr)
{
	char to[PATH_MAX];

	if (readlink(link, to, sizeof(to)) > 0)
		return 0;
	if (!there(setup, OG_UNITDIR "/" TIMER)) {
		printf(OG_UNITDIR "/" TIMER " is not there: have something run \"ocigatectl ports "
				  "sync\" every minute\n");
		return 0;
	}
	if (setup->dry_run) {
		printf("%s would become a link to " OG_UNITDIR "/" TIMER "\n", link);
		return 0;
	}
	if (og_setup_parents(link, reterr) < 0)
		return -1;
	if (symlink(OG_UNITDIR "/" TIMER, link) < 0)
		return og_fail_sys(reterr, errno, "cannot make the link %s", OG_Q(link));
	printf("%s: enabled\n", TIMER);
	return 0;
}

static int disable(const struct og_setup *setup, const char *link, struct og_err *reterr)
{
	char to[PATH_MAX];

	if (readlink(link, to, sizeof(to)) <= 0)
		return 0;
	if (setup->dry_run) {
		printf("%s would be removed\n", link);
		return 0;
	}
	if (unlink(link) < 0)
		return og_fail_sys(reterr, errno, "cannot remove %s", OG_Q(link));
	remove_empty(link);
	printf("%s: disabled\n", TIMER);
	return 0;
}

int og_systemd_timer(const struct og_setup *setup, struct og_err *reterr)
{
	char link[PATH_MAX];

	if (og_setup_path(setup, LINK, link, reterr) < 0 ||
	    (setup->removing ? disable : enable)(setup, link, reterr) < 0)
		return -1;
	if (setup->dry_run)
		return 0;
	if (setup->removing)
		tell(setup, "stop", TIMER);
	tell(setup, "daemon-reload", NULL);
	if (!setup->removing && there(setup, OG_UNITDIR "/" TIMER))
		tell(setup, "start", TIMER);
	return 0;
}
