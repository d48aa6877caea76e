/* SPDX-License-Identifier: Apache-2.0 */
/*
 * no-new-privileges: setuid programs and file capabilities give nothing. Every
 * exec says it anew: a process object without the key clears what the
 * container's first process has.
 */
#include "ocigate/rule.h"

#include "policy/rules_table.h"

int og_rule_no_new_privileges(struct og_pass *pass)
{
	if (og_is_true(og_at(pass, "/process/noNewPrivileges")))
		return 0;
	return og_set(pass, "/process/noNewPrivileges", "true",
		      "the process may gain privileges by executing a setuid program: use "
		      "--security-opt no-new-privileges");
}
