/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of the host and of a container, and what kind of interfaces it has. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_bridge.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "shim/file.h"

#define STATS_MAX 65536 /* each queue has a few, each processor a queue */

/* Drivers whose frames go past the host's packet filter. */
static const char *const unfiltered[] = { "macvlan", "ipvlan", "macvtap", "ipvtap" };

static bool is_link_local(const struct og_netaddr *address)
{
	return address->v6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static bool fill(const struct ifaddrs *from, struct og_netaddr *to)
{
	const void *bytes, *mask = NULL;
	size_t len;

	*to = (struct og_netaddr){ .loopback = from->ifa_flags & IFF_LOOPBACK };
	if (!from->ifa_addr)
		return false;
	if (from->ifa_addr->sa_family == AF_INET) {
		bytes = &((const struct sockaddr_in *)(const void *)from->ifa_addr)->sin_addr;
		if (from->ifa_netmask)
			mask = &((const struct sockaddr_in *)(const void *)from->ifa_netmask)
					->sin_addr;
		len = 4;
	} else if (from->ifa_addr->sa_family == AF_INET6) {
		bytes = &((const struct sockaddr_in6 *)(const void *)from->ifa_addr)->sin6_addr;
		if (from->ifa_netmask)
			mask = &((const struct sockaddr_in6 *)(const void *)from->ifa_netmask)
					->sin6_addr;
		len = 16;
		to->v6 = true;
	} else {
		return false;
	}
	memcpy(to->bytes, bytes, len);
	memset(to->mask, 0xff, len);
	if (mask)
		memcpy(to->mask, mask, len);
	snprintf(to->interface, sizeof(to->interface), "%s", from->ifa_name);
	inet_ntop(to->v6 ? AF_INET6 : AF_INET, bytes, to->text, sizeof(to->text));
	to->link_local = is_link_local(to);
	return true;
}

/* The addresses of the namespace that this process is in. */
static int read_addresses(struct og_netaddr **ret, size_t *retn, struct og_err *reterr)
{
	struct ifaddrs *all;
	size_t n = 0;

	*ret = NULL;
	*retn = 0;
	if (getifaddrs(&all) < 0)
		return og_fail_sys(reterr, errno, "the addresses of the interfaces");
	for (const struct ifaddrs *one = all; one; one = one->ifa_next)
		n++;
	*ret = calloc(n + 1, sizeof(**ret));
	for (const struct ifaddrs *one = all; *ret && one; one = one->ifa_next)
		*retn += fill(one, &(*ret)[*retn]);
	freeifaddrs(all);
	return *ret ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}

/* SIOCETHTOOL. 1: done; 0: there is no such thing, or no such interface any more; -1. */
static int ask(int fd, const char *interface, void *command, struct og_err *reterr)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	request.ifr_data = command;
	if (ioctl(fd, SIOCETHTOOL, &request) == 0)
		return 1;
	if (errno == EOPNOTSUPP || errno == ENODEV)
		return 0;
	return og_fail_sys(reterr, errno, "the driver of the interface %s", interface);
}

/* "veth" and the like; "" where a driver does not say. */
static int read_driver(int fd, const char *interface, char buf[32], struct og_err *reterr)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int r = ask(fd, interface, &info, reterr);

	snprintf(buf, 32, "%.31s", r > 0 ? info.driver : "");
	return r < 0 ? -1 : 0;
}

/* |names| and |values| have room for the |n| statistics of a driver; the rest as read_peer(). */
static int read_stats(int fd, const char *interface, unsigned n, struct ethtool_gstrings *names,
		      struct ethtool_stats *values, unsigned *ret, struct og_err *reterr)
{
	static const char peer[] = "peer_ifindex";
	int r;

	*names = (struct ethtool_gstrings){ ETHTOOL_GSTRINGS, ETH_SS_STATS, n };
	*values = (struct ethtool_stats){ ETHTOOL_GSTATS, n };
	r = ask(fd, interface, names, reterr);
	r = r > 0 ? ask(fd, interface, values, reterr) : r;
	for (size_t i = 0; r > 0 && i < n; i++)
		if (memcmp(names->data + i * ETH_GSTRING_LEN, peer, sizeof(peer)) == 0)
			*ret = (unsigned)values->data[i];
	return r < 0 ? -1 : 0;
}

/*
 * The number of the interface that is the other end of |interface|, of a pair (veth(4)), in
 * that one's namespace: the driver's own statistics have it. 0: not told.
 */
