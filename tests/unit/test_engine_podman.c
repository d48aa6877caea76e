/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of podman's ports: by its database, and where that cannot be read, by sockets. */
#include "engine_launch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bolt_file.h"
#include "shim/file.h"

TestSuite(engine_podman, .init = engine_setup, .fini = engine_teardown);

#define DB "st/libpod/bolt_state.db"

/* podman's database: of the container |id|, |config| (NULL: it has none). */
static void put_record(const char *id, const char *config)
{
	static struct bolt_file file;
	char path[512];

	memset(&file, 0, sizeof(file));
	bolt_meta(&file, 0, 2, 10);
	bolt_meta(&file, 1, 2, 9);
	bolt_leaf(&file, 2, 0, (struct bolt_item[]){ { "ctr", NULL, 3 } }, 1);
	bolt_leaf(&file, 3, 0, (struct bolt_item[]){ { id, NULL, 4 } }, 1);
	bolt_leaf(&file, 4, 2,
		  (struct bolt_item[]){ { "config", config, 0 }, { "netns", "/run/netns/x", 0 } },
		  2);
	put(DB, " ");
	snprintf(path, sizeof(path), "%s/" DB, top);
	bolt_write(&file, path);
}

/* A launch with the namespaces |namespaces|. */
static void launch(struct launch *l, const char *namespaces)
{
	put("st/overlay-containers/" ID "/userdata/config.json",
	    "{\"annotations\":{\"io.podman.annotations.publish-all\":\"TRUE\"},"
	    "\"linux\":{\"namespaces\":[%s]}}",
	    namespaces);
	collect(l, NULL, "st/overlay-containers/" ID "/userdata", ID);
	cr_expect(eq(int, l->facts->engine, OG_ENGINE_PODMAN));
}

#define BRIDGE "{\"type\":\"network\",\"path\":\"/run/netns/x\"}"

static void expect_port(const struct launch *l, size_t i, const char *proto, const char *address,
			unsigned host, unsigned container)
{
	const struct og_port *port = &l->facts->ports[i];

	cr_assert(i < l->facts->nports);
	cr_expect_str_eq(port->proto, proto);
	cr_expect_str_eq(port->address, address);
	cr_expect(eq(ulong, port->host_port, host));
	cr_expect(eq(ulong, port->container_port, container));
}

/* Without root they are not looked at. */
static enum og_known known_of_root(enum og_known known)
{
	return og_is_rootless() ? OG_UNKNOWN : known;
}

Test(engine_podman, recorded)
{
	struct launch l;

	put_record(ID, "{\"newPortMappings\":[{\"host_ip\":\"\",\"container_port\":80,"
		       "\"host_port\":8080,\"range\":1,\"protocol\":\"sctp\"},{\"host_ip\":"
		       "\"127.0.0.1\",\"container_port\":90,\"host_port\":9000,\"range\":3,"
		       "\"protocol\":\"udp\"}],\"portMappings\":[{\"hostPort\":1,"
		       "\"containerPort\":2,\"protocol\":\"tcp\",\"hostIP\":\"::1\"}]}");
	launch(&l, BRIDGE);
	cr_expect(eq(int, l.facts->ports_known, known_of_root(OG_KNOWN)));
	if (!og_is_rootless()) {
		cr_expect(eq(sz, l.facts->nports, 5));
		expect_port(&l, 0, "sctp", "", 8080, 80);
		expect_port(&l, 1, "udp", "127.0.0.1", 9000, 90);
		expect_port(&l, 3, "udp", "127.0.0.1", 9002, 92);
		expect_port(&l, 4, "tcp", "::1", 1, 2);
		cr_expect_not(l.facts->publish_all, "it is among the mappings");
	}
	release(&l);
	put_record(ID, "{\"createNetNS\":true}");
	launch(&l, BRIDGE);
	cr_expect(eq(int, l.facts->ports_known, known_of_root(OG_NONE)));
	release(&l);
}

