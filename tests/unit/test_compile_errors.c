/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a policy file: every message with its exact place, and all
 * of a file's at once in order of place.
 */
#include "policy_helpers.h"

struct wrong {
	const char *text, *report;
};

static void check_report(const char *text, const char *expected)
{
	struct og_policy_source source = { "p.json", text, strlen(text) };
	struct og_policy *policy = NULL;
	struct og_buf report = { 0 };
	struct og_err err = { 0 };
	int status = og_policy_compile(&source, 1, report_to_buf, &report, &policy, &err);
	const char *first = strstr(expected, "warning: ") || !*expected ? NULL : expected;

	cr_expect(eq(str, report.data ? report.data : "", (char *)expected), "%s", text);
	if (first) { /* errors alone: the first of them is what fails */
		char place[1024];

		cr_expect(eq(int, status, -1), "%s", text);
		snprintf(place, sizeof(place), "%s:%u:%u: %s", err.where, err.line, err.col,
			 err.msg);
		cr_expect(strncmp(expected, place, strlen(place)) == 0, "%s: %s", text, place);
		cr_expect(eq(int, err.code, OG_E_POLICY));
	}
	if (!*expected)
		cr_expect(eq(int, status, 0), "%s", text);
	og_policy_free(policy);
	og_buf_release(&report);
}

static void check_all(const struct wrong *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_report(list[i].text, list[i].report);
}
#define CHECK_ALL(list) check_all(list, sizeof(list) / sizeof((list)[0]))

/* A policy with one rule's options on line 2, and one with one exception there. */
#define RULES(rules) "{\"version\":1,\"extends\":\"permissive\",\"rules\":{\n" rules "}}"
#define EXCEPTION(members)                                                                         \
	"{\"version\":1,\"extends\":\"permissive\",\"exceptions\":[\n{" members "}]}"
#define NAMED	"\"name\":\"e\",\"reason\":\"r\","
#define DIGEST	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CHANGES "\"rules\":{\"ports\":{\"action\":\"off\"}}"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct wrong top[] = {
	{ "", "p.json:1:1: the file is empty" },
	{ "[]", "p.json:1:1: a policy is an object" },
	{ "{}", "p.json:1:1: \"version\" is missing in a policy\n"
		"p.json:1:1: \"extends\" is missing in a policy" },
	{ "{\"version\":\"1\",\"extends\":\"lab\"}",
	  "p.json:1:12: the version of the policy language is 1" },
	{ "{\"version\":2,\"extends\":\"lab\"}",
	  "p.json:1:12: the version of the policy language is 1" },
	{ "{\"version\":1,\"extends\":1}",
	  "p.json:1:24: the name of a preset or an absolute path is expected" },
	{ "{\"version\":1,\"extends\":\"labb\"}",
	  "p.json:1:24: there is no preset \"labb\"; did you mean \"lab\"?" },
	{ "{\"version\":1,\"extends\":\"\"}",
	  "p.json:1:24: there is no preset \"\": they are " OG_PRESETS
	  "; another policy is named by its absolute path" },
	{ "{\"version\":1,\"extends\":\"a/b\"}",
	  "p.json:1:24: \"a/b\" is not an absolute path without \"//\", \".\", \"..\" or a slash "
	  "at the end" },
	{ POLICY("lab", ",\"mod\":1"),
	  "p.json:1:36: \"mod\" is no key of a policy; did you mean \"mode\"?" },
	{ POLICY("lab", ",\"zzzzzzzz\":1"), "p.json:1:41: \"zzzzzzzz\" is no key of a policy" },
	{ POLICY("lab", ",\"mode\":\"enforced\""),
	  "p.json:1:37: \"enforced\" is not \"audit\", \"enforce\" or \"explain\"; did you mean "
	  "\"enforce\"?" },
	{ POLICY("lab", ",\"mode\":1"),
	  "p.json:1:37: this is not \"audit\", \"enforce\" or \"explain\"" },
	{ POLICY("lab", ",\"message\":\"\""),
	  "p.json:1:40: a string is expected that is not empty" },
	{ POLICY("lab", ",\"message\":7"), "p.json:1:40: a string is expected that is not empty" },
	{ POLICY("lab", ",\"message\":\"a\\nb\""),
	  "p.json:1:40: \"a\\x0ab\" is not one line of text" },
	{ POLICY("lab", ",\"message\":\"No such file or directory!\""),
	  "p.json:1:40: engines take \"no s...tory\" for something else: put it in other words" },
	{ POLICY("lab", ",\"message\":\"a\x7f\""),
	  "p.json:1:40: \"a\\x7f\" is not one line of text" },
	/* too long for a suggestion */
	{ POLICY("lab", ",\"modemodemodemodemodemodemodemodemodemodemode\":1"),
	  "p.json:1:77: \"modemodemodemodemodemodemodemodemodemodemode\" is no key of a policy" },
	{ POLICY("lab", ",\"audit\":[]"), "p.json:1:38: \"audit\" is an object" },
	{ POLICY("lab", ",\"audit\":{\"file\":\"log\"}"),
	  "p.json:1:46: \"log\" is not an absolute path without \"//\", \".\", \"..\" or a slash "
	  "at the end" },
	{ POLICY("lab", ",\"audit\":{\"syslog\":\"yes\",\"complying\":0,\"required\":null}"),
	  "p.json:1:48: true or false is expected\n"
	  "p.json:1:66: true or false is expected\n"
	  "p.json:1:79: true or false is expected" },
	{ POLICY("lab", ",\"audit\":{\"files\":1}"),
	  "p.json:1:47: \"files\" is no key of \"audit\"; did you mean \"file\"?" },
	{ POLICY("lab", ",\"rules\":[]"), "p.json:1:38: \"rules\" is an object" },
	{ POLICY("lab", ",\"exceptions\":{}"), "p.json:1:43: \"exceptions\" is a list" },
};

