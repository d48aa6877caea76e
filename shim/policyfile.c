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
#include "place.h"

int og_policyfile_find(const char *given, const char *name, char **ret, struct og_err *reterr)
{
	bool rootless = og_is_rootless();
	const char *dir = rootless ? getenv("XDG_CONFIG_HOME") : NULL;
	const char *home = rootless ? getenv("HOME") : NULL;
	int n = 0;

	*ret = NULL;
	if (given) {
		*ret = og_path_absolute(given);
		return *ret ? 0 : og_fail_sys(reterr, errno, "the working directory");
	}
	if (!rootless)
		n = asprintf(ret, "/etc/ocigate/%s.json", name);
	else if (dir && dir[0] == '/')
		n = asprintf(ret, "%s/ocigate/%s.json", dir, name);
	else if (home && home[0] == '/')
		n = asprintf(ret, "%s/.config/ocigate/%s.json", home, name);
	else
		return og_fail(reterr, OG_E_POLICY, "neither XDG_CONFIG_HOME nor HOME is set");
	return n < 0 ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

/* One directory above it, by its whole path. */
static int check_dir(const char *path, struct og_err *reterr)
{
	struct stat st;

	if ((path[1] ? lstat(path, &st) : og_root_dir(&st)) < 0)
		return og_fail_sys(reterr, errno, "the directory %s", OG_Q(path));
	if (!S_ISDIR(st.st_mode))
		return og_fail(reterr, OG_E_POLICY, "%s above it is %s", OG_Q(path),
			       S_ISLNK(st.st_mode) ? "a symbolic link: name the real path"
						   : "no directory");
	if (og_writable_by_others(&st))
		return og_fail(reterr, OG_E_POLICY,
			       "the directory %s above it may be written by others; make it root's "
			       "and run chmod go-w",
			       OG_Q(path));
	return 0;
}

/*
 * Every directory above |path|, from the root down. In one that only we can write
 * a name stays what it is, so what was found by it is found by it again.
 */
static int check_above(const char *path, struct og_err *reterr)
{
	char dir[4096];

	if (strlen(path) >= sizeof(dir))
		return og_fail(reterr, OG_E_POLICY, "the path is too long");
	if (check_dir("/", reterr) < 0)
		return -1;
	for (size_t len = 1 + strcspn(path + 1, "/"); path[len];
	     len += 1 + strcspn(path + len + 1, "/")) {
		memcpy(dir, path, len);
		dir[len] = '\0';
		if (path[len - 1] != '/' && check_dir(dir, reterr) < 0)
			return -1;
	}
	return 0;
}

static int read_one(const char *path, bool draft, struct og_policy_source *ret,
		    struct og_err *reterr)
{
	char *text;
	size_t len;

	if ((!draft && check_above(path, reterr) < 0) ||
	    og_file_read(AT_FDCWD, path, OG_POLICY_MAX_BYTES,
			 draft ? OG_FILE_FOLLOW : OG_FILE_TRUSTED, &text, &len, NULL, reterr) < 0) {
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
	for (size_t i = 0; i < files->n; i++) {
		if (strcmp(files->sources[i].file, base) != 0)
			continue;
		og_fail(reterr, OG_E_POLICY, "%s extends itself in a circle", OG_Q(base));
		og_err_where(reterr, path, 0, 0);
		return -1;
	}
	if (files->n == OG_POLICY_MAX_FILES)
		return og_fail(reterr, OG_E_POLICY, "more than %d files extend each other",
			       OG_POLICY_MAX_FILES);
	*ret = og_steal(base);
	return 0;
}

/* Of a file that cannot be read, which one asks for it. */
static void add_extended(const struct og_policyfiles *files, struct og_err *reterr)
{
	size_t len = strlen(reterr->msg);

	if (files->n > 1 && !files->sources[files->n - 1].file)
		snprintf(reterr->msg + len, sizeof(reterr->msg) - len, " (it is extended by %s)",
			 OG_Q(files->sources[files->n - 2].file));
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
			add_extended(ret, reterr);
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
