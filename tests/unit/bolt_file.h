/* SPDX-License-Identifier: Apache-2.0 */
/* A bolt database made page by page, as bbolt lays one out; for test_bolt.c and test_engine*.c. */
#ifndef OG_TEST_BOLT_FILE_H
#define OG_TEST_BOLT_FILE_H

#include <stddef.h>
#include <stdint.h>

#define BOLT_PAGE    1024U
#define BOLT_NETWORK "docker/network/v1.0/network/"
#define BOLT_NUMBER  "\1\2\3\4\5\6\7\10" /* what the daemon keeps before each value */

/* Zero-initialise; fields may be spoilt by a test afterwards. */
struct bolt_file {
	unsigned char bytes[24 * BOLT_PAGE];
};

struct bolt_item {
	const char *key, *value; /* of a branch: no value */
	uint64_t child;		 /* of a branch, or the root page of a bucket; 0: a plain value */
};

/* A meta on page 0 or 1: the tree at |root|, of the commit |number|. */
void bolt_meta(struct bolt_file *file, unsigned page, uint64_t root, uint64_t number);
/* A page that |overflow| more continue. */
void bolt_leaf(struct bolt_file *file, unsigned page, unsigned overflow,
	       const struct bolt_item *items, size_t n);
void bolt_branch(struct bolt_file *file, unsigned page, const struct bolt_item *items, size_t n);
/* Metas, and the bucket "libnetwork" with its tree at page 3. */
void bolt_libnetwork(struct bolt_file *file);
/* Written to |path|. */
void bolt_write(const struct bolt_file *file, const char *path);

#endif