Test(compile_errors, top_level)
{
	CHECK_ALL(top);
}

static const struct wrong rules[] = {
	{ RULES("\"capabilties\":{}"),
	  "p.json:2:15: there is no rule \"capabilties\"; did you mean \"capabilities\"?" },
	{ RULES("\"user\":\"off\""), "p.json:2:8: a rule is an object: {\"action\": \"reject\"}" },
	{ RULES("\"user\":{\"action\":\"deny\"}"),
	  "p.json:2:18: \"deny\" is not \"off\", \"audit\", \"rewrite\" or \"reject\"" },
	{ RULES("\"user\":{\"action\":true}"),
	  "p.json:2:18: this is not \"off\", \"audit\", \"rewrite\" or \"reject\"" },
	{ RULES("\"user\":{\"actoin\":\"off\"}"),
	  "p.json:2:18: \"actoin\" is no key of the rule \"user\"; did you mean \"action\"?" },
	{ RULES("\"user\":{\"uids\":[]}"),
	  "p.json:2:16: \"uids\" is no key of the rule \"user\"; did you mean \"uid\"?" },
	{ RULES("\"user\":{\"\":[]}"), "p.json:2:12: \"\" is no key of the rule \"user\"" },
	{ RULES("\"user\":{\"" X64 "+\":[]}"),
	  "p.json:2:77: \"" X64 "+\" is no key of the rule \"user\"" },
	{ RULES("\"user\":{\"+\":[]}"), "p.json:2:13: \"+\" is no key of the rule \"user\"" },
	{ RULES("\"document\":{\"action\":\"audit\"}"),
	  "p.json:2:22: the rule \"document\" is always \"reject\"" },
	{ RULES("\"document\":{\"action\":\"rewrite\"}"),
	  "p.json:2:22: the rule \"document\" is always \"reject\"" },
	{ RULES("\"invocation\":{\"action\":\"rewrite\"}"),
	  "p.json:2:24: the rule \"invocation\" can only reject: there is no \"rewrite\"" },
	{ RULES("\"network-host\":{\"action\":\"rewrite\"}"),
	  "p.json:2:26: the rule \"network-host\" can only reject: there is no \"rewrite\"" },
	{ RULES("\"cgroup\":{\"action\":\"rewrite\"}"),
	  "p.json:2:20: the rule \"cgroup\" can only reject: there is no \"rewrite\"" },
	{ RULES("\"capabilities\":{\"allow\":[],\"allow+\":[\"KILL\"]}"),
	  "p.json:2:37: \"allow\" replaces the list: \"allow+\" and \"allow-\" cannot be given "
	  "with it" },
	{ RULES("\"capabilities\":{\"allow-\":[\"KILL\"],\"allow\":[]}"),
	  "p.json:2:43: \"allow\" replaces the list: \"allow+\" and \"allow-\" cannot be given "
	  "with it" },
	{ RULES("\"user\":{\"to+\":[]}"),
	  "p.json:2:15: \"to\" is no list: nothing can be added or taken out" },
	{ RULES("\"capabilities\":{\"allow-\":[\"SYS_ADMIN\"]}"),
	  "p.json:2:27: \"CAP_SYS_ADMIN\" is not in the list that it would be taken out of" },
	{ RULES("\"capabilities\":{\"allow+\":[]}"),
	  "p.json:2:26: warning: this list is empty: it changes nothing" },
	{ RULES("\"capabilities\":{\"allow+\":[\"KILL\"]}"),
	  "p.json:2:27: warning: \"CAP_KILL\" is in the list already, by permissive" },
};

Test(compile_errors, rules)
{
	CHECK_ALL(rules);
}

