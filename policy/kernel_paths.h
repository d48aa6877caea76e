/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of a container in the kernel's own file systems, which no image can have changed. */
#ifndef OG_KERNEL_PATHS_H
#define OG_KERNEL_PATHS_H

#include <stdbool.h>

/*
 * Whether |path| is normalised and lies in /proc or /sys, and not in a process's
 * directory, whose links lead out of there.
 */
bool og_path_is_of_kernel(const char *path);

#endif
