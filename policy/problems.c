/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors and warnings of policy files: collected while the files are read in
 * whatever order that takes, reported in the order of their places.
 */
#include "policy/policy_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More of them help nobody, and a file of nothing else must not cost much. */
#define PROBLEMS_MAX 1000
#define WARNINGS_MAX 500 /* of these, so that errors are never crowded out */

static struct og_problem *new_problem(struct og_problems *problems)
{
	if (problems->n == PROBLEMS_MAX)
		return NULL;
	if (problems->n == problems->cap) {
		size_t cap = problems->cap ? problems->cap * 2 : 16;
		struct og_problem *list = og_pool_alloc(&problems->pool, cap, sizeof(*list));

		if (!list)
			return NULL;
		if (problems->n)
			memcpy(list, problems->list, problems->n * sizeof(*list));
		problems->list = list;
		problems->cap = cap;
	}
	return &problems->list[problems->n];
}

static void add(const struct og_reader *reader, bool warning, unsigned line, unsigned col,
		const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));
static void add(const struct og_reader *reader, bool warning, unsigned line, unsigned col,
		const char *fmt, va_list ap)
{
	struct og_problems *problems = reader->problems;
	struct og_problem *problem;
	char text[sizeof(((struct og_err *)0)->msg)];

	if (warning && (problems->quiet || problems->n - problems->listed >= WARNINGS_MAX))
		return;
	problems->errors += !warning;
	problem = new_problem(problems);
	if (!problem)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	*problem = (struct og_problem){ .source = reader->source,
					.line = line,
					.col = col,
					.order = problems->n,
					.warning = warning,
					.text = og_pool_text(&problems->pool, text) };
	if (!problem->text)
		return;
	problems->n++;
	problems->listed += !warning;
}

void og_problem_at(const struct og_reader *reader, bool warning, unsigned line, unsigned col,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(reader, warning, line, col, fmt, ap);
	va_end(ap);
}

bool og_wrong(const struct og_reader *reader, const struct og_node *at, const char *fmt, ...)
{
	unsigned line, col;
	va_list ap;

	og_pos(at, &line, &col);
	va_start(ap, fmt);
	add(reader, false, line, col, fmt, ap);
	va_end(ap);
	return false;
}

bool og_warn(const struct og_reader *reader, const struct og_node *at, const char *fmt, ...)
{
	unsigned line, col;
	va_list ap;

	og_pos(at, &line, &col);
	va_start(ap, fmt);
	add(reader, true, line, col, fmt, ap);
	va_end(ap);
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct og_problem *x = a, *y = b;

	int order = (x->source > y->source) - (x->source < y->source);

	if (!order)
		order = (x->line > y->line) - (x->line < y->line);
	if (!order)
		order = (x->col > y->col) - (x->col < y->col);
	return order ? order : (x->order > y->order) - (x->order < y->order);
}

void og_problems_sort(struct og_problems *problems)
{
	og_sort(problems->list, problems->n, sizeof(*problems->list), by_place);
}

/* ---- what was meant ---- */

#define WORD_MAX 40

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, blind to case and to "_" for "-". */
static size_t distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= blen; j++)
		row[j] = j;
	for (size_t i = 1; i <= alen; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t up = row[j];

			row[j] = least(row[j] + 1, row[j - 1] + 1,
				       diagonal + (lower(a[i - 1]) != lower(b[j - 1])));
			diagonal = up;
		}
	}
	return row[blen];
}

const char *og_hint(char buf[OG_HINT], const char *text, const char *const *candidates)
{
	size_t len = strlen(text), best = len / 3 + 2;
	const char *found = NULL;

	buf[0] = '\0';
	for (; len <= WORD_MAX && *candidates; candidates++) {
		size_t n = strlen(*candidates), d;

		if (n > WORD_MAX)
			continue;
		d = distance(text, len, *candidates, n);
		if (d < best && d < n) {
			best = d;
			found = *candidates;
		}
	}
	if (found)
		snprintf(buf, OG_HINT, "; did you mean \"%s\"?", found);
	return buf;
}
