/* SPDX-License-Identifier: Apache-2.0 */
/*
 * propagation: of the root file system. That of each mount is among its options,
 * which are the rule mounts'.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/rules_table.h"

/*
 * Absent, runtimes make every mount a slave before they leave the host's root
 * for good. Docker asks for "rslave" when a volume contains its own data root.
 */
int og_rule_propagation(struct og_pass *pass)
{
	const struct og_node *node = og_at(pass, "/linux/rootfsPropagation");
	const char *word = og_str(node);

	if (!node || (word && (!*word || !strcmp(word, "private") || !strcmp(word, "rprivate"))))
		return 0;
	return og_replace(pass, node, "\"rprivate\"",
			  "the propagation %s of the root would spread mounts between the "
			  "container and the host: leave out \"shared\" and \"slave\" of --volume "
			  "and --mount",
			  OG_Q(word ? word : ""));
}
