/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invocation: flags with which a launch would not be what its document says,
 * managed plugins, and restore, whose credentials and filters come from the
 * checkpoint. A flag that no runtime knows never gets this far.
 */
#include "ocigate/rule.h"

#include <stdio.h>
#include <string.h>

#include "policy/rules_table.h"

static const struct {
	const char *flag;
	const char *value; /* NULL: whatever it is */
	const char *why;
} refused[] = {
	{ "no-pivot", NULL, "the host's files stay within reach of the container" },
	{ "criu", NULL, "the runtime would execute a program of the caller's choice" },
	{ "cgroup-manager", "disabled", "there would be no limits and no device filter" },
	{ "config", NULL, "the runtime would read another document than the bundle's" },
	{ "no-new-keyring", NULL, "the container would share the engine's session keyring" },
	{ "apparmor", NULL, "the process would run under another profile" },
	{ "process-label", NULL, "the process would run under another label" },
	{ "cgroup", NULL, "the process would run in another cgroup" },
	{ "ignore-paused", NULL, "the process would run in a paused container" },
	{ "lsm-profile", NULL, "the process would run under another profile" },
	{ "lsm-mount-context", NULL, "the mounts would get another label" },
	{ "manage-cgroups-mode", NULL, "the limits would come from the checkpoint" },
};

static bool is_same(const char *a, const char *b)
{
	return !b || (a && !strcmp(a, b));
}

/* "cgroup-manager" or "cgroup-manager=disabled". */
static bool is_allowed(const struct og_pass *pass, const char *flag, const char *value)
{
	char text[64];

	if (og_opt_has(pass, OG_OPT_invocation_allow, flag))
		return true;
	snprintf(text, sizeof(text), "%s=%s", flag, value ? value : "");
	return value && og_opt_has(pass, OG_OPT_invocation_allow, text);
}

/*
 * What was launched past ocigate was never judged, and what is done to it now
 * would be judged by facts that nobody wrote down.
 */
static int check_record(struct og_pass *pass)
{
	if (og_facts(pass)->record != OG_NONE || is_allowed(pass, "unrecorded", NULL) ||
	    !(og_cmd(pass) == OG_CMD_EXEC || og_cmd(pass) == OG_CMD_START))
		return 0;
	return og_reject_at(pass, "", "the container was not launched through ocigate: restart it");
}

/* A plugin is given what its own manifest asks for: the host's network, all devices, … */
static int check_plugin(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);

	if (facts->engine != OG_ENGINE_DOCKER_PLUGIN || og_cmd(pass) != OG_CMD_CREATE ||
	    (facts->plugin && og_opt_has(pass, OG_OPT_invocation_plugins, facts->plugin)))
		return 0;
	return og_reject_at(pass, "", "the managed plugin %s is not listed in \"plugins\"",
			    OG_Q(facts->plugin ? facts->plugin : ""));
}

int og_rule_invocation(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);

	if (og_cmd(pass) == OG_CMD_RESTORE && !is_allowed(pass, "restore", NULL) &&
	    og_reject_at(
		    pass, "",
		    "a container restored from a checkpoint runs with what the checkpoint says: "
		    "start a new one") < 0)
		return -1;
	if (check_plugin(pass) < 0 || check_record(pass) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct og_flagfact *flag = og_fact_flag(facts, refused[i].flag);

		if (!flag || !is_same(flag->value, refused[i].value) ||
		    is_allowed(pass, refused[i].flag, refused[i].value))
			continue;
		if (og_reject_at(pass, "", "--%s%s%s: %s: run without it", refused[i].flag,
				 refused[i].value ? "=" : "",
				 refused[i].value ? refused[i].value : "", refused[i].why) < 0)
			return -1;
	}
	return 0;
}
