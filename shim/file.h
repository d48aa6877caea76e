/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files read whole, once, from a descriptor that was looked at first, and files
 * replaced whole. Nothing is looked up by path twice.
 */
#ifndef OG_FILE_H
#define OG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "ocigate/err.h"

enum {
	OG_FILE_FOLLOW = 1 << 0,   /* the last component may be a symbolic link */
	OG_FILE_TRUSTED = 1 << 1,  /* must be root's or ours, writable by nobody else */
	OG_FILE_ANY_KIND = 1 << 2, /* a pipe will do as well as a regular file */
	OG_FILE_MAY_MISS = 1 << 3, /* when absent: 0, *ret NULL */
};

/*
 * The file |path| below |dirfd| (AT_FDCWD: as usual), of at most |max| bytes,
 * NUL-terminated, *ret owned by the caller. |st| may be NULL.
 */
int og_file_read(int dirfd, const char *path, size_t max, unsigned flags, char **ret,
		 size_t *retlen, struct stat *st, struct og_err *reterr);

/* The same of an open descriptor, from where it stands to its end. */
int og_fd_read(int fd, size_t max, char **ret, size_t *retlen, struct og_err *reterr);

int og_fd_write(int fd, const void *data, size_t len, struct og_err *reterr);

/*
 * Put |data| in place of |name| below |dirfd| by rename(2): readers see the old
 * file or the complete new one. Owner, mode and times are those of |like|.
 */
int og_file_replace(int dirfd, const char *name, const void *data, size_t len,
		    const struct stat *like, struct og_err *reterr);

/* A sealed memory file that the runtime may inherit (no O_CLOEXEC); -1. */
int og_memfd(const char *name, const void *data, size_t len, struct og_err *reterr);

/* Effective user id: this program never changes it, so what execve(2) said will do. */
static inline uid_t og_euid(void)
{
	return (uid_t)getauxval(AT_EUID);
}

/* What / is, asked for once. 0, or -1 with errno. */
int og_root_dir(struct stat *ret);

/* Whether every id of the host has one here: the first user namespace. */
bool og_has_every_id(void);

/* Whether we are not root, or root only in the namespace of a user, as rootless podman makes one.
 */
bool og_is_rootless(void);

/* Whether |uid| owns what root of the host or of this system does. */
bool og_is_roots(uid_t uid);

/* Whether somebody other than root and ourselves may write what |st| describes. */
int og_writable_by_others(const struct stat *st);

/* For __attribute__((cleanup)): closes unless negative. */
void og_cleanup_close(const int *fd);
#define og_auto_close __attribute__((cleanup(og_cleanup_close)))

#endif
