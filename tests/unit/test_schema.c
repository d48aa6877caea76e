/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of fields and its folding: what the fixtures of the rule document
 * do not reach one by one.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "ocigate/buf.h"
#include "policy/schema.h"

struct flaws {
	struct og_buf text; /* "FLAW POINTER EXPECTED\n" per flaw */
	unsigned n, stop_at;
};

static int collect(void *ctx, enum og_flaw flaw, const struct og_node *at, const char *expected)
{
	static const char *const names[] = { "folded", "unknown", "type",
					     "word",   "missing", "foreign" };
	struct flaws *flaws = ctx;
	char pointer[256];

	og_buf_printf(&flaws->text, "%s %s %s\n", names[flaw],
		      og_pointer(at, pointer, sizeof(pointer)), expected ? expected : "-");
	return ++flaws->n == flaws->stop_at ? 7 : 0;
}

/* The flaws of |json| as text, owned by the caller. */
static char *flaws_of(const struct og_schema *schema, const char *json)
{
	struct flaws flaws = { 0 };
	struct og_err err = { 0 };
	struct og_doc *doc;

	cr_assert(og_doc_parse("test", json, strlen(json), 0, &doc, &err) == 0, "%s", err.msg);
	cr_assert(og_schema_check(schema, og_doc_root(doc), collect, &flaws) == 0);
	og_doc_free(doc);
	og_buf_puts(&flaws.text, "");
	return og_buf_steal(&flaws.text);
}

static void expect_flaws(const struct og_schema *schema, const char *json, const char *want)
{
	char *got = flaws_of(schema, json);

	cr_expect(eq(str, got ? got : "", (char *)want));
	og_cleanup_free(&got);
}

Test(schema, folding_is_that_of_go)
{
	cr_expect(og_key_folds("process", "process"));
	cr_expect(og_key_folds("PROCESS", "process"));
	cr_expect(og_key_folds("proce\xc5\xbf\xc5\xbf", "process"));
	cr_expect(og_key_folds("mas\xe2\x84\xaa"
			       "edPaths",
			       "maskedPaths"));
	cr_expect(og_key_folds("MASKEDPATHS", "maskedPaths"));
	cr_expect(not(og_key_folds("proces", "process")));
	cr_expect(not(og_key_folds("processs", "process")));
	cr_expect(not(og_key_folds("", "process")));
	/* dotless i and sharp s do not fold onto ASCII by simple folding */
	cr_expect(not(og_key_folds("u\xc4\xb1"
				   "d",
				   "uid")));
	cr_expect(not(og_key_folds("proce\xc3\x9f", "process")));
	/* half of a character */
	cr_expect(not(og_key_folds("mas\xe2\x84", "mask")));
	cr_expect(not(og_key_folds("proces\xc5", "process")));
}

/* Every field of every object: upper case folds, and null is absent. */
static void walk_fields(const struct og_schema *schema, unsigned *count)
{
	if (schema->of)
		walk_fields(schema->of, count);
	for (size_t i = 0; i < schema->nfields; i++) {
		const struct og_field *field = &schema->fields[i];
		char upper[64], json[128], want[128];

		snprintf(upper, sizeof(upper), "%s", field->name);
		for (char *p = upper; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p = (char)(*p - 'a' + 'A');
		cr_expect(og_key_folds(upper, field->name), "%s", field->name);
		for (size_t j = 0; j < i; j++)
			cr_expect(not(og_key_folds(schema->fields[j].name, field->name)),
				  "%s and %s", schema->fields[j].name, field->name);
		snprintf(json, sizeof(json), "{\"%s\":1}", upper);
		snprintf(want, sizeof(want), "folded /%s %s\n", upper, field->name);
		{
			char *got = flaws_of(schema, json);

			cr_expect(strncmp(got, want, strlen(want)) == 0, "%s", got);
			og_cleanup_free(&got);
		}
		++*count;
		walk_fields(field->schema, count);
	}
}

Test(schema, every_field_in_capitals_is_found)
{
	unsigned count = 0;

	walk_fields(&og_schema_config, &count);
	cr_expect(gt(uint, count, 180));
}

Test(schema, integers)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
		{ "{\"user\":{\"uid\":4294967295}}", "" },
		{ "{\"user\":{\"uid\":4294967296}}",
		  "type /user/uid an integer from 0 to 4294967295\n" },
		{ "{\"user\":{\"uid\":-1}}", "type /user/uid an integer from 0 to 4294967295\n" },
		{ "{\"user\":{\"uid\":-0}}", "type /user/uid an integer from 0 to 4294967295\n" },
		{ "{\"user\":{\"uid\":1e3}}", "type /user/uid an integer from 0 to 4294967295\n" },
		{ "{\"user\":{\"uid\":1.0}}", "type /user/uid an integer from 0 to 4294967295\n" },
		{ "{\"user\":{\"uid\":\"0\"}}",
		  "type /user/uid an integer from 0 to 4294967295\n" },
		{ "{\"user\":{\"uid\":true}}", "type /user/uid an integer from 0 to 4294967295\n" },
		{ "{\"user\":{\"uid\":null}}", "" },
		{ "{\"user\":{\"additionalGids\":[null]}}",
		  "type /user/additionalGids/0 an integer from 0 to 4294967295\n" },
		{ "{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615}]}", "" },
		{ "{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551616}]}",
		  "type /rlimits/0/hard an integer from 0 to 18446744073709551615\n" },
		{ "{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":-1}]}",
		  "type /rlimits/0/hard an integer from 0 to 18446744073709551615\n" },
		{ "{\"oomScoreAdj\":-2147483648}", "" },
		{ "{\"oomScoreAdj\":-0}",
		  "type /oomScoreAdj an integer from -2147483648 to 2147483647\n" },
		{ "{\"oomScoreAdj\":-2147483649}",
		  "type /oomScoreAdj an integer from -2147483648 to 2147483647\n" },
		{ "{\"oomScoreAdj\":2147483648}",
		  "type /oomScoreAdj an integer from -2147483648 to 2147483647\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_flaws(&og_schema_process, cases[i].json, cases[i].want);
	expect_flaws(&og_schema_resources,
		     "{\"memory\":{\"swap\":-1,\"limit\":-9223372036854775808}}", "");
	expect_flaws(&og_schema_resources, "{\"memory\":{\"limit\":9223372036854775808}}",
		     "type /memory/limit an integer from -9223372036854775808 to "
		     "9223372036854775807\n");
}

