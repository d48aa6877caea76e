/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namespaces: which ones the container shares. What a path leads to is told by
 * the facts, by inode. The network is the rule network-host's, id mappings are
 * user-namespace's.
 */
#include "ocigate/rule.h"

#include <stdio.h>
#include <string.h>

#include "policy/joins.h"
#include "policy/names.h"
#include "policy/rules_table.h"

#define LIST "/linux/namespaces"

static bool is_required(const struct og_pass *pass, const char *type)
{
	/* with cgroup v1 engines leave it to the host, and /sys/fs/cgroup is read-only */
	if (!strcmp(type, "cgroup") && !og_facts(pass)->cgroup_v2)
		return false;
	return og_opt_has(pass, OG_OPT_namespaces_required, type);
}

static const char *advice(const char *type)
{
	return !strcmp(type, "pid")	 ? "run without --pid=host"
	       : !strcmp(type, "ipc")	 ? "run without --ipc=host"
	       : !strcmp(type, "uts")	 ? "run without --uts=host"
	       : !strcmp(type, "cgroup") ? "run without --cgroupns=host"
					 : "add it to \"linux.namespaces\"";
}

static void element(char *buf, size_t size, const char *type)
{
	snprintf(buf, size, "{\"type\":\"%s\"}", type);
}

/* The container gets one of its own, unless the policy would rather refuse. */
static int make_own(struct og_pass *pass, const struct og_node *entry, const char *type,
		    const char *what, const char *instead)
{
	char json[64];

	if (og_opt_has(pass, OG_OPT_namespaces_refuse, type))
		return og_reject(pass, entry, "%s: %s", what, instead);
	element(json, sizeof(json), type);
	return og_replace(pass, entry, json, "%s: %s", what, instead);
}

static int judge_path(struct og_pass *pass, const struct og_node *entry, const char *type,
		      const char *path)
{
	const struct og_nsfact *fact = og_fact_namespace(og_facts(pass), path);
	char what[256];

	if (!strcmp(type, "mount"))
		return og_reject(pass, entry,
				 "the mount namespace %s is joined: a container needs its own",
				 OG_Q(path));
	if (!fact || !fact->type)
		return og_reject(pass, entry,
				 "nothing could be established about the %s namespace %s", type,
				 OG_Q(path));
	if (strcmp(fact->type, type))
		return og_reject(pass, entry, "%s is no %s namespace", OG_Q(path), type);
	if (fact->host ? !is_required(pass, type)
		       : fact->own || og_opt_bool(pass, OG_OPT_namespaces_join))
		return og_join_accept(pass, entry, fact, OG_LAUNCH_VERIFY_NAMESPACES) < 0 ? -1 : 0;
	if (fact->host)
		snprintf(what, sizeof(what), "%s is the host's %s namespace", OG_Q(path), type);
	else
		snprintf(
			what, sizeof(what),
			"%s is the %s namespace of another container, which was not launched under "
			"the same rules",
			OG_Q(path), type);
	return make_own(pass, entry, type, what,
			fact->host ? advice(type) : "run it with one of its own");
}

static int judge_entry(struct og_pass *pass, const struct og_node *entry, unsigned *seen)
{
	const char *type = og_str(og_member(entry, "type"));
	const struct og_nsname *name = type ? og_namespace_type(type) : NULL;
	const struct og_node *at = og_member(entry, "path");
	unsigned bit = name ? 1u << (name - og_namespaces) : 0;

	if (!name)
		return og_reject(pass, entry, "the namespace type %s is not known",
				 OG_Q(type ? type : ""));
	if (!strcmp(type, "network"))
		return 0;
	if (*seen & bit)
		return og_reject(pass, entry, "there are two namespaces of type %s", type);
	*seen |= bit;
	if (og_is_null(at) || !strcmp(type, "user"))
		return 0;
	if (!og_str(at) || !*og_str(at))
		return og_reject(pass, entry, "the path of the %s namespace is empty: leave it out",
				 type);
	return judge_path(pass, entry, type, og_str(at));
}

static int add_missing(struct og_pass *pass, const char *type)
{
	char json[64];

	if (og_opt_has(pass, OG_OPT_namespaces_refuse, type))
		return og_reject_at(pass, LIST, "the container shares the host's %s namespace: %s",
				    type, advice(type));
	element(json, sizeof(json), type);
	return og_set(pass, LIST "/-", json, "the container shares the host's %s namespace: %s",
		      type, advice(type));
}

static unsigned bit_of(const char *type)
{
	const struct og_nsname *name = og_namespace_type(type);

	return name ? 1u << (name - og_namespaces) : 0;
}

/* The engine's default without --privileged: a cgroup namespace where there is cgroup v2. */
static int undo_privileged(struct og_pass *pass)
{
	og_each (entry, og_at(pass, LIST)) {
		const char *type = og_str(og_member(entry, "type"));

		if (type && !strcmp(type, "cgroup"))
			return 0;
	}
	return og_facts(pass)->cgroup_v2 ? og_set(pass, LIST "/-", "{\"type\":\"cgroup\"}",
						  "a privileged container shares the host's cgroup "
						  "namespace")
					 : 0;
}

int og_rule_namespaces(struct og_pass *pass)
{
	const struct og_list *required = og_opt_list(pass, OG_OPT_namespaces_required);
	unsigned seen = 0;

	if (og_undoing(pass))
		return undo_privileged(pass);
	og_each (entry, og_at(pass, LIST))
		if (judge_entry(pass, entry, &seen) < 0)
			return -1;
	/* runtimes then mount in the host's mount table */
	if (!(seen & bit_of("mount")) &&
	    og_reject_at(pass, LIST,
			 "there is no mount namespace: add it to \"linux.namespaces\"") < 0)
		return -1;
	for (size_t i = 0; i < required->n; i++) {
		const char *type = required->items[i].text;

		if (seen & bit_of(type) || !is_required(pass, type) || !strcmp(type, "mount"))
			continue;
		if (add_missing(pass, type) < 0)
			return -1;
	}
	if (og_deprivileged(pass) && !is_required(pass, "cgroup"))
		return undo_privileged(pass);
	return 0;
}