static int read_peer(int fd, const char *interface, unsigned *ret, struct og_err *reterr)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_gstrings *names;
	struct ethtool_stats *values;
	int r = ask(fd, interface, &info, reterr);

	*ret = 0;
	if (r <= 0 || info.n_stats > STATS_MAX)
		return r;
	names = calloc(1, sizeof(*names) + (size_t)info.n_stats * ETH_GSTRING_LEN);
	values = calloc(1, sizeof(*values) + info.n_stats * sizeof(values->data[0]));
	if (names && values)
		r = read_stats(fd, interface, info.n_stats, names, values, ret, reterr);
	else
		r = og_fail(reterr, OG_E_NOMEM, "out of memory");
	free(names);
	free(values);
	return r;
}

static int add_link(int fd, const struct if_nameindex *one, struct og_network *network,
		    struct og_err *reterr)
{
	struct og_link *link = &network->links[network->nlinks];

	*link = (struct og_link){ .index = one->if_index };
	snprintf(link->interface, sizeof(link->interface), "%s", one->if_name);
	if (read_peer(fd, one->if_name, &link->peer, reterr) < 0)
		return -1;
	network->nlinks += link->peer != 0;
	return 0;
}

static int check_kind(int fd, const struct if_nameindex *one, struct og_network *network,
		      struct og_err *reterr)
{
	const char *interface = one->if_name;
	char driver[32];

	if (read_driver(fd, interface, driver, reterr) < 0)
		return -1;
	if (strcmp(driver, "veth") == 0 && add_link(fd, one, network, reterr) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(unfiltered) / sizeof(unfiltered[0]); i++)
		if (strcmp(driver, unfiltered[i]) == 0)
			return og_fail(reterr, OG_E_HOST,
				       "the container's interface %s is a %s, whose traffic goes "
				       "past the host: its ports cannot be guarded; use a bridge "
				       "network",
				       interface, driver);
	return 0;
}

/*
 * Whether each interface of the container is one that the host's filter sees: also one
 * without an address, which the container may give itself. Their links are added.
 */
static int check_kinds(struct og_network *network, struct og_err *reterr)
{
	og_auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all;
	size_t n = 0;
	int r = 0;

	if (fd < 0)
		return og_fail_sys(reterr, errno, "a socket");
	all = if_nameindex();
	if (!all)
		return og_fail_sys(reterr, errno, "the names of the interfaces");
	for (const struct if_nameindex *one = all; one->if_index; one++)
		n++;
	network->links = calloc(n + 1, sizeof(*network->links));
	if (!network->links)
		r = og_fail(reterr, OG_E_NOMEM, "out of memory");
	for (const struct if_nameindex *one = all; r == 0 && one->if_index; one++)
		r = check_kind(fd, one, network, reterr);
	if_freenameindex(all);
	return r;
}

#define BRIDGE_PORTS 1024 /* BR_MAX_PORTS of the kernel's own net/bridge/br_private.h */

/*
 * By an interface of the host's in it, others reach a bridge without the host, which
 * takes them for neighbours of the container. What pairs of interfaces lead to is there
 * by the engine, and nothing comes in by a dummy.
 */
static int check_port(int fd, const char *bridge, unsigned index, struct og_err *reterr)
{
	char interface[IF_NAMESIZE], driver[32];

	if (!if_indextoname(index, interface)) /* gone by now */
		return 0;
	if (read_driver(fd, interface, driver, reterr) < 0)
		return -1;
	if (strcmp(driver, "veth") == 0 || strcmp(driver, "dummy") == 0)
		return 0;
	return og_fail(
		reterr, OG_E_HOST,
		"the container's network is on the bridge %s, and so is the host's interface "
		"%s: what lies behind that reaches the container past the host's filter; use "
		"a network with a bridge of its own",
		bridge, interface);
}

/* The numbers of the interfaces in |bridge|, 0 where there is none. 0: it is no bridge. */
static int read_ports(int fd, const char *bridge, int ports[BRIDGE_PORTS], struct og_err *reterr)
{
	unsigned long args[4] = { BRCTL_GET_PORT_LIST, (unsigned long)ports, BRIDGE_PORTS, 0 };
	struct ifreq request = { 0 };
	char driver[32];

	memset(ports, 0, BRIDGE_PORTS * sizeof(*ports));
	/* to another driver the request could mean anything */
	if (read_driver(fd, bridge, driver, reterr) < 0)
		return -1;
	if (strcmp(driver, "bridge") != 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", bridge);
	request.ifr_data = (void *)args;
	if (ioctl(fd, SIOCDEVPRIVATE, &request) < 0)
		return og_fail_sys(reterr, errno, "the interfaces of the bridge %s", bridge);
	return 1;
}

static int check_bridge(int fd, const char *bridge, struct og_err *reterr)
{
	int ports[BRIDGE_PORTS];
	int r = read_ports(fd, bridge, ports, reterr);

	if (r <= 0)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < BRIDGE_PORTS; i++)
		if (ports[i] > 0)
			r = check_port(fd, bridge, (unsigned)ports[i], reterr);
	return r;
}

