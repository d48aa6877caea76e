/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user: the ids a process runs with, also those that they are on the host, and its
 * umask. What an id may then do is the rule capabilities'.
 */
#include "ocigate/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/joins.h"
#include "policy/names.h"
#include "policy/rules_table.h"

static bool allowed(const struct og_pass *pass, enum og_option option, uint64_t id)
{
	if (id > OG_ID_MAX)
		return false;
	return og_opt_list(pass, option)->n == 0 || og_opt_range(pass, option, id);
}

/* The id of |node|; absent and null are 0 to every runtime. UINT64_MAX: no id. */
static uint64_t id_of(const struct og_node *node)
{
	uint64_t id = 0;

	if (node && og_u64(node, &id) < 0)
		return UINT64_MAX;
	return id;
}

static int check_id(struct og_pass *pass, const char *name, enum og_option option, bool has_to,
		    uint64_t to)
{
	char pointer[32], json[24];
	uint64_t id;

	snprintf(pointer, sizeof(pointer), "/process/user/%s", name);
	id = id_of(og_at(pass, pointer));
	if (allowed(pass, option, id))
		return 0;
	if (id == UINT64_MAX)
		return og_reject_at(pass, pointer, "%s is no number", name);
	if (!has_to || !allowed(pass, option, to))
		return og_reject_at(pass, pointer,
				    "%s %" PRIu64 " is not allowed: choose another with "
				    "--user UID:GID",
				    name, id);
	snprintf(json, sizeof(json), "%" PRIu64, to);
	return og_set(pass, pointer, json,
		      "%s %" PRIu64 " is not allowed: choose another with --user "
		      "UID:GID",
		      name, id);
}

static int check_groups(struct og_pass *pass)
{
	const struct og_node *next;

	for (const struct og_node *gid = og_first(og_at(pass, "/process/user/additionalGids")); gid;
	     gid = next) {
		next = og_next(gid); /* |gid| may be removed */
		if (allowed(pass, OG_OPT_user_groups, id_of(gid)))
			continue;
		if ((id_of(gid) == UINT64_MAX
			     ? og_reject(pass, gid, "an additional group is no number")
			     : og_remove(pass, gid,
					 "the additional group %" PRIu64
					 " is not allowed: leave out --group-add",
					 id_of(gid))) < 0)
			return -1;
	}
	return 0;
}

/*
 * Without a umask runtimes use 022, but crun from 1.21 on uses 0 when the whole
 * user object is absent.
 */
static int check_umask(struct og_pass *pass)
{
	uint64_t must = og_opt_u64(pass, OG_OPT_user_umask) & 0777, has;
	const struct og_node *umask = og_at(pass, "/process/user/umask");
	char json[24];

	if (!umask)
		has = og_at(pass, "/process/user") ? 022 : 0;
	else if (og_u64(umask, &has) < 0)
		return og_reject(pass, umask, "the umask is no number");
	if ((has & must) == must)
		return 0;
	snprintf(json, sizeof(json), "%" PRIu64, (has & 0777) | must);
	return og_set(pass, "/process/user/umask", json,
		      "the umask %03" PRIo64 " lets others write or read more than %03" PRIo64
		      " does",
		      has & 0777, must);
}

/* A user object that was made here has the two ids that the specification requires. */
static int complete(struct og_pass *pass)
{
	static const char *const ids[] = { "/process/user/uid", "/process/user/gid" };

	if (!og_at(pass, "/process/user"))
		return 0;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (!og_at(pass, ids[i]) &&
		    og_set(pass, ids[i], "0", "no user is given, which means 0: said in full") < 0)
			return -1;
	return 0;
}

/*
 * An exec with the option "escalation": only root in a container whose own
 * process is not root is judged. Without a record of the launch it is root's.
 */
static bool escapes(const struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);

	return og_opt_bool(pass, OG_OPT_user_escalation) &&
	       (og_cmd(pass) != OG_CMD_EXEC ||
		(facts->record == OG_KNOWN && facts->record_uid == 0));
}

/* ---- mappings ---- */

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * The ids that the list allows are the container's; |mapping| makes host ids of them.
 * Each of those must be in the list as well, also what is not used now, because "exec"
 * does not know the mapping. Above OG_ID_MAX engines take ids that nobody else has.
 */
