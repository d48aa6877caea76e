/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, one word per part: what is understood is built into words
 * that mean the same when they are read again, and are built alike.
 */
#include "fuzz.h"
#include "shim/cmdline.h"

#define WORDS_MAX 512

struct words {
	char *argv[WORDS_MAX + 1];
	int argc;
};

static void split(const uint8_t *data, size_t len, struct words *ret)
{
	ret->argc = 0;
	do {
		struct part part = next_part(&data, &len);

		ret->argv[ret->argc] = strndup(part.text, part.len);
		MUST(ret->argv[ret->argc]);
	} while (++ret->argc < WORDS_MAX && len);
	ret->argv[ret->argc] = NULL;
}

static bool same_text(const char *a, const char *b)
{
	return !a || !b ? a == b : strcmp(a, b) == 0;
}

static void must_mean_the_same(const struct og_cmdline *a, const struct og_cmdline *b)
{
	MUST(a->verb == b->verb && same_text(a->command, b->command) && same_text(a->id, b->id));
	MUST(same_text(a->root, b->root) && same_text(a->log, b->log));
	MUST(same_text(a->log_format, b->log_format) && same_text(a->bundle, b->bundle));
	MUST(same_text(a->process, b->process) && same_text(a->pid_file, b->pid_file));
	MUST(same_text(a->console_socket, b->console_socket));
	MUST(same_text(a->resources, b->resources));
	MUST(a->nflags == b->nflags && a->nargs == b->nargs);
	for (size_t i = 0; i < a->nflags; i++)
		MUST(a->flags[i].def == b->flags[i].def &&
		     a->flags[i].global == b->flags[i].global &&
		     same_text(a->flags[i].value, b->flags[i].value));
	for (size_t i = 0; i < a->nargs; i++)
		MUST(same_text(a->args[i], b->args[i]));
}

/* Build |cmd|, read that, build again. */
static void round_trip(const struct og_cmdline *cmd)
{
	struct og_cmdline again = { 0 };
	struct og_err err = { 0 };
	char **built = NULL, **rebuilt = NULL;
	int n = 0;

	MUST_FOR(og_cmdline_build(cmd, "runc", NULL, 0, &built, &err) == 0, &err);
	while (built[n])
		n++;
	MUST_FOR(og_cmdline_parse(n, built, &again, &err) == 0, &err);
	must_mean_the_same(cmd, &again);
	MUST(!again.policy && !again.mode && !again.runtime && !again.profile);
	MUST_FOR(og_cmdline_build(&again, "runc", NULL, 0, &rebuilt, &err) == 0, &err);
	for (int i = 0; i <= n; i++)
		MUST(same_text(built[i], rebuilt[i]));
	free(built);
	free(rebuilt);
	og_cmdline_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct og_cmdline cmd = { 0 };
	struct og_err err = { 0 };
	struct words words;

	split(data, len, &words);
	if (og_cmdline_parse(words.argc, words.argv, &cmd, &err) < 0)
		must_explain(&err, false);
	else if (cmd.verb != OG_VERB_OWN_VERSION)
		round_trip(&cmd);
	og_cmdline_release(&cmd);
	for (int i = 0; i < words.argc; i++)
		free(words.argv[i]);
	return 0;
}
