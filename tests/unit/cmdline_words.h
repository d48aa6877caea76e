/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the command line share: a line of words in, what was built
 * of it out.
 */
#ifndef OG_TEST_CMDLINE_WORDS_H
#define OG_TEST_CMDLINE_WORDS_H

#include "shim/cmdline.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX 64

/* Words stand between blanks; "~" is a blank inside a word, "''" an empty one. */
struct words {
	char text[4096];
	char *argv[WORDS_MAX + 1];
	int argc;
};

static inline void split_words(struct words *w, const char *line)
{
	char *save = NULL;

	cr_assert(lt(sz, strlen(line), sizeof(w->text)));
	memcpy(w->text, line, strlen(line) + 1);
	w->argc = 0;
	for (char *at = strtok_r(w->text, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
		cr_assert(lt(int, w->argc, WORDS_MAX));
		if (strcmp(at, "''") == 0)
			*at = '\0';
		for (char *c = at; *c; c++)
			if (*c == '~')
				*c = ' ';
		w->argv[w->argc++] = at;
	}
	w->argv[w->argc] = NULL;
}

static inline void join(char *const argv[], char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (int i = 0; argv[i]; i++) {
		used += (size_t)snprintf(ret + used, size - used, "%s%s", i ? " " : "",
					 *argv[i] ? argv[i] : "''");
		cr_assert(lt(sz, used, size));
	}
	for (char *c = ret; *c; c++)
		if (*c == '~')
			*c = '!';
}

/* Parses |line| (after "runc ") and builds it; the result is in |ret|. */
static inline void rebuild(const char *line, const struct og_override *overrides, size_t n,
			   char *ret, size_t size)
{
	struct og_err err = { .code = OG_OK };
	struct og_cmdline cmd;
	struct words w;
	char full[4096], **argv;

	snprintf(full, sizeof(full), "/usr/bin/runc %s", line);
	split_words(&w, full);
	cr_assert(eq(int, og_cmdline_parse(w.argc, w.argv, &cmd, &err), 0), "%s: %s", line,
		  err.msg);
	cr_assert(eq(int, og_cmdline_build(&cmd, "runc", overrides, n, &argv, &err), 0), "%s: %s",
		  line, err.msg);
	join(argv, ret, size);
	free(argv);
	og_cmdline_release(&cmd);
}

static inline void check_built(const char *line, const char *expected)
{
	char got[4096], want[4096];

	rebuild(line, NULL, 0, got, sizeof(got));
	snprintf(want, sizeof(want), "runc%s%s", *expected ? " " : "", expected);
	cr_assert(eq(str, got, want), "from: %s", line);
}

static inline void check_refused(const char *line, const char *message)
{
	struct og_err err = { .code = OG_OK };
	struct og_cmdline cmd;
	struct words w;
	char full[4096];

	snprintf(full, sizeof(full), "runc %s", line);
	split_words(&w, full);
	cr_assert(eq(int, og_cmdline_parse(w.argc, w.argv, &cmd, &err), -1), "accepted: %s", line);
	cr_assert(eq(int, err.code, OG_E_USAGE), "%s", line);
	cr_expect(strstr(err.msg, message) != NULL, "%s: \"%s\" is not in \"%s\"", line, message,
		  err.msg);
	og_cmdline_release(&cmd);
}

#endif
