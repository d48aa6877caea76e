/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions: whom they match, when they expire, and what all that apply make
 * of the policy together.
 */
#include "policy_helpers.h"

#define ID_A   "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B   "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DIGEST "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static size_t count_of(const struct og_policy *policy, const struct og_facts *facts,
		       size_t *retexpired)
{
	struct og_effective *effective = effective_of(policy, facts);
	const char *const *names;
	size_t n = og_effective_exceptions(effective, &names);

	*retexpired = og_effective_expired(effective, &names);
	og_effective_free(effective);
	return n;
}

/* ---- who ---- */

static const char *one_digest[] = { "registry.lab.example/ci/runner@" DIGEST };
static const char *docker_digest[] = { "other@" ID_A, "docker.io/library/nginx@" DIGEST };
static const char *familiar_digest[] = { "nginx@" DIGEST };
static const char *other_registry[] = { "registry.lab.example/nginx@" DIGEST };

static const struct {
	const char *match;
	struct og_facts facts;
	bool applies;
} matches[] = {
	{ "\"image\":[\"" ID_B "\",\"" ID_A "\"]",
	  { .image_known = OG_KNOWN, .image_id = ID_A },
	  true },
	{ "\"image\":[\"" ID_B "\"]", { .image_known = OG_KNOWN, .image_id = ID_A }, false },
	{ "\"image\":[\"" ID_A "\"]", { .image_known = OG_KNOWN }, false },
	/* what is not established is no evidence, whatever is in the field */
	{ "\"image\":[\"" ID_A "\"]", { .image_known = OG_UNKNOWN, .image_id = ID_A }, false },
	{ "\"image\":[\"" ID_A "\"]", { .image_known = OG_NONE, .image_id = ID_A }, false },
	/* nor is the reference as typed */
	{ "\"image\":[\"nginx@" DIGEST "\"]",
	  { .image_known = OG_KNOWN, .image = "nginx@" DIGEST, .image_id = ID_A },
	  false },
	{ "\"image\":[\"registry.lab.example/ci/runner@" DIGEST "\"]",
	  { .image_known = OG_KNOWN, .image_digests = one_digest, .nimage_digests = 1 },
	  true },
	{ "\"image\":[\"" DIGEST "\"]",
	  { .image_known = OG_KNOWN, .image_digests = one_digest, .nimage_digests = 1 },
	  false },
	{ "\"image\":[\"nginx@" DIGEST "\"]",
	  { .image_known = OG_KNOWN, .image_digests = docker_digest, .nimage_digests = 2 },
	  true },
	{ "\"image\":[\"index.docker.io/library/nginx@" DIGEST "\"]",
	  { .image_known = OG_KNOWN, .image_digests = familiar_digest, .nimage_digests = 1 },
	  true },
	{ "\"image\":[\"nginx@" DIGEST "\"]",
	  { .image_known = OG_KNOWN, .image_digests = other_registry, .nimage_digests = 1 },
	  false },
	{ "\"image\":[]", { .image_known = OG_KNOWN, .image_id = ID_A }, false },
	{ "\"engine\":[\"docker\",\"podman\"]", { .engine = OG_ENGINE_PODMAN }, true },
	{ "\"engine\":[\"docker\",\"podman\"]", { .engine = OG_ENGINE_NONE }, false },
	{ "\"engine\":[\"none\"]", { .engine = OG_ENGINE_NONE }, true },
	{ "\"engine\":[\"docker\"]", { .engine = OG_ENGINE_DOCKER_BUILD }, false },
	{ "\"engine\":[]", { .engine = OG_ENGINE_NONE }, false },
	{ "\"engine\":[\"dockr\"]", { .engine = OG_ENGINE_DOCKER }, false },
	{ "\"cri-namespace\":[\"a\",\"b\"]", { .engine = OG_ENGINE_CRIO, .ns_cri = "b" }, true },
	{ "\"cri-namespace\":[\"a\"]",
	  { .engine = OG_ENGINE_CRI_CONTAINERD, .ns_cri = "b" },
	  false },
	{ "\"cri-namespace\":[\"a\"]", { .engine = OG_ENGINE_CRIO }, false },
	/* from an engine without pods it is a user's annotation */
	{ "\"cri-namespace\":[\"a\"]", { .engine = OG_ENGINE_DOCKER, .ns_cri = "a" }, false },
	{ "\"sandbox\":true", { .engine = OG_ENGINE_CRIO, .sandbox = true }, true },
	{ "\"sandbox\":true", { .engine = OG_ENGINE_DOCKER, .sandbox = true }, false },
	{ "\"sandbox\":true", { .engine = OG_ENGINE_CRIO }, false },
	{ "\"sandbox\":false", { .engine = OG_ENGINE_CRIO }, true },
	{ "\"sandbox\":false", { .engine = OG_ENGINE_CRIO, .sandbox = true }, false },
	/* keys are and */
	{ "\"engine\":[\"cri-o\"],\"cri-namespace\":[\"a\"],\"image\":[\"" ID_A "\"]",
	  { .engine = OG_ENGINE_CRIO, .ns_cri = "a", .image_known = OG_KNOWN, .image_id = ID_A },
	  true },
	{ "\"engine\":[\"cri-o\"],\"cri-namespace\":[\"a\"],\"image\":[\"" ID_A "\"]",
	  { .engine = OG_ENGINE_CRIO, .ns_cri = "a", .image_known = OG_KNOWN, .image_id = ID_B },
	  false },
	{ "\"engine\":[\"cri-o\"],\"cri-namespace\":[\"a\"]",
	  { .engine = OG_ENGINE_CRI_CONTAINERD, .ns_cri = "a" },
	  false },
};

