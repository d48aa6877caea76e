/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every known field of config.json, dressed in every trick that makes two JSON
 * readers see different documents: each is refused, for that field, whatever
 * the policy says (it is the most permissive one here).
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"
#include "policy/schema.h"

struct walk {
	struct og_policy *policy;
	char open[1024], close[256], pointer[512]; /* around and of the object of a field */
	char top[64];				   /* the first key of |pointer| */
	unsigned tried;
};

static struct og_policy *permissive(void)
{
	static const char text[] = "{\"version\":1,\"extends\":\"permissive\"}";
	struct og_policy_source source = { .file = "p", .text = text, .len = sizeof(text) - 1 };
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };

	cr_assert(eq(int, og_policy_compile(&source, 1, NULL, NULL, &policy, &err), 0), "%s",
		  err.msg);
	return policy;
}

/* A whole document around |members|, which go into the object of the field. */
static void put_document(const struct walk *walk, const char *members, struct og_buf *out)
{
	static const struct {
		const char *key, *value;
	} rest[] = { { "ociVersion", "\"1.0.2\"" },
		     { "process", "{\"args\":[\"x\"],\"cwd\":\"/\"}" },
		     { "root", "{\"path\":\"r\"}" },
		     { "linux", "{}" } };

	og_buf_puts(out, "{");
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		if (strcmp(walk->top, rest[i].key) != 0)
			og_buf_printf(out, "\"%s\":%s,", rest[i].key, rest[i].value);
	og_buf_printf(out, "%s%s%s}", walk->open, members, walk->close);
}

/* Whether the rule document rejects something at |pointer|, or below it. */
static bool rejects(const struct og_verdict *verdict, const char *pointer)
{
	for (size_t i = 0; i < og_verdict_count(verdict); i++) {
		const struct og_finding *finding = og_verdict_finding(verdict, i);

		if (finding->action == OG_REJECT && strcmp(finding->rule, "document") == 0 &&
		    strncmp(finding->path, pointer, strlen(pointer)) == 0)
			return true;
	}
	return false;
}

/* |members| with the trick; |key|: where a finding must be; NULL: it must not parse. */
static void refused(struct walk *walk, const char *trick, const char *members, const char *key)
{
	static const struct og_facts facts = { .today = "2030-01-01",
					       .id = "x",
					       .command = "create" };
	struct og_buf text = { 0 };
	struct og_verdict *verdict = NULL;
	struct og_doc *doc = NULL;
	struct og_err err = { 0 };
	char pointer[640];

	put_document(walk, members, &text);
	walk->tried++;
	if (og_doc_parse("c", text.data, text.len, 0, &doc, &err) < 0) {
		cr_expect(eq(int, (int)err.code, (int)OG_E_CONFIG), "%s", err.msg);
		cr_expect(eq(ptr, (void *)key, NULL), "%s: does not parse: %s", text.data, err.msg);
	} else {
		snprintf(pointer, sizeof(pointer), "%s/%s", walk->pointer, key ? key : "");
		cr_assert(eq(int,
			     og_evaluate(walk->policy, &facts, OG_CMD_CREATE, doc, &verdict, &err),
			     0));
		cr_expect(key && rejects(verdict, pointer), "%s accepted at %s: %s", trick, pointer,
			  text.data);
	}
	og_verdict_free(verdict);
	og_doc_free(doc);
	og_buf_release(&text);
}

static const char *wrong_type(enum og_shape shape)
{
	switch (shape) {
	case OG_S_BOOL:
		return "\"true\"";
	case OG_S_INT:
		return "\"1\"";
	case OG_S_STRING:
	case OG_S_WORD:
		return "1";
	case OG_S_OBJECT:
	case OG_S_MAP:
		return "[]";
	case OG_S_LIST:
		return "{}";
	case OG_S_FOREIGN:
		return "{}";
	}
	return "1";
}

