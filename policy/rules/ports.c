/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ports: on which of the host's addresses the engine publishes, by its record:
 * the document says nothing of it. Making "localhost only" true is the guard's
 * work, which this rule asks for.
 */
#include "ocigate/rule.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/rules_table.h"

/* "-p 1-65535:1-65535" is 65,535 ports: the first few say it all. */
#define REPORTED 8

/* An address of either family; IPv4 as ::ffff:a.b.c.d. */
struct address {
	unsigned char bytes[16];
};

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Whether |text| is an address; "" is all of them. */
static bool parse_address(const char *text, struct address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!*text)
		return true;
	if (strchr(text, ':'))
		return inet_pton(AF_INET6, text, ret->bytes) == 1;
	memcpy(ret->bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, ret->bytes + sizeof(mapped)) == 1;
}

static bool is_ipv4(const struct address *address)
{
	return !memcmp(address->bytes, mapped, sizeof(mapped));
}

static bool is_unspecified(const struct address *address)
{
	static const unsigned char none[16];
	const unsigned char *host = address->bytes + sizeof(mapped);

	return !memcmp(address->bytes, none, sizeof(none)) ||
	       (is_ipv4(address) && !memcmp(host, none, 4));
}

/* All of 127.0.0.0/8 reaches as far as 127.0.0.1. */
static bool is_loopback4(const struct address *address)
{
	return is_ipv4(address) && address->bytes[sizeof(mapped)] == 127;
}

static bool is_allowed(const struct og_pass *pass, const char *text)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_ports_addresses);
	struct address asked, listed;

	/* without an address Docker publishes on all of both families */
	if (!*text && list->n > 0)
		return is_allowed(pass, "0.0.0.0") && is_allowed(pass, "::");
	if (!parse_address(text, &asked))
		return false;
	if (list->n == 0)
		return og_opt_bool(pass, OG_OPT_ports_unspecified) || !is_unspecified(&asked);
	for (size_t i = 0; i < list->n; i++) {
		if (!parse_address(list->items[i].text, &listed))
			continue;
		if (!memcmp(&asked, &listed, sizeof(asked)) ||
		    (is_loopback4(&asked) && is_loopback4(&listed)))
			return true;
	}
	return false;
}

/*
 * The same of a port's: where none is given it is each network's own, which is the
 * daemon's "ip" for the default bridge. That holds until another network is connected,
 * by whose address the port is published anew: so it takes the guard, whatever the action.
 */
static bool is_published_well(struct og_pass *pass, const char *address)
{
	const struct og_facts *facts = og_facts(pass);

	if (is_allowed(pass, address))
		return true;
	/* without a list the guard would not know what to leave open */
	if (*address || facts->networks_known == OG_UNKNOWN || facts->nnetworks == 0 ||
	    og_opt_list(pass, OG_OPT_ports_addresses)->n == 0)
		return false;
	for (size_t i = 0; i < facts->nnetworks; i++) {
		const char *binding = facts->networks[i].host_binding;

		/* of all of IPv4's, those of IPv6 are published on as well */
		if (!is_allowed(pass, binding && strcmp(binding, "0.0.0.0") ? binding : ""))
			return false;
	}
	og_launch(pass, OG_LAUNCH_GUARD_PORTS, "", NULL); /* no finding: cannot fail */
	return true;
}

/* The address to publish on instead, as -p takes it. */
static const char *better(const struct og_pass *pass, char *buf, size_t size)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_ports_addresses);
	const char *text = list->n ? list->items[0].text : "127.0.0.1";

	if (og_opt_has(pass, OG_OPT_ports_addresses, "127.0.0.1"))
		text = "127.0.0.1";
	snprintf(buf, size, strchr(text, ':') ? "[%s]" : "%s", text);
	return buf;
}

/* Its number, or |unknown|: not every engine says which of the container's ports it is. */
static const char *number(uint64_t port, const char *unknown, char *buf, size_t size)
{
	snprintf(buf, size, "%s", unknown);
	if (port)
		snprintf(buf, size, "%" PRIu64, port);
	return buf;
}

static int answer_address(struct og_pass *pass, const struct og_port *port)
{
	char address[64], host[24], container[24];
	bool tcp = !strcmp(port->proto, "tcp");
	struct address asked;
	bool all = parse_address(port->address, &asked) && is_unspecified(&asked);

	better(pass, address, sizeof(address));
	number(port->host_port, "", host, sizeof(host));
	number(port->container_port, "PORT", container, sizeof(container));
	return og_launch(pass, OG_LAUNCH_GUARD_PORTS, "",
			 "port %s%s/%s is published on %s: write -p %s:%s:%s%s%s",
			 port->container_port ? "" : "of the host ",
			 port->container_port ? container : host, port->proto,
			 all ? "all addresses" : OG_Q(port->address), address, host, container,
			 tcp ? "" : "/", tcp ? "" : port->proto);
}

