/* SPDX-License-Identifier: Apache-2.0 */
/* The networks of a container by Docker's record of it and the daemon's database of networks. */
#include "bolt_file.h"
#include "engine_launch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(docker_networks, .init = engine_setup, .fini = engine_teardown);

#define GENERIC(v4, v6)                                                                            \
	"\"generic\":{\"com.docker.network.generic\":{"                                            \
	"\"com.docker.network.bridge.gateway_mode_ipv4\":\"" v4 "\","                              \
	"\"com.docker.network.bridge.gateway_mode_ipv6\":\"" v6 "\"}}"

#define ITEM(key, json)                                                                            \
	{                                                                                          \
		BOLT_NETWORK key "/", BOLT_NUMBER json, 0                                          \
	}

/* The daemon's database with |items|, and a launch of a container with |networks|. */
static void collect_host(struct launch *l, const struct bolt_item *items, size_t n,
			 const char *networks, const char *host)
{
	static struct bolt_file file;
	char path[512], config[1024];

	memset(&file, 0, sizeof(file));
	bolt_libnetwork(&file);
	bolt_leaf(&file, 3, 2, items, n);
	put("data/network/files/", " ");
	snprintf(path, sizeof(path), "%s/data/network/files/local-kv.db", top);
	bolt_write(&file, path);
	snprintf(config, sizeof(config),
		 "{\"ID\":\"" ID "\",\"Image\":\"\",\"NetworkSettings\":{\"Networks\":%s}}",
		 networks);
	docker(config, host, "");
	collect(l, "moby", "bundle", ID);
}

static void collect_with(struct launch *l, const struct bolt_item *items, size_t n,
			 const char *networks)
{
	collect_host(l, items, n, networks, HOST);
}

/* "name driver v4 v6;" of each, and whether that is all there is to know. */
static const char *said(const struct launch *l)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s:", l->facts->networks_known == OG_KNOWN ? "known" : "?");
	for (size_t i = 0; i < l->facts->nnetworks; i++) {
		const struct og_netfact *network = &l->facts->networks[i];
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, " %s %s %s %s;", network->name,
			 network->driver ? network->driver : "-",
			 network->gateway_mode_ipv4 ? network->gateway_mode_ipv4 : "-",
			 network->gateway_mode_ipv6 ? network->gateway_mode_ipv6 : "-");
	}
	return text;
}

static const struct bolt_item usual[] = {
	ITEM("1", "{\"name\":\"lan\",\"networkType\":\"macvlan\"}"),
	ITEM("2", "{\"name\":\"web\",\"networkType\":\"bridge\",\"enableIPv4\":true,"
		  "\"enableIPv6\":true," GENERIC("routed", "nat-unprotected") "}"),
	ITEM("3", "{\"name\":\"four\",\"networkType\":\"bridge\",\"enableIPv6\":false," GENERIC(
			  "nat", "routed") "}"),
	ITEM("4", "{\"name\":\"six\",\"networkType\":\"bridge\",\"enableIPv4\":false,"
		  "\"enableIPv6\":true," GENERIC("routed", "isolated") "}"),
	ITEM("5", "{\"name\":\"two\",\"networkType\":\"bridge\"}"),
	ITEM("6", "{\"name\":\"two\",\"networkType\":\"ipvlan\"}"),
	ITEM("7",
	     "{\"name\":\"twofold\",\"networkType\":\"overlay\",\"labels\":{\"two\":\"two\"}}"),
	ITEM("8", "{\"name\":\"strange\",\"networkType\":7}"),
};

