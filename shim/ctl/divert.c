/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name runc: ocigate takes it, the real one moves to runc.distrib beside it,
 * and /etc/ocigate/runtime says so. dpkg-divert is told, so that an upgrade of
 * runc's package goes there too. At no moment is there no runc.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../place.h"
#include "ctl.h"
#include "setup.h"

#define LINK	"/etc/ocigate/runtime"
#define EARLIER "/etc/ocigate/runtime.before" /* where the link led, if there was one */
#define REAL	".distrib"

/* Where an engine's PATH may find it; containerd puts the last one first. */
static const char *const places[] = {
	"/usr/sbin/runc",	    "/usr/bin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc",
	"/opt/containerd/bin/runc",
};
#define NPLACES (sizeof(places) / sizeof(places[0]))

struct place {
	char runc[PATH_MAX + 16], real[PATH_MAX + 16], temp[PATH_MAX + 16];
};

static void name_place(const struct og_setup *setup, size_t i, struct place *ret)
{
	snprintf(ret->runc, sizeof(ret->runc), "%s%s", setup->root, places[i]);
	snprintf(ret->real, sizeof(ret->real), "%s%s" REAL, setup->root, places[i]);
	snprintf(ret->temp, sizeof(ret->temp), "%s%s.ocigate", setup->root, places[i]);
}

