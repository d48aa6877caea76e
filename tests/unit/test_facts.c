/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: look-ups, sorting, and their JSON form there and back.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/facts.h"

static struct og_doc *parse_doc(const char *json)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	cr_assert(og_doc_parse("facts.json", json, strlen(json), 0, &doc, &err) == 0, "%s",
		  err.msg);
	return doc;
}

/* Every field there is, none at its zero value, keys in order. */
static const char all[] =
	"{\"engine\":\"cri-o\",\"command\":\"create\",\"id\":\"c1\",\"root\":\"/run/r\","
	"\"bundle\":\"/"
	"b\",\"today\":\"2026-01-02\",\"sandbox\":true,\"pause\":true,\"ns_cri\":\"kube-system\","
	"\"plugin\":\"p\",\"flags\":[{\"name\":\"no-pivot\"},{\"name\":\"criu\",\"value\":\"/x\"}],"
	"\"cgroup_v2\":true,\"apparmor\":true,\"apparmor_mode\":\"kill\",\"apparmor_default\":"
	"\"d\",\"selinux\":true,"
	"\"remapped\":true,"
	"\"rootless\":true,\"arch\":\"SCMP_ARCH_X86_64\",\"kernel\":6001,\"host_caps\":"
	"18446744073709551615,"
	"\"image_known\":\"known\",\"image\":\"nginx\",\"image_id\":\"sha256:1\","
	"\"image_digests\":[\"nginx@sha256:2\",\"x\"],\"privileged_known\":\"none\","
	"\"privileged\":true,\"ports_known\":\"known\",\"ports\":[{\"proto\":\"tcp\","
	"\"address\":\"\",\"host_port\":8080,\"host_range\":true,\"container_port\":80}],\"publish_"
	"all\":true,"
	"\"network_mode\":\"bridge\",\"networks_known\":\"known\",\"networks\":[{\"name\":\"n\","
	"\"id\":\"i\","
	"\"driver\":\"bridge\",\"host_binding\":\"127.0.0.1\",\"gateway_mode_ipv4\":\"nat\","
	"\"gateway_mode_ipv6\":\"routed\"}],\"networks_file\":\"/f\","
	"\"cgroup_parent\":\"\",\"swarm\":true,"
	"\"health_known\":\"known\",\"health_checked\":true,"
	"\"restart_policy\":\"on-failure\",\"restart_retries\":7,"
	"\"sources\":[{\"source\":\"/a\",\"resolved\":\"/b\",\"origin\":\"/c\",\"fstype\":\"ext4\","
	"\"problem\":\"why\",\"socket\":\"/s\",\"type\":\"dir\",\"role\":\"volume\",\"dev\":1,"
	"\"ino\":2,\"birth\":3,\"nosuid\":true,\"nodev\":true,\"readonly\":true,\"magic\":true,"
	"\"hidden\":true,\"submounts\":[{\"path\":\"/a/x\",\"origin\":\"/"
	"y\",\"fstype\":\"tmpfs\","
	"\"nosuid\":true,\"nodev\":true,\"socket\":true,\"root\":\"/\",\"dev\":6}]},{\"source\":\"/"
	"b\"}],"
	"\"destinations\":[{\"path\":\"/x\",\"leads\":\"/y\",\"in\":\"/s\",\"missing\":true}],"
	"\"made\":[{\"path\":\"/w\",\"leads\":\"/v\"}],"
	"\"namespaces\":[{\"path\":\"/proc/1/ns/net\",\"type\":\"network\",\"host\":true,"
	"\"own\":true,\"exposed\":true,\"dev\":4,\"ino\":5}],\"hooks\":[{\"path\":\"/bin/"
	"h\",\"engine\":true,\"safe\":true}],"
	"\"rootfs\":\"/r\",\"rootfs_in_storage\":true,\"storage\":\"/var/lib\","
	"\"dev_problem\":\"a symlink\","
	"\"preserve_fds\":3,\"listen_fds\":true,\"notify_socket\":true,"
	"\"record\":\"known\","
	"\"record_bounding\":5,\"record_uid\":6}";

