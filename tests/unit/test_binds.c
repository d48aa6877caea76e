/* SPDX-License-Identifier: Apache-2.0 */
/* What is compared or looked at before a start: binds, also as the record keeps them; links. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/binds.h"
#include "policy_helpers.h"

static const char config[] =
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"/\"},"
	"\"root\":{\"path\":\"r\"},\"linux\":{},\"mounts\":["
	"{\"destination\":\"/"
	"dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\"]},"
	"{\"destination\":\"/a\",\"source\":\"/home/u/"
	"a\",\"options\":[\"rbind\",\"rro\",\"rnosuid\","
	"\"rnodev\",\"rprivate\"]},{\"destination\":\"/a/"
	"t\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"nodev\"]},{\"destination\":\"/"
	"ab\",\"type\":\"tmpfs\",\"source\":"
	"\"tmpfs\",\"options\":[\"nosuid\",\"nodev\"]},"
	"{\"destination\":\"/b\",\"source\":\"/srv/b\",\"options\":[\"bind\",\"ro\",\"nosuid\","
	"\"nodev\",\"private\"]}]}";

static struct og_submount below[] = {
	{ .path = "/home/u/a/m", .origin = "/home/u/a/m", .root = "/r", .dev = 5 },
};

static struct og_source sources[] = {
	{ .source = "/home/u/a",
	  .resolved = "/home/u/a",
	  .origin = "/home/u/a",
	  .type = OG_FT_DIR,
	  .dev = 7,
	  .ino = UINT64_MAX,
	  .birth = 9,
	  .readonly = true,
	  .submounts = below,
	  .nsubmounts = 1 },
	{ .source = "/srv/b",
	  .resolved = "/srv/b",
	  .origin = "/srv/b",
	  .type = OG_FT_DIR,
	  .role = OG_ROLE_VOLUME,
	  .dev = 7,
	  .ino = 11 },
};

static const struct og_facts facts = {
	.today = "2030-01-01", .id = "x", .sources = sources, .nsources = 2
};

Test(binds, only_what_is_of_the_host_is_kept)
{
	struct og_doc *doc = text_parse(config), *again;
	struct og_bind_id *binds = NULL, *read = NULL;
	struct og_buf text = { 0 };
	struct og_err err = { 0 };
	size_t n, nread;

	cr_assert(og_binds_collect(&facts, og_doc_root(doc), &binds, &n, &err) == 0);
	cr_assert(eq(sz, n, 1));
	og_buf_puts(&text, "{\"version\":1");
	og_binds_put(&text, binds, n);
	og_buf_puts(&text, "}");
	again = text_parse(text.data);
	cr_assert(og_binds_read(og_member(og_doc_root(again), "binds"), &read, &nread, &err) == 0);
	cr_assert(eq(sz, nread, 1));
	cr_expect(eq(str, (char *)read->source, "/home/u/a"));
	cr_expect(eq(str, (char *)read->destination, "/a"));
	cr_expect(eq(u64, read->dev, 7));
	cr_expect(eq(u64, read->ino, UINT64_MAX));
	cr_expect(eq(u64, read->birth, 9));
	cr_expect(read->readonly);
	cr_expect(read->deep);
	cr_assert(eq(sz, read->nbelow, 2));
	cr_expect(eq(str, (char *)read->below[0].path, "/m"));
	cr_expect(eq(str, (char *)read->below[0].root, "/r"));
	cr_expect(eq(u64, read->below[0].dev, 5));
	cr_expect(eq(str, (char *)read->below[1].path, "/t"));
	cr_expect(eq(ptr, (void *)read->below[1].root, NULL));
	free(read);
	free(binds);
	og_buf_release(&text);
	og_doc_free(again);
	og_doc_free(doc);
}

Test(binds, a_record_that_lacks_a_number_is_refused)
{
	struct og_doc *doc = text_parse("[{\"source\":\"/a\",\"destination\":\"/b\",\"dev\":1}]");
	struct og_bind_id *read = NULL;
	struct og_err err = { 0 };
	size_t n;

	cr_expect(og_binds_read(og_doc_root(doc), &read, &n, &err) < 0);
	cr_expect(eq(int, err.code, OG_E_HOST));
	free(read);
	og_doc_free(doc);
}

/* What a policy that only records asks to be done at launch: nothing. */
static unsigned launch_under(const char *action, enum og_role role)
{
	char rules[256];

	sources[0].role = role;
	snprintf(rules, sizeof(rules),
		 "\"mounts\":{\"action\":\"%s\",\"types\":[\"tmpfs\"],"
		 "\"allow\":[{\"source\":\"/home\",\"access\":\"ro\"},"
		 "{\"source\":\"/srv\",\"access\":\"ro\"}]}",
		 action);
	return launch_of(config, &facts, rules);
}