static int answer_privileged(struct og_pass *pass, const struct og_port *port)
{
	return og_reject_at(pass, "",
			    "the host's port %" PRIu64 "/%s is below 1024: publish port %" PRIu64
			    " on a higher one",
			    port->host_port, port->proto, port->container_port);
}

/* The guard is on the way through the host: what goes another, it cannot close. */
static int judge_networks(struct og_pass *pass, const struct og_facts *facts)
{
	for (size_t i = 0; i < facts->nnetworks; i++) {
		const struct og_netfact *network = &facts->networks[i];
		const char *kind = og_fact_open_gateway(network);

		if (!kind && network->driver &&
		    (!strcmp(network->driver, "macvlan") || !strcmp(network->driver, "ipvlan")))
			kind = network->driver;
		if (kind && og_reject_at(pass, "",
					 "on the network %s, which is %s, a published port can be "
					 "reached by the container's own address: use a bridge "
					 "network of the gateway mode \"nat\"",
					 OG_Q(network->name), OG_Q(kind)) < 0)
			return -1;
	}
	return 0;
}

static int judge_ports(struct og_pass *pass, const struct og_facts *facts)
{
	size_t outside = 0, low = 0;

	if (judge_networks(pass, facts) < 0)
		return -1;

	/* What complies is guarded too: until Docker 28 a port published on 127.0.0.1 can be
	 * reached from the host's own link, and the container's address by a route. */
	if (og_action(pass) == OG_REWRITE)
		og_launch(pass, OG_LAUNCH_GUARD_PORTS, "", NULL); /* no finding: cannot fail */
	for (size_t i = 0; i < facts->nports; i++) {
		const struct og_port *port = &facts->ports[i];

		if (!is_published_well(pass, port->address) && outside++ < REPORTED &&
		    answer_address(pass, port) < 0)
			return -1;
		if (!og_opt_bool(pass, OG_OPT_ports_privileged) && port->host_port > 0 &&
		    port->host_port < 1024 && low++ < REPORTED && answer_privileged(pass, port) < 0)
			return -1;
	}
	if (outside > REPORTED)
		return og_launch(pass, OG_LAUNCH_GUARD_PORTS, "", "%zu more ports likewise",
				 outside - REPORTED);
	/* what the image exposes: the record may not say which ports these are */
	if (outside == 0 && facts->publish_all && !is_published_well(pass, ""))
		return og_launch(
			pass, OG_LAUNCH_GUARD_PORTS, "",
			"-P publishes the image's ports on all addresses: write -p with an "
			"address for each");
	return 0;
}

static int judge_unknown(struct og_pass *pass)
{
	static const char why[] = "the engine's record of published ports cannot be read";

	if (og_opt_is(pass, OG_OPT_ports_unknown, "audit"))
		return og_note(pass, NULL, "%s", why);
	return og_reject_at(pass, "", "%s", why);
}

/*
 * Some ports are seen, and others may be published as well. Most containers publish none:
 * rather than refuse them all, the guard closes whatever was not named, also where the
 * action is reject: all of the container's ports, as none of the seen says which of these
 * it is. It would close what complies too where no addresses are listed.
 */
static int judge_seen(struct og_pass *pass, const struct og_facts *facts)
{
	bool listed = og_opt_list(pass, OG_OPT_ports_addresses)->n > 0;

	if (judge_ports(pass, facts) < 0)
		return -1;
	if (!listed && og_opt_bool(pass, OG_OPT_ports_unspecified) &&
	    og_opt_bool(pass, OG_OPT_ports_privileged))
		return 0; /* whatever it is, it complies */
	if (og_opt_is(pass, OG_OPT_ports_unknown, "audit") ||
	    (!listed && facts->nports > 0 && og_action(pass) != OG_REWRITE))
		return judge_unknown(pass);
	og_launch(pass, OG_LAUNCH_GUARD_PORTS, "", NULL); /* no finding: cannot fail */
	return 0;
}

/* podman of root hands the sockets of the ports down: of those that have one. */
static bool is_seen_in_part(const struct og_facts *facts)
{
	return facts->engine == OG_ENGINE_PODMAN && !facts->rootless;
}

int og_rule_ports(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);

	if (facts->swarm)
		return og_reject_at(
			pass, "",
			"what a swarm service publishes cannot be kept to an address: run "
			"the container without swarm");
	if (facts->ports_known == OG_UNKNOWN && is_seen_in_part(facts))
		return judge_seen(pass, facts);
	if (facts->ports_known == OG_UNKNOWN && facts->engine != OG_ENGINE_DOCKER_PLUGIN)
		return judge_unknown(pass);
	return facts->ports_known == OG_KNOWN ? judge_ports(pass, facts) : 0;
}
