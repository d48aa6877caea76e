/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in policies as bytes. The table is made at build time from
 * policy/presets/NAME.json; what the bytes mean is compile.c's business.
 */
#ifndef OG_PRESETS_H
#define OG_PRESETS_H

#include <stddef.h>

struct og_preset {
	const char *name; /* "baseline": the file's name without .json */
	const char *text; /* the file's bytes; a NUL follows, not counted in len */
	size_t len;
};

extern const struct og_preset og_presets[]; /* sorted by name */
extern const size_t og_npresets;

#endif
