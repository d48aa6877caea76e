/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns with * in them, as policies write them. Two kinds: text, where *
 * stands for anything, and paths, where * stays within one component and **
 * does not. Neither knows character classes or escapes.
 */
#ifndef OG_GLOB_H
#define OG_GLOB_H

#include <stdbool.h>

/* Whether all of |text| matches. */
bool og_glob_text(const char *glob, const char *text);
/* Whether |path|, absolute and normalised, or a directory above it matches. "/" matches only "/".
 */
bool og_glob_covers(const char *glob, const char *path);

#endif
