/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares a document with the table of the OCI runtime specification. The
 * table itself is schema_table.c; what a flaw leads to is the rule document's.
 */
#include "schema.h"

#include <string.h>

struct walk {
	og_flaw_fn *report;
	void *ctx;
};

static int check(const struct walk *walk, const struct og_schema *schema,
		 const struct og_node *node);

/*
 * The next byte of |*key|, folded. Of all characters outside ASCII only two
 * fold onto an ASCII letter: U+017F (long s) and U+212A (Kelvin sign).
 */
static char fold_next(const char **key)
{
	const char *s = *key;

	if (strncmp(s, "\xc5\xbf", 2) == 0) {
		*key = s + 2;
		return 's';
	}
	if (strncmp(s, "\xe2\x84\xaa", 3) == 0) {
		*key = s + 3;
		return 'k';
	}
	*key = s + 1;
	return *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
}

bool og_key_folds(const char *key, const char *name)
{
	while (*key && *name)
		if (fold_next(&key) != fold_next(&name))
			return false;
	return !*key && !*name;
}

/*
 * The field |key|, looked for from |*from| on, which is set to the one behind it:
 * engines write the members in the order of the specification.
 */
static const struct og_field *find_field(const struct og_schema *schema, const char *key,
					 size_t *from)
{
	size_t at = *from;

	for (size_t i = 0; i < schema->nfields; i++, at++) {
		const struct og_field *field;

		if (at == schema->nfields)
			at = 0;
		field = &schema->fields[at];
		if (field->name[0] == key[0] && strcmp(field->name, key) == 0) {
			*from = at + 1;
			return field;
		}
	}
	return NULL;
}

static const struct og_field *find_folded(const struct og_schema *schema, const char *key)
{
	for (size_t i = 0; i < schema->nfields; i++)
		if (og_key_folds(key, schema->fields[i].name))
			return &schema->fields[i];
	return NULL;
}

static int check_member(const struct walk *walk, const struct og_schema *schema,
			const struct og_node *member, size_t *from)
{
	const struct og_field *field = find_field(schema, og_key(member), from);

	if (field && og_is_null(member))
		return 0;
	if (field && field->schema->shape == OG_S_FOREIGN)
		return walk->report(walk->ctx, OG_FLAW_FOREIGN, member, field->name);
	if (field)
		return check(walk, field->schema, member);
	field = find_folded(schema, og_key(member));
	if (field)
		return walk->report(walk->ctx, OG_FLAW_FOLDED, member, field->name);
	return walk->report(walk->ctx, OG_FLAW_UNKNOWN, member, NULL);
}

static int check_object(const struct walk *walk, const struct og_schema *schema,
			const struct og_node *object)
{
	const struct og_node *next;
	size_t from = 0;
	int ret;

	for (const struct og_node *member = og_first(object); member; member = next) {
		next = og_next(member); /* |member| may be removed */
		ret = check_member(walk, schema, member, &from);
		if (ret)
			return ret;
	}
	for (size_t i = 0; i < schema->nfields; i++) {
		const struct og_field *field = &schema->fields[i];

		if (!field->required || !og_is_null(og_member(object, field->name)))
			continue;
		ret = walk->report(walk->ctx, OG_FLAW_MISSING, object, field->name);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_elements(const struct walk *walk, const struct og_schema *of,
			  const struct og_node *container)
{
	og_each (child, container) {
		/* half of all values: names of system calls */
		bool fine = of->shape == OG_S_STRING && og_type(child) == OG_STRING;
		int ret = fine ? 0 : check(walk, of, child);

		if (ret)
			return ret;
	}
	return 0;
}

static bool is_integer(const struct og_schema *schema, const struct og_node *node)
{
	uint64_t u;
	int64_t i;

	if (og_u64(node, &u) == 0)
		return u <= schema->max;
	return og_i64(node, &i) == 0 && i >= schema->min;
}

static bool has_type(const struct og_schema *schema, const struct og_node *node)
{
	enum og_type type = og_type(node);

	switch (schema->shape) {
	case OG_S_BOOL:
		return type == OG_BOOL;
	case OG_S_INT:
		return is_integer(schema, node);
	case OG_S_STRING:
	case OG_S_WORD:
		return type == OG_STRING;
	case OG_S_OBJECT:
	case OG_S_MAP:
		return type == OG_OBJECT;
	case OG_S_LIST:
		return type == OG_ARRAY;
	case OG_S_FOREIGN:
		return true;
	}
	return false;
}

static int check(const struct walk *walk, const struct og_schema *schema,
		 const struct og_node *node)
{
	if (!has_type(schema, node))
		return walk->report(walk->ctx, OG_FLAW_TYPE, node, schema->what);
	switch (schema->shape) {
	case OG_S_OBJECT:
		return check_object(walk, schema, node);
	case OG_S_LIST:
	case OG_S_MAP:
		return check_elements(walk, schema->of, node);
	case OG_S_WORD:
		if (!schema->known(og_str(node)))
			return walk->report(walk->ctx, OG_FLAW_WORD, node, schema->what);
		return 0;
	case OG_S_BOOL:
	case OG_S_INT:
	case OG_S_STRING:
	case OG_S_FOREIGN:
		return 0;
	}
	return 0;
}

int og_schema_check(const struct og_schema *schema, const struct og_node *node, og_flaw_fn *report,
		    void *ctx)
{
	const struct walk walk = { .report = report, .ctx = ctx };

	return check(&walk, schema, node);
}
