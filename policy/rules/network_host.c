/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network-host: whose network the container is in. An entry that is there says
 * little: Docker 20.10 writes one with a path for --network=host, so the facts
 * decide, by inode. Published ports are the rule ports'.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/joins.h"
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
		return og_join_accept(pass, entry, fact, OG_LAUNCH_VERIFY_NETWORK) < 0 ? -1 : 0;
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

/* Whether the engine's default bridge is all that it is connected to. */
static bool only_default(const struct og_facts *facts)
{
	for (size_t i = 0; i < facts->nnetworks; i++)
		if (strcmp(facts->networks[i].name, "bridge"))
			return false;
	return facts->nnetworks > 0 && facts->networks_known == OG_KNOWN;
}

/*
 * What the engine says of a network's kind is of the moment of "create": one of a user's
 * can be another by the start. So it must still be there then, and is seen at the
 * interfaces. Other engines whose users make networks do not say what they are called.
 * A user without root can put none on an interface of the host, which is what is refused
 * here; and the helper that looks is root's: it would not find that user's records.
 */
static void check_links(struct og_pass *pass, const char *mode)
{
	enum og_engine engine = og_facts(pass)->engine;
	bool any = mode ? has_networks(mode)
			: engine == OG_ENGINE_PODMAN || engine == OG_ENGINE_BUILDAH ||
				   engine == OG_ENGINE_NERDCTL;

	if (!any || only_default(og_facts(pass)))
		return;
	if (og_opt_list(pass, OG_OPT_network_host_drivers)->n > 0 && og_facts(pass)->networks_file)
		og_launch(pass, OG_LAUNCH_SAME_NETWORKS, "", NULL);
	if (!og_facts(pass)->rootless &&
	    (og_opt_has(pass, OG_OPT_network_host_drivers, "macvlan") ||
	     og_opt_has(pass, OG_OPT_network_host_drivers, "ipvlan")))
		og_launch(pass, OG_LAUNCH_CHECK_LINKS, "", NULL); /* no finding: cannot fail */
}

static bool is_default(const char *mode)
{
	return !strcmp(mode, "default") || !strcmp(mode, "bridge");
}

/*
 * A network that leads to the host's loopback, or that podman says nothing of: whoever wants the
 * former can see to the latter. A network of Docker's may have any name.
 */
static int judge_to_host(struct og_pass *pass, const char *mode)
{
	if (!strcmp(mode, OG_NETWORK_TO_HOST))
		return og_reject_at(pass, LIST,
				    "the network %s leads to what listens on the host's loopback: "
				    "run without allow_host_loopback",
				    OG_Q(mode));
	if (og_facts(pass)->engine == OG_ENGINE_PODMAN && !strcmp(mode, OG_NETWORK_UNREAD))
		return og_reject_at(pass, LIST,
				    "podman's record of the container cannot be read, so that its "
				    "network may lead to the host's loopback: run it with fewer or "
				    "shorter labels, and without NUL in a label");
	return 0;
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
	if (og_opt_bool(pass, OG_OPT_network_host_network) && judge_to_host(pass, mode) < 0)
		return -1;
	if (og_opt_bool(pass, OG_OPT_network_host_default_bridge) && is_default(mode))
		return og_note(pass, og_at(pass, LIST),
			       "the container is on the engine's default bridge: use a network of "
			       "its own");
	return 0;
}

/* One that the engine's database does not have, by that name: another's, or of a swarm. */
static int judge_kindless(struct og_pass *pass, const char *name)
{
	if (og_facts(pass)->engine != OG_ENGINE_DOCKER ||
	    !og_opt_has(pass, OG_OPT_network_host_drivers, "routed"))
		return 0;
	return og_reject_at(pass, LIST,
			    "of what kind the network %s is cannot be read from the engine's "
			    "database: give the whole name of a network that is not a swarm's, or "
			    "use the default bridge",
			    OG_Q(name));
}

/* Of what kind it is, by the engine's record. By its name one may be rejected already. */
static int judge_network(struct og_pass *pass, const struct og_netfact *network)
{
	const char *by_name = og_facts(pass)->network_mode;
	const char *mode = og_fact_open_gateway(network);

	if (by_name && !strcmp(by_name, network->name) &&
	    og_opt_has(pass, OG_OPT_network_host_drivers, by_name))
		return 0;
	if (network->driver && og_opt_has(pass, OG_OPT_network_host_drivers, network->driver))
		return og_reject_at(pass, LIST,
				    "the network %s is of the driver %s, which reaches the "
				    "container without the host's filters: use a bridge network",
				    OG_Q(network->name), OG_Q(network->driver));
	if (mode && og_opt_has(pass, OG_OPT_network_host_drivers, "routed"))
		return og_reject_at(pass, LIST,
				    "the network %s has the gateway mode %s: others reach the "
				    "container by its own address; use a bridge network of the "
				    "mode \"nat\"",
				    OG_Q(network->name), OG_Q(mode));
	return network->driver ? 0 : judge_kindless(pass, network->name);
}

static int judge_networks(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);
	const char *mode = facts->network_mode;

	for (size_t i = 0; i < facts->nnetworks; i++)
		if (judge_network(pass, &facts->networks[i]) < 0)
			return -1;
	/* without even their names */
	if (facts->nnetworks == 0 && facts->networks_known == OG_UNKNOWN && mode &&
	    has_networks(mode) && !is_default(mode))
		return judge_kindless(pass, mode);
	return 0;
}

int og_rule_network_host(struct og_pass *pass)
{
	const struct og_node *links = og_at(pass, "/linux/netDevices");

	if (judge_namespace(pass) < 0 || judge_mode(pass) < 0 || judge_networks(pass) < 0)
		return -1;
	og_each (link, links)
		if (og_reject(pass, link,
			      "the host's network device %s would be moved into the container: "
			      "remove it",
			      OG_Q(og_key(link) ? og_key(link) : "")) < 0)
			return -1;
	return 0;
}