Test(exceptions, match)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		struct og_policy *policy;
		size_t expired, extra;
		char text[1024];
		struct og_policy *plain = compile_text(POLICY("permissive", ""));

		snprintf(text, sizeof(text),
			 POLICY("permissive",
				",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\",\"match\":{%s},"
				"\"rules\":{\"ports\":{\"action\":\"off\"}}}]"),
			 matches[i].match);
		policy = compile_text(text);
		extra = count_of(policy, &matches[i].facts, &expired) -
			count_of(plain, &matches[i].facts, &expired);
		cr_expect(eq(sz, extra, (size_t)matches[i].applies), "%zu: %s", i,
			  matches[i].match);
		og_policy_free(policy);
		og_policy_free(plain);
	}
}

/* ---- when ---- */

Test(exceptions, their_names)
{
	struct og_policy *policy = compile_text(POLICY(
		"permissive", ",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\",\"expires\":"
			      "\"2027-03-31\",\"match\":{\"engine\":[\"docker\"]},\"rules\":{"
			      "\"ports\":{\"action\":\"off\"}}}]"));
	const char *last = NULL, *name, *expires = NULL;

	for (size_t i = 0; (name = og_policy_exception(policy, i, &expires)); i++)
		last = name;
	cr_assert(last != NULL && expires != NULL);
	cr_expect(eq(str, (char *)last, (char *)"e"));
	cr_expect(eq(str, (char *)expires, (char *)"2027-03-31"));
	og_policy_free(policy);
}

Test(exceptions, expires_is_the_last_valid_day)
{
	static const struct {
		const char *expires, *today;
		size_t applied, expired;
	} cases[] = {
		{ "2027-03-31", "2027-03-30", 1, 0 }, { "2027-03-31", "2027-03-31", 1, 0 },
		{ "2027-03-31", "2027-04-01", 0, 1 }, { "2027-03-31", "2028-01-01", 0, 1 },
		{ "2027-03-31", NULL, 0, 1 },	      { "2028-02-29", "2028-02-29", 1, 0 },
		{ "2000-02-29", "1999-12-31", 1, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct og_facts facts = { .engine = OG_ENGINE_PODMAN, .today = cases[i].today };
		struct og_facts other = { .engine = OG_ENGINE_DOCKER, .today = cases[i].today };
		struct og_policy *policy;
		size_t expired;
		char text[512];

		snprintf(text, sizeof(text),
			 POLICY("permissive", ",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\","
					      "\"expires\":\"%s\","
					      "\"match\":{\"engine\":[\"podman\"]},"
					      "\"rules\":{\"ports\":{\"action\":\"off\"}}}]"),
			 cases[i].expires);
		policy = compile_text(text);
		cr_expect(eq(sz, count_of(policy, &facts, &expired), cases[i].applied));
		cr_expect(eq(sz, expired, cases[i].expired));
		/* one that would not have applied is no news */
		cr_expect(eq(sz, count_of(policy, &other, &expired), 0));
		cr_expect(eq(sz, expired, 0));
		og_policy_free(policy);
	}
}

Test(exceptions, days_that_do_not_exist)
{
	static const char *const days[] = {
		"2027-02-29", "2100-02-29", "2027-04-31", "2027-13-01", "2027-00-10",
		"2027-01-00", "2027-1-1",   "27-01-01",	  "2027/01/01", "2027-01-01x",
		"2027-01-0",  "",	    "1969-12-31", "tomorrow",	"2027-01-1a",
	};

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct og_policy_source source = { .file = "p" };
		struct og_policy *policy = NULL;
		struct og_err err = { 0 };
		char text[512];

		snprintf(text, sizeof(text),
			 POLICY("permissive", ",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\","
					      "\"expires\":\"%s\","
					      "\"match\":{\"sandbox\":true},"
					      "\"rules\":{\"ports\":{\"action\":\"off\"}}}]"),
			 days[i]);
		source.text = text;
		source.len = strlen(text);
		cr_expect(eq(int, og_policy_compile(&source, 1, NULL, NULL, &policy, &err), -1),
			  "%s", days[i]);
		cr_expect(eq(str, err.msg, "a day of the calendar is expected: \"YYYY-MM-DD\""));
	}
}

