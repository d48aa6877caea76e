/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table of a process, indexed so that every question about
 * a path takes time in the logarithm of the table. It says what is mounted
 * where; whether that is allowed is not its business.
 */
#ifndef OG_SHIM_MOUNTINFO_H
#define OG_SHIM_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/err.h"

#define OG_MOUNTINFO_MAX_BYTES ((size_t)64 << 20)

struct og_mount {
	uint64_t id, parent;
	uint64_t dev;	    /* major << 32 | minor, of the file system */
	const char *root;   /* the directory of the file system that is mounted */
	const char *point;  /* where */
	const char *fstype; /* "ext4", "fuse.sshfs" */
	bool nosuid, nodev, readonly;
	size_t order; /* line */
};

struct og_mounts; /* immutable after loading */

/* |text| is copied. Any line that proc(5) would not write is an error (OG_E_HOST). */
int og_mounts_parse(const char *text, size_t len, struct og_mounts **ret, struct og_err *reterr);
/* |path|: /proc/self/mountinfo, or that of another process. */
int og_mounts_load(const char *path, struct og_mounts **ret, struct og_err *reterr);
void og_mounts_free(struct og_mounts *mounts); /* NULL is fine */

/* By the mount id of statx(2); NULL: not in the table. */
const struct og_mount *og_mounts_by_id(const struct og_mounts *mounts, uint64_t id);
size_t og_mounts_count(const struct og_mounts *mounts);
/* In order of mount point, so that what is below a directory is one range. */
const struct og_mount *og_mounts_at(const struct og_mounts *mounts, size_t i);
/* The mounts strictly below the directory |path|: |*n| of them from the index returned. */
size_t og_mounts_below(const struct og_mounts *mounts, const char *path, size_t *n);

/*
 * The file at |path|, which lies on |mount|, may be visible at other places of
 * the host: where the same part of the same file system is mounted too. The
 * most telling one is written to |buf|: through the mount that shows the largest
 * part of the file system, of those the one nearest to "/". Equals |path| when
 * there is no other; |*through|, unless NULL, is that mount. -1: the path does not lie on |mount|,
 * or is too long.
 */
int og_mounts_origin(const struct og_mounts *mounts, const struct og_mount *mount, const char *path,
		     char *buf, size_t size, const struct og_mount **through);

/* Whether |path| is |dir| or lies below it; both absolute and normalised. */
bool og_path_within(const char *path, const char *dir);

#endif