static const struct wrong values[] = {
	{ RULES("\"mounts\":{\"others\":1}"), "p.json:2:20: true or false is expected" },
	{ RULES("\"mounts\":{\"tmpfs-size\":-1}"),
	  "p.json:2:24: a whole number from 0 to 18446744073709551615 is expected" },
	{ RULES("\"mounts\":{\"tmpfs-size\":1e3}"),
	  "p.json:2:24: a whole number from 0 to 18446744073709551615 is expected" },
	{ RULES("\"mounts\":{\"tmpfs-size\":18446744073709551616}"),
	  "p.json:2:24: a whole number from 0 to 18446744073709551615 is expected" },
	{ RULES("\"user\":{\"umask\":512}"), "p.json:2:17: 512 is more than 511" },
	{ RULES("\"mounts\":{\"outside\":\"drop\"}"),
	  "p.json:2:21: \"drop\" is not \"reject\" or \"remove\"" },
	{ RULES("\"mounts\":{\"volumes\":\"r\"}"),
	  "p.json:2:21: \"r\" is not \"rw\", \"ro\" or \"reject\"; did you mean \"rw\"?" },
	{ RULES("\"document\":{\"unknown\":\"keeps\"}"),
	  "p.json:2:23: \"keeps\" is not \"keep\", \"remove\" or \"reject\"; did you mean "
	  "\"keep\"?" },
	{ RULES("\"ports\":{\"unknown\":\"allow\"}"),
	  "p.json:2:20: \"allow\" is not \"reject\" or \"audit\"" },
	{ RULES("\"user\":{\"to\":\"1000\"}"), "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"1:2:3\"}"), "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"01:2\"}"), "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"nobody:2\"}"),
	  "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"1:x\"}"), "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"0x1:2\"}"), "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"18446744073709551616:2\"}"),
	  "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"99999999999999999999:2\"}"),
	  "p.json:2:14: \"UID:GID\" in numbers is expected" },
	{ RULES("\"user\":{\"to\":\"4294967295:1\"}"), "p.json:2:14: ids go up to 2147483647" },
	{ RULES("\"user\":{\"to\":\"1:4294967295\"}"), "p.json:2:14: ids go up to 2147483647" },
	{ RULES("\"user\":{\"uid\":\"1\"}"),
	  "p.json:2:15: a list of ids and ranges of ids is expected" },
	{ RULES("\"user\":{\"uid\":[\"x\",\"1-\",\"-1\",\"1-2-3\",\"007\",1.5,null]}"),
	  "p.json:2:16: a number or \"FIRST-LAST\" is expected\n"
	  "p.json:2:20: a number or \"FIRST-LAST\" is expected\n"
	  "p.json:2:25: a number or \"FIRST-LAST\" is expected\n"
	  "p.json:2:30: a number or \"FIRST-LAST\" is expected\n"
	  "p.json:2:38: a number or \"FIRST-LAST\" is expected\n"
	  "p.json:2:44: a number or \"FIRST-LAST\" is expected\n"
	  "p.json:2:48: a number or \"FIRST-LAST\" is expected" },
	{ RULES("\"user\":{\"groups\":[\"5-1\",\"4294967295\",99999999999999999999]}"),
	  "p.json:2:19: \"5-1\": the first is larger than the last\n"
	  "p.json:2:25: \"4294967295\": ids go up to 2147483647\n"
	  "p.json:2:38: a number or \"FIRST-LAST\" is expected" },
	{ RULES("\"user\":{\"groups\":[7,\"7\",\n\"8\",8]}"),
	  "p.json:2:21: \"7\" is in this list already, on line 2\n"
	  "p.json:3:5: \"8\" is in this list already, on line 3" },
	{ RULES("\"capabilities\":{\"allow\":[\"CHOWN\",\"cap_chown\",\"SYSADMIN\",\"CAP_FOO\",1]"
		"}"),
	  "p.json:2:34: \"CAP_CHOWN\" is in this list already, on line 2\n"
	  "p.json:2:46: \"SYSADMIN\" is no capability; did you mean \"SYS_ADMIN\"?\n"
	  "p.json:2:57: \"CAP_FOO\" is no capability\n"
	  "p.json:2:67: the name of a capability is expected" },
	{ RULES("\"capabilities\":{\"allow\":[\"KILL\",\n\"CHOWN\",\"CHOWN\",\n\"KILL\"]}"),
	  "p.json:3:9: \"CAP_CHOWN\" is in this list already, on line 3\n"
	  "p.json:4:1: \"CAP_KILL\" is in this list already, on line 2" },
	/* one dot more or less makes a name */
	{ RULES("\"hooks\":{\"allow\":[\"/.x\",\"/...\",\"/.x/..y\"]}"), "" },
	{ RULES("\"hooks\":{\"allow\":[\"bin\",\"/\",\"/a/\",\"/a//b\",\"/a/./b\",\"/"
		"..\",\"\",1]}"),
	  "p.json:2:19: \"bin\" is not an absolute path without \"//\", \".\", \"..\" or a slash "
	  "at the end\n"
	  "p.json:2:29: \"/a/\" is not an absolute path without \"//\", \".\", \"..\" or a slash "
	  "at the end\n"
	  "p.json:2:35: \"/a//b\" is not an absolute path without \"//\", \".\", \"..\" or a slash "
	  "at the end\n"
	  "p.json:2:43: \"/a/./b\" is not an absolute path without \"//\", \".\", \"..\" or a "
	  "slash at the end\n"
	  "p.json:2:52: \"/..\" is not an absolute path without \"//\", \".\", \"..\" or a slash "
	  "at the end\n"
	  "p.json:2:58: a path must not be empty\n"
	  "p.json:2:61: a path is a string" },
	{ RULES("\"sysctls\":{\"allow\":[1,\"\",\"net.a b\",\"net/ipv4/x\",\"net.ipv4.x\"]}"),
	  "p.json:2:21: the name of a sysctl is a string\n"
	  "p.json:2:23: the name of a sysctl must not be empty\n"
	  "p.json:2:26: \"net.a b\" is no name of a sysctl\n"
	  "p.json:2:49: \"net.ipv4.x\" is in this list already, on line 2" },
	{ RULES("\"namespaces\":{\"required\":[\"mnt\",\"network\"]}"),
	  "p.json:2:27: \"mnt\" is not \"mount\", \"pid\", \"ipc\", \"uts\", \"cgroup\" or "
	  "\"time\"; did you mean \"mount\"?\n"
	  "p.json:2:33: \"network\" is not \"mount\", \"pid\", \"ipc\", \"uts\", \"cgroup\" or "
	  "\"time\"" },
	{ RULES("\"network-host\":{\"drivers\":[\"macvlann\"]}"),
	  "p.json:2:28: \"macvlann\" is not \"macvlan\", \"ipvlan\" or \"routed\"; did you mean "
	  "\"macvlan\"?" },
	{ RULES("\"ports\":{\"addresses\":[\"127.0.0.0/8\",\"localhost\",\"::1\",\"0:0::1\",1]}"),
	  "p.json:2:23: \"127.0.0.0/8\" is no IP address; networks cannot be given\n"
	  "p.json:2:37: \"localhost\" is no IP address\n"
	  "p.json:2:55: \"::1\" is in this list already, on line 2\n"
	  "p.json:2:64: an IP address is expected" },
	{ RULES("\"invocation\":{\"plugins\":[\"\"]}"),
	  "p.json:2:26: an element of this list must not be empty" },
	{ RULES("\"cgroup\":{\"parents\":[3]}"),
	  "p.json:2:22: an element of this list is a string" },
};