Test(docker_networks, kinds)
{
	static const struct {
		const char *networks, *want;
	} rows[] = {
		{ "{}", "known:" },
		{ "null", "?:" },
		{ "[]", "?:" },
		{ "{\"bridge\":{}}", "known: bridge bridge - -;" },
		{ "{\"none\":null}", "known: none null - -;" },
		{ "{\"host\":{}}", "known: host host - -;" },
		{ "{\"lan\":{},\"bridge\":{}}", "known: lan macvlan - -; bridge bridge - -;" },
		{ "{\"web\":{}}", "known: web bridge routed nat-unprotected;" },
		{ "{\"four\":{}}", "known: four bridge nat -;" },
		{ "{\"six\":{}}", "known: six bridge - isolated;" },
		/* made at once by clients of an old daemon: it takes either */
		{ "{\"two\":{}}", "known: two bridge - -; two ipvlan - -;" },
		{ "{\"two\":{},\"lan\":{}}",
		  "known: two bridge - -; lan macvlan - -; two ipvlan - -;" },
		{ "{\"elsewhere\":{}}", "known: elsewhere - - -;" },
		{ "{\"strange\":{}}", "known: strange - - -;" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct launch l;

		collect_with(&l, usual, sizeof(usual) / sizeof(usual[0]), rows[i].networks);
		cr_expect_str_eq(said(&l), rows[i].want);
		release(&l);
	}
}

/* The daemon finds a network by its name or by its id, and a user may have given either. */
Test(docker_networks, names_and_ids)
{
	static const struct bolt_item items[] = {
		ITEM("1", "{\"id\":\"beef\",\"name\":\"lab\",\"networkType\":\"bridge\"}"),
		ITEM("2", "{\"id\":\"c0ffee\",\"name\":\"web\",\"networkType\":\"bridge\"," GENERIC(
				  "routed", "nat") "}"),
		/* as Go writes "a&b" and "a\\b\"" */
		ITEM("3", "{\"id\":\"d1\",\"name\":\"a\\u0026b\",\"networkType\":\"macvlan\"}"),
		ITEM("4", "{\"id\":\"d2\",\"name\":\"a\\\\b\\\"\",\"networkType\":\"ipvlan\"}"),
		ITEM("5", "{\"id\":\"d3\",\"name\":\"c0ffee\",\"networkType\":\"bridge\"}"),
	};
	static const struct {
		const char *networks, *want;
	} rows[] = {
		{ "{\"lab\":{\"NetworkID\":\"beef\"}}", "known: lab bridge - -;" },
		{ "{\"lab\":{\"NetworkID\":\"\"},\"a&b\":{}}",
		  "known: lab bridge - -; a&b macvlan - -;" },
		{ "{\"a\\\\b\\\"\":null}", "known: a\\b\" ipvlan - -;" },
		/* another's id, or one that is none any more */
		{ "{\"lab\":{\"NetworkID\":\"c0ffee\"}}",
		  "known: lab bridge - -; lab bridge routed nat; lab bridge - -;" },
		{ "{\"lab\":{\"NetworkID\":\"c0ff\"}}", "known: lab bridge - -; lab - - -;" },
		{ "{\"gone\":{\"NetworkID\":\"beef\"}}", "known: gone bridge - -; gone - - -;" },
		{ "{\"gone\":{\"NetworkID\":\"gone\"}}", "known: gone - - -;" },
		{ "{\"bridge\":{\"NetworkID\":\"c0ffee\"}}", "known: bridge bridge - -;" },
		/* an id for a name: there is one that is called so, too */
		{ "{\"c0ffee\":{}}", "known: c0ffee bridge routed nat; c0ffee bridge - -;" },
		{ "{\"c0ff\":{}}", "known: c0ff - - -;" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct launch l;

		collect_with(&l, items, sizeof(items) / sizeof(items[0]), rows[i].networks);
		cr_expect_str_eq(said(&l), rows[i].want);
		release(&l);
	}
}

/* Where ports without an address go is asked for if there are any. */
Test(docker_networks, host_bindings)
{
	static const struct bolt_item items[] = {
		ITEM("1", "{\"name\":\"bridge\",\"networkType\":\"bridge\",\"generic\":{"
			  "\"com.docker.network.generic\":{"
			  "\"com.docker.network.bridge.host_binding_ipv4\":\"127.0.0.1\"}}}"),
		ITEM("2", "{\"name\":\"lab\",\"networkType\":\"bridge\"}"),
	};
	static const struct {
		const char *networks, *address, *want;
	} rows[] = {
		{ "{\"bridge\":{}}", "", "127.0.0.1" },
		{ "{\"bridge\":{}}", "10.0.0.1", "-" },
		{ "{\"lab\":{}}", "", "-" },
		{ "{\"none\":{}}", "", "-" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char host[256];
		struct launch l;

		snprintf(host, sizeof(host),
			 "{\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"%s\"}]}}", rows[i].address);
		collect_host(&l, items, sizeof(items) / sizeof(items[0]), rows[i].networks, host);
		cr_expect(l.facts->networks_known == OG_KNOWN, "%zu", i);
		cr_assert(l.facts->nnetworks == 1, "%zu", i);
		cr_expect(l.facts->networks[0].driver != NULL, "%zu", i);
		cr_expect_str_eq(
			l.facts->networks[0].host_binding ? l.facts->networks[0].host_binding : "-",
			rows[i].want);
		release(&l);
	}
}

/* What is asked for is not in a database that is not the daemon's alone, nor in none. */
Test(docker_networks, database_that_is_none)
{
	static const char lan[] = "{\"lan\":{}}";
	static const struct bolt_item spoilt[] = { ITEM("1", "{\"name\":\"lan\","
							     "\"networkType\":\"bridge\"}"),
						   ITEM("2", "{\"name\":\"lan\",") },
				      shorter[] = { { BOLT_NETWORK "1/", "short", 0 } };
	struct launch l;
	char path[512];

	collect_with(&l, spoilt, 2, lan);
	cr_expect_str_eq(said(&l), "?: lan - - -;");
	release(&l);
	collect_with(&l, shorter, 1, lan);
	cr_expect_str_eq(said(&l), "?: lan - - -;");
	release(&l);
	collect_with(&l, usual, 1, lan);
	release(&l);
	snprintf(path, sizeof(path), "%s/data/network/files/local-kv.db", top);
	cr_assert(chmod(path, 0646) == 0);
	collect(&l, "moby", "bundle", ID);
	cr_expect_str_eq(said(&l), "?: lan - - -;");
	release(&l);
	cr_assert(unlink(path) == 0);
	collect(&l, "moby", "bundle", ID);
	cr_expect_str_eq(said(&l), "?: lan - - -;");
	release(&l);
	cr_assert(symlink("/dev/null", path) == 0);
	collect(&l, "moby", "bundle", ID);
	cr_expect_str_eq(said(&l), "?: lan - - -;");
	release(&l);
}
