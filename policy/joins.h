/* SPDX-License-Identifier: Apache-2.0 */
/* A namespace that may be joined, for the rules that say which may. */
#ifndef OG_JOINS_H
#define OG_JOINS_H

#include "ocigate/rule.h"

/*
 * The namespace of |fact|, which |entry| of the document joins and the rule has
 * nothing against. 1: it is joined, and |verify| has it compared before the
 * container's process runs. 0: answered, because the path can be exchanged. -1.
 */
int og_join_accept(struct og_pass *pass, const struct og_node *entry, const struct og_nsfact *fact,
		   enum og_launch verify);

#endif