Test(compile_errors, values)
{
	CHECK_ALL(values);
}

Test(compile_errors, a_path_longer_than_the_kernel_takes)
{
	for (size_t len = 4095; len <= 4096; len++) {
		og_auto_buf struct og_buf text = { 0 };

		og_buf_puts(&text,
			    "{\"version\":1,\"extends\":\"permissive\",\"rules\":{\"hooks\":{"
			    "\"allow\":[\"/");
		for (size_t i = 1; i < len; i++)
			og_buf_puts(&text, "x");
		og_buf_puts(&text, "\"]}}}");
		check_report(text.data,
			     len == 4095 ? "" : "p.json:1:64: a path is longer than 4095 bytes");
	}
}

static const struct wrong objects[] = {
	{ RULES("\"mounts\":{\"allow\":[\"/a\"]}"),
	  "p.json:2:20: an object is expected: {\"source\": \"/PATH\", \"access\": \"ro\"}" },
	{ RULES("\"mounts\":{\"allow\":[{}]}"), "p.json:2:20: \"source\" is missing in a source" },
	{ RULES("\"mounts\":{\"allow\":[{\"source\":\"a\",\"access\":\"w\",\"accept\":\"suid\"}]}"),
	  "p.json:2:30: \"a\" is not an absolute path without \"//\", \".\", \"..\" or a slash at "
	  "the end\n"
	  "p.json:2:43: \"w\" is not \"ro\" or \"rw\"; did you mean \"rw\"?\n"
	  "p.json:2:56: \"suid\" is not \"setuid\"; did you mean \"setuid\"?" },
	{ RULES("\"mounts\":{\"allow\":[{\"source\":\"/a\",\"acess\":\"ro\"}]}"),
	  "p.json:2:43: \"acess\" is no key of a source; did you mean \"access\"?" },
	{ RULES("\"mounts\":{\"allow-\":[{\"source\":\"/a\"}]}"),
	  "p.json:2:21: a path is a string" },
	{ RULES("\"devices\":{\"allow\":[1,\"/dev/zzz\",\"/etc/x\"]}"),
	  "p.json:2:21: \"/dev/NAME\" or {\"path\": \"/dev/NAME\", \"access\": \"rw\"} is "
	  "expected\n"
	  "p.json:2:23: \"/dev/zzz\" has no number that is known here: say \"type\", \"major\" and "
	  "\"minor\" (ls -l shows them)\n"
	  "p.json:2:34: \"/etc/x\" is not below \"/dev\"" },
	{ RULES("\"devices\":{\"allow\":[{\"path\":\"/dev/a\",\"type\":\"x\",\"major\":4096,"
		"\"minor\":1048576,\"access\":\"rr\"}]}"),
	  "p.json:2:45: \"x\" is not \"c\" or \"b\"\n"
	  "p.json:2:57: a number from 0 to 4095 is expected\n"
	  "p.json:2:70: a number from 0 to 1048575 is expected\n"
	  "p.json:2:87: some of the letters r, w, m are expected" },
	/* what is wrong first does not hide what is wrong behind it */
	{ RULES("\"mounts\":{\"allow\":[{\"access\":\"w\",\"source\":\"/"
		"a\",\"accept\":\"setuid\"}]}"),
	  "p.json:2:30: \"w\" is not \"ro\" or \"rw\"; did you mean \"rw\"?" },
	{ RULES("\"devices\":{\"allow\":[{\"access\":5,\"major\":\"x\",\"minor\":-1,\"type\":\"c\","
		"\"path\":\"/dev/a\"},{\"path\":\"a\",\"access\":\"x\"}]}"),
	  "p.json:2:31: some of the letters r, w, m are expected\n"
	  "p.json:2:41: a number from 0 to 4095 is expected\n"
	  "p.json:2:53: a number from 0 to 1048575 is expected\n"
	  "p.json:2:92: \"a\" is not an absolute path without \"//\", \".\", \"..\" or a slash at "
	  "the end\n"
	  "p.json:2:105: some of the letters r, w, m are expected" },
	{ RULES("\"devices\":{\"allow\":[\"/dev/loop2560\",\"/dev/loop1x\",\"/dev/loop/1\"]}"),
	  "p.json:2:21: \"/dev/loop2560\" has no number that is known here: say \"type\", "
	  "\"major\" and \"minor\" (ls -l shows them)\n"
	  "p.json:2:37: \"/dev/loop1x\" has no number that is known here: say \"type\", \"major\" "
	  "and \"minor\" (ls -l shows them)\n"
	  "p.json:2:51: \"/dev/loop/1\" has no number that is known here: say \"type\", \"major\" "
	  "and \"minor\" (ls -l shows them)" },
	{ RULES("\"rlimits\":{\"limits\":[]}"),
	  "p.json:2:21: an object of limits by name is expected" },
	{ RULES("\"rlimits\":{\"limits-\":{\"core\":1}}"),
	  "p.json:2:22: a list of limits by name is expected" },
	{ RULES("\"rlimits\":{\"limits-\":[1,\"coar\"]}"),
	  "p.json:2:23: the name of a limit is expected\n"
	  "p.json:2:25: \"coar\" is no resource limit" },
	{ RULES("\"rlimits\":{\"limits\":{\"coar\":1,\"core\":-1,\"nofile\":\"x\",\"cpu\":{\"max\":"
		"\"x\",\"min\":1.5,"
		"\"required\":1},\"data\":{\"min\":5,\"max\":4},\"fsize\":{\"maximum\":1}}}"),
	  "p.json:2:29: \"coar\" is no resource limit\n"
	  "p.json:2:38: a whole number or {\"max\", \"min\", \"required\"} is expected\n"
	  "p.json:2:50: a whole number or {\"max\", \"min\", \"required\"} is expected\n"
	  "p.json:2:67: a whole number, not negative, is expected\n"
	  "p.json:2:77: a whole number, not negative, is expected\n"
	  "p.json:2:92: true or false is expected\n"
	  "p.json:2:102: \"min\" is larger than \"max\"\n"
	  "p.json:2:139: \"maximum\" is no key of a limit" },
	{ RULES("\"resources\":{\"limits\":{\"memroy\":1,\"memory\":0,\"pids\":{\"max\":0},\"cpu-"
		"shares\":{\"max\":-1}}}"),
	  "p.json:2:33: \"memroy\" is no name of a limit; did you mean \"memory\"?\n"
	  "p.json:2:44: 0 is no limit at all to runtimes: name a larger one\n"
	  "p.json:2:53: 0 is no limit at all to runtimes: name a larger one\n"
	  "p.json:2:83: a whole number, not negative, is expected" },
	{ RULES("\"mounts\":{\"allow\":[{\"source\":\"/"
		"a\",\"access\":\"rw\",\"accept\":\"suid\"}]}"),
	  "p.json:2:58: \"suid\" is not \"setuid\"; did you mean \"setuid\"?" },
	{ RULES("\"devices\":{\"allow\":[{\"access\":\"r\"}]}"),
	  "p.json:2:21: \"path\" is missing in a device" },
	{ RULES("\"devices\":{\"allow\":[{\"path\":\"/dev/a\",\"type\":\"c\"}]}"),
	  "p.json:2:21: \"type\" and \"major\" go together" },
	{ RULES("\"devices\":{\"allow\":[{\"path\":\"/dev/a\",\"minor\":1}]}"),
	  "p.json:2:21: \"type\" and \"major\" go together" },
	{ RULES("\"devices\":{\"allow\":[{\"path\":\"/dev/fuse\",\"access\":\"\"}]}"),
	  "p.json:2:50: some of the letters r, w, m are expected" },
	{ RULES("\"devices\":{\"allow\":[\"/dev/loop256\",\"/dev/video\",\"/dev/fuse1\"]}"),
	  "p.json:2:21: \"/dev/loop256\" has no number that is known here: say \"type\", "
	  "\"major\" and \"minor\" (ls -l shows them)\n"
	  "p.json:2:36: \"/dev/video\" has no number that is known here: say \"type\", \"major\" "
	  "and \"minor\" (ls -l shows them)\n"
	  "p.json:2:49: \"/dev/fuse1\" has no number that is known here: say \"type\", \"major\" "
	  "and \"minor\" (ls -l shows them)" },
};

