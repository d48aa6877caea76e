/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies, one per part, each as what the one before extends. Whatever the
 * bytes: a policy or an error, and every problem with its place in its file.
 */
#include "fuzz.h"
#include "ocigate/policy.h"

#define SOURCES 8

struct problems {
	struct og_policy_source sources[SOURCES];
	size_t n, errors;
};

static unsigned count_lines(const struct og_policy_source *source)
{
	unsigned lines = 1;

	for (size_t i = 0; i < source->len; i++)
		lines += source->text[i] == '\n';
	return lines;
}

/* Whether |where| is how messages name |file|: quoted where it must be, and cut. */
static bool is_named(const char *file, const char *where)
{
	struct og_err shown = { 0 };

	og_err_where(&shown, file, 0, 0);
	return strcmp(shown.where, where) == 0;
}

static void on_problem(void *ctx, bool warning, const struct og_err *problem)
{
	struct problems *problems = ctx;
	size_t i = 0;

	must_explain(problem, true);
	while (i < problems->n && !is_named(problems->sources[i].file, problem->where))
		i++;
	MUST_FOR(i < problems->n && problem->line <= count_lines(&problems->sources[i]), problem);
	problems->errors += !warning;
}

/* One more file, called |file|; what it extends, NULL when that is no file. */
static char *add_source(struct problems *problems, char *file, struct part part)
{
	struct og_policy_source *source = &problems->sources[problems->n++];
	struct og_err err = { 0 };
	char *base = NULL;

	*source = (struct og_policy_source){ file, part.text, part.len };
	if (og_policy_extends(source, &base, &err) < 0)
		must_explain(&err, true);
	if (base && base[0] != '/') {
		free(base);
		base = NULL;
	}
	return base;
}

/* Whoever reads the files refuses a circle. */
static bool is_known(const struct problems *problems, const char *file)
{
	for (size_t i = 0; i < problems->n; i++)
		if (strcmp(problems->sources[i].file, file) == 0)
			return true;
	return false;
}

static void compile(struct problems *problems)
{
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };
	int r = og_policy_compile(problems->sources, problems->n, on_problem, problems, &policy,
				  &err);

	MUST_FOR((r < 0) == (problems->errors > 0), &err);
	if (r < 0)
		must_explain(&err, true);
	else
		MUST(strcmp(og_policy_file(policy), problems->sources[0].file) == 0);
	og_policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct problems problems = { .n = 0 };
	char *file = strdup("/policy.json");

	while (file && problems.n < SOURCES && !is_known(&problems, file))
		file = add_source(&problems, file, next_part(&data, &len));
	if (!file)
		compile(&problems);
	free(file);
	for (size_t i = 0; i < problems.n; i++)
		free((char *)(uintptr_t)problems.sources[i].file);
	return 0;
}
