/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine's configuration file: read once, replaced whole, with a copy of how
 * it was and of how it was left, so that it can be put back byte for byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../file.h"
#include "../place.h"
#include "setup.h"

#define BACKUP "/etc/ocigate/backup"

void og_text_release(struct og_text *text)
{
	og_buf_release(&text->buf);
	text->there = false;
}

bool og_text_equal(const struct og_text *a, const struct og_text *b)
{
	return a->there == b->there && a->buf.len == b->buf.len &&
	       (a->buf.len == 0 || memcmp(a->buf.data, b->buf.data, a->buf.len) == 0);
}

int og_text_copy(const struct og_text *from, struct og_text *ret, struct og_err *reterr)
{
	*ret = (struct og_text){ .there = from->there };
	if (from->buf.len)
		og_buf_put(&ret->buf, from->buf.data, from->buf.len);
	return ret->buf.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

int og_text_splice(struct og_text *text, size_t offset, size_t drop, const struct og_buf *insert,
		   struct og_err *reterr)
{
	struct og_buf out = { 0 };

	og_buf_put(&out, text->buf.data ? text->buf.data : "", offset);
	og_buf_put(&out, insert->data ? insert->data : "", insert->len);
	if (text->buf.data)
		og_buf_put(&out, text->buf.data + offset + drop, text->buf.len - offset - drop);
	if (out.failed || insert->failed) {
		og_buf_release(&out);
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	}
	og_buf_release(&text->buf);
	text->buf = out;
	text->there = true;
	return 0;
}

int og_setup_path(const struct og_setup *setup, const char *path, char ret[PATH_MAX],
		  struct og_err *reterr)
{
	int len = snprintf(ret, PATH_MAX, "%s%s", setup->root, path);

	return len < PATH_MAX ? 0 : og_fail(reterr, OG_E_USAGE, "%s: too long", OG_Q(path));
}

int og_setup_stat(const struct og_setup *setup, const char *path, struct stat *ret)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	og_auto_close int root = -1, fd = -1;

	if (!setup->root[0])
		return stat(path, ret);
	root = open(setup->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0)
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd < 0 ? -1 : fstat(fd, ret);
}

static int read_text(const char *path, struct og_text *ret, struct stat *st, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	size_t len;

	*ret = (struct og_text){ 0 };
	if (og_file_read(AT_FDCWD, path, OG_CONF_MAX_BYTES, OG_FILE_MAY_MISS, &text, &len, st,
			 reterr) < 0)
		return -1;
	ret->there = text != NULL;
	if (len)
		og_buf_put(&ret->buf, text, len);
	return ret->buf.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

/* The file behind the links of |path|; a link that leads nowhere is not for us to fill. */
static int real_path(const struct og_setup *setup, const char *path, char ret[PATH_MAX],
		     struct og_err *reterr)
{
	char given[PATH_MAX];
	struct stat st;
	size_t len = strlen(setup->root);

	if (og_setup_path(setup, path, given, reterr) < 0)
		return -1;
	if (lstat(given, &st) < 0 && errno == ENOENT) {
		memcpy(ret, given, sizeof(given));
		return 0;
	}
	if (!realpath(given, ret))
		return og_fail_sys(reterr, errno, "%s cannot be followed", OG_Q(given));
	if (len && (strncmp(ret, setup->root, len) != 0 || ret[len] != '/'))
		return og_fail(reterr, OG_E_HOST, "%s leads out of %s, to %s", OG_Q(given),
			       OG_Q(setup->root), OG_Q(ret));
	return 0;
}

static int backup_path(const struct og_setup *setup, const char *name, const char *suffix,
		       char ret[PATH_MAX], struct og_err *reterr)
{
	char path[256];

	snprintf(path, sizeof(path), BACKUP "/%s%s", name, suffix);
	return og_setup_path(setup, path, ret, reterr);
}

int og_conf_read(const struct og_setup *setup, const char *name, const char *path,
		 struct og_conf *ret, struct og_err *reterr)
{
	char before[PATH_MAX], after[PATH_MAX];

	*ret = (struct og_conf){ .name = name };
	if (real_path(setup, path, ret->path, reterr) < 0 ||
	    backup_path(setup, name, ".before", before, reterr) < 0 ||
	    backup_path(setup, name, ".after", after, reterr) < 0 ||
	    read_text(ret->path, &ret->now, &ret->st, reterr) < 0 ||
	    read_text(before, &ret->before, NULL, reterr) < 0 ||
	    read_text(after, &ret->after, NULL, reterr) < 0)
		return -1;
	if (!ret->now.there)
		ret->st = (struct stat){ .st_mode = 0644 };
	return 0;
}

void og_conf_release(struct og_conf *conf)
{
	og_text_release(&conf->now);
	og_text_release(&conf->before);
	og_text_release(&conf->after);
}

int og_setup_parents(const char *path, struct og_err *reterr)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return og_fail_sys(reterr, errno, "cannot make %s", OG_Q(dir));
		*slash = '/';
	}
	return 0;
}

