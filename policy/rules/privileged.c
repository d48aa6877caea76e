/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privileged: --privileged has no mark in config.json. A launch counts as
 * privileged when the engine's record says so, or when it looks like it: no
 * seccomp filter, nothing masked, nothing read-only, and every device open. An
 * exec does when its process has all capabilities but for two at most: daemons
 * give those that they have themselves. What to undo is done by the other rules.
 */
#include "ocigate/rule.h"

#include "policy/device_rules.h"
#include "policy/names.h"
#include "policy/rules_table.h"

#define MISSING_MAX  2
/* The library of Docker 20.10 knows no capability past CAP_AUDIT_READ (37). */
#define OLDEST_KNOWN ((UINT64_C(1) << 38) - 1)

static bool looks_launched(const struct og_pass *pass)
{
	return !og_at(pass, "/linux/seccomp") && og_count(og_at(pass, "/linux/maskedPaths")) == 0 &&
	       og_count(og_at(pass, "/linux/readonlyPaths")) == 0 &&
	       og_device_rules_allow_all(og_at(pass, "/linux/resources/devices"));
}

static uint64_t names_in(const struct og_node *set)
{
	uint64_t mask = 0;

	og_each (name, set) {
		int cap = og_str(name) ? og_cap_exact(og_str(name)) : -1;

		if (cap >= 0)
			mask |= UINT64_C(1) << cap;
	}
	return mask;
}

static bool looks_executed(const struct og_pass *pass)
{
	uint64_t all = og_facts(pass)->host_caps & OLDEST_KNOWN;
	uint64_t has = names_in(og_at(pass, "/process/capabilities/bounding")) |
		       names_in(og_at(pass, "/process/capabilities/permitted"));

	if (!all)
		all = OLDEST_KNOWN;
	return __builtin_popcountll(all & ~has) <= MISSING_MAX;
}

int og_rule_privileged(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);
	bool exec = og_cmd(pass) == OG_CMD_EXEC;
	bool recorded = !exec && facts->privileged_known == OG_KNOWN && facts->privileged;
	const char *place = exec ? "/process/capabilities" : "";

	if (!recorded && !(exec ? looks_executed(pass) : looks_launched(pass)))
		return 0;
	if (og_action(pass) == OG_REWRITE) {
		og_deprivilege(pass);
		return 0;
	}
	if (og_action(pass) == OG_REJECT)
		og_privileged_rejected(pass);
	return og_reject_at(pass, place,
			    exec       ? "the process asks for every capability, as "
					 "--privileged does: leave out --privileged"
			    : recorded ? "the container is privileged: leave out "
					 "--privileged"
				       : "the container is as open as --privileged "
					 "makes it (no system call filter, no masked "
					 "paths, every device): leave out "
					 "--privileged");
}
