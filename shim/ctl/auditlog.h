/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit logs, as report.c of the shim writes them: JSON lines, read in constant memory,
 * whatever their size; and counts by name in bounded memory.
 */
#ifndef OG_CTL_AUDITLOG_H
#define OG_CTL_AUDITLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/doc.h"
#include "ocigate/err.h"
#include "shim/arena.h"

/* ---- reading ---- */

struct og_logstat {
	uint64_t lines, bad; /* bad: no record could be read; counted, not fatal */
	char first_bad[300]; /* FILE:LINE of the first of them; "" */
};

/* |record| is valid during the call. -1 ends the reading. */
typedef int og_log_fn(void *ctx, const struct og_node *record, struct og_err *reterr);

/*
 * Each record of each file; "-" is standard input. A bar on stderr if that is a terminal.
 * A record has at least the members named by |keys| (NULL ends them), at every level; others
 * may have been left out unread, which is what makes it fast.
 */
int og_log_each(char *const *paths, size_t n, const char *const *keys, og_log_fn *fn, void *ctx,
		struct og_logstat *stat, struct og_err *reterr);

/* ---- counting ---- */

enum { OG_TALLY_COLUMNS = 4, OG_TALLY_MAX = 20000 };

struct og_tally_row {
	const char *name;
	uint64_t n[OG_TALLY_COLUMNS];
};

/* Counts by name. Names beyond OG_TALLY_MAX are counted together, as "(others)". */
struct og_tally {
	struct og_arena names;
	struct og_tally_row *rows;
	uint32_t *slots; /* open addressing: index + 1 */
	size_t n, size;
};

/* Add 1 in |column|. -1: memory is short. */
int og_tally_add(struct og_tally *tally, const char *name, size_t column);
/* By the sum of the columns, most first; by name where |names|. Ends the adding. */
void og_tally_sort(struct og_tally *tally, bool names);
void og_tally_free(struct og_tally *tally);

#endif