Test(schema, shapes)
{
	expect_flaws(&og_schema_process, "{\"noNewPrivileges\":1}",
		     "type /noNewPrivileges true or false\n");
	expect_flaws(&og_schema_process, "{\"noNewPrivileges\":\"true\"}",
		     "type /noNewPrivileges true or false\n");
	expect_flaws(&og_schema_process, "{\"args\":{}}", "type /args an array\n");
	expect_flaws(&og_schema_process, "{\"args\":[1,\"a\",null]}",
		     "type /args/0 a string\ntype /args/2 a string\n");
	expect_flaws(&og_schema_process, "{\"user\":[]}", "type /user an object\n");
	expect_flaws(&og_schema_process, "[]", "type  an object\n");
	expect_flaws(&og_schema_resources, "{\"unified\":{\"MEMORY\":\"max\",\"memory\":1}}",
		     "type /unified/memory a string\n");
	expect_flaws(&og_schema_resources, "{\"rdma\":{\"mlx5\":{\"HCAHandles\":1}}}",
		     "folded /rdma/mlx5/HCAHandles hcaHandles\n");
	expect_flaws(&og_schema_resources, "{\"rdma\":{\"mlx5\":null}}",
		     "type /rdma/mlx5 an object\n");
	expect_flaws(&og_schema_resources, "{\"x-new\":1}", "unknown /x-new -\n");
}

Test(schema, words_and_required_fields)
{
	expect_flaws(&og_schema_process, "{\"rlimits\":[{\"type\":\"RLIMIT_core\"}]}",
		     "word /rlimits/0/type one of RLIMIT_CORE, RLIMIT_NOFILE and its like, in "
		     "capitals\n");
	expect_flaws(&og_schema_process, "{\"rlimits\":[{\"type\":null}]}",
		     "missing /rlimits/0 type\n");
	expect_flaws(
		&og_schema_config, "{\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}",
		"word /linux/namespaces/0/type one of mount, pid, network, ipc, uts, user, cgroup, "
		"time\nmissing  ociVersion\nmissing  process\nmissing  root\n");
	expect_flaws(
		&og_schema_config,
		"{\"ociVersion\":\"1.0.2\",\"process\":{},\"root\":{\"path\":\"r\"},\"linux\":{},"
		"\"windows\":{},\"vm\":null}",
		"foreign /windows windows\n");
	expect_flaws(
		&og_schema_config,
		"{\"ociVersion\":\"1.0.2\",\"process\":{},\"root\":{\"path\":\"r\"},"
		"\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_\",\"syscalls\":[{\"action\":"
		"\"scmp_act_allow\",\"args\":[{\"op\":\"SCMP_CMP_\"}]}]}}}",
		"word /linux/seccomp/defaultAction one of SCMP_ACT_ALLOW, SCMP_ACT_ERRNO and its "
		"like\n"
		"word /linux/seccomp/syscalls/0/action one of SCMP_ACT_ALLOW, SCMP_ACT_ERRNO and "
		"its "
		"like\nword /linux/seccomp/syscalls/0/args/0/op one of SCMP_CMP_NE, LT, LE, EQ, "
		"GE, GT, "
		"MASKED_EQ\n");
}

Test(schema, capabilities_are_words_in_capitals)
{
	static const char *const wrong[] = { "",	 "CAP_",    "SYS_ADMIN", "cap_kill",
					     "CAP_kill", "CAP_A B", "CAP_A,B",	 "CAP_A:B",
					     "CAP_A@",	 "CAP_A^",  "CAP_A{" };
	struct og_buf json = { 0 };

	expect_flaws(&og_schema_process,
		     "{\"capabilities\":{\"bounding\":[\"CAP_AZ_09\",\"CAP_X\"]}}", "");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		og_buf_printf(&json, "{\"capabilities\":{\"ambient\":[\"%s\"]}}", wrong[i]);
		expect_flaws(&og_schema_process, json.data,
			     "word /capabilities/ambient/0 \"CAP_\" and a name in capitals\n");
		og_buf_release(&json);
	}
}

Test(schema, the_walk_stops_when_told)
{
	static const char json[] = "{\"args\":[1,2,3]}";
	struct flaws flaws = { .stop_at = 2 };
	struct og_err err = { 0 };
	struct og_doc *doc;

	cr_assert(og_doc_parse("test", json, strlen(json), 0, &doc, &err) == 0);
	cr_expect(
		eq(int, og_schema_check(&og_schema_process, og_doc_root(doc), collect, &flaws), 7));
	cr_expect(eq(uint, flaws.n, 2));
	og_buf_release(&flaws.text);
	og_doc_free(doc);
}
