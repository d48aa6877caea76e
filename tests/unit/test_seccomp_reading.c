/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a given seccomp profile is read where that is a decision: what makes it
 * no filter at all, and what counts as wider because runtimes differ.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "policy/seccomp_compare.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ERRNO	     "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
#define ENTRY(names, action, args)                                                                 \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\",\"args\":[" args "]}"
#define CALLS(entries)	  ERRNO "\"syscalls\":[" entries "]}"
#define ARG(index, op, v) "{\"index\":" #index ",\"value\":" #v ",\"op\":\"SCMP_CMP_" #op "\"}"

/* |say|: part of the reason; NULL: it is a filter */
static const struct {
	const char *profile, *say;
} permissive[] = {
	{ "{}", "no valid defaultAction" },
	{ "[]", "no valid defaultAction" },
	{ "{\"defaultAction\":null}", "no valid defaultAction" },
	{ "{\"defaultAction\":1}", "no valid defaultAction" },
	{ "{\"defaultAction\":\"\"}", "no valid defaultAction" },
	{ "{\"defaultAction\":\"SCMP_ACT_PERMIT\"}", "no valid defaultAction" },
	{ "{\"defaultAction\":\"scmp_act_errno\"}", "no valid defaultAction" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", "does not list (\"SCMP_ACT_ALLOW\")" },
	{ "{\"defaultAction\":\"SCMP_ACT_LOG\"}", "SCMP_ACT_LOG" },
	{ "{\"defaultAction\":\"SCMP_ACT_TRACE\"}", "SCMP_ACT_TRACE" },
	{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "SCMP_ACT_NOTIFY" },
	{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", NULL },
	{ "{\"defaultAction\":\"SCMP_ACT_KILL\"}", NULL },
	{ "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"}", NULL },
	{ "{\"defaultAction\":\"SCMP_ACT_KILL_THREAD\"}", NULL },
	{ "{\"defaultAction\":\"SCMP_ACT_TRAP\"}", NULL },
	{ ERRNO "\"listenerPath\":\"/run/x.sock\"}", "listener" },
	{ ERRNO "\"listenerPath\":\"\"}", "listener" },
	{ ERRNO "\"listenerPath\":null}", NULL },
	{ ERRNO "\"listenerMetadata\":\"x\"}", "listener" },
	{ ERRNO "\"syscalls\":null}", NULL },
	{ ERRNO "\"syscalls\":{}}", "list of system calls" },
	{ ERRNO "\"syscalls\":[null]}", "unknown action" },
	{ ERRNO "\"syscalls\":[{\"names\":[\"read\"]}]}", "unknown action" },
	{ ERRNO "\"syscalls\":[{\"names\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"}]}",
	  "unknown action" },
	{ ERRNO "\"syscalls\":[{\"names\":[1],\"action\":\"SCMP_ACT_ALLOW\"}]}", "unknown action" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", "")), NULL },
	{ CALLS(ENTRY("\"read\"", "ALLOWED", "")), "unknown action" },
	{ CALLS(ENTRY("\"read\"", "NOTIFY", "")), "SCMP_ACT_NOTIFY" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", ARG(0, EQ, 0))), NULL },
	{ CALLS(ENTRY("\"read\"", "ALLOW", ARG(5, EQ, 18446744073709551615))), NULL },
	{ CALLS(ENTRY("\"read\"", "ALLOW", ARG(6, EQ, 0))), "unknown action" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", ARG(0, IN, 0))), "unknown action" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", ARG(0, EQ, -1))), "unknown action" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", ARG(0, EQ, 18446744073709551616))), "unknown action" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", "{\"op\":\"SCMP_CMP_EQ\"}")), NULL },
	{ CALLS(ENTRY("\"read\"", "ALLOW", "{\"index\":0}")), "unknown action" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", "{\"op\":\"SCMP_CMP_EQ\",\"index\":\"0\"}")),
	  "unknown action" },
	{ CALLS(ENTRY("\"read\"", "ALLOW", "{\"op\":\"SCMP_CMP_EQ\",\"valueTwo\":-1}")),
	  "unknown action" },
	{ CALLS("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":{}}"),
	  "unknown action" },
	{ CALLS("{\"names\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"}"), "unknown action" },
};

