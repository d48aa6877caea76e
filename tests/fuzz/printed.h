/* SPDX-License-Identifier: Apache-2.0 */
/* What subcommands print about an audit log that holds any bytes, and what must hold of it. */
#ifndef OG_FUZZ_PRINTED_H
#define OG_FUZZ_PRINTED_H

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "ocigate/doc.h"
#include "shim/ctl/auditlog.h"
#include "shim/ctl/ctl.h"
#include "shim/ctl/report.h"

struct log {
	int fd;
	char path[64];
	uint64_t lines;
};

static inline void log_open(struct log *log, const uint8_t *data, size_t len)
{
	log->fd = memfd_create("log", MFD_CLOEXEC);
	MUST(log->fd >= 0 && write(log->fd, len ? (const void *)data : "", len) == (ssize_t)len);
	snprintf(log->path, sizeof(log->path), "/proc/self/fd/%d", log->fd);
}

static inline uint64_t count_lines(const uint8_t *data, size_t len)
{
	uint64_t lines = 0;
	bool blank = true;

	/* a line of blanks alone is what a launch left of a record that did not fit */
	for (size_t i = 0; i < len; i++) {
		lines += data[i] == '\n' && !blank;
		blank = data[i] == '\n' || (blank && data[i] == ' ');
	}
	return lines + !blank;
}

/* The output of |subcommand| on the log, for free(); |option| with |value| first. */
static inline char *printed(const struct log *log,
			    int (*subcommand)(const struct og_subcommand *, int, char *[]),
			    const char *option, const char *value, size_t *retlen)
{
	static const struct og_subcommand self = { .name = "fuzz" };
	const char *argv[] = { "fuzz", option, value, log->path, NULL };
	FILE *before = stdout;
	char *text = NULL;

	stdout = open_memstream(&text, retlen);
	MUST(stdout && subcommand(&self, 4, (char **)(uintptr_t)argv) == OG_CTL_OK);
	fclose(stdout);
	stdout = before;
	return text;
}

static inline uint64_t number(const struct og_doc *doc, const char *pointer)
{
	uint64_t n;

	MUST(og_u64(og_get(og_doc_root(doc), pointer), &n) == 0);
	return n;
}

/* report: JSON, in which every line is a launch or unreadable, and each of the launches, which
 * are returned, has a day. */
static inline uint64_t must_count(const struct log *log)
{
	static const char *const columns[] = { "/complied", "/noted", "/rewritten", "/rejected" };
	uint64_t launches = 0, days = 0;
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;
	size_t len;
	char *text = printed(log, og_ctl_report, "--format", "json", &len);

	MUST_FOR(og_doc_parse("report", text, len, 0, &doc, &err) == 0, &err);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		launches += number(doc, columns[i]);
		og_each (day, og_get(og_doc_root(doc), "/days")) {
			uint64_t n;

			MUST(og_u64(og_get(day, columns[i]), &n) == 0);
			days += n;
		}
	}
	MUST(launches + number(doc, "/unreadable") == log->lines && days == launches);
	og_doc_free(doc);
	free(text);
	return launches;
}

static inline int count_record(void *ctx, const struct og_node *record, struct og_err *reterr)
{
	size_t *n = ctx;

	(void)record;
	(void)reterr;
	++*n;
	return 0;
}

/* Of none there is nothing to suggest. Those whose sentences are no text report counts alone. */
static inline bool is_read_by_suggest(const struct log *log)
{
	char *paths[] = { (char *)(uintptr_t)log->path };
	struct og_logstat stat = { 0 };
	struct og_err err = { 0 };
	size_t n = 0;

	MUST_FOR(og_log_each(paths, 1, og_suggest_keys, count_record, &n, &stat, &err) == 0, &err);
	return n > 0;
}

/* suggest: a document with comments, of what a policy is made of. */
static inline void must_suggest(const struct log *log)
{
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;
	size_t len;
	char *text = printed(log, og_ctl_suggest, "--extends", "lab", &len);

	MUST_FOR(og_doc_parse("suggestion", text, len, OG_DOC_COMMENTS, &doc, &err) == 0, &err);
	MUST(og_count(og_doc_root(doc)) == 4 && number(doc, "/version") == 1);
	MUST(og_type(og_get(og_doc_root(doc), "/rules")) == OG_OBJECT);
	MUST(og_str(og_get(og_doc_root(doc), "/audit/file")));
	og_doc_free(doc);
	free(text);
}

static inline bool is_of_page(const char *tag)
{
	static const char *const tags[] = { "!DOCTYPE html>",
					    "html",
					    "head>",
					    "meta ",
					    "title>",
					    "style>",
					    "body>",
					    "h1>",
					    "h2>",
					    "p",
					    "div",
					    "b>",
					    "table>",
					    "tr>",
					    "th>",
					    "td",
					    "svg ",
					    "rect ",
					    "pre>" };

	tag += *tag == '/';
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strncmp(tag, tags[i], strlen(tags[i])) == 0)
			return true;
	return strncmp(tag, "svg>", 4) == 0 || strncmp(tag, "rect>", 5) == 0;
}

/* The page: no element but the page's own, and no control character. */
static inline void must_be_harmless(const struct log *log)
{
	size_t len;
	char *text = printed(log, og_ctl_report, "--format", "html", &len);

	MUST(strlen(text) == len);
	for (const char *p = text; *p; p++) {
		MUST(*p != '<' || is_of_page(p + 1));
		MUST((unsigned char)*p >= ' ' || *p == '\n' || *p == '\t');
	}
	free(text);
}

#endif
