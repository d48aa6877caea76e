/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading policy files. A policy has as much power as a program of root's: the
 * file and every directory above it must be root's, writable by nobody else.
 */
#include "policyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "ocigate/buf.h"

/* A relative path seen from the working directory. */
static char *absolute(const char *given)
{
	og_auto_free char *cwd = given[0] == '/' ? NULL : getcwd(NULL, 0);
	char *path;

	if (given[0] == '/')
		return strdup(given);
	return !cwd || asprintf(&path, "%s/%s", cwd, given) < 0 ? NULL : path;
}

int og_policyfile_find(const char *given, const char *name, char **ret, struct og_err *reterr)
{
	const char *dir = og_euid() == 0 ? NULL : getenv("XDG_CONFIG_HOME");
	const char *home = og_euid() == 0 ? NULL : getenv("HOME");
	int n = 0;

	*ret = NULL;
	if (given)
		*ret = absolute(given);
	else if (og_euid() == 0)
		n = asprintf(ret, "/etc/ocigate/%s.json", name);
	else if (dir && dir[0] == '/')
		n = asprintf(ret, "%s/ocigate/%s.json", dir, name);
	else if (home && home[0] == '/')
		n = asprintf(ret, "%s/.config/ocigate/%s.json", home, name);
	else
		return og_fail(reterr, OG_E_POLICY, "neither XDG_CONFIG_HOME nor HOME is set");
	return n < 0 || !*ret ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

/* One directory on the way down: opened below |fd|, looked at. */
static int enter(int fd, const char *name, int *ret, struct og_err *reterr)
{
	struct stat st;
	int dir = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (dir < 0)
		return og_fail_sys(reterr, errno, "the directory %s", OG_Q(name));
	if (fstat(dir, &st) < 0 || og_writable_by_others(&st)) {
		close(dir);
		return og_fail(reterr, OG_E_POLICY,
			       "the directory %s above it may be written by others; make it root's "
			       "and run chmod go-w",
			       OG_Q(name));
	}
	*ret = dir;
	return 0;
}

/* Walk down to the directory of |path| without following links; *base: what is left. */
static int walk(const char *path, int *ret, const char **base, struct og_err *reterr)
{
	char name[256];
	int fd;

	if (enter(AT_FDCWD, "/", &fd, reterr) < 0)
		return -1;
	for (path += strspn(path, "/"); strchr(path, '/'); path += strspn(path, "/")) {
		size_t len = strcspn(path, "/");
		int next, r;

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		r = len < sizeof(name) ? enter(fd, name, &next, reterr)
				       : og_fail(reterr, OG_E_POLICY, "a name in it is too long");
		close(fd);
		if (r < 0)
			return -1;
		fd = next;
		path += len;
	}
	*ret = fd;
	*base = path;
	return 0;
}

static int read_one(const char *path, bool draft, struct og_policy_source *ret,
		    struct og_err *reterr)
{
	og_auto_close int dir = -1;
	const char *base;
	char *text;
	size_t len;
	int r;

	if (draft)
		r = og_file_read(AT_FDCWD, path, OG_POLICY_MAX_BYTES, OG_FILE_FOLLOW, &text, &len,
				 NULL, reterr);
	else if (walk(path, &dir, &base, reterr) < 0)
		r = -1;
	else
		r = og_file_read(dir, base, OG_POLICY_MAX_BYTES, OG_FILE_TRUSTED, &text, &len, NULL,
				 reterr);
	if (r < 0) {
		/* whatever failed, it is this file that cannot be trusted */
		reterr->code = reterr->code == OG_E_NOMEM ? OG_E_NOMEM : OG_E_POLICY;
		snprintf(reterr->where, sizeof(reterr->where), "%s", path);
		return -1;
	}
	ret->text = text;
	ret->len = len;
	ret->file = strdup(path);
	return ret->file ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}

/* Read sources[n] and find out what is next: *ret NULL after the last. */
static int read_next(struct og_policyfiles *files, const char *path, bool draft, char **ret,
		     struct og_err *reterr)
{
	struct og_policy_source *source = &files->sources[files->n++];
	og_auto_free char *base = NULL;

	*ret = NULL;
	if (read_one(path, draft, source, reterr) < 0 ||
	    og_policy_extends(source, &base, reterr) < 0)
		return -1;
	if (base[0] != '/')
		return 0;
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->sources[i].file, base) == 0)
			return og_fail(reterr, OG_E_POLICY, "%s extends itself in a circle",
				       OG_Q(base));
	if (files->n == OG_POLICY_MAX_FILES)
		return og_fail(reterr, OG_E_POLICY, "more than %d files extend each other",
			       OG_POLICY_MAX_FILES);
	*ret = og_steal(base);
	return 0;
}

int og_policyfile_read(const char *path, bool draft, struct og_policyfiles *ret,
		       struct og_err *reterr)
{
	og_auto_free char *next = NULL;
	SHA2_CTX sha;

	*ret = (struct og_policyfiles){ 0 };
	SHA256Init(&sha);
	do {
		char *then;

		if (read_next(ret, next ? next : path, draft, &then, reterr) < 0) {
			og_policyfile_release(ret);
			return -1;
		}
		SHA256Update(&sha, (const uint8_t *)ret->sources[ret->n - 1].text,
			     ret->sources[ret->n - 1].len);
		free(next);
		next = then;
	} while (next);
	SHA256End(&sha, ret->sha256);
	return 0;
}

void og_policyfile_release(struct og_policyfiles *files)
{
	for (size_t i = 0; i < files->n; i++) {
		/* og_policy_source borrows in general; these are ours */
		free((char *)(uintptr_t)files->sources[i].file);
		free((char *)(uintptr_t)files->sources[i].text);
	}
	files->n = 0;
}
