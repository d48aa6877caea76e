/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths looked at through descriptors: what a path really leads to, and whether
 * anybody but root could make it lead elsewhere.
 */
#ifndef OG_SHIM_PLACE_H
#define OG_SHIM_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "ocigate/err.h"
#include "ocigate/facts.h"

struct og_place {
	struct stat st;
	uint64_t mount;		      /* id of the mount it lies on, as in mountinfo */
	const char *problem;	      /* why nothing was established; NULL: fine. Static text. */
	bool missing;		      /* the problem is that nothing is there */
	bool magic;		      /* reached through a magic link of procfs, or on procfs */
	uint64_t birth;		      /* when it was made, ns since 1970; 0: not known */
	uint64_t fs_type;	      /* f_type of statfs(2) */
	bool nosuid, nodev, readonly; /* of the mount */
	char path[PATH_MAX];	      /* absolute, without symbolic links */
};

/*
 * Where |path| (below |dirfd| when relative) leads. Nothing is opened for
 * reading, so a FIFO or a device is not disturbed. An automount point is
 * triggered, as mount(2) would.
 */
void og_place_resolve(int dirfd, const char *path, struct og_place *ret);

/* A directory that is open, and what its mount is like. */
struct og_dir {
	int fd;
	uint64_t mount, fs_type;
	bool nosuid, nodev, readonly;
	struct stat st;
};
/* Of |fd|, which stays the caller's. False: it cannot be looked at. */
bool og_dir_look(int fd, struct og_dir *ret);
/*
 * Of |path|, whose last component is a name in |dir|, by one look. False: it is a
 * link, or another file system is mounted there: then it must be resolved.
 */
bool og_place_child(const struct og_dir *dir, const char *path, struct og_place *ret);

/* Where |path| leads, and no more. False: there is nothing, or it cannot be told. */
bool og_path_real(int dirfd, const char *path, char buf[PATH_MAX]);

enum og_ftype og_place_type(const struct og_place *place);

/* The mount id of what |fd| refers to; -1: not told by this kernel. */
int og_mount_id(int fd, uint64_t *ret);

enum {
	/* A directory on the way may be like /tmp: sticky, so that what root has there stays. */
	OG_SAFE_STICKY = 1 << 0,
	/* What is there in the end may be anybody's: it is asked only whether it is that. */
	OG_SAFE_ANY_END = 1 << 1,
};

/*
 * Whether |path|, each directory on the way, and each symbolic link and what it
 * leads to, belong to root (or to ourselves) and can be written by nobody else:
 * what is there now will be there when it is looked up again.
 */
bool og_path_is_safe(const char *path, unsigned flags);
/* The same of a path below |base|, which is. */
bool og_path_is_safe_below(const char *base, const char *path, unsigned flags);

/* Whether |path| is absolute and without "//", "/./", "/../" and a trailing slash. */
bool og_path_is_normal(const char *path);

/*
 * |path| seen from the working directory, NULL: that directory; owned by the caller. NULL with
 * errno: it cannot be told, or memory is short.
 */
char *og_path_absolute(const char *path);
/* The last component; |path| itself when it has no slash. */
const char *og_path_base(const char *path);

#endif
