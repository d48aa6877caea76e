/* SPDX-License-Identifier: Apache-2.0 */
/* rules.def as the table that the engine walks. */
#include "rules_table.h"

const struct og_rule og_rules[] = {
#define RULE(ident, id, cmds, flags, summary) { id, summary, cmds, flags, og_rule_##ident },
#include "rules.def"
#undef RULE
};

const size_t og_nrules = sizeof(og_rules) / sizeof(og_rules[0]);
