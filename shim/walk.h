/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path that is followed by hand, component by component, where the kernel's own
 * way would be another: links are seen, and lead no higher than the root.
 */
#ifndef OG_WALK_H
#define OG_WALK_H

#include <limits.h>
#include <stdbool.h>

struct og_walk {
	char done[PATH_MAX]; /* without links, "" for the root; never ends in a slash */
	char todo[PATH_MAX];
	unsigned links;
};

/* False: |path| is too long. */
bool og_walk_begin(struct og_walk *walk, const char *path);
/* Put the next component behind |done|; false: there is none, or no room (|todo| is not ""). */
bool og_walk_next(struct og_walk *walk);
/* |done| is a link, to |target|: go on there. False: too many links, or no room. */
bool og_walk_follow(struct og_walk *walk, const char *target);

#endif