Test(binds, asked_for_where_the_rule_enforces)
{
	cr_expect(eq(uint, launch_under("rewrite", OG_ROLE_NONE), OG_LAUNCH_VERIFY_BINDS));
	cr_expect(eq(uint, launch_under("reject", OG_ROLE_NONE), OG_LAUNCH_VERIFY_BINDS));
	cr_expect(eq(uint, launch_under("rewrite", OG_ROLE_VOLUME), 0));
	cr_expect(eq(uint, launch_under("audit", OG_ROLE_NONE), 0));
	cr_expect(eq(uint, launch_under("off", OG_ROLE_NONE), 0));
}

/* A network's name is a user's: what kind it is shows at the interfaces. */
static unsigned links_with(const char *action, const char *drivers, const char *mode,
			   enum og_engine engine, struct og_netfact *networks, size_t n)
{
	const struct og_facts of = { .today = "2030-01-01",
				     .id = "x",
				     .engine = engine,
				     .network_mode = mode,
				     .networks_known = n ? OG_KNOWN : OG_UNKNOWN,
				     .networks = networks,
				     .nnetworks = n,
				     .networks_file = n ? "/db" : NULL };
	char rules[256];

	snprintf(rules, sizeof(rules),
		 "\"network-host\":{\"action\":\"%s\",\"network\":false,\"drivers\":[%s]}", action,
		 drivers);
	return launch_of(config, &of, rules) & (OG_LAUNCH_CHECK_LINKS | OG_LAUNCH_SAME_NETWORKS);
}

static unsigned links_of(const char *action, const char *drivers, const char *mode,
			 enum og_engine engine)
{
	return links_with(action, drivers, mode, engine, NULL, 0);
}

/* Without root no interface of the host's can be given to a container. */
Test(links, not_looked_at_without_root)
{
	struct og_netfact networks[] = { { .name = "lab", .driver = "bridge" } };
	struct og_facts of = { .today = "2030-01-01", .id = "x", .engine = OG_ENGINE_PODMAN };
	static const char rules[] = "\"network-host\":{\"action\":\"reject\",\"network\":false,"
				    "\"drivers\":[\"macvlan\",\"ipvlan\",\"routed\"]}";

	cr_expect(eq(uint, launch_of(config, &of, rules), OG_LAUNCH_CHECK_LINKS));
	of.rootless = true;
	cr_expect(eq(uint, launch_of(config, &of, rules), 0));
	of.engine = OG_ENGINE_DOCKER;
	of.network_mode = "lab";
	of.networks_known = OG_KNOWN;
	of.networks_file = "/db";
	of.networks = networks;
	of.nnetworks = 1;
	cr_expect(eq(uint, launch_of(config, &of, rules), OG_LAUNCH_SAME_NETWORKS));
}

/* The default bridge is the daemon's own; any other can be a network of another kind by the start.
 */
Test(links, not_looked_at_where_there_is_only_the_default_bridge)
{
	struct og_netfact networks[] = { { .name = "bridge", .driver = "bridge" },
					 { .name = "lab", .driver = "bridge" } };

	cr_expect(eq(uint,
		     links_with("reject", "\"macvlan\"", "default", OG_ENGINE_DOCKER, networks, 1),
		     0));
	cr_expect(eq(uint,
		     links_with("reject", "\"macvlan\"", "default", OG_ENGINE_DOCKER, networks, 2),
		     OG_LAUNCH_CHECK_LINKS | OG_LAUNCH_SAME_NETWORKS));
	cr_expect(eq(uint, links_with("reject", "\"routed\"", "lab", OG_ENGINE_DOCKER, networks, 2),
		     OG_LAUNCH_SAME_NETWORKS));
	cr_expect(eq(uint, links_with("reject", "", "lab", OG_ENGINE_DOCKER, networks, 2), 0));
}

