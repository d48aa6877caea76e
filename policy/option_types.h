/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between option_types.c, which has the table of types, and option_items.c,
 * which reads those list elements that are objects.
 */
#ifndef OG_OPTION_TYPES_H
#define OG_OPTION_TYPES_H

#include "policy/policy_internal.h"

/* Read one element; false: reported. item->file and line are set already. */
typedef bool og_item_fn(const struct og_reader *reader, const struct og_node *node,
			enum og_option option, struct og_item *ret);

og_item_fn og_item_source, og_item_source_key, og_item_device, og_item_limit, og_item_limit_key;

/* |what| is the subject of the message: "a path". *ret is in the policy's pool. */
bool og_text_read(const struct og_reader *reader, const struct og_node *node, const char *what,
		  const char **ret);
bool og_path_read(const struct og_reader *reader, const struct og_node *node, const char **ret);
/* One of |words|, which end at a NULL; *ret is the word of the list. */
bool og_word_read(const struct og_reader *reader, const struct og_node *node,
		  const char *const *words, const char **ret);

#endif