static int check_mapping(struct og_pass *pass, const struct og_node *mapping, const char *what,
			 enum og_option option)
{
	const struct og_list *list = og_opt_list(pass, option);
	uint64_t from = id_of(og_member(mapping, "containerID"));
	uint64_t host = id_of(og_member(mapping, "hostID"));
	uint64_t size = id_of(og_member(mapping, "size"));

	if (from > UINT32_MAX || host > UINT32_MAX || size > UINT32_MAX)
		return og_reject(pass, mapping, "the mapping of %ss is not of numbers", what);
	for (size_t i = 0; size > 0 && i < list->n; i++) {
		const struct og_item *item = &list->items[i], *there;
		uint64_t first = max(item->lo, from) - from + host;
		uint64_t last = min(min(item->hi, from + size - 1) - from + host, OG_ID_MAX);

		if (item->hi < from || first > last)
			continue;
		there = og_opt_range(pass, option, first);
		if (!there || there->hi < last)
			return og_reject(pass, mapping,
					 "by this mapping %s %" PRIu64
					 " of the container is %" PRIu64
					 " of the host, which is not allowed: map only such as are",
					 what, (there ? there->hi + 1 : first) - host + from,
					 there ? there->hi + 1 : first);
	}
	return 0;
}

static int check_mappings(struct og_pass *pass, const char *pointer, const char *what,
			  enum og_option option)
{
	/* run by root crun maps root then */
	if (og_opt_list(pass, option)->n && og_count(og_at(pass, pointer)) == 0)
		return og_reject_at(pass, pointer,
				    "the user namespace has no mapping of %ss: add one", what);
	og_each (mapping, og_at(pass, pointer))
		if (check_mapping(pass, mapping, what, option) < 0)
			return -1;
	return 0;
}

/*
 * What the mappings of a namespace that is joined are the document does not say. Those of
 * a container that was launched under the same exceptions were judged then.
 */
static int check_joined(struct og_pass *pass, const struct og_node *entry, const char *path)
{
	const struct og_nsfact *fact = og_fact_namespace(og_facts(pass), path);

	if (!og_opt_list(pass, OG_OPT_user_uid)->n && !og_opt_list(pass, OG_OPT_user_gid)->n &&
	    !og_opt_list(pass, OG_OPT_user_groups)->n)
		return 0;
	if (fact && fact->type && !strcmp(fact->type, "user") &&
	    (fact->host || fact->own || og_opt_bool(pass, OG_OPT_namespaces_join)))
		return og_join_accept(pass, entry, fact, OG_LAUNCH_VERIFY_USER) < 0 ? -1 : 0;
	return og_reject(pass, entry,
			 "which users of the host the user namespace %s maps is not known: it is "
			 "of no container that was launched under the same rules, run it with one "
			 "of its own",
			 OG_Q(path));
}

/* Without root a mapping reaches no further than to the ids of who runs the engine. */
static int check_host_ids(struct og_pass *pass)
{
	const struct og_node *entry = og_namespace(pass, "user");
	const char *path = entry ? og_str(og_member(entry, "path")) : NULL;

	if (og_facts(pass)->rootless || !entry)
		return 0;
	if (path)
		return check_joined(pass, entry, path);
	if (check_mappings(pass, "/linux/uidMappings", "uid", OG_OPT_user_uid) < 0 ||
	    check_mappings(pass, "/linux/gidMappings", "gid", OG_OPT_user_gid) < 0)
		return -1;
	return check_mappings(pass, "/linux/gidMappings", "additional group", OG_OPT_user_groups);
}

int og_rule_user(struct og_pass *pass)
{
	uint64_t to = og_opt_u64(pass, OG_OPT_user_to);
	bool has_to = og_opt_str(pass, OG_OPT_user_to), absent = !og_at(pass, "/process/user");

	if (escapes(pass))
		return 0;
	if (check_id(pass, "uid", OG_OPT_user_uid, has_to, to >> 32) < 0 ||
	    check_id(pass, "gid", OG_OPT_user_gid, has_to, to & UINT32_MAX) < 0 ||
	    check_groups(pass) < 0 || check_umask(pass) < 0 || check_host_ids(pass) < 0)
		return -1;
	return absent ? complete(pass) : 0;
}
