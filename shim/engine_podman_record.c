/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What podman 4 has recorded of a container, in its bolt database: the ports that it
 * publishes and the network namespace that it made. Both stand there before the runtime is
 * called. The database of podman 5 is of another kind (SQLite), and is not read.
 */
#include "engine.h"

#include <string.h>

#include "file.h"
#include "networks.h"

struct reading {
	struct og_gather *g;
	struct og_doc *config; /* of the container; NULL: not found */
	const char *netns;     /* "": it has none */
};

static int take_config(void *ctx, const char *value, size_t len, struct og_err *reterr)
{
	struct reading *reading = ctx;

	og_doc_free(reading->config);
	reading->config = NULL;
	return og_doc_parse("config", value, len, 0, &reading->config, reterr);
}

static int take_netns(void *ctx, const char *value, size_t len, struct og_err *reterr)
{
	struct reading *reading = ctx;

	reading->netns = og_arena_printf(&reading->g->arena, "%.*s", (int)len, value);
	return reading->netns ? 0 : og_gather_nomem(reterr);
}

/* One reading, as og_bolt_each(). */
static int read_once(int fd, const char *bucket, struct reading *reading)
{
	struct og_err why = { 0 };
	int r = og_bolt_each(fd, bucket, "config", take_config, reading, &why);

	reading->netns = "";
	return r ? r : og_bolt_each(fd, bucket, "netns", take_netns, reading, &why);
}

/* ---- ports ---- */

static uint64_t number_of(const struct og_node *mapping, const char *name, uint64_t otherwise)
{
	const struct og_node *node = og_member(mapping, name);
	uint64_t ret = otherwise;

	return node && og_u64(node, &ret) < 0 ? UINT64_MAX : ret;
}

/* How podman 4 writes a mapping, and how podman 3 did, whose containers 4 still has. */
struct spelling {
	const char *list, *host_port, *container_port, *range, *protocol, *host_ip;
};
static const struct spelling spellings[] = {
	{ "newPortMappings", "host_port", "container_port", "range", "protocol", "host_ip" },
	{ "portMappings", "hostPort", "containerPort", "range", "protocol", "hostIP" },
};

/* What a mapping says, and of how many ports. -1: not understood. */
static int parse_mapping(const struct og_node *mapping, const struct spelling *as,
			 struct og_port *ret, uint64_t *retrange)
{
	static const char *const protos[] = { "tcp", "udp", "sctp" };
	const char *proto = og_str(og_member(mapping, as->protocol));
	uint64_t range = number_of(mapping, as->range, 1);

	ret->host_port = number_of(mapping, as->host_port, 0);
	ret->container_port = number_of(mapping, as->container_port, 0);
	ret->proto = NULL;
	for (size_t i = 0; proto && i < sizeof(protos) / sizeof(protos[0]); i++)
		if (strcmp(proto, protos[i]) == 0)
			ret->proto = protos[i];
	*retrange = range ? range : 1;
	return ret->proto && ret->container_port && range <= UINT16_MAX &&
			       ret->container_port + *retrange - 1 <= UINT16_MAX &&
			       ret->host_port + *retrange - 1 <= UINT16_MAX
		       ? 0
		       : -1;
}

static int add_mapping(struct og_gather *g, const struct og_node *mapping,
		       const struct spelling *as, struct og_err *reterr)
{
	struct og_port port = { 0 };
	uint64_t range;

	if (parse_mapping(mapping, as, &port, &range) < 0)
		return 1;
	port.address = og_port_address(g, og_str(og_member(mapping, as->host_ip)));
	if (!port.address)
		return og_gather_nomem(reterr);
	if (og_ports_reserve(g, (size_t)range, reterr) < 0)
		return -1;
	for (; range > 0; range--) {
		g->facts->ports[g->facts->nports++] = port;
		port.host_port += port.host_port != 0;
		port.container_port++;
	}
	return 0;
}

/* 1: not understood. */
static int add_ports(struct og_gather *g, const struct og_node *config, struct og_err *reterr)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		const struct og_node *list = og_member(config, spellings[i].list);

		if (!og_is_null(list) && og_type(list) != OG_ARRAY)
			return 1;
		og_each (mapping, list)
			if (r == 0)
				r = add_mapping(g, mapping, &spellings[i], reterr);
	}
	return r;
}

/* The list that says so has been made of what the image exposes: -P adds nothing to it. */
static int fill_ports(struct og_gather *g, const struct og_node *config, struct og_err *reterr)
{
	int r = add_ports(g, config, reterr);

	if (r)
		g->facts->nports = 0;
	if (r == 0) {
		g->facts->publish_all = false;
		g->facts->ports_known = g->facts->nports ? OG_KNOWN : OG_NONE;
	}
	return r < 0 ? -1 : 0;
}

/* podman's API takes anything behind a colon, which says nothing: the options stand apart. */
static bool is_slirp(const char *mode)
{
	size_t len = strlen("slirp4netns");

	return strncmp(mode, "slirp4netns", len) == 0 && (!mode[len] || mode[len] == ':');
}

/* "network_options": {"slirp4netns": ["allow_host_loopback=true"]} */
static void fill_mode(struct og_facts *facts, const struct og_node *config)
{
	const char *mode = og_str(og_member(config, "networkMode"));

	if (!mode || !is_slirp(mode))
		return;
	og_each (option, og_get(config, "/network_options/slirp4netns"))
		if (og_str(option) && strcmp(og_str(option), "allow_host_loopback=true") == 0)
			facts->network_mode = OG_NETWORK_TO_HOST;
}

/*
 * Both of one container: OG_KNOWN; OG_NONE: it is not there, as where podman keeps its
 * containers in a database of another kind; OG_UNKNOWN: it is there and cannot be read. Users
 * can bring that about, with a label that has a NUL or is longer than what is read: so it
 * must not be taken for a record that says nothing.
 */
static enum og_known read_record(int fd, const char *bucket, struct reading *reading)
{
	int r = 1;

	/* other containers come and go meanwhile */
	for (unsigned i = 0; r > 0 && i < OG_NETWORKS_READINGS; i++)
		r = read_once(fd, bucket, reading);
	if (r == OG_BOLT_NO_BUCKET)
		return OG_NONE;
	return r == 0 && og_type(og_doc_root(reading->config)) == OG_OBJECT ? OG_KNOWN : OG_UNKNOWN;
}

int og_podman_record(struct og_gather *g, const char *storage, struct og_err *reterr)
{
	const char *path = og_arena_printf(&g->arena, "%s/libpod/bolt_state.db", storage);
	const char *bucket = og_arena_printf(&g->arena, "ctr/%s", g->facts->id);
	struct reading reading = { .g = g };
	enum og_known known;
	og_auto_close int fd = -1;
	int r = 0;

	if (!path || !bucket)
		return og_gather_nomem(reterr);
	fd = og_path_is_safe(path, OG_SAFE_STICKY) ? og_networks_open(path) : -1;
	known = fd >= 0 ? read_record(fd, bucket, &reading) : OG_NONE;
	if (known == OG_UNKNOWN)
		g->facts->network_mode = OG_NETWORK_UNREAD;
	if (known == OG_KNOWN) {
		g->netns_own = reading.netns;
		fill_mode(g->facts, og_doc_root(reading.config));
		/* Without root they are published by another program, unseen here. */
		if (!og_is_rootless())
			r = fill_ports(g, og_doc_root(reading.config), reterr);
	}
	og_doc_free(reading.config);
	return r;
}
