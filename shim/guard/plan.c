/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard of one container must hold. A published port is reached by the
 * host's address and port (through NAT or the engine's proxy) and by the container's
 * own address and port (by a route): both are in the plan. A network that is connected
 * later has addresses that nobody here knows yet; for that the container's namespace
 * has a table of its own, which lets in what comes from the host and from the
 * container's own links.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "shim/address.h"

/* The mark by which a look-up in the container's namespace passes the default route by. */
#define MARK "0x6f676174"

struct planner {
	const struct og_record *record;
	const struct og_network *network;
	struct og_plan *plan;
	struct og_proxy *proxies; /* once proxies_read */
	size_t nproxies;
	bool proxies_read;
	struct og_holders holders;   /* when starting */
	struct og_buf ports;	     /* of the table inside, "tcp . 80, " */
	const struct og_port **open; /* sorted */
	size_t nopen;
	bool any_inside; /* a container's port is not known: all are guarded */
};

static bool is_v6(const char *address)
{
	return strchr(address, ':') != NULL;
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_all(const char *address)
{
	return !*address || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static bool is_allowed(const struct og_record *record, const char *address)
{
	for (size_t i = 0; i < record->naddresses; i++)
		if (strcmp(record->addresses[i], address) == 0)
			return true;
	return false;
}

/* Whether a port on |address| may be reached from outside by one of the allowed addresses. */
static bool is_open_on(const char *address, const char *allowed)
{
	if (is_loopback(allowed))
		return false;
	if (!*address)
		return true;
	if (is_all(address))
		return is_v6(address) || !is_v6(allowed);
	return strcmp(address, allowed) == 0;
}

/* ---- at the host's address ---- */

static void put_host_port(struct planner *p, const char *proto, const char *address,
			  uint64_t host_port)
{
	struct og_buf *out = &p->plan->elements;

	for (size_t i = 0; i < p->record->naddresses; i++) {
		const char *allowed = p->record->addresses[i];

		if (is_open_on(address, allowed))
			og_buf_printf(out, "ok%d %s . %s . %" PRIu64 "\n", is_v6(allowed) ? 6 : 4,
				      allowed, proto, host_port);
	}
	if (is_all(address))
		og_buf_printf(out, "any %s . %" PRIu64 "\n", proto, host_port);
	else if (is_loopback(address) || !is_allowed(p->record, address))
		/* also a loopback one: on older kernels' NAT it can be reached from the same link
		 */
		og_buf_printf(out, "host%d %s . %s . %" PRIu64 "\n", is_v6(address) ? 6 : 4,
			      address, proto, host_port);
}

static bool is_ours(const struct planner *p, const struct og_proxy *proxy)
{
	for (size_t i = 0; i < p->network->ncontainer; i++)
		if (strcmp(p->network->container[i].text, proxy->container_ip) == 0)
			return true;
	return false;
}

static int need_proxies(struct planner *p, struct og_err *reterr)
{
	if (p->proxies_read)
		return 0;
	p->proxies_read = true;
	return og_proxies_read(&p->proxies, &p->nproxies, reterr);
}

/* Whether both cannot be held by two programs. */
static bool overlaps(const struct og_holder *holder, const char *address)
{
	return is_all(holder->address) || !*address || strcmp(holder->address, address) == 0 ||
	       (is_all(address) && is_v6(address) == is_v6(holder->address));
}

/* 1: the engine holds the port for this container, by its proxy or by itself. */
static int is_held(struct planner *p, const struct og_port *port, const struct og_holder *holder,
		   struct og_err *reterr)
{
	if (need_proxies(p, reterr) < 0)
		return -1;
	for (size_t i = 0; i < p->nproxies; i++)
		if (strcmp(p->proxies[i].proto, port->proto) == 0 &&
		    p->proxies[i].host_port == port->host_port && is_ours(p, &p->proxies[i]))
			return 1;
	return og_holder_is_engines(&p->holders, holder, reterr);
}

/*
 * A port that the record names is published unless the engine could not, and then its start
 * has failed; but of a container without a network, or on an internal one, nothing is.
 */
static int check_held(struct planner *p, const struct og_port *port, struct og_err *reterr)
{
	const struct og_holder *end = p->holders.list + p->holders.n;
	bool others = false;

	for (const struct og_holder *holder = og_holder_first(&p->holders, port->host_port);
	     holder && holder < end && holder->port == port->host_port; holder++) {
		int r;

		if (strcmp(holder->proto, port->proto) != 0 || !overlaps(holder, port->address))
			continue;
		r = is_held(p, port, holder, reterr);
		if (r != 0)
			return r < 0 ? -1 : 0;
		others = true;
	}
	return others ? og_fail(reterr, OG_E_HOST,
				"the host's port %" PRIu64
				"/%s is another program's: this container "
				"does not publish it",
				port->host_port, port->proto)
		      : 0;
}

/* Whether only the engine knows which of the host's ports it is. */
static bool is_chosen(const struct og_port *port)
{
	return port->host_port == 0 || port->host_range;
}

/* The port that the engine chose, by its proxies. */
static void put_chosen_port(struct planner *p, const struct og_port *port)
{
	char address[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < p->nproxies; i++) {
		const struct og_proxy *proxy = &p->proxies[i];

		if (strcmp(proxy->proto, port->proto) == 0 &&
		    proxy->container_port == port->container_port && is_ours(p, proxy))
			put_host_port(p, port->proto, og_address(proxy->host_ip, address),
				      proxy->host_port);
	}
}

/* ---- at the container's address ---- */

static void put_endpoint(struct planner *p, const struct og_port *port,
			 const struct og_netaddr *address)
{
	struct og_buf *out = &p->plan->elements;
	int family = address->v6 ? 6 : 4;

	if (port->container_port)
		og_buf_printf(out, "end%d %s . %s . %" PRIu64 "\n", family, address->text,
			      port->proto, port->container_port);
	else
		og_buf_printf(out, "whole%d %s\n", family, address->text);
	for (size_t i = 0; i < p->record->naddresses; i++) {
		const char *allowed = p->record->addresses[i];

		if (is_v6(allowed) != address->v6 || !is_open_on(port->address, allowed))
			continue;
		if (port->container_port)
			og_buf_printf(out, "through%d %s . %s . %s . %" PRIu64 "\n", family,
				      allowed, address->text, port->proto, port->container_port);
		else if (port->host_port)
			og_buf_printf(out, "asked%d %s . %s\n", family, allowed, address->text);
	}
}

/* ---- which of the container's ports are open to some address outside ---- */

static int compare_ports(const void *a, const void *b)
{
	const struct og_port *x = *(const struct og_port *const *)a;
	const struct og_port *y = *(const struct og_port *const *)b;
	int c = strcmp(x->proto, y->proto);

	return c ? c
		 : (x->container_port > y->container_port) -
			       (x->container_port < y->container_port);
}

static bool is_open_to_any(const struct og_record *record, const char *address)
{
	for (size_t i = 0; i < record->naddresses; i++)
		if (is_open_on(address, record->addresses[i]))
			return true;
	return false;
}

/* By all bindings there are: of as many ports as a user likes. */
static int find_open(struct planner *p, struct og_err *reterr)
{
	const struct og_facts *facts = p->record->facts;
	size_t n = facts ? facts->nports : 0;

	p->open = calloc(n + 1, sizeof(struct og_port *));
	if (!p->open)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		char address[INET6_ADDRSTRLEN];

		if (is_open_to_any(p->record, og_address(facts->ports[i].address, address)))
			p->open[p->nopen++] = &facts->ports[i];
	}
	qsort(p->open, p->nopen, sizeof(struct og_port *), compare_ports);
	return 0;
}

/*
 * Whether the container's port may be reached from outside by some binding of it: what
 * comes that way has the address of whoever sent it, and cannot be told inside.
 */
static bool is_open(const struct planner *p, const struct og_port *port)
{
	return bsearch(&port, p->open, p->nopen, sizeof(struct og_port *), compare_ports);
}

static int put_port(struct planner *p, const struct og_port *asked, struct og_err *reterr)
{
	char address[INET6_ADDRSTRLEN];
	struct og_port as_meant = *asked;
	const struct og_port *port = &as_meant;

	/* the engine asks what it means, and nft(8) what it says */
	as_meant.address = og_address(asked->address, address);
	if (is_chosen(port))
		put_chosen_port(p, port);
	else if (check_held(p, port, reterr) < 0)
		return -1;
	else
		put_host_port(p, port->proto, port->address, port->host_port);
	for (size_t i = 0; i < p->network->ncontainer; i++)
		if (!p->network->container[i].loopback && !p->network->container[i].link_local)
			put_endpoint(p, port, &p->network->container[i]);
	if (is_open(p, port))
		return 0;
	if (port->container_port)
		og_buf_printf(&p->ports, "%s%s . %" PRIu64, p->ports.len ? ", " : "", port->proto,
			      port->container_port);
	else
		p->any_inside = true;
	return 0;
}

/* What comes over the container's own bridge, from its neighbours, is not published. */
static void put_bridges(struct planner *p)
{
	for (size_t i = 0; i < p->network->ncontainer; i++) {
		const struct og_netaddr *address = &p->network->container[i];
		const char *bridge = og_network_bridge(p->network, address);

		if (bridge)
			og_buf_printf(&p->plan->elements, "bridge%d \"%s\" . %s\n",
				      address->v6 ? 6 : 4, bridge, address->text);
	}
}

/* ---- inside ---- */

static void put_host_set(struct planner *p, bool v6)
{
	struct og_buf *out = &p->plan->inside;
	const char *between = "";

	og_buf_printf(out, "\tset host%d { type ipv%d_addr;", v6 ? 6 : 4, v6 ? 6 : 4);
	for (size_t i = 0; i < p->network->nhost; i++) {
		const struct og_netaddr *address = &p->network->host[i];

		if (address->v6 != v6 || address->loopback || address->link_local)
			continue;
		og_buf_printf(out, "%s%s", *between ? between : " elements = { ", address->text);
		between = ", ";
	}
	og_buf_printf(out, "%s }\n", *between ? " }" : "");
}

static void put_inside(struct planner *p)
{
	struct og_buf *out = &p->plan->inside;

	if (!p->any_inside && p->ports.len == 0)
		return;
	og_buf_puts(out,
		    "add table inet ocigate\ndelete table inet ocigate\ntable inet ocigate {\n");
	put_host_set(p, false);
	put_host_set(p, true);
	if (!p->any_inside)
		og_buf_printf(out,
			      "\tset ports { typeof meta l4proto . th dport; elements = { %s } }\n",
			      p->ports.data);
	og_buf_puts(out, "\tchain input {\n"
			 "\t\ttype filter hook input priority mangle; policy accept;\n"
			 "\t\tiifname \"lo\" return\n\t\tct direction reply return\n");
	og_buf_puts(out, p->any_inside ? "\t\tmeta l4proto != { tcp, udp, sctp } return\n"
				       : "\t\tmeta l4proto . th dport != @ports return\n");
	og_buf_puts(out, "\t\tip saddr @host4 return\n\t\tip6 saddr @host6 return\n"
			 "\t\tip6 saddr fe80::/10 return\n"
			 "\t\tmeta mark set " MARK "\n"
			 "\t\tfib saddr . mark . iif oif missing drop\n"
			 "\t\tmeta mark set 0\n\t}\n}\n");
}

/* Engines that hold what they publish; others only lead packets elsewhere. */
static bool holds_ports(const struct og_facts *facts)
{
	return facts && (facts->engine == OG_ENGINE_DOCKER || facts->engine == OG_ENGINE_PODMAN);
}

int og_plan_make(const struct og_record *record, const struct og_network *network, bool starting,
		 struct og_plan *ret, struct og_err *reterr)
{
	struct planner p = { .record = record, .network = network, .plan = ret };
	const struct og_facts *facts = record->facts;
	/* -P, and the record does not say what the image exposes */
	static const struct og_port unknown = { .proto = "tcp", .address = "" };
	bool chosen = false;
	int r = 0;

	*ret = (struct og_plan){ 0 };
	r = find_open(&p, reterr);
	for (size_t i = 0; facts && i < facts->nports; i++)
		chosen = chosen || is_chosen(&facts->ports[i]);
	if (r == 0 && chosen)
		r = need_proxies(&p, reterr);
	if (r == 0 && starting && holds_ports(facts))
		r = og_holders_read(&p.holders, reterr);
	for (size_t i = 0; r == 0 && facts && i < facts->nports; i++)
		r = put_port(&p, &facts->ports[i], reterr);
	if (r == 0 && facts && facts->nports == 0)
		r = put_port(&p, &unknown, reterr);
	put_bridges(&p);
	put_inside(&p);
	free(p.proxies);
	free(p.open);
	og_holders_free(&p.holders);
	if (r == 0 && (ret->elements.failed || ret->inside.failed || p.ports.failed))
		r = og_fail(reterr, OG_E_NOMEM, "out of memory");
	og_buf_release(&p.ports);
	/* all else is a number, or was put together from what was parsed */
	if (r == 0 && ret->elements.data && !og_table_takes(ret->elements.data))
		r = og_fail(reterr, OG_E_HOST,
			    "the bridge of the container's network has a name that nft(8) could "
			    "misunderstand: use a network with another");
	return r;
}

void og_plan_release(struct og_plan *plan)
{
	og_buf_release(&plan->elements);
	og_buf_release(&plan->inside);
}
