/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching without recursion: on a mismatch the last star takes one more
 * character, then the last double star does. Earlier stars never need another
 * try, because what follows them was matched as early as it can be.
 */
#include "policy/glob.h"

#include <stddef.h>
#include <string.h>

bool og_glob_text(const char *glob, const char *text)
{
	const char *star = NULL, *from = NULL;

	for (;;) {
		if (*glob == '*') {
			star = ++glob;
			from = text;
		} else if (*glob == *text) {
			if (!*text)
				return true;
			glob++;
			text++;
		} else if (star && *from) {
			glob = star;
			text = ++from;
		} else {
			return false;
		}
	}
}

/* Where the pattern goes on after a star, and where what the star took ends. */
struct retry {
	const char *glob, *path;
};

bool og_glob_covers(const char *glob, const char *path)
{
	struct retry one = { NULL, NULL }, any = { NULL, NULL };

	if (strcmp(path, "/") == 0 || strcmp(glob, "/") == 0)
		return strcmp(glob, "/") == 0;
	for (;;) {
		if (glob[0] == '*' && glob[1] == '*') {
			glob += strspn(glob, "*");
			any = (struct retry){ glob, path };
			one.glob = NULL;
		} else if (*glob == '*') {
			one = (struct retry){ ++glob, path };
		} else if (!*glob && (!*path || *path == '/')) {
			return true;
		} else if (*glob && *glob == *path) {
			glob++;
			path++;
		} else if (one.glob && *one.path && *one.path != '/') {
			glob = one.glob;
			path = ++one.path;
		} else if (any.glob && *any.path) {
			glob = any.glob;
			path = ++any.path;
			one.glob = NULL;
		} else {
			return false;
		}
	}
}
