/* SPDX-License-Identifier: Apache-2.0 */
/* See kernel_paths.h. */
#include "policy/kernel_paths.h"

#include <string.h>

#include "policy/policy_internal.h"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool og_path_is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

bool og_path_is_of_kernel(const char *path)
{
	const char *name;

	if (!og_is_normal_path(path))
		return false;
	if (!begins(path, "/proc/"))
		return begins(path, "/sys/");
	name = path + strlen("/proc/");
	return !(*name >= '0' && *name <= '9') && !begins(name, "self") &&
	       !begins(name, "thread-self");
}
