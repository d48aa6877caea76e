/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies, one per part, each as what the one before extends. Whatever the
 * bytes: a policy or an error, and every problem with its place in its file.
 */
#include "fuzz.h"
#include "ocigate/policy.h"

struct problems {
	struct og_policy_source sources[8];
	size_t n, errors;
};

static unsigned count_lines(const struct og_policy_source *source)
{
	unsigned lines = 1;

	for (size_t i = 0; i < source->len; i++)
		lines += source->text[i] == '\n';
	return lines;
}

static void on_problem(void *ctx, bool warning, const struct og_err *problem)
{
	struct problems *problems = ctx;
	size_t i = 0;

	must_explain(problem, true);
	while (i < problems->n && strcmp(problems->sources[i].file, problem->where) != 0)
		i++;
	MUST_FOR(i < problems->n && problem->line <= count_lines(&problems->sources[i]), problem);
	problems->errors += !warning;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const files[] = { "/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7" };
	struct problems problems = { .n = 0 };
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };
	int r;

	do {
		struct part part = next_part(&data, &len);

		problems.sources[problems.n] = (struct og_policy_source){ files[problems.n],
									  part.text, part.len };
	} while (++problems.n < sizeof(files) / sizeof(files[0]) && len);
	r = og_policy_compile(problems.sources, problems.n, on_problem, &problems, &policy, &err);
	MUST_FOR((r < 0) == (problems.errors > 0), &err);
	if (r < 0)
		must_explain(&err, true);
	else
		MUST(og_policy_mode(policy) <= OG_MODE_EXPLAIN &&
		     strcmp(og_policy_file(policy), files[0]) == 0);
	og_policy_free(policy);
	return 0;
}