Test(seccomp_reading, permissive)
{
	for (size_t i = 0; i < COUNT(permissive); i++) {
		struct og_doc *doc = text_parse(permissive[i].profile);
		struct og_scmp_why why = { "" };
		bool is = og_scmp_permissive(og_doc_root(doc), &why);

		cr_expect(eq(int, is, permissive[i].say != NULL), "%s: %s", permissive[i].profile,
			  why.text);
		if (permissive[i].say)
			cr_expect(ne(ptr, strstr(why.text, permissive[i].say), NULL), "%s: %s",
				  permissive[i].profile, why.text);
		og_doc_free(doc);
	}
}

#define SEVEN                                                                                      \
	ARG(0, EQ, 0)                                                                              \
	"," ARG(1, EQ, 0) "," ARG(2, EQ, 0) "," ARG(3, EQ, 0) "," ARG(4, EQ, 0) "," ARG(           \
		5, EQ, 0) "," ARG(5, EQ, 1)
#define ARCHES(list) ERRNO "\"architectures\":[" list "]}"
#define ADMIN	     (UINT64_C(1) << 21)

static const struct {
	const char *profile;
	uint64_t caps;
	const char *say, *lacking; /* part of the reason, for each scope; NULL: not wider */
} wider[] = {
	{ ERRNO "\"syscalls\":null}", 0, NULL, NULL },
	{ CALLS(ENTRY("\"read\"", "ALLOW", "")), 0, NULL, NULL },
	/* what is unknown to every libseccomp is ignored, what is newer than ours is not */
	{ CALLS(ENTRY("\"no_such_call\",\"\"", "ALLOW", "")), 0, NULL, NULL },
	{ CALLS(ENTRY("\"open_tree_attr\"", "ALLOW", "")), ADMIN, "open_tree_attr", NULL },
	{ CALLS(ENTRY("\"open_tree_attr\"", "ALLOW", ARG(0, LT, 0))), ADMIN, NULL, NULL },
	{ CALLS(ENTRY("\"lsm_set_self_attr\"", "ALLOW", "")), 0, "CAP_SYS_ADMIN", "CAP_SYS_ADMIN" },
	{ CALLS(ENTRY("\"lsm_set_self_attr\"", "ALLOW", "")), ADMIN, NULL, NULL },
	{ CALLS(ENTRY("\"statmount\"", "ALLOW", "")), 0, NULL, NULL },
	{ CALLS(ENTRY("\"s390_runtime_instr\"", "ALLOW", "")), 0, NULL, NULL },
	/* every way of carrying it out */
	{ CALLS(ENTRY("\"keyctl\"", "ALLOW", "")), 0, "\"keyctl\"", NULL },
	{ CALLS(ENTRY("\"keyctl\"", "LOG", "")), 0, "\"keyctl\"", NULL },
	{ CALLS(ENTRY("\"keyctl\"", "TRACE", "")), 0, "\"keyctl\"", NULL },
	{ CALLS(ENTRY("\"keyctl\"", "ERRNO", "")), 0, NULL, NULL },
	{ CALLS(ENTRY("\"keyctl\"", "KILL", "")), 0, NULL, NULL },
	{ CALLS(ENTRY("\"mount\"", "ALLOW", "")), 0, "CAP_SYS_ADMIN", "CAP_SYS_ADMIN" },
	{ CALLS(ENTRY("\"mount\"", "ALLOW", "")), ADMIN, NULL, NULL },
	/* conditions */
	{ CALLS(ENTRY("\"mount\"", "ALLOW", ARG(0, EQ, 1))), 0, "CAP_SYS_ADMIN", "CAP_SYS_ADMIN" },
	{ CALLS(ENTRY("\"mount\"", "ALLOW", ARG(0, LT, 0))), 0, NULL, NULL },
	{ CALLS(ENTRY("\"personality\"", "ALLOW", ARG(0, EQ, 8))), 0, NULL, NULL },
	{ CALLS(ENTRY("\"personality\"", "ALLOW", ARG(0, EQ, 9))), 0, "with more arguments", NULL },
	{ CALLS(ENTRY("\"personality\"", "ALLOW", ARG(1, EQ, 8))), 0, "with more arguments", NULL },
	{ CALLS(ENTRY("\"personality\"", "ALLOW", ARG(0, EQ, 8) "," ARG(1, EQ, 9))), 0, NULL,
	  NULL },
	{ CALLS(ENTRY("\"personality\"", "ALLOW", ARG(0, EQ, 8) "," ARG(0, EQ, 0))), 0, NULL,
	  NULL },
	/* as soon as two are on one argument, any of the three will do */
	{ CALLS(ENTRY("\"personality\"", "ALLOW",
		      ARG(0, EQ, 8) "," ARG(0, EQ, 0) "," ARG(1, EQ, 0))),
	  0, "with more arguments", NULL },
	{ CALLS(ENTRY("\"read\"", "ALLOW", SEVEN)), 0, "more than six", NULL },
	{ CALLS(ENTRY("\"mount\"", "ALLOW", SEVEN)), 0, "more than six", "more than six" },
	{ CALLS(ENTRY("\"no_such_call\"", "ALLOW", SEVEN)), 0, NULL, NULL },
	/* two actions */
	{ CALLS(ENTRY("\"read\"", "ALLOW", "") "," ENTRY("\"read\"", "ERRNO", "")), 0,
	  "two actions", NULL },
	{ CALLS(ENTRY("\"read\"", "KILL", "") "," ENTRY("\"read\"", "ALLOW", ARG(0, EQ, 1))), 0,
	  "two actions", NULL },
	{ CALLS(ENTRY("\"read\"", "ALLOW", "") "," ENTRY("\"read\"", "ALLOW", "")), 0, NULL, NULL },
	/* a system call counts once for each entry, and each entry counts */
	{ CALLS(ENTRY("\"personality\",\"personality\"", "ALLOW",
		      ARG(0, EQ, 8)) "," ENTRY("\"personality\"", "ALLOW", "")),
	  0, "with more arguments", NULL },
	/* architectures */
	{ ARCHES("\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\""), 0, NULL, NULL },
	{ ARCHES(""), 0, NULL, NULL },
	{ ARCHES("\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_ARM\""), 0, "SCMP_ARCH_ARM", NULL },
	{ ARCHES("null"), 0, "none of this host's", NULL },
};

