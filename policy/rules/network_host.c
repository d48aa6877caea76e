/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network-host: whose network the container is in. An entry that is there says
 * little: Docker 20.10 writes one with a path for --network=host, so the facts
 * decide, by inode. Published ports are the rule ports'.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/rules_table.h"

#define LIST "/linux/namespaces"

/* The one entry; *retn: how many there are. */
static const struct og_node *find_entry(const struct og_pass *pass, size_t *retn)
{
	const struct og_node *found = NULL;

	*retn = 0;
	og_each (entry, og_at(pass, LIST)) {
		const char *type = og_str(og_member(entry, "type"));

		if (!type || strcmp(type, "network"))
			continue;
		found = entry;
		++*retn;
	}
	return found;
}

static int judge_path(struct og_pass *pass, const struct og_node *entry, const char *path)
{
	const struct og_nsfact *fact = og_fact_namespace(og_facts(pass), path);

	if (!fact || !fact->type)
		return og_reject(pass, entry,
				 "nothing could be established about the network namespace %s",
				 OG_Q(path));
	if (strcmp(fact->type, "network"))
		return og_reject(pass, entry, "%s is no network namespace", OG_Q(path));
	if (!og_opt_bool(pass, OG_OPT_network_host_network))
		return 0;
	if (fact->host)
		return og_reject(pass, entry,
				 "%s is the host's network: run without --network=host",
				 OG_Q(path));
	if (fact->own || og_opt_bool(pass, OG_OPT_network_host_join))
		return 0;
	return og_reject(pass, entry,
			 "%s is the network of another container, which was not launched under the "
			 "same rules: use a network of the engine's",
			 OG_Q(path));
}

static int judge_namespace(struct og_pass *pass)
{
	size_t n;
	const struct og_node *entry = find_entry(pass, &n);
	const struct og_node *path = og_member(entry, "path");

	if (n > 1)
		return og_reject(pass, entry, "there are two namespaces of type network");
	if (!entry)
		return og_opt_bool(pass, OG_OPT_network_host_network)
			       ? og_reject_at(
					 pass, LIST,
					 "the container shares the host's network: run without "
					 "--network=host")
			       : 0;
	if (og_is_null(path))
		return 0;
	if (!og_str(path) || !*og_str(path))
		return og_reject(pass, entry,
				 "the path of the network namespace is empty: leave it out");
	return judge_path(pass, entry, og_str(path));
}

/* Whether the container has interfaces of networks, and no other's, looked at by then. */
static bool has_networks(const char *mode)
{
	return strcmp(mode, "none") != 0 && strcmp(mode, "host") != 0 &&
	       strncmp(mode, "container:", strlen("container:")) != 0;
}

/*
 * A name of a user's says nothing of the kind, and a container on the default network may
 * have been connected to others before its start: it is seen at the interfaces, once there
 * are any. podman does not say what the network is called.
 */
static void check_links(struct og_pass *pass, const char *mode)
{
	bool any = mode ? has_networks(mode) : og_facts(pass)->engine == OG_ENGINE_PODMAN;

	if (any && (og_opt_has(pass, OG_OPT_network_host_drivers, "macvlan") ||
		    og_opt_has(pass, OG_OPT_network_host_drivers, "ipvlan")))
		og_launch(pass, OG_LAUNCH_CHECK_LINKS, "", NULL); /* no finding: cannot fail */
}

/* What the engine calls the network: a kind, or a name of the user's that says nothing. */
static int judge_mode(struct og_pass *pass)
{
	const char *mode = og_facts(pass)->network_mode;

	check_links(pass, mode);
	if (!mode)
		return 0;
	if (og_opt_has(pass, OG_OPT_network_host_drivers, mode))
		return og_reject_at(pass, LIST,
				    "the network %s is one of those that reach the container "
				    "without the host's filters: use a bridge network",
				    OG_Q(mode));
	if (og_opt_bool(pass, OG_OPT_network_host_default_bridge) &&
	    (!strcmp(mode, "default") || !strcmp(mode, "bridge")))
		return og_note(pass, og_at(pass, LIST),
			       "the container is on the engine's default bridge: use a network of "
			       "its own");
	return 0;
}

int og_rule_network_host(struct og_pass *pass)
{
	const struct og_node *links = og_at(pass, "/linux/netDevices");

	if (judge_namespace(pass) < 0 || judge_mode(pass) < 0)
		return -1;
	og_each (link, links)
		if (og_reject(pass, link,
			      "the host's network device %s would be moved into the container: "
			      "remove it",
			      OG_Q(og_key(link) ? og_key(link) : "")) < 0)
			return -1;
	return 0;
}
