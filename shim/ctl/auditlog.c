/* SPDX-License-Identifier: Apache-2.0 */
/* Reading audit logs line by line, and counting what stands in them. */
#include "auditlog.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../file.h"
#include "ocigate/buf.h"

/* A record is a few kB; one that is longer than this is none. */
#define LINE_MAX_BYTES ((size_t)4 << 20)
#define FIRST_BUFFER   ((size_t)1 << 18)

/* ---- progress ---- */

struct progress {
	off_t total, done, shown;
	bool on;
};

static void show_progress(struct progress *progress)
{
	unsigned percent;

	if (!progress->on || progress->total <= 0 ||
	    progress->done - progress->shown < progress->total / 100)
		return;
	progress->shown = progress->done;
	percent = (unsigned)(progress->done * 100 / progress->total);
	fprintf(stderr, "\r[%-50.*s] %3u %%", (int)(percent / 2),
		"==================================================", percent);
}

static void end_progress(const struct progress *progress)
{
	if (progress->on && progress->shown)
		fprintf(stderr, "\r%60s\r", "");
}

/* ---- lines ---- */

struct reading {
	og_log_fn *fn;
	void *ctx;
	const char *const *keys;
	struct og_logstat *stat;
	const char *path;
	uint64_t line; /* of this file */
	struct progress progress;
};

static void count_bad(struct reading *reading)
{
	struct og_logstat *stat = reading->stat;

	if (stat->bad++ == 0)
		snprintf(stat->first_bad, sizeof(stat->first_bad), "%.250s:%llu", reading->path,
			 (unsigned long long)reading->line);
}

/* The quote that ends the string which begins at |text|; NULL: none before |end|. */
static char *string_end(char *text, const char *end)
{
	char *quote = text;

	while ((quote = memchr(quote + 1, '"', (size_t)(end - quote - 1)))) {
		const char *before = quote;

		while (before[-1] == '\\')
			before--;
		if ((quote - before) % 2 == 0)
			break;
	}
	return quote;
}

/* Behind the string, number or word at |value|; NULL: it is none, or the line ends. */
static char *scalar_end(char *value, const char *end)
{
	char *at = value;

	if (at < end && *at == '"') {
		at = string_end(at, end);
		return at ? at + 1 : NULL;
	}
	while (at < end && (isalnum((unsigned char)*at) || *at == '-' || *at == '.'))
		at++;
	return at > value ? at : NULL;
}

static bool is_wanted(const char *const *keys, const char *key, size_t len)
{
	while (*keys &&
	       ((*keys)[0] != key[0] || strlen(*keys) != len || memcmp(*keys, key, len) != 0))
		keys++;
	return *keys || memchr(key, '\\', len);
}

/* Behind the member whose key is between these quotes; NULL: it is to stay. */
static char *unwanted(const char *const *keys, const char *quote, char *key_end, const char *end)
{
	char *next;

	if (key_end + 1 == end || key_end[1] != ':' ||
	    is_wanted(keys, quote + 1, (size_t)(key_end - quote - 1)))
		return NULL;
	next = scalar_end(key_end + 2, end);
	return next && next < end && (*next == ',' || *next == '}') ? next : NULL;
}

/*
 * Take out of a line, in place, the members that nobody asks for and that have none below
 * them: most of a record is "why", "before" and "after". What is left, with all of the
 * structure, goes to the parser; so does whatever is written otherwise than ocigate does
 * it, with blanks for one. The new length.
 */
static size_t leave_out(const char *const *keys, char *line, size_t len)
{
	char *in = line, *out = line, *quote, *key_end;
	const char *end = line + len;

	while ((quote = memchr(in, '"', (size_t)(end - in))) &&
	       (key_end = string_end(quote, end))) {
		const char before = quote > in ? quote[-1] : out > line ? out[-1] : '\0';
		char *next = before == ',' || before == '{' ? unwanted(keys, quote, key_end, end)
							    : NULL;
		char *upto = next ? quote : key_end + 1;

		memmove(out, in, (size_t)(upto - in));
		out += upto - in;
		in = next ? next + (*next == ',') : upto;
		if (next && *next == '}' && out[-1] == ',')
			out--;
	}
	memmove(out, in, (size_t)(end - in));
	return (size_t)(out - line) + (size_t)(end - in);
}

/* The place of a record that did not fit (shim/report.c). */
static bool is_blank(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len == 0;
}

static int take_line(struct reading *reading, char *text, size_t len, struct og_err *reterr)
{
	struct og_err ignored = { 0 };
	struct og_doc *doc;
	int r = 0;

	reading->line++;
	if (is_blank(text, len))
		return 0;
	reading->stat->lines++;
	len = leave_out(reading->keys, text, len);
	if (og_doc_parse(reading->path, text, len, 0, &doc, &ignored) < 0) {
		count_bad(reading);
		return ignored.code == OG_E_NOMEM ? og_fail(reterr, OG_E_NOMEM, "out of memory")
						  : 0;
	}
	if (og_type(og_doc_root(doc)) != OG_OBJECT ||
	    !og_str(og_member(og_doc_root(doc), "verdict")))
		count_bad(reading);
	else
		r = reading->fn(reading->ctx, og_doc_root(doc), reterr);
	og_doc_free(doc);
	return r;
}

