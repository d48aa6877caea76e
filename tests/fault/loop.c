/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over failing allocations; see loop.h. */
#include "loop.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include "alloc.h"
#include "pieces.h"

/* More allocations than any operation here makes: the loop must end. */
#define CALLS_MAX 100000

void digest_add(struct digest *digest, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	if (!digest->len)
		digest->hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++)
		digest->hash = (digest->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	digest->len += len + 1;
}

void digest_text(struct digest *digest, const char *text)
{
	digest_add(digest, text ? text : "\1", text ? strlen(text) + 1 : 1);
}

struct outcome {
	int r;
	struct digest digest;
	struct og_err err;
	struct alloc_report alloc;
};

static struct outcome run(operation_fn *operation, const void *ctx, size_t nth, bool persistent)
{
	struct outcome outcome = { 0 };

	alloc_arm(nth, persistent);
	outcome.r = operation(ctx, &outcome.digest, &outcome.err);
	outcome.alloc = alloc_disarm();
	return outcome;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->r == 0 && b->r == 0 && a->digest.hash == b->digest.hash &&
	       a->digest.len == b->digest.len;
}

/* libc can do without some of its own, qsort(3) for one: then the result must be the right one. */
static bool is_well_refused(const char *what, size_t nth, const struct outcome *outcome,
			    const struct outcome *wanted)
{
	bool right = outcome->r == -1 || same(outcome, wanted);
	bool named = outcome->r == 0 || outcome->err.code == OG_E_NOMEM;

	cr_expect(right, "%s: a wrong result without allocation %zu", what, nth);
	cr_expect(named, "%s: without allocation %zu: error %d: %s: %s", what, nth,
		  (int)outcome->err.code, outcome->err.where, outcome->err.msg);
	cr_expect(outcome->alloc.remaining == 0, "%s: without allocation %zu: %ld blocks leak",
		  what, nth, outcome->alloc.remaining);
	return right && named && outcome->alloc.remaining == 0;
}

static size_t fail_from(const char *what, operation_fn *operation, const void *ctx,
			const struct outcome *wanted, bool persistent)
{
	size_t nth = 1;
	struct outcome outcome = run(operation, ctx, nth, persistent);

	/* the first failure is enough to know about */
	while (outcome.alloc.failed && is_well_refused(what, nth, &outcome, wanted)) {
		cr_assert(++nth < CALLS_MAX, "%s: the loop does not end", what);
		outcome = run(operation, ctx, nth, persistent);
	}
	if (!outcome.alloc.failed)
		cr_expect(same(&outcome, wanted), "%s: does not give the same again", what);
	return nth - 1;
}

static struct outcome undisturbed(const char *what, operation_fn *operation, const void *ctx)
{
	struct outcome wanted;

	/* the first time libc and the libraries may keep something for themselves */
	run(operation, ctx, 0, false);
	wanted = run(operation, ctx, 0, false);
	cr_assert(wanted.r == 0, "%s: error %d: %s:%u:%u: %s", what, (int)wanted.err.code,
		  wanted.err.where, wanted.err.line, wanted.err.col, wanted.err.msg);
	cr_assert(wanted.alloc.calls > 0 && wanted.digest.len > 0, "%s: does nothing", what);
	cr_expect(wanted.alloc.remaining == 0, "%s: %ld blocks leak", what, wanted.alloc.remaining);
	return wanted;
}

size_t fail_once(const char *what, operation_fn *operation, const void *ctx)
{
	struct outcome wanted = undisturbed(what, operation, ctx);

	return fail_from(what, operation, ctx, &wanted, false);
}

size_t fail_each(const char *what, operation_fn *operation, const void *ctx)
{
	struct outcome wanted = undisturbed(what, operation, ctx);

	return fail_from(what, operation, ctx, &wanted, false) +
	       fail_from(what, operation, ctx, &wanted, true);
}

size_t fail_pieces(const char *what, operation_fn *operation, const void *ctx)
{
	size_t refused;

	alloc_pieces(true);
	refused = fail_each(what, operation, ctx);
	alloc_pieces(false);
	return refused;
}
