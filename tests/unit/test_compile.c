/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that compile: what layers make of each other, what is read of each
 * type, top-level settings, limits. Exceptions are in test_exceptions.c, what is
 * refused in test_compile_errors.c.
 */
#include "policy_helpers.h"

#define CAPS(more)  "\"capabilities\":{" more "}"
#define RULES(more) POLICY("permissive", ",\"rules\":{" more "}")
#define FILES(n)    "{\"version\":1,\"extends\":\"/p" #n "\","

static const struct og_facts no_facts;

/* ---- layers ---- */

/* The list of p0, over that of p1, over that of the preset. */
static const struct {
	const char *top, *below, *expected;
} layered[] = {
	{ "", "\"allow\":[\"KILL\"]", "CAP_KILL" },
	{ "\"allow\":[\"CHOWN\"]", "\"allow\":[\"KILL\"]", "CAP_CHOWN" },
	{ "\"allow\":[]", "\"allow\":[\"KILL\"]", "" },
	{ "\"allow+\":[\"CHOWN\"]", "\"allow\":[\"KILL\"]", "CAP_CHOWN CAP_KILL" },
	{ "\"allow+\":[\"CAP_KILL\"]", "\"allow\":[\"KILL\"]", "CAP_KILL" },
	{ "\"allow-\":[\"KILL\"]", "\"allow\":[\"KILL\"]", "" },
	{ "\"allow-\":[\"kill\"]", "\"allow\":[\"KILL\",\"CHOWN\",\"SETUID\"]",
	  "CAP_CHOWN CAP_SETUID" },
	{ "\"allow+\":[\"BPF\"],\"allow-\":[\"KILL\"]", "\"allow\":[\"KILL\",\"SETUID\"]",
	  "CAP_BPF CAP_SETUID" },
	{ "\"allow-\":[\"KILL\"],\"allow+\":[\"KILL\",\"BPF\"]", "\"allow\":[\"KILL\"]",
	  "CAP_BPF CAP_KILL" },
	{ "\"allow+\":[\"KILL\",\"BPF\"],\"allow-\":[\"KILL\"]", "\"allow\":[\"KILL\"]",
	  "CAP_BPF CAP_KILL" },
	{ "\"allow-\":[\"BPF\"]", "\"allow\":[],\"action\":\"off\"", NULL },
	{ "\"allow-\":[\"BPF\"]", "\"allow+\":[\"BPF\"],\"allow-\":[\"KILL\"]",
	  "CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_MKNOD "
	  "CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID "
	  "CAP_SYS_CHROOT" },
};