/* What --network says stands in two fields, and only one network of these leads to the host. */
Test(engine_podman, network_to_the_host)
{
	static const struct {
		const char *config;
		bool to_host;
	} cases[] = {
		{ "{\"networkMode\":\"slirp4netns\",\"network_options\":{\"slirp4netns\":["
		  "\"mtu=1500\",\"allow_host_loopback=true\"]}}",
		  true },
		{ "{\"networkMode\":\"slirp4netns\",\"network_options\":{\"slirp4netns\":["
		  "\"allow_host_loopback=false\"]}}",
		  false },
		{ "{\"networkMode\":\"slirp4netns\",\"network_options\":{\"slirp4netns\":[1]}}",
		  false },
		{ "{\"networkMode\":\"slirp4netns\"}", false },
		{ "{\"networkMode\":\"slirp4netns:x\",\"network_options\":{\"slirp4netns\":["
		  "\"allow_host_loopback=true\"]}}",
		  true },
		{ "{\"networkMode\":\"slirp4netnsx\",\"network_options\":{\"slirp4netns\":["
		  "\"allow_host_loopback=true\"]}}",
		  false },
		{ "{\"networkMode\":\"bridge\",\"network_options\":{\"slirp4netns\":["
		  "\"allow_host_loopback=true\"]}}",
		  false },
		{ "{}", false },
	};
	struct launch l;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_record(ID, cases[i].config);
		launch(&l, BRIDGE);
		if (cases[i].to_host)
			cr_expect_str_eq(l.facts->network_mode, OG_NETWORK_TO_HOST);
		else
			cr_expect(l.facts->network_mode == NULL, "%s", cases[i].config);
		release(&l);
	}
}

/* The path of the database. */
static const char *database(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/" DB, top);
	return path;
}

static void expect_mode(const char *mode, const char *what)
{
	struct launch l;

	launch(&l, BRIDGE);
	if (mode)
		cr_expect(l.facts->network_mode && !strcmp(l.facts->network_mode, mode), "%s",
			  what);
	else
		cr_expect(l.facts->network_mode == NULL, "%s", what);
	release(&l);
}

/* A record that is there, and cannot be read, is not one that says nothing. */
Test(engine_podman, record_that_cannot_be_read)
{
	static const char *const configs[] = {
		"{\"labels\":{\"x\":\"\\u0000\"},\"networkMode\":\"bridge\"}", "", "{", "7", "[]",
	};

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		put_record(ID, configs[i]);
		expect_mode(OG_NETWORK_UNREAD, configs[i]);
	}
	put_record(ID, "{}");
	cr_assert(eq(int, truncate(database(), (off_t)4 * BOLT_PAGE), 0));
	expect_mode(OG_NETWORK_UNREAD, "its page is not there");
}

/* podman keeps this container elsewhere, or the record is not root's: as without a database. */
Test(engine_podman, no_record)
{
	expect_mode(NULL, "no database");
	put_record(OTHER, "{");
	expect_mode(NULL, "another container's");
	put_record(ID, "{");
	cr_assert(eq(int, chmod(database(), 0666), 0));
	expect_mode(NULL, "others may write it");
}

#define ONE(members) "{\"newPortMappings\":[{\"host_port\":1,\"container_port\":2," members "}]}"

