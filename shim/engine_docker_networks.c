/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which networks Docker connects a container to, and of what kind they are. The record
 * of a container has their names only, which users choose; the kind is in the daemon's
 * database.
 */
#include "engine.h"

#include <string.h>

#include "file.h"
#include "networks.h"

/* Names that nobody else can give to a network. */
static const struct {
	const char *name, *driver;
} predefined[] = {
	{ "bridge", "bridge" },
	{ "host", "host" },
	{ "none", "null" },
};

/* A network as the container's record has it: the daemon looks for the one or the other. */
struct asked {
	const char *name, *id; /* id: "" where there is none, or the name goes first */
	bool by_name, by_id;   /* found so */
};

struct reading {
	struct og_gather *g;
	struct asked *asked; /* of the first entries; what was found twice has one after them */
	size_t nasked;
};

/* The entry for one more network called as entry |i|; NULL: memory is short. */
static struct og_netfact *entry_of(struct reading *reading, size_t i)
{
	struct og_facts *facts = reading->g->facts;
	struct og_netfact *more;

	if (!facts->networks[i].driver)
		return &facts->networks[i];
	more = og_arena_array(&reading->g->arena, facts->nnetworks + 1, sizeof(*more));
	if (!more)
		return NULL;
	memcpy(more, facts->networks, facts->nnetworks * sizeof(*more));
	more[facts->nnetworks] = (struct og_netfact){ .name = more[i].name };
	facts->networks = more;
	return &more[facts->nnetworks++];
}

static const char *option_of(const struct og_node *network, const char *option)
{
	return og_str(og_member(
		og_member(og_member(network, "generic"), "com.docker.network.generic"), option));
}

/* How the family that |enabled| switches on is reached. */
static const char *gateway_mode(const struct og_node *network, const char *enabled,
				const char *option)
{
	const struct og_node *on = og_member(network, enabled);

	/* that IPv4 can be off is news of Docker 28 */
	return on && !og_is_true(on) ? NULL : option_of(network, option);
}

static const char *copy(struct reading *reading, const char *text, bool *failed)
{
	const char *ret = text ? og_arena_strdup(&reading->g->arena, text) : NULL;

	*failed = *failed || (text && !ret);
	return ret;
}

static int take_network(struct reading *reading, size_t i, const struct og_node *network,
			struct og_err *reterr)
{
	static const char option4[] = "com.docker.network.bridge.gateway_mode_ipv4";
	static const char option6[] = "com.docker.network.bridge.gateway_mode_ipv6";
	const char *binding = option_of(network, "com.docker.network.bridge.host_binding_ipv4");
	const char *mode4 = gateway_mode(network, "enableIPv4", option4);
	const char *mode6 = gateway_mode(network, "enableIPv6", option6);
	struct og_netfact *ret = entry_of(reading, i);
	bool failed = !ret;

	if (ret) {
		ret->id = copy(reading, og_str(og_member(network, "id")), &failed);
		ret->driver = copy(reading, og_str(og_member(network, "networkType")), &failed);
		ret->host_binding = copy(reading, binding, &failed);
		ret->gateway_mode_ipv4 = copy(reading, mode4, &failed);
		ret->gateway_mode_ipv6 = copy(reading, mode6, &failed);
	}
	return failed ? og_gather_nomem(reterr) : 0;
}

/* Whether a network that is called |term| has it in its record as it is: JSON escapes some. */
static bool may_be(const char *value, size_t len, const char *term)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	return term[strspn(term, plain)] || (*term && memmem(value, len, term, strlen(term)));
}

/* The daemon takes the beginning of an id as well; here it must be all of it. */
static bool is_called(const struct og_node *network, const char *term)
{
	const char *name = og_str(og_member(network, "name"));
	const char *id = og_str(og_member(network, "id"));

	return *term && ((name && strcmp(name, term) == 0) || (id && strcmp(id, term) == 0));
}

