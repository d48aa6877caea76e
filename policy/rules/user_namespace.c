/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user-namespace: whether there is one, and which users of the host are mapped
 * into it. Mappings without a namespace mean nothing and are left alone; those
 * of a namespace that is joined were judged when it was made.
 */
#include "ocigate/rule.h"

#include <inttypes.h>
#include <string.h>

#include "policy/joins.h"
#include "policy/rules_table.h"

#define LIST "/linux/namespaces"

enum kind { HOSTS, OWN, JOINED, WRONG };

static int answered(int r)
{
	return r < 0 ? -1 : WRONG;
}

/* What |path| leads to, by inode; WRONG: answered. -1: not recorded. */
static int judge_path(struct og_pass *pass, const struct og_node *entry, const char *path)
{
	const struct og_nsfact *fact = og_fact_namespace(og_facts(pass), path);
	int r;

	if (!fact || !fact->type)
		return answered(og_reject(
			pass, entry, "nothing could be established about the user namespace %s",
			OG_Q(path)));
	if (strcmp(fact->type, "user"))
		return answered(og_reject(pass, entry, "%s is no user namespace", OG_Q(path)));
	if (!fact->host && !fact->own && !og_opt_bool(pass, OG_OPT_namespaces_join))
		return answered(
			og_reject(pass, entry,
				  "%s is the user namespace of another container, which was not "
				  "launched under the same rules: run it with one of its own",
				  OG_Q(path)));
	r = og_join_accept(pass, entry, fact, OG_LAUNCH_VERIFY_USER);
	if (r <= 0)
		return answered(r);
	return fact->host ? HOSTS : JOINED;
}

/* That there are not two of them is said by the rule document. */
static int find_kind(struct og_pass *pass, const struct og_node **retentry)
{
	const char *path;

	*retentry = og_namespace(pass, "user");
	if (!*retentry)
		return HOSTS;
	path = og_str(og_member(*retentry, "path"));
	return path ? judge_path(pass, *retentry, path) : OWN;
}

/* ---- mappings ---- */

/* 0 when absent, as runtimes read it; UINT64_MAX: no number. */
static uint64_t number(const struct og_node *node)
{
	uint64_t n = 0;

	return node && og_u64(node, &n) < 0 ? UINT64_MAX : n;
}

/* The ids [hostID, hostID + size) of the host. Ids have 32 bits. */
static int judge_mapping(struct og_pass *pass, const struct og_node *mapping, const char *what)
{
	uint64_t floor = og_opt_u64(pass, OG_OPT_user_namespace_floor);
	uint64_t host = number(og_member(mapping, "hostID"));
	uint64_t size = number(og_member(mapping, "size"));

	if (host > UINT32_MAX || size > UINT32_MAX - host + 1)
		return og_reject(pass, mapping,
				 "the mapping reaches beyond the last %s that there is: make it "
				 "smaller",
				 what);
	if (size == 0 || host >= floor)
		return 0;
	return og_reject(pass, mapping,
			 "the %ss from %" PRIu64 " of the host are mapped into the user "
			 "namespace: map only such from %" PRIu64,
			 what, host, floor);
}

static int judge_mappings(struct og_pass *pass, const char *pointer, const char *what)
{
	const struct og_node *list = og_at(pass, pointer);

	/* run by root crun maps root then */
	if (og_count(list) == 0)
		return og_reject_at(pass, pointer,
				    "the user namespace has no mapping of %ss: add one from "
				    "%" PRIu64,
				    what, og_opt_u64(pass, OG_OPT_user_namespace_floor));
	og_each (mapping, list)
		if (judge_mapping(pass, mapping, what) < 0)
			return -1;
	return 0;
}

/* ---- the rule ---- */

static int judge_absent(struct og_pass *pass)
{
	if (og_opt_bool(pass, OG_OPT_user_namespace_required))
		return og_reject_at(pass, LIST,
				    "the container shares the host's user namespace: run it with "
				    "one of its own (an engine with userns-remap, or "
				    "--userns=auto)");
	if (og_opt_bool(pass, OG_OPT_user_namespace_remapped) && og_facts(pass)->remapped)
		return og_reject_at(pass, LIST,
				    "the container shares the host's user namespace, though the "
				    "engine maps users: leave out --userns=host");
	return 0;
}

int og_rule_user_namespace(struct og_pass *pass)
{
	const struct og_node *entry = NULL;
	int kind = find_kind(pass, &entry);

	if (kind < 0)
		return -1;
	if (kind == HOSTS)
		return judge_absent(pass);
	if (kind != WRONG && og_opt_bool(pass, OG_OPT_user_namespace_forbidden))
		return og_reject(pass, entry,
				 "user namespaces are not allowed: leave out --userns");
	if (kind != OWN)
		return 0;
	if (judge_mappings(pass, "/linux/uidMappings", "uid") < 0)
		return -1;
	return judge_mappings(pass, "/linux/gidMappings", "gid");
}
