/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line that the runtime gets: long flags with "=", global ones
 * first, "--" before the id. Every runtime measured reads that form alike; the
 * caller's own words are never handed on.
 */
#include "shim/cmdline.h"

#include <stdlib.h>
#include <string.h>

#include "shim/place.h"

/* Counts when |argv| is NULL, writes when it is not. */
struct out {
	char **argv;
	char *text;
	size_t nargs, nbytes;
};

static void put(struct out *out, const char *a, const char *b, const char *c, const char *d)
{
	const char *const parts[] = { a, b, c, d };

	if (out->argv)
		out->argv[out->nargs] = out->text + out->nbytes;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t len = strlen(parts[i]);

		if (out->argv)
			memcpy(out->text + out->nbytes, parts[i], len);
		out->nbytes += len;
	}
	if (out->argv)
		out->text[out->nbytes] = '\0';
	out->nbytes++;
	out->nargs++;
}

static void put_flag(struct out *out, const struct og_flag_def *def, const char *value)
{
	if (!value || !*value) {
		put(out, "--", def->name, "", "");
	} else if (def->attrs & OG_FLAG_APART) {
		put(out, "--", def->name, "", "");
		put(out, value, "", "", "");
	} else {
		put(out, "--", def->name, "=", value);
	}
}

struct build {
	const struct og_cmdline *cmd;
	const char *argv0;
	const struct og_override *overrides;
	size_t n;
};

static const struct og_override *overridden(const struct build *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->overrides[i].name, name) == 0)
			return &b->overrides[i];
	return NULL;
}

/* A flag of the command, or else a global one; NULL: neither. */
static const struct og_flag_def *def_of(const struct og_cmdline *cmd, const char *name,
					bool *retglobal)
{
	const struct og_command *command = cmd->command ? og_command_find(cmd->command) : NULL;
	const struct og_flag_def *def = command ? og_flag_def_find(OG_SCOPE(command->verb), name,
								   strlen(name))
						: NULL;

	*retglobal = !def;
	return def ? def : og_flag_def_find(OG_SCOPE_GLOBAL, name, strlen(name));
}

static void put_scope(const struct build *b, struct out *out, bool global)
{
	for (size_t i = 0; i < b->cmd->nflags; i++) {
		const struct og_flag *flag = &b->cmd->flags[i];
		bool where;

		if (flag->global != global)
			continue;
		/* a global --rootless is not what an override of spec's means */
		if (overridden(b, flag->def->name) && def_of(b->cmd, flag->def->name, &where) &&
		    where == global)
			continue;
		put_flag(out, flag->def, flag->value);
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct og_flag_def *def;
		bool where;

		if (!b->overrides[i].value || strcmp(b->overrides[i].name, OG_ARGS) == 0)
			continue;
		def = def_of(b->cmd, b->overrides[i].name, &where);
		if (where == global)
			put_flag(out, def, b->overrides[i].value);
	}
}

static void put_all(const struct build *b, struct out *out)
{
	const struct og_cmdline *cmd = b->cmd;

	put(out, b->argv0, "", "", "");
	put_scope(b, out, true);
	if (cmd->command)
		put(out, cmd->command, "", "", "");
	put_scope(b, out, false);
	if (!cmd->id)
		return;
	put(out, "--", "", "", "");
	put(out, cmd->id, "", "", "");
	for (size_t i = 0; i < cmd->nargs && !overridden(b, OG_ARGS); i++)
		put(out, cmd->args[i], "", "", "");
}

/* Ours or a path of the host's: the same demands as on what a caller gives. */
static int check_override(const struct og_cmdline *cmd, const struct og_override *override,
			  struct og_err *reterr)
{
	bool args = strcmp(override->name, OG_ARGS) == 0, global;
	const struct og_flag_def *def = args ? NULL : def_of(cmd, override->name, &global);
	char number[OG_NUMBER_TEXT];
	const char *value;

	if (args ? override->value != NULL : !def)
		return og_fail(reterr, OG_E_BUG, "no override of %s is possible here",
			       OG_Q(override->name));
	if (!override->value)
		return 0;
	if (def->arity == OG_FLAG_VALUE || def->arity == OG_FLAG_LIST)
		return og_flag_value_read(def, override->value, number, &value, reterr);
	return *override->value ? og_fail(reterr, OG_E_BUG, "--%s takes no value", def->name) : 0;
}

static int check(const struct build *b, struct og_err *reterr)
{
	const char *name = og_path_base(b->argv0);

	if (b->cmd->verb == OG_VERB_NONE || b->cmd->verb == OG_VERB_OWN_VERSION)
		return og_fail(reterr, OG_E_BUG, "there is no command for a runtime");
	if (og_is_handler_name(name))
		return og_fail(reterr, OG_E_USAGE,
			       "the runtime cannot be called %s: crun picks a handler from that",
			       OG_Q(name));
	for (size_t i = 0; i < b->n; i++)
		if (check_override(b->cmd, &b->overrides[i], reterr) < 0)
			return -1;
	return 0;
}

int og_cmdline_build(const struct og_cmdline *cmd, const char *argv0,
		     const struct og_override *overrides, size_t n, char ***retargv,
		     struct og_err *reterr)
{
	const struct build b = { cmd, argv0, overrides, n };
	struct out out = { NULL, NULL, 0, 0 };
	size_t nargs;
	char **argv;

	if (check(&b, reterr) < 0)
		return -1;
	put_all(&b, &out);
	nargs = out.nargs;
	argv = malloc((nargs + 1) * sizeof(*argv) + out.nbytes);
	if (!argv)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	out = (struct out){ argv, (char *)(argv + nargs + 1), 0, 0 };
	put_all(&b, &out);
	argv[nargs] = NULL;
	*retargv = argv;
	return 0;
}
