/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share: an assertion that works in every build, and
 * inputs made of parts that a NUL byte separates. JSON and words of a command
 * line hold no NUL, so a plain file is an input of one part. Header only,
 * because libFuzzer links each target alone.
 */
#ifndef OG_FUZZ_H
#define OG_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition, NULL))
#define MUST_FOR(condition, err)                                                                   \
	((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition, (err)))

__attribute__((noreturn)) static inline void
fuzz_broken(const char *file, int line, const char *condition, const struct og_err *err)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	if (err)
		fprintf(stderr, "error %d at %s:%u:%u: %s\n", (int)err->code, err->where, err->line,
			err->col, err->msg);
	abort();
}

/* What is refused says why; |place|: and where in the input it stands. */
static inline void must_explain(const struct og_err *err, bool place)
{
	MUST_FOR(err->code != OG_OK && err->code != OG_E_BUG && err->code != OG_E_NOMEM, err);
	MUST_FOR(err->msg[0] != '\0', err);
	MUST_FOR(!place || (err->line > 0 && err->col > 0), err);
}

struct part {
	const char *text; /* not NULL */
	size_t len;
};

/* The input up to the next NUL, which |*data| then stands behind; empty at its end. */
static inline struct part next_part(const uint8_t **data, size_t *len)
{
	const uint8_t *nul = *len ? memchr(*data, '\0', *len) : NULL;
	struct part part = { .text = *len ? (const char *)*data : "",
			     .len = nul ? (size_t)(nul - *data) : *len };
	size_t used = part.len + (nul != NULL);

	if (used)
		*data += used;
	*len -= used;
	return part;
}

#endif
