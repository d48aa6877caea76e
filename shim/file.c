/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out; see file.h for what is promised. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ocigate/buf.h"

void og_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

bool og_has_every_id(void)
{
	og_auto_free char *map = NULL;
	unsigned long numbers[3];
	struct og_err err = { 0 };
	size_t len;
	char *at;

	if (og_file_read(AT_FDCWD, "/proc/self/uid_map", 4096, 0, &map, &len, NULL, &err) < 0)
		return true;
	/* one line: the first id inside, the first outside, how many */
	at = map;
	for (int i = 0; i < 3; i++)
		numbers[i] = strtoul(at, &at, 10);
	return numbers[0] == 0 && numbers[1] == 0 && numbers[2] == UINT32_MAX;
}

int og_root_dir(struct stat *ret)
{
	static struct stat st;
	static int error = -1; /* not looked at yet */

	if (error < 0)
		error = stat("/", &st) < 0 ? errno : 0;
	errno = error;
	*ret = st;
	return error ? -1 : 0;
}

/*
 * Without root, rootless podman and Docker run us as 0 of a user namespace of their
 * own, where the host's root has no id: who owns / there, as everything that has none.
 * Elsewhere 0. The root of a system container owns its / and is root.
 */
static uid_t outer_root(void)
{
	static bool known;
	static uid_t owner;
	struct stat st;

	if (!known && og_root_dir(&st) == 0 && st.st_uid != 0 && !og_has_every_id())
		owner = st.st_uid;
	known = true;
	return owner;
}

bool og_is_rootless(void)
{
	return og_euid() != 0 || outer_root() != 0;
}

bool og_is_roots(uid_t uid)
{
	return uid == 0 || uid == outer_root();
}

int og_writable_by_others(const struct stat *st)
{
	return (!og_is_roots(st->st_uid) && st->st_uid != og_euid()) ||
	       (st->st_mode & (S_IWGRP | S_IWOTH));
}

/* Read until the end or until there is more than |max|. */
static int read_all(int fd, size_t max, size_t hint, char **ret, size_t *retlen,
		    struct og_err *reterr)
{
	size_t cap = hint ? hint + 1 : 4096, len = 0;
	og_auto_free char *data = malloc(cap + 1);

	while (data) {
		ssize_t n = read(fd, data + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return og_fail_sys(reterr, errno, "reading");
		len += (size_t)n;
		if (len > max)
			return og_fail(reterr, OG_E_CONFIG, "larger than %zu bytes", max);
		/* as much as fstat(2) said: what somebody appends meanwhile is not waited for */
		if (n == 0 || (hint && len == hint)) {
			data[len] = '\0';
			*retlen = len;
			*ret = og_steal(data);
			return 0;
		}
		if (len == cap) {
			char *grown = realloc(data, cap * 2 + 1);

			if (!grown)
				break;
			data = grown;
			cap *= 2;
		}
	}
	return og_fail(reterr, OG_E_NOMEM, "out of memory");
}

int og_fd_read(int fd, size_t max, char **ret, size_t *retlen, struct og_err *reterr)
{
	return read_all(fd, max, 0, ret, retlen, reterr);
}

/* Look at the open file, then read it. */
static int read_open(int fd, size_t max, unsigned flags, char **ret, size_t *retlen,
		     struct stat *st, struct og_err *reterr)
{
	if (fstat(fd, st) < 0)
		return og_fail_sys(reterr, errno, "fstat");
	if (!S_ISREG(st->st_mode) && !(flags & OG_FILE_ANY_KIND))
		return og_fail(reterr, OG_E_HOST, "not a regular file");
	if (flags & OG_FILE_TRUSTED && og_writable_by_others(st))
		return og_fail(reterr, OG_E_HOST,
			       "owner %u, mode %03o: others may write it; make it root's and run "
			       "chmod go-w",
			       st->st_uid, st->st_mode & 07777);
	return read_all(fd, max,
			S_ISREG(st->st_mode) && (size_t)st->st_size <= max ? (size_t)st->st_size
									   : 0,
			ret, retlen, reterr);
}

int og_file_read(int dirfd, const char *path, size_t max, unsigned flags, char **ret,
		 size_t *retlen, struct stat *st, struct og_err *reterr)
{
	/* O_NONBLOCK: a FIFO put in the file's place must not stop us for ever */
	int nonblock = flags & OG_FILE_ANY_KIND ? 0 : O_NONBLOCK;
	og_auto_close int fd = openat(dirfd, path,
				      O_RDONLY | O_CLOEXEC | O_NOCTTY | nonblock |
					      (flags & OG_FILE_FOLLOW ? 0 : O_NOFOLLOW));
	struct stat unused;
	int r;

	*ret = NULL;
	*retlen = 0;
	if (fd < 0 && errno == ENOENT && flags & OG_FILE_MAY_MISS)
		return 0;
	if (fd < 0 && errno == ELOOP && !(flags & OG_FILE_FOLLOW))
		r = og_fail(reterr, OG_E_HOST, "is a symbolic link");
	else if (fd < 0)
		r = og_fail_sys(reterr, errno, "cannot be opened");
	else
		r = read_open(fd, max, flags, ret, retlen, st ? st : &unused, reterr);
	if (r < 0)
		og_err_where(reterr, path, 0, 0);
	return r;
}

int og_fd_write(int fd, const void *data, size_t len, struct og_err *reterr)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return og_fail_sys(reterr, errno, "writing");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int og_file_replace(int dirfd, const char *name, const void *data, size_t len,
		    const struct stat *like, struct og_err *reterr)
{
	char temp[256];
	og_auto_close int fd = -1;
	int r;

	snprintf(temp, sizeof(temp), ".ocigate.%s.%d", name, getpid());
	/* a leftover of the same pid from before a crash must not stop us */
	unlinkat(dirfd, temp, 0);
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return og_fail_sys(reterr, errno, "cannot write beside %s", name);
	r = og_fd_write(fd, data, len, reterr);
	if (r < 0)
		og_err_where(reterr, name, 0, 0);
	if (r == 0 && fchown(fd, like->st_uid, like->st_gid) < 0)
		r = og_fail_sys(reterr, errno, "cannot keep the owner of %s", name);
	if (r == 0 && fchmod(fd, like->st_mode & 07777) < 0)
		r = og_fail_sys(reterr, errno, "cannot keep the mode of %s", name);
	if (r == 0 && futimens(fd, (const struct timespec[]){ like->st_atim, like->st_mtim }) < 0)
		r = og_fail_sys(reterr, errno, "cannot keep the time of %s", name);
	if (r == 0 && renameat(dirfd, temp, dirfd, name) < 0)
		r = og_fail_sys(reterr, errno, "cannot replace %s", name);
	if (r < 0)
		unlinkat(dirfd, temp, 0);
	return r;
}

int og_memfd(const char *name, const void *data, size_t len, struct og_err *reterr)
{
	int fd = memfd_create(name, MFD_ALLOW_SEALING);

	if (fd < 0)
		return og_fail_sys(reterr, errno, "memfd_create");
	if (og_fd_write(fd, data, len, reterr) == 0) {
		if (lseek(fd, 0, SEEK_SET) == 0 &&
		    fcntl(fd, F_ADD_SEALS,
			  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
			return fd;
		og_fail_sys(reterr, errno, "sealing a memory file");
	}
	close(fd);
	return -1;
}
