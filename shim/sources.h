/* SPDX-License-Identifier: Apache-2.0 */
/* Bind sources: og_gather_sources() is declared in gather.h, with the other parts. */
#ifndef OG_SHIM_SOURCES_H
#define OG_SHIM_SOURCES_H

#include "gather.h"

/* Whether a mount of the document is a bind: its options say so, not its type. */
bool og_mount_is_bind(const struct og_node *mount);

#endif
