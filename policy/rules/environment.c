/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment: variables that steer loaders and hooks, entries that are no
 * variables, and names that look like a secret's. Values are never looked at,
 * and messages hold names only.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "ocigate/buf.h"
#include "policy/glob.h"
#include "policy/rules_table.h"

/* The item of a list of globs that matches |name|; NULL: none. */
static const struct og_item *match(const struct og_pass *pass, enum og_option option,
				   const char *name)
{
	const struct og_list *list = og_opt_list(pass, option);

	for (size_t i = 0; i < list->n; i++)
		if (og_glob_text(list->items[i].text, name))
			return &list->items[i];
	return NULL;
}

static int judge_name(struct og_pass *pass, const struct og_node *entry, const char *name)
{
	const struct og_item *item = match(pass, OG_OPT_environment_deny, name);

	if (item) {
		og_because(pass, item);
		return og_remove(pass, entry,
				 "the variable %s may not be set: leave it out of --env and of the "
				 "image",
				 OG_Q(name));
	}
	item = match(pass, OG_OPT_environment_secrets, name);
	if (!item)
		return 0;
	og_because(pass, item);
	return og_note(pass, entry,
		       "the variable %s looks like a secret, and whoever may inspect the container "
		       "reads it: hand it over in a file",
		       OG_Q(name));
}

/*
 * runc refuses an entry without "=", crun hands it to the program, and shells
 * and loaders differ in what they make of one. Its text may be anything, a value
 * that lost its name for one: it is not in the message.
 */
static int judge(struct og_pass *pass, const struct og_node *entry, struct og_buf *name)
{
	const char *text = og_str(entry), *equals = text ? strchr(text, '=') : NULL;

	og_because(pass, NULL);
	if (!text) /* the rule document has said so */
		return 0;
	if (!equals)
		return og_remove(pass, entry,
				 "an entry of the environment has no \"=\": write NAME=VALUE, or "
				 "leave it out");
	if (equals == text)
		return og_remove(pass, entry,
				 "an entry of the environment has no name before \"=\": write "
				 "NAME=VALUE, or leave it out");
	name->len = 0;
	og_buf_put(name, text, (size_t)(equals - text));
	return name->failed ? -1 : judge_name(pass, entry, name->data);
}

int og_rule_environment(struct og_pass *pass)
{
	og_auto_buf struct og_buf name = { 0 };
	const struct og_node *next;

	for (const struct og_node *entry = og_first(og_at(pass, "/process/env")); entry;
	     entry = next) {
		next = og_next(entry); /* |entry| may be removed */
		if (judge(pass, entry, &name) < 0)
			return -1;
	}
	return 0;
}
