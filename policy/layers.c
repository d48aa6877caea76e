/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One policy file, read: its top-level settings and what it says about rules,
 * as a list of changes. What the changes are made to is compile.c's business.
 */
#include "policy/policy_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ocigate/rule.h"
#include "policy/option_types.h"
#include "policy/presets.h"

#define MESSAGE_MAX 500
#define KEYS_MAX    8

/* ---- objects with known members ---- */

void og_key_unknown(const struct og_reader *reader, const struct og_node *member, const char *what,
		    const char *const *known)
{
	char hint[OG_HINT];

	og_wrong(reader, member, "%s is no key of %s%s", OG_Q(og_key(member)), what,
		 og_hint(hint, og_key(member), known));
}

void og_keys_read(const struct og_reader *reader, const struct og_node *object, const char *what,
		  const struct og_key *keys, size_t n, void *into)
{
	const char *names[KEYS_MAX + 1] = { NULL };

	if (og_type(object) != OG_OBJECT) {
		og_wrong(reader, object, "%s is an object", what);
		return;
	}
	for (size_t i = 0; i < n && i < KEYS_MAX; i++)
		names[i] = keys[i].name;
	og_each (member, object) {
		int found = og_word_find(names, og_key(member));

		if (found < 0)
			og_key_unknown(reader, member, what, names);
		else
			keys[found].read(reader, member, into);
	}
	for (size_t i = 0; i < n; i++)
		if (keys[i].required && !og_member(object, keys[i].name))
			og_wrong(reader, object, "\"%s\" is missing in %s", keys[i].name, what);
}

bool og_line_read(const struct og_reader *reader, const struct og_node *node, size_t max,
		  const char **ret)
{
	const char *text = og_str(node);

	if (!text || !*text)
		return og_wrong(reader, node, "a string is expected that is not empty");
	if (strlen(text) > max)
		return og_wrong(reader, node, "this is longer than %zu bytes", max);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return og_wrong(reader, node, "%s is not one line of text", OG_Q(text));
	*ret = og_pool_text(&reader->policy->pool, text);
	return *ret != NULL;
}

static bool read_flag(const struct og_reader *reader, const struct og_node *node, bool *ret)
{
	if (og_type(node) != OG_BOOL)
		return og_wrong(reader, node, "true or false is expected");
	*ret = og_is_true(node);
	return true;
}

/* ---- rules ---- */

static struct og_change *push(const struct og_reader *reader, struct og_changes *changes,
			      const struct og_change *change)
{
	if (changes->n == changes->cap) {
		size_t cap = changes->cap ? changes->cap * 2 : 8;
		struct og_change *list = og_pool_alloc(&reader->policy->pool, cap, sizeof(*list));

		if (!list)
			return NULL;
		if (changes->n)
			memcpy(list, changes->list, changes->n * sizeof(*list));
		changes->list = list;
		changes->cap = cap;
	}
	changes->list[changes->n] = *change;
	return &changes->list[changes->n++];
}

static void read_action(const struct og_reader *reader, const struct og_node *node,
			enum og_rule_id rule, struct og_changes *ret)
{
	const char *words[] = { og_action_name(OG_OFF), og_action_name(OG_AUDIT),
				og_action_name(OG_REWRITE), og_action_name(OG_REJECT), NULL };
	const struct og_rule_info *info = &og_rule_infos[rule];
	struct og_change change = { .what = OG_ACTION_OF(rule) };
	const char *word;

	if (!og_word_read(reader, node, words, &word))
		return;
	change.value.num = (uint64_t)og_word_find(words, word);
	if (info->flags & OG_RULE_ALWAYS && change.value.num != OG_REJECT) {
		og_wrong(reader, node, "the rule \"%s\" is always \"reject\"", info->id);
		return;
	}
	if (info->flags & OG_RULE_NO_REWRITE && change.value.num == OG_REWRITE) {
		og_wrong(reader, node, "the rule \"%s\" can only reject: there is no \"rewrite\"",
			 info->id);
		return;
	}
	og_pos(node, &change.line, &change.col);
	change.value.file = reader->file;
	change.value.line = reader->preset ? 0 : change.line;
	push(reader, ret, &change);
}