Test(facts, encode_gives_back_what_was_parsed)
{
	struct og_doc *doc = parse_doc(all);
	struct og_err err = { 0 };
	struct og_facts *facts = NULL;
	char *text = NULL;

	cr_assert(og_facts_parse(doc, &facts, &err) == 0, "%s", err.msg);
	cr_expect(eq(u64, facts->host_caps, UINT64_MAX));
	cr_expect(eq(int, facts->engine, OG_ENGINE_CRIO));
	cr_expect(eq(int, facts->record, OG_KNOWN));
	cr_expect(eq(str, (char *)facts->image_digests[1], "x"));
	cr_expect(eq(str, (char *)facts->ports[0].address, ""));
	cr_expect(eq(int, facts->sources[0].role, OG_ROLE_VOLUME));
	cr_expect(eq(int, facts->sources[0].type, OG_FT_DIR));
	cr_expect(eq(sz, facts->sources[0].nsubmounts, 1));
	cr_expect(facts->sources[0].submounts[0].socket);
	cr_assert(og_facts_encode(facts, &text, &err) == 0, "%s", err.msg);
	cr_expect(eq(str, text, (char *)all));
	free(text);
	og_facts_free(facts);
	og_doc_free(doc);
}

/* A field that is added to a struct and not to the table would be lost without a word. */
Test(facts, every_byte_of_the_struct_has_a_field)
{
	struct og_doc *doc = parse_doc(all);
	struct og_err err = { 0 };
	struct og_facts *facts = NULL;

	cr_assert(og_facts_parse(doc, &facts, &err) == 0, "%s", err.msg);
	cr_expect(eq(sz, sizeof(*facts), 440), "og_facts has changed: is the table complete?");
	cr_expect(eq(sz, sizeof(*facts->sources), 112), "og_source has changed");
	cr_expect(eq(sz, sizeof(*facts->sources->submounts), 48), "og_submount has changed");
	cr_expect(eq(sz, sizeof(*facts->destinations), 32), "og_destfact has changed");
	cr_expect(eq(sz, sizeof(*facts->namespaces), 40), "og_nsfact has changed");
	cr_expect(eq(sz, sizeof(*facts->hooks), 16), "og_hookfact has changed");
	cr_expect(eq(sz, sizeof(*facts->ports), 40), "og_port has changed");
	cr_expect(eq(sz, sizeof(*facts->networks), 48), "og_netfact has changed");
	og_facts_free(facts);
	og_doc_free(doc);
}

Test(facts, zero_is_left_out)
{
	struct og_facts facts = { 0 };
	struct og_err err = { 0 };
	char *text = NULL;

	cr_assert(og_facts_encode(&facts, &text, &err) == 0);
	cr_expect(eq(str, text, "{}"));
	free(text);
}

Test(facts, every_word_there_and_back)
{
	static const char *const cases[] = {
		"{\"engine\":\"docker\"}",
		"{\"engine\":\"docker-build\"}",
		"{\"engine\":\"docker-plugin\"}",
		"{\"engine\":\"containerd\"}",
		"{\"engine\":\"cri-containerd\"}",
		"{\"engine\":\"nerdctl\"}",
		"{\"engine\":\"podman\"}",
		"{\"engine\":\"buildah\"}",
		"{\"sources\":[{\"source\":\"/\",\"type\":\"file\",\"role\":\"netfile\"}]}",
		"{\"sources\":[{\"source\":\"/\",\"type\":\"socket\",\"role\":\"shm\"}]}",
		"{\"sources\":[{\"source\":\"/\",\"type\":\"fifo\",\"role\":\"init\"}]}",
		"{\"sources\":[{\"source\":\"/\",\"type\":\"block\",\"role\":\"secret\"}]}",
		"{\"sources\":[{\"source\":\"/\",\"type\":\"char\",\"role\":\"image\"}]}",
		"{\"sources\":[{\"source\":\"/\",\"role\":\"engine\"}]}",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct og_doc *doc = parse_doc(cases[i]);
		struct og_err err = { 0 };
		struct og_facts *facts = NULL;
		char *text = NULL;

		cr_assert(og_facts_parse(doc, &facts, &err) == 0, "%s", err.msg);
		cr_assert(og_facts_encode(facts, &text, &err) == 0);
		cr_expect(eq(str, text, (char *)cases[i]));
		free(text);
		og_facts_free(facts);
		og_doc_free(doc);
	}
}

