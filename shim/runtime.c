/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the real runtime and becoming it. The environment is built anew: what
 * steers a runtime or its loader (LD_*, GODEBUG, _LIBCONTAINER_*, the daemon's
 * secrets) stays behind.
 */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "ocigate/buf.h"
#include "place.h"

#define LINK "/etc/ocigate/runtime"

static const char *const candidates[] = {
	"/usr/bin/runc", "/usr/sbin/runc", "/usr/libexec/ocigate/runc",
	"/usr/bin/crun", "/usr/sbin/crun", "/usr/libexec/ocigate/crun",
};

static bool is_ourselves(const struct stat *st)
{
	struct stat self;

	return stat("/proc/self/exe", &self) == 0 && self.st_dev == st->st_dev &&
	       self.st_ino == st->st_ino;
}

/* Whether a user could put another program in the place of |path|, which is a |link| or none. */
static bool is_exposed(const char *path, bool link)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	/* the file itself has been looked at: mostly its directory is all that is left */
	if (!link && slash > path &&
	    (size_t)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path) < sizeof(dir) &&
	    og_path_is_safe(dir, OG_SAFE_STICKY))
		return false;
	return !og_path_is_safe(path, OG_SAFE_STICKY);
}

/* Why |path| cannot be the runtime; NULL: it can. */
static const char *unfit(const char *path)
{
	struct stat st;
	bool link;

	if (path[0] != '/')
		return "it is no absolute path";
	if (lstat(path, &st) < 0)
		return "it does not exist";
	link = S_ISLNK(st.st_mode);
	if (link && stat(path, &st) < 0)
		return "it does not exist";
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return "it is no program";
	if (og_writable_by_others(&st))
		return "others than root may write it";
	if (is_ourselves(&st))
		return "it is ocigate itself";
	if (is_exposed(path, link))
		return "others than root may write a directory on the way to it";
	return NULL;
}

static int take(const char *path, char **ret, struct og_err *reterr)
{
	*ret = strdup(path);
	return *ret ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}

/* |path| or an error that says what to do. */
static int fit(const char *path, const char *whence, char **ret, struct og_err *reterr)
{
	const char *why = unfit(path);

	if (why) {
		return og_fail(reterr, OG_E_HOST,
			       "the runtime %s (%s) cannot be used: %s; let " LINK
			       " be a link to the real runc or crun",
			       OG_Q(path), whence, why);
	}
	return take(path, ret, reterr);
}

/* What the administrator's link names; *ret is NULL without one. */
static int read_link(char *buf, size_t size, const char **ret, struct og_err *reterr)
{
	ssize_t n = og_is_rootless() ? 0 : readlink(LINK, buf, size - 1);

	*ret = NULL;
	if (n < 0 && errno == EINVAL)
		return og_fail(reterr, OG_E_HOST,
			       LINK " is no symbolic link: make it one to the real runc or crun");
	if (n < 0 && errno != ENOENT && errno != ENOTDIR)
		return og_fail_sys(reterr, errno, LINK);
	if (n > 0) {
		buf[n] = '\0';
		*ret = buf;
	}
	return 0;
}

int og_runtime_find(const char *given, const char *recorded, char **ret, struct og_err *reterr)
{
	char buf[4096];
	const char *link;

	if (given)
		return fit(given, "--ocigate-runtime", ret, reterr);
	/*
	 * It may be gone by now, or have become ocigate (install --as-runc, and its undo):
	 * what is there in its place must still be able to stop the container.
	 */
	if (recorded && !unfit(recorded))
		return take(recorded, ret, reterr);
	if (read_link(buf, sizeof(buf), &link, reterr) < 0)
		return -1;
	if (link)
		return fit(link, LINK, ret, reterr);
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (!unfit(candidates[i]))
			return take(candidates[i], ret, reterr);
	return og_fail(reterr, OG_E_HOST,
		       "no runtime: neither runc nor crun is in /usr/bin, /usr/sbin or "
		       "/usr/libexec/ocigate, and " LINK " does not name one");
}

/* Variables handed on when they are set. */
static const struct {
	const char *name;
	bool rootless; /* only when not root */
	enum { ALWAYS, LISTEN, NOTIFY } kind;
} passed[] = {
	{ "HOME", true, ALWAYS },
	{ "XDG_RUNTIME_DIR", true, ALWAYS },
	{ "DBUS_SESSION_BUS_ADDRESS", true, ALWAYS },
	{ "LISTEN_FDS", false, LISTEN },
	{ "LISTEN_PID", false, LISTEN },
	{ "LISTEN_FDNAMES", false, LISTEN },
	{ "NOTIFY_SOCKET", false, NOTIFY },
};
#define NPASSED (sizeof(passed) / sizeof(passed[0]))

static bool is_passed(size_t i, const struct og_permit *permit)
{
	if (passed[i].rootless && !og_is_rootless())
		return false;
	if (passed[i].kind == LISTEN && permit->drop_listen)
		return false;
	return !(passed[i].kind == NOTIFY && permit->drop_notify);
}

/* The whole "NAME=value" of our environment; NULL: not set. */
static char *find_variable(const char *name)
{
	size_t len = strlen(name);

	for (char **entry = environ; entry && *entry; entry++)
		if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
			return *entry;
	return NULL;
}

static void build_environment(const struct og_permit *permit, char *env[NPASSED + 2])
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	size_t n = 0;

	env[n++] = path;
	for (size_t i = 0; i < NPASSED; i++) {
		char *entry = is_passed(i, permit) ? find_variable(passed[i].name) : NULL;

		if (entry)
			env[n++] = entry;
	}
	env[n] = NULL;
}

/* Close everything from 3 up, but for |keep|; -1 and errno. */
static int close_from_three(int keep)
{
	if (keep < 0)
		return close_range(3, ~0U, 0);
	if (keep > 3 && close_range(3, (unsigned)keep - 1, 0) < 0)
		return -1;
	return close_range((unsigned)keep + 1, ~0U, 0);
}

int og_runtime_exec(const struct og_permit *permit, const char *path, char *const argv[],
		    struct og_err *reterr)
{
	char *env[NPASSED + 2];

	if (!permit->given)
		return og_fail(reterr, OG_E_BUG,
			       "the runtime was to be executed without a verdict");
	build_environment(permit, env);
	if (permit->close_fds && close_from_three(permit->keep_fd) < 0)
		return og_fail_sys(reterr, errno, "closing descriptors");
	execve(path, argv, env);
	return og_fail_sys(reterr, errno, "the runtime %s cannot be executed", OG_Q(path));
}