/* ---- what ---- */

#define PODMAN(name, rules)                                                                        \
	"{\"name\":\"" name                                                                        \
	"\",\"reason\":\"r\",\"match\":{\"engine\":[\"podman\"]},\"rules\":{" rules "}}"
#define CAPS(more) "\"capabilities\":{" more "}"

static const struct og_facts podman = { .engine = OG_ENGINE_PODMAN, .today = "2027-01-01" };
static const struct og_facts docker = { .engine = OG_ENGINE_DOCKER, .today = "2027-01-01" };

/* The exceptions, and what the list [KILL, SETUID] becomes. */
static const struct {
	const char *exceptions, *expected;
} changes[] = {
	{ PODMAN("1", CAPS("\"allow+\":[\"BPF\"]")), "CAP_BPF CAP_KILL CAP_SETUID" },
	{ PODMAN("1", CAPS("\"allow\":[\"BPF\"]")), "CAP_BPF" },
	{ PODMAN("1", CAPS("\"allow\":[]")), "" },
	{ PODMAN("1", CAPS("\"allow-\":[\"KILL\"]")), "CAP_SETUID" },
	{ PODMAN("1", CAPS("\"allow-\":[\"KILL\"],\"allow+\":[\"BPF\",\"KILL\"]")),
	  "CAP_BPF CAP_KILL CAP_SETUID" },
	{ PODMAN("1", CAPS("\"allow+\":[\"BPF\"]")) "," PODMAN("2", CAPS("\"allow+\":[\"CHOWN\"]")),
	  "CAP_BPF CAP_CHOWN CAP_KILL CAP_SETUID" },
	{ PODMAN("1", CAPS("\"allow-\":[\"KILL\"]")) "," PODMAN("2", CAPS("\"allow-\":[\"KILL\"]")),
	  "CAP_SETUID" },
	{ PODMAN("1", CAPS("\"allow-\":[\"KILL\"]")) "," PODMAN("2", CAPS("\"allow+\":[\"KILL\"]")),
	  "CAP_KILL CAP_SETUID" },
	{ PODMAN("1", CAPS("\"allow+\":[\"KILL\"]")) "," PODMAN("2", CAPS("\"allow-\":[\"KILL\"]")),
	  "CAP_SETUID" },
	/* what replaces the list undoes what came before, not what comes after */
	{ PODMAN("1", CAPS("\"allow+\":[\"BPF\"]")) "," PODMAN(
		  "2", CAPS("\"allow\":[\"FOWNER\"]")) "," PODMAN("3",
								  CAPS("\"allow+\":[\"CHOWN\"]")),
	  "CAP_CHOWN CAP_FOWNER" },
	{ PODMAN("1", CAPS("\"allow\":[\"FOWNER\"]")) "," PODMAN("2",
								 CAPS("\"allow-\":[\"KILL\"]")),
	  "CAP_FOWNER" },
};

Test(exceptions, lists)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct og_policy *policy;
		struct og_effective *effective;
		char text[1024];

		snprintf(text, sizeof(text),
			 POLICY("permissive",
				",\"rules\":{" CAPS(
					"\"allow\":[\"SETUID\",\"KILL\"]") "},\"exceptions\":[%s]"),
			 changes[i].exceptions);
		policy = compile_text(text);
		effective = effective_of(policy, &podman);
		check_list(effective, OG_OPT_capabilities_allow, changes[i].expected,
			   changes[i].exceptions);
		og_effective_free(effective);
		/* and for everybody else the policy is as it was */
		effective = effective_of(policy, &docker);
		check_list(effective, OG_OPT_capabilities_allow, "CAP_KILL CAP_SETUID",
			   changes[i].exceptions);
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

