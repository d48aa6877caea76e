/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in policies, read. The table is made at build time from
 * policy/presets/NAME.json by policy/presets/embed.c, so that no launch has to
 * read the preset that its policy extends.
 */
#ifndef OG_PRESETS_H
#define OG_PRESETS_H

#include <stddef.h>

#include "policy/policy_internal.h"

struct og_preset {
	const char *name; /* "baseline": the file's name without .json */
	const char *text; /* the file's bytes; a NUL follows, not counted in len */
	size_t len;
	const struct og_layer *layer; /* what it says; of the source OG_POLICY_PRESET */
};

extern const struct og_preset og_presets[]; /* sorted by name */
extern const size_t og_npresets;

#endif