Test(compile_errors, elements_that_are_objects)
{
	CHECK_ALL(objects);
}

static const struct wrong exceptions[] = {
	{ EXCEPTION(""), "p.json:2:1: \"name\" is missing in an exception\n"
			 "p.json:2:1: \"reason\" is missing in an exception\n"
			 "p.json:2:1: \"match\" is missing in an exception\n"
			 "p.json:2:1: \"rules\" is missing in an exception" },
	{ POLICY("lab", ",\"exceptions\":[1]"), "p.json:1:44: an exception is an object" },
	{ EXCEPTION(NAMED "\"expires\":\"2027-02-29\",\"match\":{\"sandbox\":true}," CHANGES),
	  "p.json:2:36: a day of the calendar is expected: \"YYYY-MM-DD\"" },
	{ EXCEPTION(NAMED "\"expires\":20270331,\"match\":{\"sandbox\":true}," CHANGES),
	  "p.json:2:36: a day of the calendar is expected: \"YYYY-MM-DD\"" },
	{ EXCEPTION(NAMED "\"match\":7,\"rules\":7"), "p.json:2:34: \"match\" is an object\n"
						      "p.json:2:44: \"rules\" is an object" },
	{ EXCEPTION("\"name\":\"" X64 X64 X64 X64
		    "x\",\"reason\":\"r\",\"match\":{\"sandbox\":true}," CHANGES),
	  "p.json:2:9: this is longer than 128 bytes" },
	{ EXCEPTION(
		  NAMED
		  "\"match\":{\"image\":[\"sha256:g123456789abcdef0123456789abcdef0123456789abcdef"
		  "0123456789abcdef\",\"a b@" DIGEST
		  "\",\"a@sha256:g123456789abcdef0123456789abcdef"
		  "0123456789abcdef0123456789abcdef\"]}," CHANGES),
	  "p.json:2:44: "
	  "\"sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\": a digest "
	  "is \"sha256:\" and 64 of 0-9a-f\n"
	  "p.json:2:118: \"a "
	  "b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\": a digest "
	  "is \"sha256:\" and 64 of 0-9a-f\n"
	  "p.json:2:196: "
	  "\"a@sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\": a digest "
	  "is \"sha256:\" and 64 of 0-9a-f" },
	{ EXCEPTION(NAMED "\"match\":{\"engine\":[\"podman\",\n\"docker\",\"podman\",\n\"docker\"]}"
			  "," CHANGES),
	  "p.json:3:10: \"podman\" is in this list already\n"
	  "p.json:4:1: \"docker\" is in this list already" },
	{ EXCEPTION(NAMED "\"match\":{}," CHANGES),
	  "p.json:2:34: an exception from everything is no exception: say what it applies to" },
	{ EXCEPTION(NAMED "\"match\":{\"tag\":1}," CHANGES),
	  "p.json:2:41: \"tag\" is no key of \"match\"" },
	{ EXCEPTION(NAMED "\"match\":{\"image\":\"x\",\"engine\":\"x\",\"cri-namespace\":\"x\","
			  "\"sandbox\":1}," CHANGES),
	  "p.json:2:43: a list is expected\n"
	  "p.json:2:56: a list is expected\n"
	  "p.json:2:76: a list is expected\n"
	  "p.json:2:90: true or false is expected" },
	{ EXCEPTION(NAMED "\"match\":{\"image\":[\"nginx:1\",\"" DIGEST
			  "\",\"a@sha256:1\",\"sha256:A\","
			  "\"@" DIGEST "\",1]}," CHANGES),
	  "p.json:2:44: \"nginx:1\" is a reference, and any user of the engine can give it to "
	  "another image: use the image id (sha256:...) or REPOSITORY@sha256:...\n"
	  "p.json:2:128: \"a@sha256:1\": a digest is \"sha256:\" and 64 of 0-9a-f\n"
	  "p.json:2:141: \"sha256:A\": a digest is \"sha256:\" and 64 of 0-9a-f\n"
	  "p.json:2:152: \"@" DIGEST "\": a digest is \"sha256:\" and 64 of 0-9a-f\n"
	  "p.json:2:227: an image id (sha256:...) or REPOSITORY@sha256:... is expected" },
	{ EXCEPTION(NAMED "\"match\":{\"image\":[\"nginx@" DIGEST
			  "\",\"docker.io/library/nginx@" DIGEST "\"]}," CHANGES),
	  "p.json:2:124: \"nginx@" DIGEST "\" is in this list already, on line 2" },
	{ EXCEPTION(NAMED "\"match\":{\"engine\":[1,\"podman\",\"podman\"]}," CHANGES),
	  "p.json:2:45: the name of an engine is expected\n"
	  "p.json:2:56: \"podman\" is in this list already" },
	{ EXCEPTION(NAMED "\"match\":{\"sandbox\":true},\"rules\":{\"document\":{}}"),
	  "p.json:2:71: there are no exceptions from the rule \"document\"" },
	{ EXCEPTION(NAMED "\"match\":{\"sandbox\":true},\"rules\":{\"user\":{\"uid-\":[\"5\"]}}"),
	  "p.json:2:76: \"5\" is not in the list that it would be taken out of" },
	{ EXCEPTION(NAMED "\"match\":{\"sandbox\":true}," CHANGES "},\n{" NAMED
			  "\"match\":{\"sandbox\":true}," CHANGES),
	  "p.json:3:1: the exception of line 2 is called \"e\" too" },
	{ EXCEPTION("\"name\":\"\",\"reason\":\"a\\tb\",\"match\":{\"sandbox\":true}," CHANGES),
	  "p.json:2:9: a string is expected that is not empty\n"
	  "p.json:2:21: \"a\\x09b\" is not one line of text" },
};