Test(exceptions, scalars_and_actions_the_last_decides)
{
	static const char *const chain[] = {
		"{\"version\":1,\"extends\":\"/p1\",\"exceptions\":[\n" PODMAN(
			"top", "\"user\":{\"action\":\"reject\",\"umask\":2},\n"
			       "\"ports\":{\"unknown\":\"audit\"}") "]}",
		"{\"version\":1,\"extends\":\"lab\",\"exceptions\":[" PODMAN(
			"below", "\"user\":{\"action\":\"off\",\"to\":\"65534:65534\"},"
				 "\"privileged\":{\"action\":\"audit\"}") "]}",
	};
	struct og_policy *policy = compile_chain(chain, 2);
	struct og_effective *effective = effective_of(policy, &podman);
	const char *const *names, *file;
	unsigned line;

	cr_assert(eq(sz, og_effective_exceptions(effective, &names), 2));
	cr_expect(eq(str, (char *)names[0], "below"), "those of the base come first");
	cr_expect(eq(str, (char *)names[1], "top"));
	cr_expect(eq(int, og_effective_action(effective, OG_RULE_user), OG_REJECT));
	og_effective_origin(effective, OG_RULE_user, &file, &line);
	cr_expect(eq(str, (char *)file, "p0"));
	cr_expect(eq(uint, line, 2));
	cr_expect(eq(int, og_effective_action(effective, OG_RULE_privileged), OG_AUDIT));
	cr_expect(eq(u64, og_effective_u64(effective, OG_OPT_user_umask), 2));
	cr_expect(eq(str, (char *)og_effective_str(effective, OG_OPT_ports_unknown), "audit"));
	og_effective_option_origin(effective, OG_OPT_ports_unknown, &file, &line);
	cr_expect(eq(str, (char *)file, "p0"));
	cr_expect(eq(uint, line, 3));
	og_effective_option_origin(effective, OG_OPT_user_to, &file, &line);
	cr_expect(eq(str, (char *)file, "p1"));
	og_effective_free(effective);

	effective = effective_of(policy, &docker);
	cr_expect(eq(int, og_effective_action(effective, OG_RULE_user), OG_REWRITE));
	cr_expect(eq(u64, og_effective_u64(effective, OG_OPT_user_umask), 18));
	og_effective_free(effective);
	og_policy_free(policy);
}

/* A source can be widened only by taking the stricter entry out first. */
Test(exceptions, replacing_an_element)
{
	static const char wider[] = POLICY(
		"lab",
		",\"exceptions\":[" PODMAN(
			"e",
			"\"mounts\":{\"allow+\":[{\"source\":\"/srv/data\",\"access\":\"rw\"}],"
			"\"allow-\":[\"/srv/data\"]}") "]");
	static const char both[] = POLICY(
		"lab", ",\"exceptions\":[" PODMAN("e", "\"mounts\":{\"allow+\":[{\"source\":\"/srv/"
						       "data\",\"access\":\"rw\"}]}") "]");
	struct og_policy *policy = compile_text(wider);
	struct og_effective *effective = effective_of(policy, &podman);

	check_list(effective, OG_OPT_mounts_allow, "/srv/data=rw", "replaced");
	og_effective_free(effective);
	og_policy_free(policy);
	policy = compile_text(both);
	effective = effective_of(policy, &podman);
	check_list(effective, OG_OPT_mounts_allow, "/srv/data=ro", "the stricter");
	og_effective_free(effective);
	og_policy_free(policy);
}

/* ---- many ---- */

Test(exceptions, a_hundred_on_a_long_list)
{
	enum { ENTRIES = 10000, EXCEPTIONS = 100 };
	struct og_buf text = { 0 };
	struct og_policy *policy;
	struct og_effective *effective;
	const struct og_list *list;

	og_buf_puts(&text,
		    "{\"version\":1,\"extends\":\"permissive\",\"rules\":{\"user\":{\"groups\":[");
	for (size_t i = 0; i < ENTRIES; i++)
		og_buf_printf(&text, "%s%zu", i ? "," : "", 1000 + 2 * i);
	og_buf_puts(&text, "]}},\"exceptions\":[");
	for (size_t i = 0; i < EXCEPTIONS; i++)
		og_buf_printf(&text,
			      "%s{\"name\":\"%zu\",\"reason\":\"r\",\"match\":{\"engine\":"
			      "[\"podman\"]},\"rules\":{\"user\":{\"groups+\":[%zu],\"groups-\":"
			      "[%zu]}}}",
			      i ? "," : "", i, 1001 + 2 * i, 1000 + 2 * i);
	og_buf_puts(&text, "]}");
	cr_assert(not(text.failed));
	policy = compile_text(text.data);
	effective = effective_of(policy, &podman);
	list = og_effective_list(effective, OG_OPT_user_groups);
	cr_assert(eq(sz, list->n, ENTRIES));
	for (size_t i = 0; i < list->n; i++)
		cr_assert(eq(u64, list->items[i].lo, 1000 + 2 * i + (i < EXCEPTIONS)));
	og_effective_free(effective);
	og_policy_free(policy);
	og_buf_release(&text);
}

