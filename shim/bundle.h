/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bundle: a directory, opened once, whose config.json is read once and, if
 * the policy asks for it, replaced.
 */
#ifndef OG_BUNDLE_H
#define OG_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "ocigate/err.h"

/* Zero-initialise with fd = -1. */
struct og_bundle {
	int fd;
	char *path; /* absolute; owned */
	char *text; /* config.json as received; owned */
	size_t len;
	struct stat st; /* of config.json */
};
#define OG_BUNDLE_INIT                                                                             \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* |given| as on the command line, NULL for the working directory. */
int og_bundle_open(struct og_bundle *bundle, const char *given, struct og_err *reterr);
/*
 * Whether root's bundle can be exchanged for another by someone who may write a
 * directory above it. For those that no engine made: engines have theirs where only root
 * can go, and each directory that is looked at costs a system call. Nothing without one.
 */
int og_bundle_check(const struct og_bundle *bundle, struct og_err *reterr);
/* Before a launch: an original that nobody put back, because nobody deleted or all crashed. */
int og_bundle_reset(struct og_bundle *bundle, struct og_err *reterr);
/* The name of the file in the directory |dirfd| that a launch would judge: after that reset. */
const char *og_bundle_original(int dirfd);
/* config.json as it is now: of a running container, what it was launched with. */
int og_bundle_read(struct og_bundle *bundle, struct og_err *reterr);
/*
 * Put |text| in place of config.json. |keep|: leave the original beside it as
 * config.json.ocigate, for og_bundle_restore().
 */
int og_bundle_replace(struct og_bundle *bundle, const char *text, size_t len, bool keep,
		      struct og_err *reterr);
/*
 * Put the kept original back, unless config.json was edited since; nothing to do
 * is no error. |path| is absolute.
 */
int og_bundle_restore(const char *path, struct og_err *reterr);
void og_bundle_release(struct og_bundle *bundle);

#endif