static const struct {
	const char *json, *error; /* WHERE:LINE:COL: MESSAGE */
} refused[] = {
	{ "[]", ":1:1: \"facts\": an object is expected" },
	{ "{\n \"engin\": 1}", "/engin:2:11: \"engin\": there is no such fact" },
	{ "{\"engine\":\"dockr\"}", "/engine:1:11: \"engine\": no such word" },
	{ "{\"engine\":1}", "/engine:1:11: \"engine\": no such word" },
	{ "{\"id\":1}", "/id:1:7: \"id\": a string is expected" },
	{ "{\"id\":null}", "/id:1:7: \"id\": a string is expected" },
	{ "{\"sandbox\":1}", "/sandbox:1:12: \"sandbox\": true or false is expected" },
	{ "{\"kernel\":-1}", "/kernel:1:11: \"kernel\": a whole number is expected" },
	{ "{\"kernel\":\"6\"}", "/kernel:1:11: \"kernel\": a whole number is expected" },
	{ "{\"image_digests\":{}}",
	  "/image_digests:1:18: \"image_digests\": a list of strings is expected" },
	{ "{\"image_digests\":[1]}",
	  "/image_digests/0:1:19: \"image_digests\": a string is expected" },
	{ "{\"ports\":{}}", "/ports:1:10: \"ports\": a list of objects is expected" },
	{ "{\"ports\":[1]}", "/ports/0:1:11: \"facts\": an object is expected" },
	{ "{\"ports\":[{\"x\":1}]}", "/ports/0/x:1:16: \"x\": there is no such fact" },
	{ "{\"sources\":[{}]}", "/sources/0:1:13: \"source\": missing in an element" },
	{ "{\"ports\":[{\"proto\":\"tcp\"}]}",
	  "/ports/0:1:11: \"address\": missing in an element" },
	{ "{\"flags\":[{\"value\":\"x\"}]}", "/flags/0:1:11: \"name\": missing in an element" },
	{ "{\"sources\":[{\"source\":\"/a\",\"submounts\":[{}]}]}",
	  "/sources/0/submounts/0:1:41: \"path\": missing in an element" },
	{ "{\"sources\":[{\"source\":\"/b\"},{\"source\":\"/a\"},\n{\"source\":\"/b\"}]}",
	  "/sources/2/source:2:11: \"/b\": given twice" },
	/* the first of them by name, its second place */
	{ "{\"sources\":[{\"source\":\"/c\"},{\"source\":\"/a\"},{\"source\":\"/b\"},\n"
	  "{\"source\":\"/c\"},\n{\"source\":\"/a\"},{\"source\":\"/a\"}]}",
	  "/sources/4/source:3:11: \"/a\": given twice" },
	{ "{\"namespaces\":[{\"path\":\"/n\"},{\"path\":\"/n\"}]}",
	  "/namespaces/1/path:1:38: \"/n\": given twice" },
};