/* Also a link that leads nowhere. */
static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Whether |path| is ocigate: a link to one, of whatever directory, or the program. */
static bool is_ours(const struct og_setup *setup, const char *path)
{
	char to[PATH_MAX], program[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);
	struct og_err ignored = { 0 };
	struct stat a, b;

	if (n >= 0) {
		to[n] = '\0';
		if (strcmp(og_path_base(to), og_path_base(setup->ocigate)) == 0)
			return true;
	}
	return og_setup_path(setup, setup->ocigate, program, &ignored) == 0 &&
	       stat(path, &a) == 0 && stat(program, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Whether it is the one that we would make. */
static bool is_current(const struct og_setup *setup, const char *path)
{
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	return n >= 0 && (size_t)n == strlen(setup->ocigate) &&
	       memcmp(to, setup->ocigate, (size_t)n) == 0;
}

/* dpkg-divert, where dpkg keeps a list; 0 also where it does not. */
static int run_divert(const struct og_setup *setup, size_t i, bool add, struct og_err *reterr)
{
	char to[PATH_MAX], program[PATH_MAX + 32];
	const char *root = setup->root[0] ? setup->root : "/";
	char *const env[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	int status;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/usr/bin/dpkg-divert", setup->root);
	if (access(program, X_OK) < 0 || access("/usr/bin/dpkg-divert", X_OK) < 0)
		return 0;
	snprintf(to, sizeof(to), "%s" REAL, places[i]);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execle("/usr/bin/dpkg-divert", "dpkg-divert", "--quiet", "--root", root, "--local",
		       "--no-rename", "--divert", to, add ? "--add" : "--remove", places[i], NULL,
		       env);
		_exit(127);
	}
	if (pid < 0)
		return og_fail_sys(reterr, errno, "fork");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return og_fail_sys(reterr, errno, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return og_fail(reterr, OG_E_HOST, "dpkg-divert of %s failed", places[i]);
	return 0;
}

/* Let |path| be a link to |to|, at once. */
static int put_link(const char *path, const char *to, const char *temp, struct og_err *reterr)
{
	unlink(temp);
	if (symlink(to, temp) < 0 || rename(temp, path) < 0)
		return og_fail_sys(reterr, errno, "cannot make the link %s", OG_Q(path));
	return 0;
}

/* The runtime below: from now on by its new name. Where the link led is kept. */
static int record_real(const struct og_setup *setup, const char *real, struct og_err *reterr)
{
	char link[PATH_MAX], earlier[PATH_MAX], temp[PATH_MAX + 16], to[PATH_MAX] = "";
	ssize_t n;

	if (og_setup_path(setup, LINK, link, reterr) < 0 ||
	    og_setup_path(setup, EARLIER, earlier, reterr) < 0)
		return -1;
	snprintf(temp, sizeof(temp), "%s.new", link);
	n = readlink(link, to, sizeof(to) - 1);
	if (n >= 0 && !strstr(to, REAL) && put_link(earlier, to, temp, reterr) < 0)
		return -1;
	/* another runtime than runc was chosen: it stays the one */
	if (n >= 0 && !strstr(to, "/runc"))
		return 0;
	return put_link(link, real, temp, reterr);
}

/*
 * The runtime by its new name as well. One of that name is of an install that broke
 * off, or of one whose link a package has put a newer runc in place of.
 */
static int name_real(const struct place *place, struct og_err *reterr)
{
	unlink(place->temp);
	if (linkat(AT_FDCWD, place->runc, AT_FDCWD, place->real, 0) == 0)
		return 0;
	if (errno != EEXIST || linkat(AT_FDCWD, place->runc, AT_FDCWD, place->temp, 0) < 0 ||
	    rename(place->temp, place->real) < 0)
		return og_fail_sys(reterr, errno, "cannot name the runtime %s", OG_Q(place->real));
	/* rename(2) does nothing when both are the same file */
	unlink(place->temp);
	return 0;
}

static int take(const struct og_setup *setup, size_t i, struct og_err *reterr)
{
	struct place place = { 0 };
	char real[PATH_MAX];
	bool ours;

	name_place(setup, i, &place);
	snprintf(real, sizeof(real), "%s" REAL, places[i]);
	ours = is_ours(setup, place.runc);
	if (setup->dry_run) {
		printf("%s would become a link to %s, the runtime itself %s\n", place.runc,
		       setup->ocigate, real);
		return 0;
	}
	/* a link to an ocigate of another directory: the real one has its name already */
	if (!ours && (name_real(&place, reterr) < 0 || record_real(setup, real, reterr) < 0 ||
		      run_divert(setup, i, true, reterr) < 0))
		return -1;
	if (put_link(place.runc, setup->ocigate, place.temp, reterr) < 0)
		return -1;
	printf("%s is ocigate now, the runtime itself %s\n", place.runc, real);
	return 0;
}

static bool is_runc(const struct og_setup *setup, const char *path)
{
	return access(path, F_OK) == 0 || is_ours(setup, path);
}

int og_divert_check(const struct og_setup *setup, struct og_err *reterr)
{
	struct place place = { 0 };

	for (size_t i = 0; i < NPLACES; i++) {
		name_place(setup, i, &place);
		if (is_runc(setup, place.runc))
			return 0;
	}
	return og_fail(reterr, OG_E_HOST,
		       "--as-runc: there is no runc in /usr/sbin, /usr/bin, /usr/local or "
		       "/opt/containerd; install it first");
}

int og_divert_runc(const struct og_setup *setup, struct og_err *reterr)
{
	struct place place = { 0 };

	/* the last first, so that the runtime named in the end is the distribution's */
	for (size_t i = NPLACES; i-- > 0;) {
		name_place(setup, i, &place);
		if (is_runc(setup, place.runc) && !is_current(setup, place.runc) &&
		    take(setup, i, reterr) < 0)
			return -1;
	}
	return 0;
}

/* The link as it was before, or none. */
static int forget_real(const struct og_setup *setup, struct og_err *reterr)
{
	char link[PATH_MAX], earlier[PATH_MAX], to[PATH_MAX];
	ssize_t n;

	if (og_setup_path(setup, LINK, link, reterr) < 0 ||
	    og_setup_path(setup, EARLIER, earlier, reterr) < 0)
		return -1;
	if (rename(earlier, link) == 0)
		return 0;
	n = readlink(link, to, sizeof(to) - 1);
	if (n >= 0) {
		to[n] = '\0';
		if (strstr(to, "/runc" REAL))
			unlink(link);
	}
	return 0;
}

static int give_back(const struct og_setup *setup, size_t i, struct og_err *reterr)
{
	struct place place = { 0 };

	name_place(setup, i, &place);
	if (setup->dry_run) {
		printf("%s would be the runtime itself again\n", place.runc);
		return 0;
	}
	/* the diversion first: while the link is there, a call that failed can be repeated */
	if (run_divert(setup, i, false, reterr) < 0)
		return -1;
	if (rename(place.real, place.runc) < 0)
		return og_fail_sys(reterr, errno, "cannot give %s back", OG_Q(place.runc));
	printf("%s is the runtime itself again\n", place.runc);
	return 0;
}

/* Whether the link to the runtime below leads to a name that we gave. */
static bool is_recorded(const struct og_setup *setup)
{
	char link[PATH_MAX], to[PATH_MAX] = "";
	struct og_err ignored = { 0 };

	return og_setup_path(setup, LINK, link, &ignored) == 0 &&
	       readlink(link, to, sizeof(to) - 1) > 0 && strstr(to, "/runc" REAL);
}

/*
 * Whether runc is the runtime itself, and the other name what is left of ours. What
 * somebody else has diverted to that name is another file, and not in our link.
 */
static bool is_left_over(const struct og_setup *setup, const struct place *place)
{
	struct stat runc, real;

	return lstat(place->runc, &runc) == 0 && lstat(place->real, &real) == 0 &&
	       ((runc.st_dev == real.st_dev && runc.st_ino == real.st_ino) || is_recorded(setup));
}

static int tidy(const struct og_setup *setup, size_t i, struct og_err *reterr)
{
	struct place place = { 0 };

	name_place(setup, i, &place);
	if (setup->dry_run) {
		printf("%s would be removed\n", place.real);
		return 0;
	}
	if (run_divert(setup, i, false, reterr) < 0)
		return -1;
	if (unlink(place.real) < 0)
		return og_fail_sys(reterr, errno, "cannot remove %s", OG_Q(place.real));
	printf("%s: removed, %s is the runtime itself already\n", place.real, place.runc);
	return 0;
}

int og_undivert_runc(const struct og_setup *setup, struct og_err *reterr)
{
	struct place place = { 0 };
	unsigned found = 0;
	bool ours;

	for (size_t i = 0; i < NPLACES; i++) {
		name_place(setup, i, &place);
		ours = is_ours(setup, place.runc);
		if (ours ? !is_there(place.real) : !is_left_over(setup, &place))
			continue; /* somebody else's */
		found++;
		if ((ours ? give_back : tidy)(setup, i, reterr) < 0)
			return -1;
	}
	return found && !setup->dry_run ? forget_real(setup, reterr) : 0;
}
