/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over failing allocations; see loop.h. */
#include "loop.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include "alloc.h"

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

static void check_refused(const char *what, size_t nth, const struct outcome *outcome)
{
	cr_assert(outcome->r == -1, "%s: succeeds without allocation %zu", what, nth);
	cr_expect(outcome->err.code == OG_E_NOMEM, "%s: without allocation %zu: error %d: %s", what,
		  nth, (int)outcome->err.code, outcome->err.msg);
	cr_expect(outcome->alloc.remaining == 0, "%s: without allocation %zu: %ld blocks leak",
		  what, nth, outcome->alloc.remaining);
}

static size_t fail_from(const char *what, operation_fn *operation, const void *ctx,
			const struct outcome *wanted, bool persistent)
{
	size_t nth = 1;

	for (;; nth++) {
		struct outcome outcome = run(operation, ctx, nth, persistent);

		cr_assert(nth < CALLS_MAX, "%s: the loop does not end", what);
		if (outcome.alloc.failed) {
			check_refused(what, nth, &outcome);
			continue;
		}
		cr_assert(outcome.r == 0 && outcome.digest.hash == wanted->digest.hash &&
				  outcome.digest.len == wanted->digest.len,
			  "%s: does not give the same again", what);
		return nth - 1;
	}
}

size_t fail_each(const char *what, operation_fn *operation, const void *ctx)
{
	struct outcome wanted;

	/* the first time libc and the libraries may keep something for themselves */
	run(operation, ctx, 0, false);
	wanted = run(operation, ctx, 0, false);
	cr_assert(wanted.r == 0, "%s: error %d: %s:%u:%u: %s", what, (int)wanted.err.code,
		  wanted.err.where, wanted.err.line, wanted.err.col, wanted.err.msg);
	cr_assert(wanted.alloc.calls > 0 && wanted.digest.len > 0, "%s: does nothing", what);
	cr_expect(wanted.alloc.remaining == 0, "%s: %ld blocks leak", what, wanted.alloc.remaining);
	return fail_from(what, operation, ctx, &wanted, false) +
	       fail_from(what, operation, ctx, &wanted, true);
}