/* A network of the daemon's: is it one of the container's? */
static int read_network(void *ctx, const char *value, size_t len, struct og_err *reterr)
{
	struct reading *reading = ctx;
	struct og_doc *doc = NULL;
	bool any = false;
	int r = 0;

	/* not every network of a busy host is worth being parsed */
	for (size_t i = 0; !any && i < reading->nasked; i++)
		any = may_be(value, len, reading->asked[i].name) ||
		      may_be(value, len, reading->asked[i].id);
	if (!any)
		return 0;
	r = og_engine_parse("network", value, len, &doc, reterr);
	for (size_t i = 0; r == 0 && i < reading->nasked; i++) {
		struct asked *asked = &reading->asked[i];
		bool by_name = is_called(og_doc_root(doc), asked->name);
		bool by_id = is_called(og_doc_root(doc), asked->id);

		asked->by_name = asked->by_name || by_name;
		asked->by_id = asked->by_id || by_id;
		if (by_name || by_id)
			r = take_network(reading, i, og_doc_root(doc), reterr);
	}
	og_doc_free(doc);
	return r;
}

/* NULL: the name is somebody's. */
static const char *predefined_driver(const char *name)
{
	for (size_t i = 0; i < sizeof(predefined) / sizeof(predefined[0]); i++)
		if (strcmp(predefined[i].name, name) == 0)
			return predefined[i].driver;
	return NULL;
}

/* The names, and nothing else yet. */
static int fill_names(struct reading *reading, const struct og_node *networks,
		      struct og_err *reterr)
{
	struct og_arena *arena = &reading->g->arena;
	struct og_facts *facts = reading->g->facts;
	size_t i = 0;

	facts->nnetworks = reading->nasked = og_count(networks);
	facts->networks = og_arena_array(arena, facts->nnetworks + 1, sizeof(*facts->networks));
	reading->asked = og_arena_array(arena, reading->nasked + 1, sizeof(*reading->asked));
	if (!facts->networks || !reading->asked)
		return og_gather_nomem(reterr);
	og_each (network, networks) {
		const char *id = og_str(og_member(network, "NetworkID"));
		struct asked *asked = &reading->asked[i];

		asked->name = og_arena_strdup(arena, og_key(network));
		asked->id = og_arena_strdup(arena,
					    id && !predefined_driver(og_key(network)) ? id : "");
		if (!asked->name || !asked->id)
			return og_gather_nomem(reterr);
		facts->networks[i++].name = asked->name;
	}
	return 0;
}

/* Found by the one, not by the other: what the daemon takes it for cannot be told. */
static int add_missed(struct reading *reading, struct og_err *reterr)
{
	for (size_t i = 0; i < reading->nasked; i++) {
		const struct asked *asked = &reading->asked[i];

		if (*asked->id && asked->by_name != asked->by_id && !entry_of(reading, i))
			return og_gather_nomem(reterr);
	}
	return 0;
}

/* What needs no look. true: that is all. */
static bool fill_predefined(struct og_facts *facts)
{
	bool all = true;

	for (size_t i = 0; i < facts->nnetworks; i++) {
		struct og_netfact *fact = &facts->networks[i];

		if (!fact->driver)
			fact->driver = predefined_driver(fact->name);
		all = all && fact->driver;
	}
	return all;
}

/* Whether a port is published on whatever address its network has for that. */
static bool has_open_port(const struct og_facts *facts)
{
	for (size_t i = 0; i < facts->nports; i++)
		if (!*facts->ports[i].address)
			return true;
	return false;
}

int og_docker_networks(struct og_gather *g, const char *data, const struct og_node *config,
		       struct og_err *reterr)
{
	const struct og_node *networks = og_get(config, "/NetworkSettings/Networks");
	struct reading reading = { .g = g };
	struct og_err why = { 0 };
	og_auto_close int fd = -1;
	const char *path;
	int r = 1;

	if (og_type(networks) != OG_OBJECT)
		return 0;
	if (fill_names(&reading, networks, reterr) < 0)
		return -1;
	if (fill_predefined(g->facts) && !has_open_port(g->facts)) {
		g->facts->networks_known = OG_KNOWN;
		return 0;
	}
	path = og_arena_printf(&g->arena, "%s/network/files/local-kv.db", data);
	if (!path)
		return og_gather_nomem(reterr);
	fd = og_networks_open(path);
	for (unsigned i = 0; r > 0 && fd >= 0 && i < OG_NETWORKS_READINGS; i++) {
		if (fill_names(&reading, networks, reterr) < 0)
			return -1;
		r = og_networks_each(fd, read_network, &reading, &why);
	}
	/* what a reading that failed has found may never have been so */
	if ((r == 0 ? add_missed(&reading, reterr) : fill_names(&reading, networks, reterr)) < 0)
		return -1;
	fill_predefined(g->facts);
	if (r == 0) {
		g->facts->networks_known = OG_KNOWN;
		g->facts->networks_file = path;
	}
	return 0;
}
