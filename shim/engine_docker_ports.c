/* SPDX-License-Identifier: Apache-2.0 */
/* Which ports Docker's record of a container asks to be published. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

/*
 * A host port of the record: "", "8080", or "8000-8010", of which the daemon
 * takes one that is free. -1: not understood.
 */
static int host_port(const char *text, struct og_port *ret)
{
	struct og_port port;
	char first[8];
	size_t digits = strspn(text, "0123456789");

	ret->host_port = 0;
	ret->host_range = false;
	if (!*text)
		return 0;
	if (digits >= sizeof(first) || (text[digits] && text[digits] != '-'))
		return -1;
	memcpy(first, text, digits);
	first[digits] = '\0';
	if (og_port_parse(first, &port) < 0 ||
	    (text[digits] && og_port_parse(text + digits + 1, &port) < 0))
		return -1;
	ret->host_port = strtoull(first, NULL, 10);
	ret->host_range = text[digits] == '-';
	return 0;
}

/* 1: not understood. */
static int add_binding(struct og_gather *g, const char *spec, const struct og_node *binding,
		       struct og_err *reterr)
{
	const char *port = og_str(og_member(binding, "HostPort"));
	struct og_port *ret = &g->facts->ports[g->facts->nports];

	if (og_port_parse(spec, ret) < 0 || host_port(port ? port : "", ret) < 0)
		return 1;
	ret->address = og_port_address(g, og_str(og_member(binding, "HostIp")));
	if (!ret->address)
		return og_gather_nomem(reterr);
	g->facts->nports++;
	return 0;
}

/* A port with its list of bindings; an empty list is one that the daemon fills in. */
static int add_port(struct og_gather *g, const char *spec, const struct og_node *list,
		    struct og_err *reterr)
{
	int r = 0;

	if (og_ports_reserve(g, og_count(list) + 1, reterr) < 0)
		return -1;
	if (!og_count(list))
		return add_binding(g, spec, NULL, reterr);
	og_each (binding, list)
		if (r == 0)
			r = add_binding(g, spec, binding, reterr);
	return r;
}

/* -P: all ports that the image exposes, those that have bindings aside. */
static int add_exposed(struct og_gather *g, const struct og_node *exposed,
		       const struct og_node *bindings, struct og_err *reterr)
{
	int r = 0;

	og_each (port, exposed)
		if (r == 0 && !og_member(bindings, og_key(port)))
			r = add_port(g, og_key(port), NULL, reterr);
	return r;
}

/* Each port of one is looked for among the other's: more is not understood. */
#define COMPARED_MAX 10000000

/* What the daemon writes; anything else is not understood. */
static bool is_map(const struct og_node *node)
{
	return og_is_null(node) || og_type(node) == OG_OBJECT;
}

int og_docker_ports(struct og_gather *g, const struct og_node *config, const struct og_node *host,
		    struct og_err *reterr)
{
	const struct og_node *bindings = og_member(host, "PortBindings");
	const struct og_node *exposed = og_get(config, "/Config/ExposedPorts");
	int r = 0;

	g->facts->publish_all = og_is_true(og_member(host, "PublishAllPorts"));
	if (!is_map(bindings) || !is_map(exposed) ||
	    (g->facts->publish_all && og_count(bindings) > COMPARED_MAX / (og_count(exposed) + 1)))
		return 0;
	og_each (port, bindings)
		if (r == 0)
			r = add_port(g, og_key(port), port, reterr);
	if (r == 0 && g->facts->publish_all)
		r = add_exposed(g, exposed, bindings, reterr);
	if (r == 0)
		g->facts->ports_known = g->facts->nports ? OG_KNOWN : OG_NONE;
	return r < 0 ? -1 : 0;
}