/* Of podman's ports without a record only some are seen: what was not named is closed. */
Test(ports, guarded_where_they_are_seen_in_part)
{
	struct og_port port = { .proto = "tcp", .address = "127.0.0.1", .host_port = 8080 };
	static const struct {
		const char *options;
		bool seen, guarded;
	} rows[] = {
		{ "\"reject\",\"addresses\":[\"127.0.0.1\"]", false, true },
		{ "\"reject\",\"addresses\":[\"127.0.0.1\"]", true, true },
		{ "\"rewrite\",\"addresses\":[\"127.0.0.1\"]", false, true },
		{ "\"rewrite\",\"addresses\":[\"127.0.0.1\"]", true, true },
		{ "\"reject\",\"addresses\":[],\"unspecified\":false", false, true },
		{ "\"reject\",\"addresses\":[],\"unspecified\":false", true, false },
		{ "\"reject\",\"addresses\":[],\"privileged\":false", false, true },
		{ "\"reject\",\"addresses\":[]", false, false },
		{ "\"reject\",\"addresses\":[\"127.0.0.1\"],\"unknown\":\"audit\"", false, false },
		{ "\"audit\",\"addresses\":[\"127.0.0.1\"]", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct og_facts of = { .today = "2030-01-01",
					     .id = "x",
					     .engine = OG_ENGINE_PODMAN,
					     .ports = &port,
					     .nports = rows[i].seen };
		char rules[256];

		snprintf(rules, sizeof(rules), "\"ports\":{\"action\":%s}", rows[i].options);
		cr_expect(eq(uint, launch_of(config, &of, rules),
			     rows[i].guarded ? OG_LAUNCH_GUARD_PORTS : 0),
			  "row %zu", i);
	}
}

Test(links, looked_at_where_there_are_networks)
{
	static const struct {
		const char *action, *drivers, *mode;
		enum og_engine engine;
		unsigned launch;
	} rows[] = {
		{ "reject", "\"macvlan\"", "lab", OG_ENGINE_DOCKER, OG_LAUNCH_CHECK_LINKS },
		{ "reject", "\"ipvlan\"", "default", OG_ENGINE_DOCKER, OG_LAUNCH_CHECK_LINKS },
		{ "reject", "\"routed\"", "lab", OG_ENGINE_DOCKER, 0 },
		{ "reject", "", "lab", OG_ENGINE_DOCKER, 0 },
		{ "audit", "\"macvlan\"", "lab", OG_ENGINE_DOCKER, 0 },
		{ "reject", "\"macvlan\"", "none", OG_ENGINE_DOCKER, 0 },
		{ "reject", "\"macvlan\"", "host", OG_ENGINE_DOCKER, 0 },
		{ "reject", "\"macvlan\"", "container:0a", OG_ENGINE_DOCKER, 0 },
		{ "reject", "\"macvlan\"", NULL, OG_ENGINE_DOCKER, 0 },
		{ "reject", "\"macvlan\"", NULL, OG_ENGINE_PODMAN, OG_LAUNCH_CHECK_LINKS },
		{ "reject", "\"macvlan\"", NULL, OG_ENGINE_BUILDAH, OG_LAUNCH_CHECK_LINKS },
		{ "reject", "\"macvlan\"", NULL, OG_ENGINE_NERDCTL, OG_LAUNCH_CHECK_LINKS },
		{ "reject", "\"macvlan\"", NULL, OG_ENGINE_CRIO, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(
			eq(uint,
			   links_of(rows[i].action, rows[i].drivers, rows[i].mode, rows[i].engine),
			   rows[i].launch),
			"row %zu", i);
}
