/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the rule "mounts" that judges binds: what the source really is,
 * and what the container may do with it.
 */
#ifndef OG_MOUNT_BINDS_H
#define OG_MOUNT_BINDS_H

#include "ocigate/rule.h"
#include "policy/mount_options.h"

/* |mount| is a bind with the options |have|; its destination has been judged. 0 or -1. */
int og_bind_judge(struct og_pass *pass, const struct og_node *mount,
		  const struct og_mount_options *have);

/* The option list of |mount| becomes |json|, whether it has one or not. */
int og_mount_set_options(struct og_pass *pass, const struct og_node *mount, struct og_buf *json,
			 const char *why);

#endif