Test(compile_errors, exceptions)
{
	CHECK_ALL(exceptions);
}

#define WIDENS(rules)                                                                              \
	EXCEPTION(NAMED "\"match\":{\"image\":[\"" DIGEST "\"]},\"rules\":{" rules "}")
#define WIDER                                                                                      \
	"p.json:2:43: warning: this is a right for everybody who may use the engine, not for the " \
	"image's own programs: anyone can start the image with others"

static const struct wrong warnings[] = {
	{ EXCEPTION(NAMED "\"match\":{\"image\":[]}," CHANGES),
	  "p.json:2:43: warning: this list is empty: the exception never applies" },
	{ EXCEPTION(NAMED "\"match\":{\"engine\":[]}," CHANGES),
	  "p.json:2:44: warning: this list is empty: the exception never applies" },
	{ EXCEPTION(NAMED "\"match\":{\"engine\":[\"dockr\"]}," CHANGES),
	  "p.json:2:45: warning: no engine is called \"dockr\": this never matches; did you mean "
	  "\"docker\"?" },
	{ EXCEPTION(NAMED "\"match\":{\"engine\":[\"docker\"],\"sandbox\":true}," CHANGES),
	  "p.json:2:34: warning: none of these engines has pods: the exception never applies" },
	{ EXCEPTION(NAMED "\"match\":{\"engine\":[\"podman\"],\"cri-namespace\":[\"x\"]}," CHANGES),
	  "p.json:2:34: warning: none of these engines has pods: the exception never applies" },
	{ EXCEPTION(NAMED "\"match\":{\"engine\":[\"docker-build\"],\"image\":[\"" DIGEST
			  "\"]}," CHANGES),
	  "p.json:2:34: warning: a step of an image build has no image: the exception never "
	  "applies" },
	{ EXCEPTION(NAMED "\"match\":{\"sandbox\":true},\"rules\":{}"),
	  "p.json:2:59: warning: the exception changes nothing" },
	{ EXCEPTION(NAMED "\"match\":{\"image\":[\"" DIGEST "\"]},\"rules\":{\"capabilities\":{"
			  "\"allow+\":[\"SYS_CHROOT\",\"SYS_PTRACE\"]}}"),
	  "p.json:2:43: warning: this is a right for everybody who may use the engine, not for "
	  "the image's own programs: anyone can start the image with others\n"
	  "p.json:2:155: warning: \"CAP_SYS_CHROOT\" is in the list already, by permissive" },
	/* each right that anybody could take; what takes one away is none */
	{ WIDENS("\"devices\":{\"allow+\":[\"/dev/fuse\"]}"), WIDER },
	{ WIDENS("\"namespaces\":{\"action\":\"off\"}"), WIDER },
	{ WIDENS("\"mounts\":{\"others\":true}"), WIDER },
	{ WIDENS("\"user\":{\"action\":\"audit\"}"), WIDER },
	{ WIDENS("\"user\":{\"action\":\"reject\"}"), "" },
	{ WIDENS("\"devices\":{\"action\":\"reject\"},\"user\":{\"action\":\"reject\"},"
		 "\"namespaces\":{\"action\":\"reject\"}"),
	  "" },
	{ WIDENS("\"capabilities\":{\"allow-\":[\"KILL\"]}"), "" },
	{ WIDENS("\"ports\":{\"action\":\"off\"}"), "" },
	{ RULES("\"mounts\":{\"allow\":[{\"source\":\"/srv\",\"access\":\"rw\"},\n"
		"{\"source\":\"/srv/x\",\"access\":\"rw\"},{\"source\":\"/srv/y\"},"
		"{\"source\":\"/srv/y/*/z\"}]}"),
	  "p.json:3:1: warning: \"/srv/x\" is covered by \"/srv\" of line 2\n"
	  "p.json:3:55: warning: \"/srv/y/*/z\" is covered by \"/srv/y\" of line 3" },
	{ RULES("\"mounts\":{\"allow\":[{\"source\":\"/\"},{\"source\":\"/**\"},{\"source\":"
		"\"/a/**/b\"},{\"source\":\"/a\",\"accept\":\"setuid\"}]}"),
	  "p.json:2:30: warning: \"/\" is the whole host\n"
	  "p.json:2:45: warning: \"/**\" allows host paths wherever they are\n"
	  "p.json:2:62: warning: \"/a/**/b\": whoever may make a directory below what stands "
	  "before the \"**\" can make a path that this matches\n"
	  "p.json:2:73: warning: \"accept\": \"setuid\" is about \"access\": \"rw\" only" },
	{ RULES("\"mounts\":{\"deny\":[\"/etc/x\",\"/etc\",\"/etc-x\"]}"),
	  "p.json:2:19: warning: \"/etc/x\" is covered by \"/etc\" of line 2" },
	{ RULES("\"annotations\":{\"allow\":[\"a.b.*\",\"a.*\",\"*x\"]}"),
	  "p.json:2:25: warning: \"a.b.*\" is covered by \"a.*\" of line 2\n"
	  "p.json:2:39: warning: \"*x\" begins with \"*\": whoever chooses names can match it" },
	{ RULES("\"user\":{\"groups\":[\"1-9\",\"5\",\"7-12\"]}"),
	  "p.json:2:25: warning: \"5\" is covered by \"1-9\" of line 2\n"
	  "p.json:2:29: warning: \"7-12\" overlaps with \"1-9\" of line 2" },
	{ RULES("\"user\":{\"uid\":[\"999\",\"1000\",\"60000-70000\",\"60001\"]}"),
	  "p.json:2:22: warning: \"1000\" holds ids of people on the host: whoever may use the "
	  "engine can act as them on every file that is mounted\n"
	  "p.json:2:29: warning: \"60000-70000\" holds ids of people on the host: whoever may "
	  "use the engine can act as them on every file that is mounted\n"
	  "p.json:2:43: warning: \"60001\" is covered by \"60000-70000\" of line 2" },
	{ RULES("\"user\":{\"action\":\"rewrite\",\"uid\":[\"200\"],\"to\":\"100:0\"}"),
	  "p.json:2:47: warning: \"to\" is \"100:0\", but \"uid\" does not hold 100: nothing can "
	  "be rewritten to it" },
	{ EXCEPTION(NAMED
		    "\"match\":{\"sandbox\":true},\"rules\":{\"user\":{\"action\":\"rewrite\","
		    "\"gid\":[\"5\"]}}"),
	  "p.json:2:93: warning: \"to\" is \"65534:65534\", but \"gid\" does not hold 65534: "
	  "nothing can be rewritten to it" },
	{ POLICY("lab", ",\"rules\":{\"mounts\":{\"allow+\":[{\"source\":\"/srv/data\",\"access\":"
			"\"rw\"}]}}"),
	  "p.json:1:59: warning: \"/srv/data\" is in the list already, by lab: the stricter "
	  "decides; take the other out with \"-\" first" },
};

