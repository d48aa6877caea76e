/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's command line: understood once, by tables of the flags of runc
 * (1.1 and later) and crun (1.8 and later), and built anew in a form that every
 * one of them reads alike. What they would read differently is refused. Whether
 * a flag is allowed is not decided here; nothing here does any I/O.
 */
#ifndef OG_CMDLINE_H
#define OG_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocigate/err.h"

enum og_verb {
	OG_VERB_NONE, /* nothing understood yet; as a scope: before the command */
	OG_VERB_CREATE,
	OG_VERB_RUN,
	OG_VERB_RESTORE,
	OG_VERB_EXEC,
	OG_VERB_UPDATE,
	OG_VERB_START,
	OG_VERB_DELETE,
	OG_VERB_KILL,
	OG_VERB_STATE,
	OG_VERB_LIST,
	OG_VERB_PS,
	OG_VERB_EVENTS,
	OG_VERB_PAUSE,
	OG_VERB_RESUME,
	OG_VERB_CHECKPOINT,
	OG_VERB_SPEC,
	OG_VERB_FEATURES,
	OG_VERB_VERSION,     /* --version */
	OG_VERB_HELP,	     /* --help, --usage; also of one command */
	OG_VERB_OWN_VERSION, /* --ocigate-version */
};

/* The place of a flag: before the command, or after one of these commands. */
#define OG_SCOPE(verb)	(1u << (verb))
#define OG_SCOPE_GLOBAL OG_SCOPE(OG_VERB_NONE)

enum { OG_RUNC = 1 << 0, OG_CRUN = 1 << 1 }; /* which runtimes know a flag */

enum og_arity {
	OG_FLAG_BOOL,	  /* no value: "=false" is an error to crun */
	OG_FLAG_VALUE,	  /* one value; given again, the last one counts */
	OG_FLAG_LIST,	  /* one value each time, all of them count, in order */
	OG_FLAG_OPTIONAL, /* crun's --tty[=VAL]: none, "true" or "false" */
	OG_FLAG_INFO,	  /* --help, --version, --usage: nothing is launched */
};

/* What a value looks like. From OG_VALUE_U16 on: integers, plain decimal. */
enum og_flag_value {
	OG_VALUE_NONE,
	OG_VALUE_TEXT, /* no control bytes */
	OG_VALUE_FREE, /* any byte inside; never quoted in a message (env) */
	OG_VALUE_PATH,
	OG_VALUE_LOG, /* a path that crun does not take for "syslog:…" */
	OG_VALUE_U16,
	OG_VALUE_U31,
	OG_VALUE_S31, /* from -1 */
	OG_VALUE_U63,
	OG_VALUE_S63,
	OG_VALUE_SIZE, /* bytes, or -1; units (50M) are resolved by the parser */
};

enum {
	OG_FLAG_APART = 1 << 0, /* built as two words: crun declares no value and takes the next */
	OG_FLAG_PATTERN = 1 << 1, /* makes the id a pattern: refused */
};

struct og_flag_def {
	unsigned scopes;    /* mask of OG_SCOPE() */
	const char *name;   /* the canonical, long name */
	const char *shorts; /* one-letter names, "" for none */
	enum og_arity arity;
	enum og_flag_value value;
	unsigned runtimes; /* mask of OG_RUNC, OG_CRUN */
	unsigned attrs;
};

struct og_command {
	const char *name;
	enum og_verb verb;
	unsigned min, max;   /* positional arguments, the id included */
	bool stop_at_id;     /* what follows the id is not the runtime's to read */
	const char *refused; /* why it is refused, and what to do instead; NULL: it is not */
};

#define OG_FLAG_DEFS_MAX 128
extern const struct og_flag_def og_flag_defs[];
extern const size_t og_nflag_defs;
extern const struct og_command og_commands[];
extern const size_t og_ncommands;

const struct og_flag_def *og_flag_def_find(unsigned scopes, const char *name, size_t len);
const struct og_flag_def *og_flag_def_short(unsigned scopes, char c);
const struct og_command *og_command_find(const char *name);

static inline bool og_flag_value_is_integer(enum og_flag_value value)
{
	return value >= OG_VALUE_U16;
}

/*
 * 0 if |text| is a value for |def|. Integers in another spelling of the same
 * number (50M) are written into |number| and *ret points to it; else *ret is
 * |text|. -1: OG_E_USAGE.
 */
#define OG_NUMBER_TEXT 24
int og_flag_value_read(const struct og_flag_def *def, const char *text, char number[OG_NUMBER_TEXT],
		       const char **ret, struct og_err *reterr);

/* crun takes the handler that runs the container from these names of its own. */
bool og_is_handler_name(const char *name);

/* Does |text| begin or end with what Go's strings.TrimSpace takes away? */
bool og_has_outer_blank(const char *text);
bool og_has_control(const char *text);

/* A flag as it was given. */
struct og_flag {
	const struct og_flag_def *def;
	const char *value; /* borrowed; NULL for one without a value */
	bool global;	   /* it stood before the command */
};

/* All strings are borrowed from argv, or from |block|. */
struct og_cmdline {
	/* ocigate's own: NULL when absent */
	const char *policy, *mode, *runtime;
	const char *profile; /* called as ocigate-NAME; as ocigate-explain: |mode| instead */

	enum og_verb verb;
	const char *command; /* its name; NULL when there is none */
	const char *id;

	/* values that the shim itself needs; NULL when absent, never "" */
	const char *root, *log, *log_format, *bundle, *process, *pid_file, *console_socket,
		*resources;

	const struct og_flag *flags; /* global ones first, in order; what counts only */
	size_t nflags;
	char *const *args; /* after the id: exec's command, kill's signal, options of ps */
	size_t nargs;

	void *block; /* ours; everything else is borrowed */
};

/*
 * Understand |argv|. -1 with OG_E_USAGE names the word that is not understood
 * and what to write instead; *ret then holds what was read before it (verb,
 * log: where to report), and is to be released as well.
 */
int og_cmdline_parse(int argc, char *const argv[], struct og_cmdline *ret, struct og_err *reterr);
void og_cmdline_release(struct og_cmdline *cmd);

/*
 * The flag by its canonical name, NULL when it was not given; of a list the
 * last. The command's own goes before a global one of the same name
 * (--rootless). Walk cmd->flags to see all values of a list. "has" is whether
 * it is in force: --tty=false is given and is not.
 */
const struct og_flag *og_cmdline_flag(const struct og_cmdline *cmd, const char *name);
const char *og_cmdline_value(const struct og_cmdline *cmd, const char *name);
bool og_cmdline_has(const struct og_cmdline *cmd, const char *name);

/*
 * A replacement for all that was given under a name, or an addition; value
 * NULL takes it out, "" sets a flag that has no value. OG_ARGS with NULL takes
 * out the positional arguments after the id.
 */
struct og_override {
	const char *name, *value;
};
#define OG_ARGS "--"

/*
 * "ARGV0 --flag=value … COMMAND --flag=value … -- ID …", ended by NULL. *retargv
 * is one block, copied, free() it. |argv0| is what the runtime shall be called:
 * not a name from which crun picks a handler.
 */
int og_cmdline_build(const struct og_cmdline *cmd, const char *argv0,
		     const struct og_override *overrides, size_t n, char ***retargv,
		     struct og_err *reterr);

#endif
