/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every namespace that is joined by path. The runtime looks the path
 * up again, and what it does in the namespace (the host name, kernel parameters) is
 * done before anybody can look which one it got: so a comparison alone is too late
 * where users may change the path, and alone does where they may not. The path of a
 * process in /proc is of the second kind, though the process may end.
 */
#include "policy/joins.h"

int og_join_accept(struct og_pass *pass, const struct og_node *entry, const struct og_nsfact *fact,
		   enum og_launch verify)
{
	if (fact->exposed)
		return og_reject(pass, entry,
				 "the namespace %s can be exchanged for another: a directory on "
				 "the way, or a link, is not root's, or others may write there: "
				 "name it by a path that only root can change",
				 OG_Q(fact->path));
	og_launch(pass, verify, "", NULL); /* no finding: cannot fail */
	return 1;
}
