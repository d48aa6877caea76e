/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of a container: which lie in which, and which in the kernel's own file systems. */
#ifndef OG_KERNEL_PATHS_H
#define OG_KERNEL_PATHS_H

#include <stdbool.h>

/* Whether normalised |path| is |dir|, which is not "/", or lies below it. */
bool og_path_is_within(const char *path, const char *dir);

/*
 * Whether |path| is normalised and lies in /proc or /sys, which no image can have changed,
 * and not in a process's directory, whose links lead out of there.
 */
bool og_path_is_of_kernel(const char *path);

#endif
