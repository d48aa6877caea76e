/* SPDX-License-Identifier: Apache-2.0 */
/* The prototype of every rule in rules.def: og_rule_IDENT(). */
#ifndef OG_RULES_TABLE_H
#define OG_RULES_TABLE_H

#include "ocigate/rule.h"

#define RULE(ident, id, cmds, flags, summary) int og_rule_##ident(struct og_pass *pass);
#include "rules.def"
#undef RULE

#endif