static void try_keys(struct walk *walk, const char *name)
{
	char upper[64], members[256];
	size_t n = 0;
	const char *at;

	for (; name[n]; n++)
		upper[n] = (char)toupper(name[n]);
	upper[n] = '\0';
	snprintf(members, sizeof(members), "\"%s\":null,\"%s\":null", name, upper);
	refused(walk, "a second key in capitals", members, upper);
	snprintf(members, sizeof(members), "\"%s\":null", upper);
	refused(walk, "only capitals", members, upper);
	at = strpbrk(name, "sk");
	if (at) {
		snprintf(members, sizeof(members), "\"%.*s%s%s\":null", (int)(at - name), name,
			 *at == 's' ? "\xc5\xbf" : "\xe2\x84\xaa", at + 1);
		refused(walk, "a letter that folds", members, "");
	}
	snprintf(members, sizeof(members), "\"%s\":null,\"%s\":null", name, name);
	refused(walk, "twice", members, NULL);
	snprintf(members, sizeof(members), "\"%s\":null,\"\\u%04x%s\":null", name, name[0],
		 name + 1);
	refused(walk, "twice, once escaped", members, NULL);
	snprintf(members, sizeof(members), "\"%s\\u0000x\":null", name);
	refused(walk, "NUL in the key", members, NULL);
	snprintf(members, sizeof(members), "\"%s\xff\":null", name);
	refused(walk, "no UTF-8 in the key", members, NULL);
}

static void try_values(struct walk *walk, const char *name, const struct og_schema *schema)
{
	static const char *const strings[] = { "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00x\"",
					       "\"\xff\"", "\"\xed\xa0\x80\"" };
	static const char *const numbers[] = { "1.5", "1e2", "-0", "18446744073709551616",
					       "-9223372036854775809" };
	char members[256];

	snprintf(members, sizeof(members), "\"%s\":%s", name, wrong_type(schema->shape));
	refused(walk, "another type", members, name);
	for (size_t i = 0; i < 5; i++) {
		bool string = schema->shape == OG_S_STRING || schema->shape == OG_S_WORD;

		if (!string && schema->shape != OG_S_INT)
			break;
		snprintf(members, sizeof(members), "\"%s\":%s", name,
			 string ? strings[i] : numbers[i]);
		refused(walk, "a value that readers differ in", members, string ? NULL : name);
	}
}

static void walk_object(struct walk *walk, const struct og_schema *schema);

/* Into the objects of a field: "name": {, [{ or {"x": { as its schema has it. */
static void descend(struct walk *walk, const char *name, const struct og_schema *schema)
{
	struct walk below = *walk;
	const char *open = "{", *close = "}", *step = "";

	if (schema->shape == OG_S_LIST || schema->shape == OG_S_MAP) {
		open = schema->shape == OG_S_LIST ? "[{" : "{\"x\":{";
		close = schema->shape == OG_S_LIST ? "}]" : "}}";
		step = schema->shape == OG_S_LIST ? "/0" : "/x";
		schema = schema->of;
	}
	if (schema->shape != OG_S_OBJECT)
		return;
	cr_assert(snprintf(below.open, sizeof(below.open), "%s\"%s\":%s", walk->open, name, open) <
		  (int)sizeof(below.open));
	cr_assert(snprintf(below.close, sizeof(below.close), "%s%s", close, walk->close) <
		  (int)sizeof(below.close));
	cr_assert(snprintf(below.pointer, sizeof(below.pointer), "%s/%s%s", walk->pointer, name,
			   step) < (int)sizeof(below.pointer));
	if (!walk->top[0])
		snprintf(below.top, sizeof(below.top), "%s", name);
	walk_object(&below, schema);
	walk->tried = below.tried;
}

static void walk_object(struct walk *walk, const struct og_schema *schema)
{
	char top[sizeof(walk->top)];

	snprintf(top, sizeof(top), "%s", walk->top);
	for (size_t i = 0; i < schema->nfields; i++) {
		const struct og_field *field = &schema->fields[i];

		/* a field of the document itself stands for one of the rest */
		if (!top[0])
			snprintf(walk->top, sizeof(walk->top), "%s", field->name);
		try_keys(walk, field->name);
		try_values(walk, field->name, field->schema);
		snprintf(walk->top, sizeof(walk->top), "%s", top);
		descend(walk, field->name, field->schema);
	}
}

Test(tricks, every_known_field)
{
	struct walk walk = { .policy = permissive() };

	walk_object(&walk, &og_schema_config);
	cr_expect(gt(uint, walk.tried, 2000), "%u tried", walk.tried);
	og_policy_free(walk.policy);
}