Test(seccomp_reading, wider)
{
	for (size_t i = 0; i < COUNT(wider); i++) {
		struct og_doc *doc = text_parse(wider[i].profile);
		struct og_scmp_site site = og_scmp_site("SCMP_ARCH_X86_64", 6001, wider[i].caps);

		for (int scope = OG_SCMP_EVERYTHING; scope <= OG_SCMP_LACKING; scope++) {
			const char *say = scope == OG_SCMP_LACKING ? wider[i].lacking
								   : wider[i].say;
			struct og_scmp_why why = { "" };
			bool is = og_scmp_wider(og_doc_root(doc), &site, (enum og_scmp_scope)scope,
						&why);

			cr_expect(eq(int, is, say != NULL), "%s: %s", wider[i].profile, why.text);
			if (say)
				cr_expect(ne(ptr, strstr(why.text, say), NULL), "%s: %s",
					  wider[i].profile, why.text);
		}
		og_doc_free(doc);
	}
}

/* On a host that is not known, an architecture given is one too many. */
Test(seccomp_reading, unknown_host)
{
	struct og_doc *doc = text_parse(ARCHES("\"SCMP_ARCH_X86_64\""));
	struct og_scmp_site site = og_scmp_site(NULL, 0, 0);
	struct og_scmp_why why = { "" };

	cr_expect(og_scmp_wider(og_doc_root(doc), &site, OG_SCMP_EVERYTHING, &why));
	og_doc_free(doc);
}

/* The same name thirty thousand times is looked at once for each entry. */
Test(seccomp_reading, large_profiles, .timeout = 20)
{
	struct og_buf text = { 0 };
	struct og_scmp_site site = og_scmp_site("SCMP_ARCH_X86_64", 6001, 0);
	struct og_scmp_why why = { "" };
	struct og_doc *doc;

	og_buf_puts(&text, ERRNO "\"syscalls\":[");
	for (int i = 0; i < 4000; i++)
		og_buf_printf(&text, "%s" ENTRY("\"personality\"", "ALLOW", ARG(0, EQ, 131080)),
			      i ? "," : "");
	og_buf_puts(&text, ",{\"names\":[\"read\"");
	for (int i = 0; i < 30000; i++)
		og_buf_puts(&text, ",\"personality\"");
	og_buf_puts(&text, "],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[" ARG(0, LE, 0) "]}]}");
	doc = text_parse(text.data);
	cr_expect(not(og_scmp_permissive(og_doc_root(doc), &why)));
	cr_expect(not(og_scmp_wider(og_doc_root(doc), &site, OG_SCMP_EVERYTHING, &why)), "%s",
		  why.text);
	og_doc_free(doc);
	og_buf_release(&text);
}