/* 1: the interface |index| of the host is the other end of |link|. 0: not. */
static int is_end_of(int fd, unsigned index, const struct og_link *link, struct og_err *reterr)
{
	char interface[IF_NAMESIZE];
	unsigned peer;

	/* in a third namespace another may have the number */
	if (index != link->peer || !if_indextoname(index, interface))
		return 0;
	return read_peer(fd, interface, &peer, reterr) < 0 ? -1 : peer == link->index;
}

/* Which links are ports of the host's bridge |bridge|. */
static int find_links(int fd, const char *bridge, struct og_network *network, struct og_err *reterr)
{
	int ports[BRIDGE_PORTS];
	int r = read_ports(fd, bridge, ports, reterr);

	for (size_t i = 0; r >= 0 && i < BRIDGE_PORTS; i++)
		for (size_t k = 0; r >= 0 && ports[i] > 0 && k < network->nlinks; k++) {
			struct og_link *link = &network->links[k];

			r = is_end_of(fd, (unsigned)ports[i], link, reterr);
			if (r > 0)
				snprintf(link->bridge, sizeof(link->bridge), "%s", bridge);
		}
	return r < 0 ? -1 : 0;
}

/* By its links, and not by its addresses: the user chooses the subnet of a network. */
static int find_bridges(int fd, struct og_network *network, struct og_err *reterr)
{
	struct if_nameindex *all = network->nlinks ? if_nameindex() : NULL;
	int r = 0;

	if (network->nlinks && !all)
		return og_fail_sys(reterr, errno, "the names of the interfaces");
	for (const struct if_nameindex *one = all; r == 0 && one && one->if_index; one++)
		r = find_links(fd, one->if_name, network, reterr);
	if (all)
		if_freenameindex(all);
	return r;
}

static int check_bridges(struct og_network *network, struct og_err *reterr)
{
	og_auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? og_fail_sys(reterr, errno, "a socket") : 0;

	if (r == 0)
		r = find_bridges(fd, network, reterr);
	for (size_t i = 0; r == 0 && i < network->nlinks; i++)
		if (network->links[i].bridge[0])
			r = check_bridge(fd, network->links[i].bridge, reterr);
	for (size_t i = 0; r == 0 && i < network->ncontainer; i++) {
		const char *bridge = og_network_bridge(network, &network->container[i]);

		if (bridge)
			r = check_bridge(fd, bridge, reterr);
	}
	return r;
}

/* Go into |fd|, read, and come back to |home|. */
static int read_inside(struct og_network *network, int home, struct og_err *reterr)
{
	int r;

	if (setns(network->fd, CLONE_NEWNET) < 0)
		return og_fail_sys(reterr, errno, "the container's network namespace");
	r = read_addresses(&network->container, &network->ncontainer, reterr);
	if (r == 0)
		r = check_kinds(network, reterr);
	if (setns(home, CLONE_NEWNET) < 0)
		return og_fail_sys(reterr, errno, "the host's network namespace");
	return r;
}

int og_network_read(pid_t pid, struct og_network *ret, struct og_err *reterr)
{
	og_auto_close int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct stat ours, theirs;
	char path[64];

	*ret = (struct og_network){ .fd = -1 };
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	ret->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || ret->fd < 0 || fstat(home, &ours) < 0 || fstat(ret->fd, &theirs) < 0)
		return og_fail_sys(reterr, errno, "the network namespace of process %d", pid);
	ret->hosts = ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
	if (ret->hosts)
		return 0;
	if (read_addresses(&ret->host, &ret->nhost, reterr) < 0)
		return -1;
	return read_inside(ret, home, reterr) < 0 ? -1 : check_bridges(ret, reterr);
}

void og_network_free(struct og_network *network)
{
	free(network->host);
	free(network->container);
	free(network->links);
	if (network->fd >= 0)
		close(network->fd);
	*network = (struct og_network){ .fd = -1 };
}

const char *og_network_bridge(const struct og_network *network, const struct og_netaddr *address)
{
	size_t len = address->v6 ? 16 : 4;
	const struct og_netaddr *best = NULL;

	if (address->loopback || address->link_local)
		return NULL;
	for (size_t i = 0; i < network->nlinks; i++)
		if (network->links[i].bridge[0] &&
		    strcmp(network->links[i].interface, address->interface) == 0)
			return network->links[i].bridge;
	for (size_t i = 0; i < network->nhost; i++) {
		const struct og_netaddr *host = &network->host[i];
		bool within = host->v6 == address->v6 && !host->loopback && !host->link_local;

		for (size_t k = 0; within && k < len; k++)
			within = ((host->bytes[k] ^ address->bytes[k]) & host->mask[k]) == 0;
		/* of networks that lie in one another the narrowest, as the kernel routes */
		if (within && (!best || memcmp(host->mask, best->mask, len) > 0))
			best = host;
	}
	return best ? best->interface : NULL;
}