/* What "NAME", "NAME+" or "NAME-" means; -1: no such option. */
static int parse_option(enum og_rule_id rule, const char *key, enum og_how *rethow)
{
	size_t len = strlen(key);
	char name[64];
	int found = og_option_find(rule, key);

	*rethow = OG_HOW_SET;
	if (found >= 0 || !len || len >= sizeof(name) || !strchr("+-", key[len - 1]))
		return found;
	memcpy(name, key, len);
	name[len - 1] = '\0';
	*rethow = key[len - 1] == '+' ? OG_HOW_ADD : OG_HOW_DEL;
	return og_option_find(rule, name);
}

static void unknown_option(const struct og_reader *reader, const struct og_node *member,
			   enum og_rule_id rule)
{
	const char *names[OG_NOPTIONS + 2] = { "action" };
	char what[80];
	size_t n = 1;

	for (int i = 0; i < OG_NOPTIONS; i++)
		if (og_options[i].rule == rule)
			names[n++] = og_options[i].name;
	snprintf(what, sizeof(what), "the rule \"%s\"", og_rule_infos[rule].id);
	og_key_unknown(reader, member, what, names);
}

/* "x-" takes out before "x+" puts in, whichever stands first: so an element can be replaced. */
static void push_option(const struct og_reader *reader, struct og_changes *ret, size_t start,
			const struct og_change *change)
{
	struct og_change *last = push(reader, ret, change);

	if (!last || change->how != OG_HOW_DEL)
		return;
	for (size_t i = start; i + 1 < ret->n; i++) {
		struct og_change add = ret->list[i];

		if (add.what != change->what)
			continue;
		ret->list[i] = *last;
		*last = add;
	}
}

/* |given| says which options the rule has had so far, as a bit for each enum og_how. */
static void read_option(const struct og_reader *reader, const struct og_node *member,
			enum og_rule_id rule, unsigned char *given, size_t start,
			struct og_changes *ret)
{
	struct og_change change = { 0 };
	enum og_how how;
	int option = parse_option(rule, og_key(member), &how);
	const char *name;

	if (option < 0) {
		unknown_option(reader, member, rule);
		return;
	}
	name = og_options[option].name;
	if (how != OG_HOW_SET && !og_type_is_list(og_options[option].type)) {
		og_wrong(reader, member, "\"%s\" is no list: nothing can be added or taken out",
			 name);
		return;
	}
	if (how == OG_HOW_SET ? given[option] : given[option] & 1 << OG_HOW_SET) {
		og_wrong(reader, member,
			 "\"%s\" replaces the list: \"%s+\" and \"%s-\" cannot be given with it",
			 name, name, name);
		return;
	}
	given[option] |= (unsigned char)(1 << how);
	/* A list is kept without its bad elements, lest one error cause others further up. */
	if (og_value_read(reader, member, (enum og_option)option, how, &change) ||
	    change.value.raw.items)
		push_option(reader, ret, start, &change);
}

static void read_rule(const struct og_reader *reader, const struct og_node *node,
		      enum og_rule_id rule, struct og_changes *ret)
{
	unsigned char given[OG_NOPTIONS] = { 0 };
	size_t start = ret->n;

	if (og_type(node) != OG_OBJECT) {
		og_wrong(reader, node, "a rule is an object: {\"action\": \"reject\"}");
		return;
	}
	og_each (member, node) {
		if (!strcmp(og_key(member), "action"))
			read_action(reader, member, rule, ret);
		else
			read_option(reader, member, rule, given, start, ret);
	}
}

void og_rules_read(const struct og_reader *reader, const struct og_node *rules, bool exception,
		   struct og_changes *ret)
{
	const char *ids[OG_NRULES + 1] = { NULL };

	for (int i = 0; i < OG_NRULES; i++)
		ids[i] = og_rule_infos[i].id;
	if (og_type(rules) != OG_OBJECT) {
		og_wrong(reader, rules, "\"rules\" is an object");
		return;
	}
	og_each (member, rules) {
		int rule = og_word_find(ids, og_key(member));
		char hint[OG_HINT];

		if (rule < 0)
			og_wrong(reader, member, "there is no rule %s%s", OG_Q(og_key(member)),
				 og_hint(hint, og_key(member), ids));
		else if (exception && og_rule_infos[rule].flags & OG_RULE_ALWAYS)
			og_wrong(reader, member, "there are no exceptions from the rule \"%s\"",
				 ids[rule]);
		else
			read_rule(reader, member, (enum og_rule_id)rule, ret);
	}
}

/* ---- top-level settings ---- */

static void read_version(const struct og_reader *reader, const struct og_node *node, void *into)
{
	uint64_t version;

	(void)into;
	if (og_u64(node, &version) < 0 || version != 1)
		og_wrong(reader, node, "the version of the policy language is 1");
}

