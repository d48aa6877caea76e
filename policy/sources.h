/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entry of a policy decides about a host path. The lists are used as they
 * are, sorted by text, so a look-up takes time in the length of the path, not
 * of the list (10,000 sources, 1,000 mounts).
 */
#ifndef OG_SOURCES_H
#define OG_SOURCES_H

#include "ocigate/policy.h"

/*
 * The entry of a list of sources that covers |path|, absolute and normalised;
 * NULL: none. The one that spells out most of the path wins, of equal ones the
 * stricter.
 */
const struct og_item *og_source_find(const struct og_list *list, const char *path);

/*
 * The entry of a list of paths because of which |path| is denied: it is the
 * entry, lies below it or contains it. "/" denies only itself. NULL: none.
 */
const struct og_item *og_path_denied(const struct og_list *list, const char *path);

#endif
