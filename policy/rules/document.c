/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document: what two readers could understand differently is refused. The
 * parser has refused bad JSON, duplicate keys, NUL and lone surrogates before;
 * here it is about names, types and parts that the specification knows.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/names.h"
#include "policy/rules_table.h"
#include "policy/schema.h"

/* After this many a document is refused often enough. */
#define FLAWS_MAX 20

struct judge {
	struct og_pass *pass;
	const char *unknown; /* "keep", "remove" or "reject" */
	unsigned flaws;
};

static int unknown_field(struct judge *judge, const struct og_node *at)
{
	if (strcmp(judge->unknown, "reject") == 0)
		return og_reject(judge->pass, at,
				 "the specification has no field %s here: leave it out",
				 OG_Q(og_key(at)));
	/* these refuse nothing, so that each of them counts */
	judge->flaws--;
	if (strcmp(judge->unknown, "remove") == 0)
		return og_remove(judge->pass, at, "the specification has no field %s here",
				 OG_Q(og_key(at)));
	return 0;
}

/* What |at| is called in messages: its key, or that of the list it is an element of. */
static const char *name_of(const struct og_node *at, char quoted[OG_QUOTED])
{
	const struct og_node *named = at;

	while (named && !og_key(named))
		named = og_parent(named);
	return named ? og_quote(quoted, OG_QUOTED, og_key(named)) : "the document";
}

static int on_flaw(void *ctx, enum og_flaw flaw, const struct og_node *at, const char *expected)
{
	struct judge *judge = ctx;
	char quoted[OG_QUOTED];
	const char *name = name_of(at, quoted);
	const char *unit = og_key(at) || !og_parent(at) ? "" : "an element of ";

	if (judge->flaws++ >= FLAWS_MAX)
		return 0;
	switch (flaw) {
	case OG_FLAW_FOLDED:
		return og_reject(judge->pass, at,
				 "the key %s is another spelling of \"%s\", which runc takes for "
				 "it and crun does not: write \"%s\", and only once",
				 name, expected, expected);
	case OG_FLAW_UNKNOWN:
		return unknown_field(judge, at);
	case OG_FLAW_TYPE:
		return og_reject(judge->pass, at,
				 "%s%s must be %s: runtimes differ in what they make of anything "
				 "else",
				 unit, name, expected);
	case OG_FLAW_WORD:
		return og_reject(judge->pass, at, "%s is no value that all runtimes know: use %s",
				 OG_Q(og_str(at)), expected);
	case OG_FLAW_MISSING:
		return og_reject(judge->pass, at,
				 "%s%s lacks \"%s\", without which runtimes differ in what they "
				 "do: add it",
				 unit, name, expected);
	case OG_FLAW_FOREIGN:
		return og_reject(judge->pass, at,
				 "the section \"%s\" is for another platform: leave it out",
				 expected);
	}
	return 0;
}

/* What runs must be there to be judged. */
static int check_process(struct og_pass *pass)
{
	const struct og_node *args = og_at(pass, "/process/args");

	if (!og_has(pass, "/process") || (args && og_first(args)))
		return 0;
	return og_reject_at(pass, "/process/args", "no program to run is named: add \"args\"");
}

static int check_version(struct og_pass *pass)
{
	const struct og_node *version = og_at(pass, "/ociVersion");
	const char *text = og_str(version);

	if (!text || (strncmp(text, "1.", 2) == 0 && text[2] >= '0' && text[2] <= '9'))
		return 0;
	return og_reject(pass, version, "ociVersion %s is not 1.x: what it means is not known here",
			 OG_Q(text));
}

static int check_root(struct og_pass *pass)
{
	const struct og_node *path = og_at(pass, "/root/path");

	if (!og_str(path) || og_str(path)[0])
		return 0;
	return og_reject(pass, path, "the path of the root file system is empty");
}

/* Namespace types and resource limits by number, so that twice the same is one look-up. */
static int namespace_number(const char *type)
{
	const struct og_nsname *name = og_namespace_type(type);

	return name ? (int)(name - og_namespaces) : -1;
}

/*
 * crun 1.8 takes the last of two namespaces, others fail; limits are set in
 * order. Either way what the first one says is not what happens.
 */
static int check_twice(struct og_pass *pass, const char *list, int (*number)(const char *))
{
	unsigned found = 0;

	og_each (entry, og_at(pass, list)) {
		const struct og_node *type = og_member(entry, "type");
		int i = og_str(type) ? number(og_str(type)) : -1;

		if (i < 0)
			continue;
		if (found & 1u << i)
			return og_reject(
				pass, entry,
				"%s is in the list twice: runtimes differ in which one counts",
				OG_Q(og_str(type)));
		found |= 1u << i;
	}
	return 0;
}

/* "" is a new namespace for runc and an error for crun. */
static int check_empty_paths(struct og_pass *pass)
{
	og_each (entry, og_at(pass, "/linux/namespaces")) {
		const char *path = og_str(og_member(entry, "path"));

		if (path && !*path)
			return og_reject(pass, og_member(entry, "path"),
					 "the path of a namespace is empty: leave it out for a new "
					 "namespace");
	}
	return 0;
}

int og_rule_document(struct og_pass *pass)
{
	const struct og_schema *schema = &og_schema_config;
	const char *root = "";
	struct judge judge = { .pass = pass, .unknown = og_opt_str(pass, OG_OPT_document_unknown) };

	if (og_cmd(pass) == OG_CMD_EXEC) {
		schema = &og_schema_process;
		root = "/process";
	} else if (og_cmd(pass) == OG_CMD_UPDATE) {
		schema = &og_schema_resources;
		root = "/linux/resources";
	}
	if (!og_has(pass, root)) /* limits given by flags */
		return 0;
	if (!og_at(pass, root))
		return og_reject_at(pass, root, "the document is null");
	if (og_type(og_at(pass, root)) != OG_OBJECT)
		return og_reject(pass, og_at(pass, root), "the document must be an object");
	if (og_schema_check(schema, og_at(pass, root), on_flaw, &judge) < 0 ||
	    check_process(pass) < 0 || check_version(pass) < 0 || check_root(pass) < 0 ||
	    check_twice(pass, "/linux/namespaces", namespace_number) < 0 ||
	    check_twice(pass, "/process/rlimits", og_rlimit_exact) < 0)
		return -1;
	return check_empty_paths(pass);
}
