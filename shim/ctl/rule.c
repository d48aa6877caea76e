/* SPDX-License-Identifier: Apache-2.0 */
/* ocigatectl rule: the rules; or one of them, its options and what it stops. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "ocigate/policy.h"
#include "ocigate/rule.h"
#include "types.h"

/* What people, or attackers, write that the rule is there for. */
static const struct {
	const char *rule, *stops;
} vectors[] = {
#define VECTOR(rule, stops) { rule, stops },
#include "vectors.def"
#undef VECTOR
};

static const char *const commands[] = { "create", "exec", "update", "start", "restore" };

static void print_rule(size_t rule)
{
	og_ctl_say(stdout, 0, "%s%s%s: judges %s\n", og_ctl_paint(OG_BOLD), og_rules[rule].id,
		   og_ctl_paint(OG_PLAIN), og_rules[rule].summary);
	printf("at");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (og_rules[rule].cmds & (1u << i))
			printf(" %s", commands[i]);
	printf("\nactions: %sreject%s\n",
	       og_rules[rule].flags & OG_RULE_NO_REWRITE ? "" : "rewrite, ",
	       og_rules[rule].flags & OG_RULE_ALWAYS ? "" : ", audit, off");
	for (size_t i = 0; i < OG_NOPTIONS; i++)
		if (og_options[i].rule == rule) {
			printf("\n");
			og_ctl_say(stdout, 6, "  \"%s\": %s", og_options[i].name,
				   og_type_docs[og_options[i].type].words);
			og_ctl_say(stdout, 6, "      %s", og_options[i].doc);
		}
	printf("\nstops:\n");
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		if (strcmp(vectors[i].rule, og_rules[rule].id) == 0)
			og_ctl_say(stdout, 4, "  - %s", vectors[i].stops);
}

static int no_such_rule(const char *name)
{
	const char *ids[OG_NRULES + 1] = { NULL };
	char hint[OG_HINT];

	for (size_t i = 0; i < OG_NRULES; i++)
		ids[i] = og_rules[i].id;
	og_hint(hint, name, ids);
	fprintf(stderr, "ocigatectl: there is no rule %s%s\n", OG_Q(name),
		hint[0] ? hint : "; \"ocigatectl rule\" lists them");
	return OG_CTL_ERROR;
}

int og_ctl_rule(const struct og_subcommand *self, int argc, char *argv[])
{
	if (argc > 1 && argv[1][0] == '-')
		return og_ctl_usage(self, "%s is no option", OG_Q(argv[1]));
	if (argc > 2)
		return og_ctl_usage(self, "%s: one rule at most", OG_Q(argv[2]));
	for (size_t i = 0; i < og_nrules; i++) {
		if (argc < 2) {
			og_ctl_say(stdout, 21, "%-20s %s", og_rules[i].id, og_rules[i].summary);
		} else if (strcmp(argv[1], og_rules[i].id) == 0) {
			print_rule(i);
			return OG_CTL_OK;
		}
	}
	return argc < 2 ? OG_CTL_OK : no_such_rule(argv[1]);
}
