/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's memory: what cannot be had is remembered; and the hints of messages. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>

#include "policy/policy_internal.h"

Test(pool, what_overflows_is_refused_and_remembered)
{
	static const struct {
		size_t n, size;
	} cases[] = { { SIZE_MAX, 2 }, { SIZE_MAX / 2 + 1, 2 }, { SIZE_MAX / 2, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct og_pool pool = { 0 };

		cr_expect(og_pool_alloc(&pool, cases[i].n, cases[i].size) == NULL);
		cr_expect(pool.failed);
		cr_expect(og_pool_alloc(&pool, 1, 1) == NULL, "a failure sticks");
		og_pool_release(&pool);
	}
}

Test(pool, text_is_copied_and_nothing_stays_nothing)
{
	struct og_pool pool = { 0 };
	char text[] = "abc";
	char *copy = og_pool_text(&pool, text);

	text[0] = 'x';
	cr_expect(eq(str, copy, "abc"));
	cr_expect(eq(str, og_pool_copy(&pool, "abcdef", 2), "ab"));
	cr_expect(og_pool_text(&pool, NULL) == NULL);
	cr_expect(not(pool.failed));
	og_pool_release(&pool);
}

/* Large pieces do not cost the room that the first chunk still has. */
Test(pool, pieces_are_zero_and_apart)
{
	struct og_pool pool = { 0 };
	unsigned char *pieces[64];

	for (size_t i = 0; i < 64; i++) {
		size_t size = i % 2 ? 20000 : 24;

		pieces[i] = og_pool_alloc(&pool, size, 1);
		cr_assert(pieces[i] != NULL);
		cr_expect(eq(sz, (uintptr_t)pieces[i] % 16, 0));
		for (size_t j = 0; j < size; j++)
			cr_assert(eq(int, pieces[i][j], 0));
		memset(pieces[i], (int)i, size);
	}
	for (size_t i = 0; i < 64; i++)
		for (size_t j = 0; j < (i % 2 ? 20000 : 24); j++)
			cr_assert(eq(int, pieces[i][j], (int)i));
	og_pool_release(&pool);
}

Test(hint, the_nearest_word)
{
	static const char *const words[] = {
		"a-candidate-that-is-longer-than-any-word-that-is-compared-here", "enforce",
		"audit", NULL
	};
	char buf[OG_HINT];

	cr_expect(eq(str, (char *)og_hint(buf, "enforced", words), "; did you mean \"enforce\"?"));
	cr_expect(eq(str, (char *)og_hint(buf, "adit", words), "; did you mean \"audit\"?"));
	cr_expect(eq(str, (char *)og_hint(buf, "zzzzzz", words), ""));
	cr_expect(eq(str,
		     (char *)og_hint(
			     buf, "a-candidate-that-is-longer-than-any-word-that-is-compared-here",
			     words),
		     ""));
}
