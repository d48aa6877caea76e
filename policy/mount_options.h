/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a mount's options as runc and crun read them, and option lists
 * written anew. What is allowed where is the rule's business (rules/mounts.c).
 */
#ifndef OG_MOUNT_OPTIONS_H
#define OG_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"

/* What a word asks for. An R in front: for the mounts below as well (mount_setattr(2)). */
enum og_mount_word {
	OG_MW_RO = 1 << 0,
	OG_MW_RRO = 1 << 1,
	OG_MW_RW = 1 << 2,
	OG_MW_RRW = 1 << 3,
	OG_MW_NOSUID = 1 << 4,
	OG_MW_RNOSUID = 1 << 5,
	OG_MW_NODEV = 1 << 6,
	OG_MW_RNODEV = 1 << 7,
	OG_MW_NOEXEC = 1 << 8,
	OG_MW_RNOEXEC = 1 << 9,
	OG_MW_EXEC = 1 << 10,
	OG_MW_DEV = 1 << 11,
	OG_MW_LOOSE = 1 << 12, /* suid, rsuid, rdev, rexec, symfollow: takes a protection away */
	OG_MW_BIND = 1 << 13,
	OG_MW_RBIND = 1 << 14,
	OG_MW_PRIVATE = 1 << 15,
	OG_MW_RPRIVATE = 1 << 16,
	OG_MW_SHARING = 1 << 17, /* shared, slave, unbindable and their recursive forms */
	OG_MW_NEUTRAL = 1 << 18, /* access times, synchronous writing */
	OG_MW_COPYUP = 1 << 19,	 /* tmpcopyup */
	OG_MW_REFUSED = 1 << 20, /* idmap, remount, and crun's extensions about symlinks */
	OG_MW_UNKNOWN = 1 << 21, /* on a bind; elsewhere data for the file system */
};

#define OG_MW_ANY_RO	 (OG_MW_RO | OG_MW_RRO)
#define OG_MW_ANY_NOSUID (OG_MW_NOSUID | OG_MW_RNOSUID)
#define OG_MW_ANY_NODEV	 (OG_MW_NODEV | OG_MW_RNODEV)
#define OG_MW_ANY_NOEXEC (OG_MW_NOEXEC | OG_MW_RNOEXEC)
#define OG_MW_ANY_BIND	 (OG_MW_BIND | OG_MW_RBIND)

enum og_mount_word og_mount_word(const char *text);

struct og_mount_options {
	unsigned words;	     /* mask of enum og_mount_word */
	const char *refused; /* the first one of OG_MW_REFUSED; NULL: none */
	const char *unknown; /* the first one of OG_MW_UNKNOWN; NULL: none */
};

/* |options| may be NULL: no words. */
struct og_mount_options og_mount_options_read(const struct og_node *options);

/* What a bind has to be. */
struct og_bind_want {
	bool ro;       /* all of it, mounts below included */
	bool nosuid;   /* and nodev, likewise */
	bool isolated; /* says so itself that it is private */
	bool file;     /* nothing can be mounted below it: crun 1.8 fails on recursive words */
};

/*
 * Whether |have| is that already. A recursive bind needs the recursive words:
 * the plain ones do not reach the mounts below.
 */
bool og_bind_complies(const struct og_mount_options *have, const struct og_bind_want *want);
/* The option list that is, keeping what |have| asks for and |want| has nothing against; |deep|:
 * mount_setattr(2) is there (Linux 5.12), else the bind is made without the mounts below. */
void og_bind_write(const struct og_mount_options *have, const struct og_bind_want *want, bool deep,
		   struct og_buf *out);

/* A file system that may be mounted besides binds. */
struct og_mount_place {
	const char *type;
	const char *destination; /* its only one; NULL: anywhere */
	const char *required[5]; /* words it needs, NULL at the end */
	unsigned words;		 /* mask of enum og_mount_word: what else may be said */
	const char *data[9];	 /* words for the file system; "gid=" with any plain value */
};

/* The rows for |type|: *ret the one of |destination|, or NULL where it may not be. */
bool og_mount_place_find(const char *type, const char *destination,
			 const struct og_mount_place **ret);

/*
 * |options| of a mount at |place| written anew into |out|: what is allowed, in
 * the order given, then what is missing; |size| caps a tmpfs, 0: no cap. Returns
 * whether that changes anything.
 */
bool og_place_options(const struct og_mount_place *place, const struct og_node *options,
		      uint64_t size, struct og_buf *out);

#endif