/* What is no record, or is not understood, is not "none". */
Test(engine_podman, not_recorded)
{
	static const char *const configs[] = {
		"",
		"{",
		"7",
		"[]",
		"{\"newPortMappings\":{}}",
		"{\"newPortMappings\":[7]}",
		"{\"portMappings\":7}",
		ONE("\"protocol\":\"tcp,udp\""),
		ONE("\"protocol\":7"),
		ONE("\"protocol\":\"tcp\",\"range\":65536"),
		ONE("\"protocol\":\"tcp\",\"range\":65535"),
		ONE("\"protocol\":\"tcp\",\"range\":-1"),
		"{\"newPortMappings\":[{\"protocol\":\"tcp\",\"container_port\":0}]}",
		("{\"newPortMappings\":[{\"protocol\":\"tcp\",\"container_port\":1,"
		 "\"host_port\":65536}]}"),
	};
	char path[512];
	struct launch l;

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		put_record(ID, configs[i]);
		launch(&l, BRIDGE);
		cr_expect(eq(int, l.facts->ports_known, OG_UNKNOWN), "%s", configs[i]);
		cr_expect(eq(sz, l.facts->nports, 0), "%s", configs[i]);
		release(&l);
	}
	put_record(OTHER, "{}");
	launch(&l, BRIDGE);
	cr_expect(eq(int, l.facts->ports_known, OG_UNKNOWN));
	release(&l);
	put_record(ID, "{}");
	snprintf(path, sizeof(path), "%s/" DB, top);
	cr_assert(eq(int, chmod(path, 0666), 0));
	launch(&l, BRIDGE);
	cr_expect(eq(int, l.facts->ports_known, OG_UNKNOWN), "others may write it");
	release(&l);
}

/* Without a record: where podman may have published something, nobody says that it has not. */
Test(engine_podman, who_may_have_ports)
{
	static const struct {
		const char *namespaces;
		enum og_known known;
	} rows[] = {
		{ BRIDGE, OG_UNKNOWN },
		{ "{\"type\":\"network\"},{\"type\":\"user\"}", OG_UNKNOWN },
		{ "{\"type\":\"network\",\"path\":\"\"}", OG_UNKNOWN },
		{ "{\"type\":\"network\"}", OG_NONE },
		{ "{\"type\":\"network\",\"path\":\"/proc/2/ns/net\"}", OG_NONE },
		{ "{\"type\":\"user\"}", OG_NONE },
		{ "", OG_NONE },
	};
	struct launch l;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		launch(&l, rows[i].namespaces);
		cr_expect(eq(int, l.facts->ports_known, known_of_root(rows[i].known)), "row %zu",
			  i);
		release(&l);
	}
}

static int bound(int type, unsigned *retport)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(name);
	int fd = socket(AF_INET, type, 0);

	cr_assert(fd > STDERR_FILENO);
	cr_assert(eq(int, bind(fd, (struct sockaddr *)&name, len), 0));
	cr_assert(eq(int, getsockname(fd, (struct sockaddr *)&name, &len), 0));
	*retport = ntohs(name.sin_port);
	return fd;
}

/* A socket reserves its port as soon as it is bound; one that is connected has another use. */
Test(engine_podman, sockets)
{
	unsigned ports[4];
	int fds[4];
	struct launch l;
	bool found[4] = { false };

	for (size_t i = 0; i < 4; i++)
		fds[i] = bound(i == 3 ? SOCK_DGRAM : SOCK_STREAM, &ports[i]);
	cr_assert(eq(int, listen(fds[1], 1), 0));
	cr_assert(eq(int,
		     connect(fds[2],
			     (struct sockaddr *)&(struct sockaddr_in){
				     .sin_family = AF_INET,
				     .sin_port = htons((in_port_t)ports[1]),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } },
			     sizeof(struct sockaddr_in)),
		     0));
	launch(&l, BRIDGE);
	for (size_t i = 0; i < l.facts->nports; i++)
		for (size_t k = 0; k < 4; k++)
			found[k] |= l.facts->ports[i].host_port == ports[k] &&
				    strcmp(l.facts->ports[i].proto, k == 3 ? "udp" : "tcp") == 0;
	cr_expect(found[0], "bound");
	cr_expect(found[1], "listening");
	cr_expect_not(found[2], "connected");
	cr_expect(found[3], "UDP");
	cr_expect(eq(int, l.facts->ports_known, OG_UNKNOWN));
	release(&l);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
}
