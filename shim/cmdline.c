/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a runtime's command line and writes it anew. One pass, in order, over
 * words that are matched exactly; every word that some runtime would take for
 * something else is an error that says what to write. The tables and the forms
 * of values are in cmdline_table.c.
 */
#include "shim/cmdline.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/place.h"

#define OG_ID_MAX 1024
#define OWN	  "--ocigate-"

enum { FORM_LONG = 1 << 0, FORM_SHORT = 1 << 1 };

struct parser {
	int argc, at;
	char *const *argv;
	struct og_cmdline *cmd;
	const struct og_command *command; /* NULL: still before it */
	bool dashes;			  /* "--" seen: no more flags */
	struct og_flag *flags;
	size_t nflags;
	char (*numbers)[OG_NUMBER_TEXT]; /* one per word */
	/* by row of the table: which forms were seen, 1 + where the last one lies */
	unsigned char forms[OG_FLAG_DEFS_MAX];
	size_t last[OG_FLAG_DEFS_MAX];
	struct og_err *err;
};

/* A word taken apart; |name| of |len| bytes. */
struct word {
	const char *text, *name, *value;
	size_t len;
	bool single; /* one dash */
};

/* --- names ---------------------------------------------------------------- */

bool og_is_handler_name(const char *name)
{
	return strcmp(name, "krun") == 0 || (strncmp(name, "crun-", 5) == 0 && name[5]);
}

static bool is_word_of(const char *text, const char *others)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!(isascii(*text) && isalnum((unsigned char)*text)) && !strchr(others, *text))
			return false;
	return true;
}

static int read_profile(struct parser *p)
{
	const char *name = og_path_base(p->argv[0]);

	if (og_is_handler_name(name))
		return og_fail(p->err, OG_E_USAGE,
			       "called as %s, a name from which crun picks a handler: call it by "
			       "another",
			       OG_Q(name));
	if (strncmp(name, "ocigate-", 8) != 0)
		return 0;
	name += 8;
	if (strcmp(name, "explain") == 0)
		p->cmd->mode = "explain";
	else if (is_word_of(name, "_.-") && name[0] != '.')
		p->cmd->profile = name; /* a file name: NAME.json */
	else
		return og_fail(p->err, OG_E_USAGE,
			       "called as %s: what follows \"ocigate-\" names no policy",
			       OG_Q(og_path_base(p->argv[0])));
	return 0;
}