/* The bytes are on the disk before the name is theirs: a crash leaves no empty file. */
static int replace(int dir, const char *base, const struct og_text *text, const struct stat *like,
		   struct og_err *reterr)
{
	og_auto_close int fd = -1;
	char temp[NAME_MAX + 1];
	int r;

	/* no engine's pattern of drop-ins has it */
	if (snprintf(temp, sizeof(temp), ".%s.ocigate-new", base) >= (int)sizeof(temp))
		return og_fail(reterr, OG_E_USAGE, "%s: too long", OG_Q(base));
	if (og_file_replace(dir, temp, text->buf.data ? text->buf.data : "", text->buf.len, like,
			    reterr) < 0)
		return -1;
	fd = openat(dir, temp, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 || fsync(fd) < 0 || renameat(dir, temp, dir, base) < 0
		    ? og_fail_sys(reterr, errno, "cannot replace %s", OG_Q(base))
		    : 0;
	if (r < 0)
		unlinkat(dir, temp, 0);
	return r;
}

static int write_text(const char *path, const struct og_text *text, const struct stat *like,
		      struct og_err *reterr)
{
	const char *base = og_path_base(path);
	char dir[PATH_MAX];
	og_auto_close int fd = -1;
	struct stat now = *like;

	snprintf(dir, sizeof(dir), "%.*s", (int)(base - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !text->there)
		return 0;
	if (fd < 0)
		return og_fail_sys(reterr, errno, "cannot open %s", OG_Q(dir));
	if (!text->there)
		return unlinkat(fd, base, 0) == 0 || errno == ENOENT
			       ? 0
			       : og_fail_sys(reterr, errno, "cannot remove %s", OG_Q(path));
	now.st_atim.tv_nsec = now.st_mtim.tv_nsec = UTIME_NOW;
	if (replace(fd, base, text, &now, reterr) < 0) {
		og_err_where(reterr, path, 0, 0);
		return -1;
	}
	return fsync(fd) == 0 ? 0 : og_fail_sys(reterr, errno, "fsync of %s", OG_Q(dir));
}

int og_conf_write(const struct og_conf *conf, const struct og_text *text, struct og_err *reterr)
{
	if (text->there && og_setup_parents(conf->path, reterr) < 0)
		return -1;
	return write_text(conf->path, text, &conf->st, reterr);
}

int og_conf_strip_whole(const struct og_setup *setup, const struct og_conf *conf,
			struct og_text *ret, struct og_err *reterr)
{
	(void)setup;
	(void)conf;
	(void)reterr;
	*ret = (struct og_text){ 0 };
	return 0;
}

int og_conf_put(const struct og_conf *conf, const struct og_text *text, struct og_err *reterr)
{
	if (og_conf_write(conf, text, reterr) < 0)
		return -1;
	printf("%s: %s\n", conf->path, text->there ? "written" : "removed");
	return 0;
}

int og_conf_keep(const struct og_setup *setup, const char *name, const struct og_text *before,
		 const struct og_text *after, struct og_err *reterr)
{
	/* a configuration may hold a proxy's password */
	struct stat private = { .st_mode = 0600 };
	char path[PATH_MAX];

	if (backup_path(setup, name, ".before", path, reterr) < 0)
		return -1;
	if (after->there && og_setup_parents(path, reterr) < 0)
		return -1;
	if (write_text(path, before, &private, reterr) < 0 ||
	    backup_path(setup, name, ".after", path, reterr) < 0 ||
	    write_text(path, after, &private, reterr) < 0)
		return -1;
	if (!after->there && backup_path(setup, "", "", path, reterr) == 0)
		rmdir(path); /* when it was the last */
	return 0;
}

bool og_conf_kept(const struct og_setup *setup, const char *name)
{
	struct og_err ignored = { 0 };
	char path[PATH_MAX];

	return backup_path(setup, name, ".after", path, &ignored) == 0 && access(path, F_OK) == 0;
}
