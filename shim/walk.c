/* SPDX-License-Identifier: Apache-2.0 */
/* Following a path by hand; see walk.h. */
#include "walk.h"

#include <stdio.h>
#include <string.h>

#define MAX_LINKS 40 /* as the kernel */

static void pop(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

bool og_walk_begin(struct og_walk *walk, const char *path)
{
	size_t len = strlen(path);

	walk->done[0] = '\0';
	walk->links = 0;
	if (len >= sizeof(walk->todo))
		return false;
	memcpy(walk->todo, path, len + 1);
	return true;
}

bool og_walk_next(struct og_walk *walk)
{
	for (;;) {
		const char *name = walk->todo + strspn(walk->todo, "/");
		size_t len = strcspn(name, "/"), have = strlen(walk->done);
		bool up = len == 2 && memcmp(name, "..", 2) == 0;
		bool plain = !up && !(len == 1 && *name == '.');

		if (len > NAME_MAX || have + 1 + len >= sizeof(walk->done))
			return false;
		if (up)
			pop(walk->done);
		if (plain && len) {
			walk->done[have] = '/';
			memcpy(walk->done + have + 1, name, len);
			walk->done[have + 1 + len] = '\0';
		}
		memmove(walk->todo, name + len, strlen(name + len) + 1);
		if (plain)
			return len > 0;
	}
}

bool og_walk_follow(struct og_walk *walk, const char *target)
{
	char joined[PATH_MAX];
	int n = snprintf(joined, sizeof(joined), "%s/%s", target, walk->todo);

	if (n < 0 || (size_t)n >= sizeof(joined) || walk->links++ >= MAX_LINKS)
		return false;
	if (target[0] == '/')
		walk->done[0] = '\0';
	else
		pop(walk->done);
	memcpy(walk->todo, joined, (size_t)n + 1);
	return true;
}