Test(compile, lists_of_layers)
{
	for (size_t i = 0; i < sizeof(layered) / sizeof(layered[0]); i++) {
		char top[512], below[512];
		const char *chain[] = { top, below };
		struct og_policy_source sources[] = { { "p0", top, 0 }, { "p1", below, 0 } };
		struct og_policy *policy = NULL;
		struct og_effective *effective;
		struct og_err err = { 0 };

		snprintf(top, sizeof(top), FILES(1) "\"rules\":{\"capabilities\":{%s}}}",
			 layered[i].top);
		snprintf(below, sizeof(below),
			 "{\"version\":1,\"extends\":\"permissive\",\"rules\":{\"capabilities\":{%"
			 "s}}}",
			 layered[i].below);
		if (!layered[i].expected) {
			sources[0].len = strlen(top);
			sources[1].len = strlen(below);
			cr_expect(eq(int, og_policy_compile(sources, 2, NULL, NULL, &policy, &err),
				     -1));
			continue;
		}
		policy = compile_chain(chain, 2);
		effective = effective_of(policy, &no_facts);
		check_list(effective, OG_OPT_capabilities_allow, layered[i].expected,
			   layered[i].top);
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

Test(compile, places_of_layers)
{
	static const char *const chain[] = {
		FILES(1) "\n\n\"rules\":{\"user\":{\"action\":\"reject\"},\n\"capabilities\":{"
			 "\"allow+\":[\"BPF\"]}}}",
		FILES(2) "\"rules\":{\n\"user\":{\"action\":\"audit\",\"umask\":18}}}",
		POLICY("lab", ",\"mode\":\"audit\",\n\n\n\n\"rules\":{\"user\":{\"to\":\"65534:"
			      "200000\",\"umask\":2}}"),
	};
	static const struct {
		enum og_option option;
		const char *file;
		unsigned line;
	} places[] = {
		{ OG_OPT_user_umask, "p1", 2 },
		{ OG_OPT_user_to, "p2", 5 },
		{ OG_OPT_user_uid, "lab", 0 },
		{ OG_OPT_capabilities_allow, "p0", 4 },
	};
	struct og_policy *policy = compile_chain(chain, 3);
	struct og_effective *effective = effective_of(policy, &no_facts);
	const struct og_list *list = og_effective_list(effective, OG_OPT_capabilities_allow);
	const char *file;
	unsigned line;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		og_effective_option_origin(effective, places[i].option, &file, &line);
		cr_expect(eq(str, (char *)file, (char *)places[i].file));
		cr_expect(eq(uint, line, places[i].line));
	}
	og_effective_origin(effective, OG_RULE_user, &file, &line);
	cr_expect(eq(str, (char *)file, "p0"));
	cr_expect(eq(uint, line, 3));
	cr_expect(eq(int, og_effective_action(effective, OG_RULE_user), OG_REJECT));
	og_effective_origin(effective, OG_RULE_ports, &file, &line);
	cr_expect(eq(str, (char *)file, "lab"));
	cr_expect(eq(uint, line, 0));
	/* each element says which line put it in */
	cr_assert(eq(sz, list->n, 2));
	cr_expect(eq(str, (char *)list->items[0].file, "p0"));
	cr_expect(eq(uint, list->items[0].line, 4));
	cr_expect(eq(str, (char *)list->items[1].file, "lab"));
	cr_expect(eq(uint, list->items[1].line, 0));
	cr_expect(eq(u64, og_effective_u64(effective, OG_OPT_user_umask), 18));
	cr_expect(eq(int, og_policy_mode(policy), OG_MODE_AUDIT));
	cr_expect(eq(str, (char *)og_policy_file(policy), "p0"));
	og_effective_free(effective);
	og_policy_free(policy);
}

Test(compile, top_level_settings_are_merged_one_by_one)
{
	static const char *const chain[] = {
		FILES(1) "\"mode\":\"explain\",\"audit\":{\"complying\":true,\"file\":null}}",
		FILES(2) "\"message\":\"Ask ops.\",\"audit\":{\"required\":false}}",
		POLICY("baseline", ",\"mode\":\"audit\",\"message\":\"Not this.\",\"audit\":{"
				   "\"file\":\"/var/log/a\",\"syslog\":true,\"required\":true}"),
	};
	struct og_policy *policy = compile_chain(chain, 3);
	const struct og_audit *audit = og_policy_audit(policy);

	cr_expect(eq(int, og_policy_mode(policy), OG_MODE_EXPLAIN));
	cr_expect(eq(str, (char *)og_policy_message(policy), "Ask ops."));
	cr_expect(zero(ptr, (void *)audit->file));
	cr_expect(audit->syslog);
	cr_expect(audit->complying);
	cr_expect(not(audit->required));
	og_policy_free(policy);

	policy = compile_chain(chain + 2, 1);
	cr_expect(eq(str, (char *)og_policy_audit(policy)->file, "/var/log/a"));
	og_policy_free(policy);

	policy = compile_text(POLICY("lab", ",\"message\":null"));
	cr_expect(eq(int, og_policy_mode(policy), OG_MODE_ENFORCE));
	cr_expect(zero(ptr, (void *)og_policy_message(policy)));
	cr_expect(og_policy_audit(policy)->required);
	og_policy_free(policy);
}

/* ---- types ---- */

static struct og_effective *effective_text(struct og_policy **ret, const char *text)
{
	*ret = compile_text(text);
	return effective_of(*ret, &no_facts);
}

Test(compile, ranges_do_not_overlap)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
		{ "[]", "" },
		{ "[0, 2147483647]", "0-0 2147483647-2147483647" },
		{ "[\"5-9\",\"1\",2]", "1-1 2-2 5-9" },
		{ "[\"0-9\",\"3\"]", "0-9" },
		{ "[\"0-9\",\"3-5\",\"7-20\",\"20-30\"]", "0-9 10-20 21-30" },
		{ "[\"5-20\",\"5-9\"]", "5-9 10-20" },
		{ "[\"1-2\",\"3-4\"]", "1-2 3-4" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct og_policy *policy;
		struct og_effective *effective;
		char text[256];

		snprintf(text, sizeof(text), RULES("\"user\":{\"groups\":%s}"), cases[i].value);
		effective = effective_text(&policy, text);
		check_list(effective, OG_OPT_user_groups, cases[i].expected, cases[i].value);
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

/* "0-9" is cut for rules, but can still be taken out as it was written. */
Test(compile, ranges_are_taken_out_as_written)
{
	static const char *const chain[] = {
		FILES(1) "\"rules\":{\"user\":{\"groups-\":[\"5-20\"]}}}",
		RULES("\"user\":{\"groups\":[\"0-9\",\"5-20\",\"15-30\"]}"),
	};
	struct og_policy *policy = compile_chain(chain, 2);
	struct og_effective *effective = effective_of(policy, &no_facts);

	check_list(effective, OG_OPT_user_groups, "0-9 15-30", "ranges");
	og_effective_free(effective);
	og_policy_free(policy);
}

Test(compile, elements_are_canonical_and_sorted)
{
	struct og_policy *policy;
	struct og_effective *effective = effective_text(
		&policy,
		RULES("\"capabilities\":{\"allow\":[\"sys_admin\",\"CAP_BPF\",\"Kill\"]},"
		      "\"ports\":{\"addresses\":[\"::ffff:1.2.3.4\",\"10.0.0.1\",\"0:0:0:0::1\"]},"
		      "\"invocation\":{\"plugins\":[\"b\",\"a\"]},"
		      "\"hooks\":{\"allow\":[\"/z\",\"/\",\"/a/b\"]},"
		      "\"namespaces\":{\"required\":[\"uts\",\"mount\"]},"
		      "\"cgroup\":{\"parents\":[\"z*\",\"/a\"]},"
		      "\"mounts\":{\"allow\":[{\"source\":\"/b\"},{\"source\":\"/"
		      "a*\",\"access\":\"rw\","
		      "\"accept\":\"setuid\"}],\"tmpfs-size\":18446744073709551615,"
		      "\"others\":true,\"outside\":\"remove\",\"volumes\":\"ro\"}"));
	const struct og_list *caps = og_effective_list(effective, OG_OPT_capabilities_allow);
	const struct og_list *globs = og_effective_list(effective, OG_OPT_cgroup_parents);
	const struct og_list *sources = og_effective_list(effective, OG_OPT_mounts_allow);

	check_list(effective, OG_OPT_capabilities_allow, "CAP_BPF CAP_KILL CAP_SYS_ADMIN", "caps");
	check_list(effective, OG_OPT_ports_addresses, "10.0.0.1 ::1 ::ffff:1.2.3.4", "addresses");
	check_list(effective, OG_OPT_invocation_plugins, "a b", "strings");
	check_list(effective, OG_OPT_hooks_allow, "/ /a/b /z", "paths");
	check_list(effective, OG_OPT_namespaces_required, "mount uts", "words");
	check_list(effective, OG_OPT_cgroup_parents, "/a z*", "globs");
	check_list(effective, OG_OPT_mounts_allow, "/a*=rw+setuid /b=ro", "sources");
	cr_expect(eq(u64, caps->items[0].lo, 39));
	cr_expect(not(globs->items[0].glob));
	cr_expect(globs->items[1].glob);
	cr_expect(sources->items[0].glob);
	cr_expect(not(sources->items[1].glob));
	cr_expect(eq(u64, og_effective_u64(effective, OG_OPT_mounts_tmpfs_size), UINT64_MAX));
	cr_expect(og_effective_bool(effective, OG_OPT_mounts_others));
	cr_expect(eq(str, (char *)og_effective_str(effective, OG_OPT_mounts_outside), "remove"));
	cr_expect(eq(str, (char *)og_effective_str(effective, OG_OPT_mounts_volumes), "ro"));
	og_effective_free(effective);
	og_policy_free(policy);
}

Test(compile, id_pair_is_text_and_numbers)
{
	struct og_policy *policy;
	struct og_effective *effective = effective_text(
		&policy, RULES("\"user\":{\"to\":\"7:2147483647\"}"));

	cr_expect(eq(str, (char *)og_effective_str(effective, OG_OPT_user_to), "7:2147483647"));
	cr_expect(eq(u64, og_effective_u64(effective, OG_OPT_user_to), 7ull << 32 | 2147483647u));
	og_effective_free(effective);
	og_policy_free(policy);
}

Test(compile, devices_have_numbers)
{
	static const struct {
		const char *value;
		char type;
		uint64_t major, minor;
		unsigned perms;
	} cases[] = {
		{ "\"/dev/fuse\"", 'c', 10, 229, 7 },
		{ "{\"path\":\"/dev/net/tun\",\"access\":\"wr\"}", 'c', 10, 200, 3 },
		{ "\"/dev/nvidia0\"", 'c', 195, 0, 7 },
		{ "\"/dev/nvidia12\"", 'c', 195, 12, 7 },
		{ "\"/dev/nvidiactl\"", 'c', 195, 255, 7 },
		{ "\"/dev/dri/renderD128\"", 'c', 226, 128, 7 },
		{ "\"/dev/loop7\"", 'b', 7, 7, 7 },
		{ "{\"path\":\"/dev/x\",\"type\":\"b\",\"major\":8}", 'b', 8, UINT64_MAX, 7 },
		{ "{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":4095,\"minor\":1048575,"
		  "\"access\":\"m\"}",
		  'c', 4095, 1048575, 4 },
		/* what is said counts for more than what is known */
		{ "{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":9,\"minor\":9}", 'c', 9, 9, 7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct og_policy *policy;
		struct og_effective *effective;
		const struct og_list *list;
		char text[256];

		snprintf(text, sizeof(text), RULES("\"devices\":{\"allow\":[%s]}"), cases[i].value);
		effective = effective_text(&policy, text);
		list = og_effective_list(effective, OG_OPT_devices_allow);
		cr_assert(eq(sz, list->n, 1));
		cr_expect(eq(chr, list->items[0].devtype, cases[i].type), "%s", cases[i].value);
		cr_expect(eq(u64, list->items[0].major, cases[i].major), "%s", cases[i].value);
		cr_expect(eq(u64, list->items[0].minor, cases[i].minor), "%s", cases[i].value);
		cr_expect(eq(uint, list->items[0].perms, cases[i].perms), "%s", cases[i].value);
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

/* Of two entries for one thing the stricter decides. */
Test(compile, the_stricter_of_equal_entries)
{
	static const char *const chain[] = {
		FILES(1) "\"rules\":{\"mounts\":{\"allow+\":[{\"source\":\"/a\",\"access\":\"rw\"},"
			 "{\"source\":\"/b\"},{\"source\":\"/c\",\"access\":\"rw\"}],"
			 "\"allow-\":[\"/d\"]},\"devices\":{\"allow+\":[{\"path\":\"/dev/fuse\","
			 "\"access\":\"rw\"},{\"path\":\"/dev/"
			 "kvm\",\"type\":\"c\",\"major\":1}]}}}",
		RULES("\"mounts\":{\"allow\":[{\"source\":\"/a\"},{\"source\":\"/b\",\"access\":"
		      "\"rw\"},{\"source\":\"/c\",\"access\":\"rw\",\"accept\":\"setuid\"},"
		      "{\"source\":\"/d\"}]},\"devices\":{\"allow\":[{\"path\":\"/dev/fuse\","
		      "\"access\":\"wm\"},\"/dev/kvm\"]}"),
	};
	struct og_policy *policy = compile_chain(chain, 2);
	struct og_effective *effective = effective_of(policy, &no_facts);
	const struct og_list *devices = og_effective_list(effective, OG_OPT_devices_allow);

	check_list(effective, OG_OPT_mounts_allow, "/a=ro /b=ro /c=rw", "sources");
	cr_assert(eq(sz, devices->n, 2));
	cr_expect(eq(uint, devices->items[0].perms, 2));
	cr_expect(eq(uint, devices->items[1].perms, 0), "one name for two devices");
	og_effective_free(effective);
	og_policy_free(policy);
}

/* What is freed on the way out of a failure may never have been made. */
Test(compile, freeing_nothing)
{
	og_policy_free(NULL);
	og_effective_free(NULL);
	og_facts_free(NULL);
}

Test(compile, comments_are_allowed)
{
	og_policy_free(compile_text("// a\n{/* b */\"version\":1,\"extends\":\"lab\"// c\n}"));
}

/* ---- words ---- */

Test(compile, words_of_modes_and_actions)
{
	static const enum og_mode modes[] = { OG_MODE_AUDIT, OG_MODE_ENFORCE, OG_MODE_EXPLAIN };
	enum og_mode mode;

	for (size_t i = 0; i < 3; i++) {
		cr_assert(eq(int, og_mode_parse(og_mode_name(modes[i]), &mode), 0));
		cr_expect(eq(int, mode, modes[i]));
	}
	cr_expect(eq(int, og_mode_parse("Audit", &mode), -1));
	cr_expect(eq(int, og_mode_parse("", &mode), -1));
	cr_expect(eq(str, (char *)og_action_name(OG_OFF), "off"));
	cr_expect(eq(str, (char *)og_action_name(OG_AUDIT), "audit"));
	cr_expect(eq(str, (char *)og_action_name(OG_REWRITE), "rewrite"));
	cr_expect(eq(str, (char *)og_action_name(OG_REJECT), "reject"));
}

/* ---- what a file extends ---- */

Test(compile, extends)
{
	static const struct {
		const char *text, *extends, *error;
	} cases[] = {
		{ POLICY("lab", ""), "lab", NULL },
		{ POLICY("/etc/x.json", ""), "/etc/x.json", NULL },
		/* other mistakes are the compiler's to report */
		{ "{\"extends\":\"lab\",\"rules\":7}", "lab", NULL },
		{ "{}", NULL,
		  "p:1:1: \"extends\" is missing in a policy: name a preset (" OG_PRESETS
		  "), or another policy by its absolute path" },
		{ "{\"version\":1,\n\"extnds\":\"lab\"}", NULL,
		  "p:2:10: \"extnds\" is no key of a policy; did you mean \"extends\"?" },
		{ "{\"version\":1,\"mode\":\"audit\",\"exceptions\":[],\"rules\":{}}", NULL,
		  "p:1:1: \"extends\" is missing in a policy: name a preset (" OG_PRESETS
		  "), or another policy by its absolute path" },
		{ "[]", NULL,
		  "p:1:1: \"extends\" is missing in a policy: name a preset (" OG_PRESETS
		  "), or another policy by its absolute path" },
		{ "{\n \"extends\": \"no\"}", NULL,
		  "p:2:13: there is no preset \"no\": they are " OG_PRESETS
		  "; another policy is named by its absolute path" },
		{ "{\"extends\":\"/a/\"}", NULL,
		  "p:1:12: \"/a/\" is not an absolute path without \"//\", \".\", \"..\" or a "
		  "slash at the end" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct og_policy_source source = { "p", cases[i].text, strlen(cases[i].text) };
		struct og_err err = { 0 };
		char *extends = NULL, text[1024];
		int status = og_policy_extends(&source, &extends, &err);

		cr_expect(eq(int, status, cases[i].extends ? 0 : -1), "%s", cases[i].text);
		snprintf(text, sizeof(text), "%s:%u:%u: %s", err.where, err.line, err.col, err.msg);
		if (cases[i].extends)
			cr_expect(eq(str, extends, (char *)cases[i].extends));
		else
			cr_expect(eq(str, text, (char *)cases[i].error));
		free(extends);
	}
	cr_expect(og_preset_exists("baseline"));
	cr_expect(not(og_preset_exists("baselin")));
}

/* ---- limits ---- */

static int compile_status(const struct og_policy_source *sources, size_t n, struct og_err *err)
{
	struct og_policy *policy = NULL;
	int status = og_policy_compile(sources, n, NULL, NULL, &policy, err);

	og_policy_free(policy);
	return status;
}

Test(compile, at_most_eight_files)
{
	static const char middle[] = FILES(1) "\"mode\":\"audit\"}", last[] = POLICY("lab", "");
	struct og_policy_source sources[9];
	struct og_err err = { 0 };

	for (size_t i = 0; i < 9; i++)
		sources[i] = (struct og_policy_source){ "m", middle, strlen(middle) };
	sources[7] = (struct og_policy_source){ "l", last, strlen(last) };
	cr_expect(eq(int, compile_status(sources, 8, &err), 0), "%s", err.msg);
	sources[7] = sources[0];
	sources[8] = (struct og_policy_source){ "l", last, strlen(last) };
	cr_expect(eq(int, compile_status(sources, 9, &err), -1));
	cr_expect(eq(str, err.msg, "more than 8 files extend each other"));
	cr_expect(eq(int, err.code, OG_E_POLICY));
}

/* The chain is the caller's to load: one that does not fit is no policy at all. */
Test(compile, a_chain_that_does_not_fit_is_refused)
{
	static const char file[] = POLICY("/p1", ""), preset[] = POLICY("lab", "");
	struct og_policy_source open_end = { "p0", file, strlen(file) };
	struct og_policy_source too_long[] = { { "p0", preset, strlen(preset) },
					       { "p1", preset, strlen(preset) } };
	struct og_err err = { 0 };

	cr_expect(eq(int, compile_status(&open_end, 1, &err), -1));
	cr_expect(eq(int, err.code, OG_E_BUG));
	err = (struct og_err){ 0 };
	cr_expect(eq(int, compile_status(too_long, 2, &err), -1));
	cr_expect(eq(int, err.code, OG_E_BUG));
	err = (struct og_err){ 0 };
	cr_expect(eq(int, compile_status(too_long, 0, &err), -1));
}

Test(compile, four_mebibytes)
{
	static const char text[] = POLICY("lab", "");
	size_t size = (size_t)4 << 20;
	char *large = malloc(size + 1);
	struct og_policy_source source = { "p", large, size };
	struct og_err err = { 0 };

	cr_assert(large != NULL);
	memset(large, ' ', size + 1);
	memcpy(large, text, strlen(text));
	cr_expect(eq(int, compile_status(&source, 1, &err), 0), "%s", err.msg);
	source.len++;
	cr_expect(eq(int, compile_status(&source, 1, &err), -1));
	cr_expect(eq(str, err.msg, "larger than 4194304 bytes"));
	free(large);
}

/* A policy whose user.groups holds |n| numbers, every other one, backwards. */
static char *many_groups(size_t n, const char *more)
{
	struct og_buf out = { 0 };
	char *text;

	og_buf_puts(&out,
		    "{\"version\":1,\"extends\":\"permissive\",\"rules\":{\"user\":{\"groups\":[");
	for (size_t i = n; i-- > 0;)
		og_buf_printf(&out, "%zu%s", 2 * i, i ? "," : "");
	og_buf_printf(&out, "]}}%s}", more);
	text = og_buf_steal(&out);
	cr_assert(text != NULL);
	return text;
}

Test(compile, a_hundred_thousand_entries)
{
	char *text = many_groups(100000, "");
	struct og_policy *policy = compile_text(text);
	struct og_effective *effective = effective_of(policy, &no_facts);
	const struct og_list *list = og_effective_list(effective, OG_OPT_user_groups);
	struct og_policy_source source = { "p", NULL, 0 };
	struct og_err err = { 0 };

	cr_assert(eq(sz, list->n, 100000));
	for (size_t i = 0; i < list->n; i++)
		cr_assert(eq(u64, list->items[i].lo, 2 * i));
	og_effective_free(effective);
	og_policy_free(policy);
	free(text);
	text = many_groups(100001, "");
	source.text = text;
	source.len = strlen(text);
	cr_expect(eq(int, compile_status(&source, 1, &err), -1));
	cr_expect(eq(str, err.msg, "more than 100000 list entries in all"));
	free(text);
}

/* Whatever list they are in. */
Test(compile, too_many_entries_of_an_exception)
{
	static const struct {
		const char *head, *entry, *tail;
	} cases[] = {
		{ "[{\"name\":\"e\",\"reason\":\"r\",\"match\":{\"cri-namespace\":[", "\"x\"",
		  "]},\"rules\":{}}]" },
		{ "[", "1", "]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		og_auto_buf struct og_buf text = { 0 };
		struct og_policy_source source = { "p", NULL, 0 };
		struct og_err err = { 0 };

		og_buf_printf(&text, "{\"version\":1,\"extends\":\"lab\",\"exceptions\":%s%s",
			      cases[i].head, cases[i].entry);
		for (size_t n = 1; n < 100001; n++)
			og_buf_printf(&text, ",%s", cases[i].entry);
		og_buf_printf(&text, "%s}", cases[i].tail);
		source.text = text.data;
		source.len = text.len;
		cr_expect(eq(int, compile_status(&source, 1, &err), -1));
		cr_expect(eq(str, err.msg, "more than 100000 list entries in all"));
	}
}

/* Problems are listed up to a number, and errors are never crowded out by warnings. */
Test(compile, a_file_of_nothing_but_problems)
{
	struct og_buf text = { 0 }, report = { 0 };
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };
	struct og_policy_source source = { .file = "p" };
	size_t lines = 0;

	og_buf_puts(&text, "{\"version\":1,\"extends\":\"lab\",\"rules\":{\"user\":{\"uid\":[");
	for (size_t i = 1000; i < 6000; i++)
		og_buf_printf(&text, "%zu,", i);
	og_buf_puts(&text, "1],\"groups\":[");
	for (size_t i = 0; i < 5000; i++)
		og_buf_puts(&text, "\"x\",");
	og_buf_puts(&text, "1]}}}");
	source.text = text.data;
	source.len = text.len;
	cr_expect(
		eq(int, og_policy_compile(&source, 1, report_to_buf, &report, &policy, &err), -1));
	for (const char *p = report.data; (p = strchr(p, '\n')); p++)
		lines++;
	cr_expect(eq(sz, lines + 1, 1000));
	cr_expect(strstr(report.data, "warning: ") != NULL);
	cr_expect(strstr(report.data, "a number or") != NULL);
	og_buf_release(&text);
	og_buf_release(&report);
}