static int check_id(const char *id, struct og_err *reterr)
{
	if (!is_word_of(id, "_+.-") || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return og_fail(reterr, OG_E_USAGE,
			       "%s is no container id: letters, digits and \"_+.-\" only",
			       OG_Q(id));
	if (strlen(id) > OG_ID_MAX)
		return og_fail(reterr, OG_E_USAGE, "the container id is longer than %d bytes",
			       OG_ID_MAX);
	return 0;
}

/* --- ocigate's own options ------------------------------------------------- */

static int set_own(struct parser *p, const char *name, const char **to, const char *value)
{
	if (*to)
		return og_fail(p->err, OG_E_USAGE, OWN "%s: the %s is named twice", name, name);
	if (!*value || og_has_control(value))
		return og_fail(p->err, OG_E_USAGE, OWN "%s: %s is no %s", name, OG_Q(value), name);
	*to = value;
	return 0;
}

static int check_own(struct parser *p, const char *by_name)
{
	static const char *const modes[] = { "explain", "enforce", "audit" };
	struct og_cmdline *cmd = p->cmd;
	size_t i = 0;

	if (cmd->profile && cmd->policy)
		return og_fail(p->err, OG_E_USAGE,
			       "called as %s, which names the policy: leave " OWN "policy out",
			       OG_Q(og_path_base(p->argv[0])));
	while (cmd->mode && i < 3 && strcmp(cmd->mode, modes[i]) != 0)
		i++;
	if (i == 3)
		return og_fail(p->err, OG_E_USAGE,
			       OWN "mode=%s: the modes are explain, enforce and audit",
			       OG_Q(cmd->mode));
	if (by_name && i != 0)
		return og_fail(p->err, OG_E_USAGE,
			       OWN "mode=%s is looser than explain, which the name asks for",
			       cmd->mode);
	if (by_name)
		cmd->mode = by_name;
	return 0;
}

static int parse_own(struct parser *p)
{
	struct og_cmdline *cmd = p->cmd;
	const struct {
		const char *name;
		const char **to;
	} own[] = { { "policy", &cmd->policy },
		    { "mode", &cmd->mode },
		    { "runtime", &cmd->runtime } };
	const char *by_name = cmd->mode;

	cmd->mode = NULL;
	for (; p->at < p->argc && strncmp(p->argv[p->at], OWN, strlen(OWN)) == 0; p->at++) {
		const char *name = p->argv[p->at] + strlen(OWN);
		size_t i = 0;

		if (strcmp(name, "version") == 0) {
			cmd->verb = OG_VERB_OWN_VERSION;
			if (++p->at < p->argc)
				return og_fail(p->err, OG_E_USAGE, OWN "version stands alone");
			break;
		}
		while (i < 3 && (strncmp(name, own[i].name, strlen(own[i].name)) != 0 ||
				 name[strlen(own[i].name)] != '='))
			i++;
		if (i == 3)
			return og_fail(p->err, OG_E_USAGE,
				       "unknown option %s: there are " OWN "policy=FILE, " OWN
				       "mode=MODE, " OWN "runtime=PATH and " OWN "version",
				       OG_Q(p->argv[p->at]));
		if (set_own(p, own[i].name, own[i].to, name + strlen(own[i].name) + 1) < 0)
			return -1;
	}
	return check_own(p, by_name);
}

/* --- flags ------------------------------------------------------------------ */

static unsigned scope_of(const struct parser *p)
{
	return p->command ? OG_SCOPE(p->command->verb) : OG_SCOPE_GLOBAL;
}

/* The one flag of |scopes| that |w| abbreviates; NULL: none, or several. */
static const struct og_flag_def *abbreviated(const struct word *w, unsigned scopes)
{
	const struct og_flag_def *found = NULL;

	for (size_t i = 0; i < og_nflag_defs && w->len; i++) {
		if (!(og_flag_defs[i].scopes & scopes) ||
		    strncmp(og_flag_defs[i].name, w->name, w->len) != 0)
			continue;
		if (found)
			return NULL;
		found = &og_flag_defs[i];
	}
	return found;
}

/* A word that begins with a dash and is no flag here: say what to write. */
static int refuse_double(struct parser *p, const struct word *w, const char *shown)
{
	const char *command = p->command ? p->command->name : NULL;
	const struct og_flag_def *def = NULL;

	if (strncmp(w->text, OWN, strlen(OWN)) == 0)
		return og_fail(p->err, OG_E_USAGE, "%s: ocigate's own options come first", shown);
	if (command && og_flag_def_find(OG_SCOPE_GLOBAL, w->name, w->len))
		return og_fail(p->err, OG_E_USAGE,
			       "%s is a global flag: runtimes read it differently after the "
			       "command, write it before \"%s\"",
			       shown, command);
	if (!command && og_flag_def_find(~0u, w->name, w->len))
		return og_fail(p->err, OG_E_USAGE, "%s is a flag of a command: write it after that",
			       shown);
	if (w->len == 1)
		def = og_flag_def_short(scope_of(p), w->name[0]);
	if (!def)
		def = abbreviated(w, scope_of(p));
	if (def)
		return og_fail(p->err, OG_E_USAGE,
			       "%s is a flag to some runtimes only: write it in full, --%s", shown,
			       def->name);
	return og_fail(p->err, OG_E_USAGE, "unknown flag %s%s%s", shown, command ? " of " : "",
		       command ? command : "");
}

static int refuse_single(struct parser *p, const struct word *w, const char *shown)
{
	const struct og_flag_def *def = og_flag_def_find(scope_of(p), w->name, w->len);
	const char *why = "single-dash long flags, clusters and glued values are read differently";

	if (def)
		return og_fail(p->err, OG_E_USAGE,
			       "%s: runtimes read one dash differently, write --%s", shown,
			       def->name);
	if (w->len == 1 && w->value && (def = og_flag_def_short(scope_of(p), w->name[0])))
		return og_fail(p->err, OG_E_USAGE,
			       "%s: the \"=\" is part of the value to crun, write --%s=VALUE",
			       shown, def->name);
	if (w->len > 1 && (def = og_flag_def_short(scope_of(p), w->name[0])))
		return og_fail(p->err, OG_E_USAGE, "%s: %s, write --%s as a word of its own", shown,
			       why, def->name);
	return og_fail(p->err, OG_E_USAGE, "unknown flag %s%s%s", shown, p->command ? " of " : "",
		       p->command ? p->command->name : "");
}

static void split(const char *text, struct word *ret)
{
	*ret = (struct word){ .text = text, .single = text[1] != '-' };
	ret->name = text + (ret->single ? 1 : 2);
	ret->len = strcspn(ret->name, "=");
	if (ret->name[ret->len])
		ret->value = ret->name + ret->len + 1;
}

static const struct og_flag_def *find(struct parser *p, const struct word *w)
{
	/* go-runc, and so containerd, has one dash too few for this one flag */
	if (!w->single || strcmp(w->text, "-no-subreaper") == 0)
		return og_flag_def_find(scope_of(p), w->name, w->len);
	return w->len == 1 && !w->value ? og_flag_def_short(scope_of(p), w->name[0]) : NULL;
}

/* The value of |def|: after the "=", or the next word. */
static int take_value(struct parser *p, const struct og_flag_def *def, const struct word *w,
		      const char **ret)
{
	const char *value = w->value;

	if (def->arity == OG_FLAG_BOOL || def->arity == OG_FLAG_INFO) {
		*ret = NULL;
		return value ? og_fail(p->err, OG_E_USAGE,
				       "--%s takes no value: \"=false\" is an error to crun, leave "
				       "the flag out instead",
				       def->name)
			     : 0;
	}
	if (def->arity == OG_FLAG_OPTIONAL) {
		*ret = value && strcmp(value, "false") == 0 ? value : NULL;
		return !value || *ret || strcmp(value, "true") == 0
			       ? 0
			       : og_fail(p->err, OG_E_USAGE,
					 "value of --%s is neither \"true\" nor \"false\"",
					 def->name);
	}
	if (!value) {
		if (p->at + 1 >= p->argc)
			return og_fail(p->err, OG_E_USAGE, "--%s needs a value", def->name);
		value = p->argv[++p->at];
		/* far more often a forgotten value than one that begins so */
		if (value[0] == '-' && value[1] && !isdigit((unsigned char)value[1]))
			return og_fail(p->err, OG_E_USAGE,
				       "--%s needs a value and %s follows: write --%s=VALUE if "
				       "that is the value",
				       def->name,
				       def->value == OG_VALUE_FREE ? "a flag" : OG_Q(value),
				       def->name);
	}
	return og_flag_value_read(def, value, p->numbers[p->at], ret, p->err);
}

static int parse_flag(struct parser *p)
{
	const struct og_flag_def *def;
	const char *value;
	struct word w;
	size_t row;

	split(p->argv[p->at], &w);
	def = find(p, &w);
	if (!def) {
		/* without what follows the "=": it may be a secret */
		const char *shown = og_quote_n((char[OG_QUOTED]){ 0 }, OG_QUOTED, w.text,
					       (size_t)(w.name - w.text) + w.len);

		return w.single ? refuse_single(p, &w, shown) : refuse_double(p, &w, shown);
	}
	if (def->attrs & OG_FLAG_PATTERN)
		return og_fail(p->err, OG_E_USAGE,
			       "--%s makes a pattern of the id, and only for crun: name one "
			       "container by its id",
			       def->name);
	if (take_value(p, def, &w, &value) < 0)
		return -1;
	row = (size_t)(def - og_flag_defs);
	p->forms[row] |= w.single && w.len == 1 ? FORM_SHORT : FORM_LONG;
	if (p->forms[row] == (FORM_LONG | FORM_SHORT))
		return og_fail(p->err, OG_E_USAGE,
			       "--%s is given in two forms, which runtimes read differently: write "
			       "the long one each time",
			       def->name);
	if (def->arity != OG_FLAG_LIST && p->last[row])
		p->flags[p->last[row] - 1].def = NULL;
	p->flags[p->nflags] = (struct og_flag){ def, value, !p->command };
	p->last[row] = ++p->nflags;
	p->at++;
	return 0;
}

/* --- words ------------------------------------------------------------------ */

static bool is_flag(const char *text)
{
	return text[0] == '-' && text[1];
}

/* Reads flags up to a positional argument, to "--" (skipped), or to the end. */
static int parse_flags(struct parser *p)
{
	while (p->at < p->argc && !p->dashes && is_flag(p->argv[p->at])) {
		if (strcmp(p->argv[p->at], "--") == 0) {
			p->dashes = true;
			p->at++;
		} else if (parse_flag(p) < 0) {
			return -1;
		}
	}
	return 0;
}

/* A word that a runtime could read as another one after trimming it. */
static int check_word(struct parser *p, const char *text)
{
	if (og_has_outer_blank(text) || og_has_control(text))
		return og_fail(p->err, OG_E_USAGE,
			       "argument %s begins or ends with a blank, or holds a control byte",
			       OG_Q(text));
	return 0;
}

static bool is_positional(const struct parser *p)
{
	return p->at < p->argc && (p->dashes || !is_flag(p->argv[p->at]));
}

static int take_arg(struct parser *p)
{
	const struct og_command *command = p->command;
	const char *text = p->argv[p->at];

	/* the container's command is nobody's to read */
	if (command->verb != OG_VERB_EXEC && check_word(p, text) < 0)
		return -1;
	if (command->verb == OG_VERB_KILL && (!is_word_of(text, "+-") || text[0] == '-'))
		return og_fail(p->err, OG_E_USAGE, "%s is no signal: write a number or a name",
			       OG_Q(text));
	p->cmd->nargs++;
	p->at++;
	return 0;
}

/* The id and what stands after it. */
static int take_positionals(struct parser *p)
{
	const struct og_command *command = p->command;

	if (!is_positional(p))
		return 0;
	if (command->max == 0)
		return og_fail(p->err, OG_E_USAGE, "%s takes no arguments, and %s is one",
			       command->name, OG_Q(p->argv[p->at]));
	if (check_word(p, p->argv[p->at]) < 0 || check_id(p->argv[p->at], p->err) < 0)
		return -1;
	p->cmd->id = p->argv[p->at++];
	p->cmd->args = p->argv + p->at;
	while (is_positional(p) || (command->stop_at_id && p->at < p->argc)) {
		if (p->cmd->nargs + 1 == command->max)
			return og_fail(p->err, OG_E_USAGE, "too many arguments for %s: %s",
				       command->name, OG_Q(p->argv[p->at]));
		if (take_arg(p) < 0)
			return -1;
	}
	return 0;
}

static int parse_command(struct parser *p)
{
	const char *name = p->argv[p->at];
	const struct og_command *command = og_command_find(name);

	if (check_word(p, name) < 0)
		return -1;
	if (!command)
		return og_fail(p->err, OG_E_USAGE, "unknown command %s", OG_Q(name));
	if (command->refused)
		return og_fail(p->err, OG_E_USAGE, "the command %s is refused: %s", command->name,
			       command->refused);
	p->command = command;
	p->cmd->command = command->name;
	p->cmd->verb = command->verb;
	p->at++;
	p->dashes = false;
	if (parse_flags(p) < 0 || take_positionals(p) < 0)
		return -1;
	if (p->dashes || p->at == p->argc)
		return 0;
	/* runc takes flags after the id as well */
	if (parse_flags(p) < 0)
		return -1;
	if (p->dashes)
		return og_fail(p->err, OG_E_USAGE, "\"--\" belongs before the id of the container");
	/* runc 1.1 reads "kill ID --all 9" as "kill --all 9 ID" */
	if (p->at < p->argc)
		return og_fail(p->err, OG_E_USAGE,
			       "argument %s has a flag before it and the id before that: write the "
			       "flags first",
			       OG_Q(p->argv[p->at]));
	return 0;
}

/* --- the whole -------------------------------------------------------------- */

/* Leaves what counts; looks up what the shim itself needs. Also after an error. */
static void settle(struct parser *p)
{
	struct og_cmdline *cmd = p->cmd;
	const struct {
		const char *name, **to;
	} views[] = {
		{ "root", &cmd->root },
		{ "log", &cmd->log },
		{ "log-format", &cmd->log_format },
		{ "bundle", &cmd->bundle },
		{ "process", &cmd->process },
		{ "pid-file", &cmd->pid_file },
		{ "console-socket", &cmd->console_socket },
		{ "resources", &cmd->resources },
	};
	size_t n = 0;

	for (size_t i = 0; i < p->nflags; i++)
		if (p->flags[i].def)
			p->flags[n++] = p->flags[i];
	cmd->flags = p->flags;
	cmd->nflags = n;
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		*views[i].to = og_cmdline_value(cmd, views[i].name);
}

/* --help and --version stand alone, so that nothing can be launched by them. */
static int check_info(struct og_cmdline *cmd, struct og_err *reterr)
{
	const char *name = NULL;
	size_t own = 0;

	for (size_t i = 0; i < cmd->nflags; i++) {
		const struct og_flag *flag = &cmd->flags[i];

		own += !flag->global;
		if (flag->def->arity != OG_FLAG_INFO)
			continue;
		if (name || (flag->global && cmd->command))
			return og_fail(reterr, OG_E_USAGE, "--%s stands alone", flag->def->name);
		name = flag->def->name;
	}
	if (!name)
		return 0;
	if (cmd->id || own > 1)
		return og_fail(reterr, OG_E_USAGE, "--%s stands alone", name);
	cmd->verb = strcmp(name, "version") == 0 ? OG_VERB_VERSION : OG_VERB_HELP;
	return 0;
}

static int check_whole(const struct parser *p)
{
	struct og_cmdline *cmd = p->cmd;

	if (check_info(cmd, p->err) < 0)
		return -1;
	if (cmd->verb == OG_VERB_HELP || cmd->verb == OG_VERB_VERSION)
		return 0;
	if (!p->command)
		return og_fail(p->err, OG_E_USAGE, "no command is given");
	if (p->command->min && !cmd->id)
		return og_fail(p->err, OG_E_USAGE, "%s: the id of the container is missing",
			       cmd->command);
	if (cmd->verb == OG_VERB_EXEC && !cmd->process && !cmd->nargs)
		return og_fail(p->err, OG_E_USAGE,
			       "exec: neither a command nor --process=FILE is given");
	return 0;
}

static int parse_words(struct parser *p)
{
	if (parse_own(p) < 0)
		return -1;
	if (p->cmd->verb == OG_VERB_OWN_VERSION)
		return 0;
	if (parse_flags(p) < 0)
		return -1;
	return p->at < p->argc ? parse_command(p) : 0;
}

int og_cmdline_parse(int argc, char *const argv[], struct og_cmdline *ret, struct og_err *reterr)
{
	struct parser p = { .argc = argc, .at = 1, .argv = argv, .cmd = ret, .err = reterr };
	int r;

	*ret = (struct og_cmdline){ .verb = OG_VERB_NONE };
	if (argc < 1)
		return og_fail(reterr, OG_E_USAGE, "called without a name");
	if (read_profile(&p) < 0)
		return -1;
	ret->block = calloc((size_t)argc, sizeof(*p.flags) + sizeof(*p.numbers));
	if (!ret->block)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	p.flags = ret->block;
	p.numbers = (char(*)[OG_NUMBER_TEXT])(p.flags + argc);
	r = parse_words(&p);
	settle(&p);
	if (r < 0 || ret->verb == OG_VERB_OWN_VERSION)
		return r;
	return check_whole(&p);
}

void og_cmdline_release(struct og_cmdline *cmd)
{
	free(cmd->block);
	*cmd = (struct og_cmdline){ .verb = OG_VERB_NONE };
}

const struct og_flag *og_cmdline_flag(const struct og_cmdline *cmd, const char *name)
{
	const struct og_flag *found = NULL;

	for (size_t i = 0; i < cmd->nflags; i++)
		if (strcmp(cmd->flags[i].def->name, name) == 0)
			found = &cmd->flags[i];
	return found; /* global ones come first */
}

const char *og_cmdline_value(const struct og_cmdline *cmd, const char *name)
{
	const struct og_flag *flag = og_cmdline_flag(cmd, name);

	return flag ? flag->value : NULL;
}

bool og_cmdline_has(const struct og_cmdline *cmd, const char *name)
{
	const struct og_flag *flag = og_cmdline_flag(cmd, name);

	return flag && !(flag->def->arity == OG_FLAG_OPTIONAL && flag->value);
}