/* Whole lines of |buf|; *left: how much of an unfinished one is at its end. */
static int take_lines(struct reading *reading, char *buf, size_t len, size_t *left,
		      struct og_err *reterr)
{
	char *start = buf, *end;
	int r = 0;

	while (r == 0 && (end = memchr(start, '\n', (size_t)(buf + len - start)))) {
		r = take_line(reading, start, (size_t)(end - start), reterr);
		start = end + 1;
	}
	*left = (size_t)(buf + len - start);
	memmove(buf, start, *left);
	return r;
}

/* Room for more: an unfinished line that is longer than a record can be is thrown away. */
static int make_room(struct reading *reading, char **buf, size_t *size, size_t *left,
		     struct og_err *reterr)
{
	char *more;

	if (*left < *size)
		return 0;
	if (*size >= LINE_MAX_BYTES) {
		count_bad(reading);
		*left = 0;
		return 0;
	}
	more = realloc(*buf, *size * 2);
	if (!more)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	*buf = more;
	*size *= 2;
	return 0;
}

static int read_lines(struct reading *reading, int fd, struct og_err *reterr)
{
	size_t size = FIRST_BUFFER, left = 0;
	og_auto_free char *buf = malloc(size);
	ssize_t n;

	if (!buf)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	for (;;) {
		if (make_room(reading, &buf, &size, &left, reterr) < 0)
			return -1;
		n = read(fd, buf + left, size - left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return og_fail_sys(reterr, errno, "reading %s", OG_Q(reading->path));
		if (n == 0)
			break;
		reading->progress.done += n;
		show_progress(&reading->progress);
		if (take_lines(reading, buf, left + (size_t)n, &left, reterr) < 0)
			return -1;
	}
	/* one that was being written as we read */
	return left ? take_line(reading, buf, left, reterr) : 0;
}

int og_log_each(char *const *paths, size_t n, const char *const *keys, og_log_fn *fn, void *ctx,
		struct og_logstat *stat, struct og_err *reterr)
{
	struct reading reading = { .fn = fn, .ctx = ctx, .keys = keys, .stat = stat };
	struct stat st;
	int r = 0;

	reading.progress.on = isatty(STDERR_FILENO);
	for (size_t i = 0; i < n; i++)
		if (reading.progress.on && lstat(paths[i], &st) == 0)
			reading.progress.total += st.st_size;
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool input = strcmp(paths[i], "-") == 0;
		og_auto_close int fd = input ? dup(STDIN_FILENO)
					     : open(paths[i], O_RDONLY | O_CLOEXEC);

		reading.path = paths[i];
		reading.line = 0;
		r = fd < 0 ? og_fail_sys(reterr, errno, "%s cannot be opened", OG_Q(paths[i]))
			   : read_lines(&reading, fd, reterr);
	}
	end_progress(&reading.progress);
	return r;
}

/* ---- counting ---- */

static size_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

/* The slot of |name|, or the free one where it belongs. */
static uint32_t *find_slot(const struct og_tally *tally, const char *name)
{
	size_t at = hash_of(name) & (tally->size - 1);

	while (tally->slots[at] && strcmp(tally->rows[tally->slots[at] - 1].name, name) != 0)
		at = (at + 1) & (tally->size - 1);
	return &tally->slots[at];
}

static int grow(struct og_tally *tally)
{
	size_t size = tally->size ? tally->size * 2 : 64;
	uint32_t *slots = calloc(size, sizeof(*slots));
	struct og_tally_row *rows = reallocarray(tally->rows, size / 2, sizeof(*rows));

	if (rows)
		tally->rows = rows;
	if (!slots || !rows) {
		free(slots);
		return -1;
	}
	free(tally->slots);
	tally->slots = slots;
	tally->size = size;
	for (size_t i = 0; i < tally->n; i++)
		*find_slot(tally, rows[i].name) = (uint32_t)i + 1;
	return 0;
}

int og_tally_add(struct og_tally *tally, const char *name, size_t column)
{
	uint32_t *slot;

	if (tally->n * 2 >= tally->size && grow(tally) < 0)
		return -1;
	slot = find_slot(tally, name);
	if (!*slot && tally->n >= OG_TALLY_MAX)
		slot = find_slot(tally, "(others)");
	if (!*slot) {
		const char *copy = og_arena_strdup(&tally->names,
						   tally->n >= OG_TALLY_MAX ? "(others)" : name);

		if (!copy)
			return -1;
		tally->rows[tally->n] = (struct og_tally_row){ .name = copy };
		*slot = (uint32_t)++tally->n;
	}
	tally->rows[*slot - 1].n[column]++;
	return 0;
}

static uint64_t sum_of(const struct og_tally_row *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < OG_TALLY_COLUMNS; i++)
		sum += row->n[i];
	return sum;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct og_tally_row *)a)->name,
		      ((const struct og_tally_row *)b)->name);
}

static int by_sum(const void *a, const void *b)
{
	uint64_t x = sum_of(a), y = sum_of(b);

	return x < y ? 1 : x > y ? -1 : by_name(a, b);
}

void og_tally_sort(struct og_tally *tally, bool names)
{
	if (tally->n)
		qsort(tally->rows, tally->n, sizeof(*tally->rows), names ? by_name : by_sum);
}

void og_tally_free(struct og_tally *tally)
{
	og_arena_release(&tally->names);
	free(tally->rows);
	free(tally->slots);
	*tally = (struct og_tally){ 0 };
}