static const char meeting[] = POLICY(
	"permissive",
	",\"rules\":{\"user\":{\"groups\":[7]},\"mounts\":{\"allow\":[]},\"devices\":{"
	"\"allow\":[]},\"rlimits\":{\"limits\":{\"core\":5,\"nofile\":9}}},"
	"\"exceptions\":[" PODMAN(
		"1", "\"user\":{\"groups+\":[\"20-30\",10,5]},\"mounts\":{\"allow+\":[{"
		     "\"source\":"
		     "\"/a\",\"access\":\"rw\",\"accept\":\"setuid\"},{\"source\":\"/b\","
		     "\"access\":\"rw\",\"accept\":\"setuid\"}]},\"devices\":{\"allow+\":["
		     "{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":1},"
		     "{\"path\":\"/dev/y\",\"type\":\"c\",\"major\":1,\"minor\":1},"
		     "{\"path\":\"/dev/z\",\"type\":\"c\",\"major\":1,\"minor\":1}]},"
		     "\"rlimits\":{\"limits+\":{\"core\":6}}") "," PODMAN("2", "\"user\":{"
									       "\"groups+"
									       "\":[10,5,"
									       "\"20-30\"],"
									       "\"groups-"
									       "\":[7]},"
									       "\"mounts\":"
									       "{\"allow+"
									       "\":[{"
									       "\"source\":"
									       "\"/b\","
									       "\"access\":"
									       "\"rw\"},{"
									       "\"source\":"
									       "\"/"
									       "a\","
									       "\"access\":"
									       "\"rw\","
									       "\"accept\":"
									       "\"setuid\"}"
									       "]},"
									       "\"devices\""
									       ":{\"allow+"
									       "\":["
									       "{\"path\":"
									       "\"/dev/"
									       "x\","
									       "\"type\":"
									       "\"b\","
									       "\"major\":"
									       "1,"
									       "\"minor\":"
									       "1},"
									       "{\"path\":"
									       "\"/dev/"
									       "y\","
									       "\"type\":"
									       "\"c\","
									       "\"major\":"
									       "1,"
									       "\"minor\":"
									       "2},"
									       "{\"path\":"
									       "\"/dev/"
									       "z\","
									       "\"type\":"
									       "\"c\","
									       "\"major\":"
									       "1,"
									       "\"minor\":"
									       "1,"
									       "\"access\":"
									       "\"r\"}]},"
									       "\"rlimits\""
									       ":{\"limits+"
									       "\":{"
									       "\"core\":4}"
									       ",\"limits-"
									       "\":["
									       "\"nofile\"]"
									       "}") "]");

/* What two exceptions say of one thing, in whichever order they add it. */
Test(exceptions, two_that_meet)
{
	struct og_policy *policy = compile_text(meeting);
	struct og_effective *effective = effective_of(policy, &podman);
	const struct og_list *devices = og_effective_list(effective, OG_OPT_devices_allow);
	const struct og_list *limits = og_effective_list(effective, OG_OPT_rlimits_limits);

	check_list(effective, OG_OPT_user_groups, "5-5 10-10 20-30", "ids");
	check_list(effective, OG_OPT_mounts_allow, "/a=rw+setuid /b=rw",
		   "setuid where both say so");
	cr_assert(eq(sz, devices->n, 3));
	cr_expect(eq(uint, devices->items[0].perms, 0), "a character and a block device");
	cr_expect(eq(uint, devices->items[1].perms, 0), "two minors");
	cr_expect(eq(uint, devices->items[2].perms, 1), "what both permit");
	cr_assert(eq(sz, limits->n, 1));
	cr_expect(eq(u64, limits->items[0].hi, 4), "of two limits the later");
	og_effective_free(effective);
	og_policy_free(policy);
}