bool og_extends_read(const struct og_reader *reader, const struct og_node *node, const char **ret)
{
	const char *text = og_str(node), *names[16] = { NULL };
	char hint[OG_HINT];

	if (!text)
		return og_wrong(reader, node,
				"the name of a preset or an absolute path is expected");
	if (strchr(text, '/'))
		return og_path_read(reader, node, ret);
	if (!og_preset_exists(text)) {
		for (size_t i = 0; i < og_npresets && i < 15; i++)
			names[i] = og_presets[i].name;
		if (!*og_hint(hint, text, names))
			snprintf(hint, sizeof(hint),
				 ": they are " OG_PRESETS "; another policy is named by its "
				 "absolute path");
		return og_wrong(reader, node, "there is no preset %s%s", OG_Q(text), hint);
	}
	*ret = og_pool_text(&reader->policy->pool, text);
	return *ret != NULL;
}

static void read_extends(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_layer *layer = into;

	if (!og_extends_read(reader, node, &layer->extends))
		layer->extends = NULL;
}

static void read_mode(const struct og_reader *reader, const struct og_node *node, void *into)
{
	const char *words[] = { og_mode_name(OG_MODE_AUDIT), og_mode_name(OG_MODE_ENFORCE),
				og_mode_name(OG_MODE_EXPLAIN), NULL };
	struct og_layer *layer = into;
	const char *word;

	layer->has_mode = og_word_read(reader, node, words, &word) &&
			  og_mode_parse(word, &layer->mode) == 0;
}

/* Engines derive an exit status from these words, wherever an error has them. */
static const char *const status_phrases[] = { "permission denied", "no such file or directory",
					      "executable file not found", "not a directory" };

static void read_message(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_layer *layer = into;

	layer->has_message = true;
	if (og_is_null(node) || !og_line_read(reader, node, MESSAGE_MAX, &layer->message))
		return;
	for (size_t i = 0; i < sizeof(status_phrases) / sizeof(status_phrases[0]); i++)
		if (strcasestr(layer->message, status_phrases[i]))
			og_wrong(reader, node,
				 "engines take \"%.4s...%s\" for something else: put "
				 "it in other words",
				 status_phrases[i],
				 status_phrases[i] + strlen(status_phrases[i]) - 4);
}

static void read_audit_file(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_layer *layer = into;

	layer->has_file = true;
	if (!og_is_null(node))
		og_path_read(reader, node, &layer->audit.file);
}

static void read_audit_syslog(const struct og_reader *reader, const struct og_node *node,
			      void *into)
{
	struct og_layer *layer = into;

	layer->has_syslog = read_flag(reader, node, &layer->audit.syslog);
}

static void read_audit_complying(const struct og_reader *reader, const struct og_node *node,
				 void *into)
{
	struct og_layer *layer = into;

	layer->has_complying = read_flag(reader, node, &layer->audit.complying);
}

static void read_audit_required(const struct og_reader *reader, const struct og_node *node,
				void *into)
{
	struct og_layer *layer = into;

	layer->has_required = read_flag(reader, node, &layer->audit.required);
}

static void read_audit(const struct og_reader *reader, const struct og_node *node, void *into)
{
	static const struct og_key keys[] = {
		{ "file", false, read_audit_file },
		{ "syslog", false, read_audit_syslog },
		{ "complying", false, read_audit_complying },
		{ "required", false, read_audit_required },
	};

	og_keys_read(reader, node, "\"audit\"", keys, 4, into);
}

static void read_rules(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_layer *layer = into;

	og_rules_read(reader, node, false, &layer->changes);
}

static void read_exceptions(const struct og_reader *reader, const struct og_node *node, void *into)
{
	og_exceptions_read(reader, node, into);
}

void og_layer_read(const struct og_reader *reader, const struct og_node *root, struct og_layer *ret)
{
	static const struct og_key keys[] = {
		{ "version", true, read_version },  { "mode", false, read_mode },
		{ "message", false, read_message }, { "audit", false, read_audit },
		{ "rules", false, read_rules },	    { "exceptions", false, read_exceptions },
		{ "extends", true, read_extends }, /* last: presets extend nothing */
	};
	size_t n = sizeof(keys) / sizeof(keys[0]);

	og_keys_read(reader, root, "a policy", keys, reader->preset ? n - 1 : n, ret);
}