Test(facts, what_is_wrong_is_named_with_its_place)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct og_doc *doc = parse_doc(refused[i].json);
		struct og_err err = { 0 };
		struct og_facts *facts = NULL;
		char text[1024];

		cr_assert(eq(int, og_facts_parse(doc, &facts, &err), -1), "%s", refused[i].json);
		cr_expect(eq(int, err.code, OG_E_HOST));
		snprintf(text, sizeof(text), "%s:%u:%u: %s", err.where, err.line, err.col, err.msg);
		cr_expect(eq(str, text, (char *)refused[i].error));
		og_doc_free(doc);
	}
}

Test(facts, parsed_facts_are_sorted)
{
	struct og_doc *doc = parse_doc("{\"sources\":[{\"source\":\"/c\",\"ino\":3},{\"source\":"
				       "\"/a\",\"ino\":1},{\"source\":\"/b\",\"ino\":2}]}");
	struct og_err err = { 0 };
	struct og_facts *facts = NULL;

	cr_assert(og_facts_parse(doc, &facts, &err) == 0, "%s", err.msg);
	cr_expect(eq(u64, og_fact_source(facts, "/a")->ino, 1));
	cr_expect(eq(u64, og_fact_source(facts, "/b")->ino, 2));
	cr_expect(eq(u64, og_fact_source(facts, "/c")->ino, 3));
	cr_expect(zero(ptr, (void *)og_fact_source(facts, "/")));
	cr_expect(zero(ptr, (void *)og_fact_source(facts, "/a/")));
	og_facts_free(facts);
	og_doc_free(doc);
}

Test(facts, sort_orders_whatever_it_is_given)
{
	enum { N = 1000 };
	static struct og_source sources[N];
	static char names[N][16];
	struct og_nsfact namespaces[] = { { .path = "/2" }, { .path = "/1" } };
	struct og_hookfact hooks[] = { { .path = "/h2", .safe = true }, { .path = "/h1" } };
	struct og_facts facts = { .sources = sources,
				  .nsources = N,
				  .namespaces = namespaces,
				  .nnamespaces = 2,
				  .hooks = hooks,
				  .nhooks = 2 };

	for (size_t i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "/s%zu", i * 7919 % N);
		sources[i] = (struct og_source){ .source = names[i], .ino = i };
	}
	og_facts_sort(&facts);
	for (size_t i = 0; i < N; i++) {
		const struct og_source *found = og_fact_source(&facts, names[i]);

		cr_assert(found != NULL, "%s", names[i]);
		cr_assert(eq(u64, found->ino, i));
		if (i)
			cr_assert(lt(int, strcmp(sources[i - 1].source, sources[i].source), 0));
	}
	cr_expect(og_fact_namespace(&facts, "/1") == &namespaces[0]);
	cr_expect(zero(ptr, (void *)og_fact_namespace(&facts, "/3")));
	cr_expect(og_fact_hook(&facts, "/h2")->safe);
	cr_expect(zero(ptr, (void *)og_fact_hook(&facts, "/h3")));
}

Test(facts, nothing_is_found_in_nothing)
{
	struct og_facts facts = { 0 };

	og_facts_sort(&facts);
	cr_expect(zero(ptr, (void *)og_fact_source(&facts, "/")));
	cr_expect(zero(ptr, (void *)og_fact_namespace(&facts, "/")));
	cr_expect(zero(ptr, (void *)og_fact_hook(&facts, "/")));
	cr_expect(zero(ptr, (void *)og_fact_flag(&facts, "x")));
	og_facts_free(NULL);
}

Test(facts, the_flag_given_last_counts)
{
	struct og_flagfact flags[] = { { "criu", "a" }, { "no-pivot", NULL }, { "criu", "b" } };
	struct og_facts facts = { .flags = flags, .nflags = 3 };

	cr_expect(eq(str, (char *)og_fact_flag(&facts, "criu")->value, "b"));
	cr_expect(zero(ptr, (void *)og_fact_flag(&facts, "no-pivot")->value));
	cr_expect(zero(ptr, (void *)og_fact_flag(&facts, "pivot")));
}