Test(compile_errors, warnings)
{
	CHECK_ALL(warnings);
}

Test(compile_errors, warnings_do_not_refuse_a_policy)
{
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		og_policy_free(compile_text(warnings[i].text));
}

/* The file nearest to the launch first, whichever has the mistake. */
Test(compile_errors, those_of_every_file)
{
	static const char site[] = "{\"version\":1,\"extends\":\"/base.json\",\"modus\":1,\"x\":2}";
	static const char base[] = "{\"version\":1,\"extends\":\"lab\",\n\"modus\":1}";
	struct og_policy_source sources[] = { { "/site.json", site, strlen(site) },
					      { "/base.json", base, strlen(base) } };
	og_auto_buf struct og_buf report = { 0 };
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };

	cr_expect(
		eq(int, og_policy_compile(sources, 2, report_to_buf, &report, &policy, &err), -1));
	cr_expect(eq(str, report.data,
		     "/site.json:1:45: \"modus\" is no key of a policy; did you mean \"mode\"?\n"
		     "/site.json:1:51: \"x\" is no key of a policy\n"
		     "/base.json:2:9: \"modus\" is no key of a policy; did you mean \"mode\"?"));
}

/* Whether an entry is covered is looked up to a depth, not for as long as a name may be. */
Test(compile_errors, deep_entries_are_looked_up_to_a_depth)
{
	og_auto_buf struct og_buf text = { 0 }, report = { 0 };
	struct og_policy_source source = { .file = "p.json" };
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };

	og_buf_puts(&text,
		    "{\"version\":1,\"extends\":\"permissive\",\"rules\":{\"mounts\":{\"allow\":["
		    "{\"source\":\"/deep\"},{\"source\":\"/near\"},{\"source\":\"/deep");
	for (int i = 0; i < 100; i++)
		og_buf_puts(&text, "/a");
	og_buf_puts(&text, "\"},{\"source\":\"/near");
	for (int i = 0; i < 50; i++)
		og_buf_puts(&text, "/a");
	og_buf_puts(&text, "\"}]},\"annotations\":{\"allow\":[\"near.*\",\"none.*\",\"deep.");
	for (int i = 0; i < 100; i++)
		og_buf_puts(&text, "a.");
	og_buf_puts(&text, "\",\"near.a\"]}}}");
	source.text = text.data;
	source.len = text.len;
	cr_assert(eq(int, og_policy_compile(&source, 1, report_to_buf, &report, &policy, &err), 0));
	cr_expect(strstr(report.data, "is covered by \"/near\" of line 1") != NULL);
	cr_expect(strstr(report.data, "is covered by \"near.*\" of line 1") != NULL);
	cr_expect(strstr(report.data, "/deep") == NULL);
	og_policy_free(policy);
}

Test(compile_errors, errors_and_warnings_come_in_order_of_place)
{
	check_report("{\"extends\":\"lab\",\"exceptions\":[{\"name\":\"e\"}],\n"
		     "\"rules\":{\"mounts\":{\"others\":0,\"allow\":[{\"source\":\"/\"}]},\n"
		     "\"user\":{\"umask\":600}},\n\"x\":1,\"version\":1}",
		     "p.json:1:32: \"reason\" is missing in an exception\n"
		     "p.json:1:32: \"match\" is missing in an exception\n"
		     "p.json:1:32: \"rules\" is missing in an exception\n"
		     "p.json:2:29: true or false is expected\n"
		     "p.json:2:50: warning: \"/\" is the whole host\n"
		     "p.json:3:17: 600 is more than 511\n"
		     "p.json:4:5: \"x\" is no key of a policy");
}
