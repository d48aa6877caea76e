/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that options.def and rules.def expand to, what an option's values
 * are limited to beyond its type, and the look-ups in all of these.
 */
#include "policy/policy_internal.h"

#include <string.h>

#include "ocigate/rule.h"

const struct og_option_info og_options[OG_NOPTIONS] = {
#define OPTION(rule, ident, name, type, doc)                                                       \
	[OG_OPT_##rule##_##ident] = { OG_RULE_##rule, name, type, doc },
#include "policy/options.def"
#undef OPTION
};

const struct og_rule_info og_rule_infos[OG_NRULES] = {
#define RULE(ident, id, cmds, flags, summary) [OG_RULE_##ident] = { id, flags },
#include "policy/rules.def"
#undef RULE
};

static const char *const namespace_words[] = {
	"mount", "pid", "ipc", "uts", "cgroup", "time", NULL
};
static const char *const driver_words[] = { "macvlan", "ipvlan", "routed", NULL };
static const char *const resource_words[] = { "memory",	    "memory-swap", "pids",
					      "cpu-shares", "millicpus",   NULL };
static const char *const kernel_words[] = { "personality",     "timeOffsets",
					    "scheduler",       "ioPriority",
					    "execCPUAffinity", "memoryPolicy",
					    "intelRdt",	       NULL };

/* Options that are not listed have only their type's limits. */
static const struct og_constraint constraints[OG_NOPTIONS] = {
	[OG_OPT_user_uid] = { .login = true },
	[OG_OPT_user_gid] = { .login = true },
	[OG_OPT_user_umask] = { .max = 0777 },
	[OG_OPT_environment_deny] = { .against = true },
	[OG_OPT_environment_secrets] = { .against = true },
	[OG_OPT_image_deny] = { .against = true },
	[OG_OPT_mounts_deny] = { .below = true },
	[OG_OPT_masked_paths_masked] = { .below = true },
	[OG_OPT_masked_paths_readonly] = { .below = true },
	[OG_OPT_namespaces_required] = { .words = namespace_words },
	[OG_OPT_namespaces_refuse] = { .words = namespace_words },
	[OG_OPT_network_host_drivers] = { .words = driver_words },
	[OG_OPT_oom_score_min] = { .max = 1000 },
	[OG_OPT_resources_limits] = { .words = resource_words },
	[OG_OPT_kernel_allow] = { .words = kernel_words },
};

const struct og_constraint *og_option_constraint(enum og_option option)
{
	return &constraints[option];
}

int og_option_find(enum og_rule_id rule, const char *name)
{
	for (int i = 0; i < OG_NOPTIONS; i++)
		if (og_options[i].rule == rule && !strcmp(og_options[i].name, name))
			return i;
	return -1;
}

int og_word_find(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	return -1;
}

/* ---- words of policy.h ---- */

static const char *const mode_words[] = { [OG_MODE_AUDIT] = "audit",
					  [OG_MODE_ENFORCE] = "enforce",
					  [OG_MODE_EXPLAIN] = "explain",
					  NULL };
static const char *const action_words[] = {
	[OG_OFF] = "off", [OG_AUDIT] = "audit", [OG_REWRITE] = "rewrite", [OG_REJECT] = "reject"
};

const char *og_mode_name(enum og_mode mode)
{
	return mode_words[mode];
}

int og_mode_parse(const char *name, enum og_mode *ret)
{
	int found = og_word_find(mode_words, name);

	if (found < 0)
		return -1;
	*ret = (enum og_mode)found;
	return 0;
}

const char *og_action_name(enum og_action action)
{
	return action_words[action];
}
