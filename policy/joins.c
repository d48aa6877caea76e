/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every namespace that is joined by path: the runtime looks the path up
 * again, so the one that the container got is compared with the one that was judged.
 */
#include "policy/joins.h"

int og_join_accept(struct og_pass *pass, const struct og_node *entry, const struct og_nsfact *fact,
		   enum og_launch verify)
{
	(void)entry;
	(void)fact;
	og_launch(pass, verify, "", NULL); /* no finding: cannot fail */
	return 1;
}
