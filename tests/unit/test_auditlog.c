/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading audit logs: what is left out of a record before it is parsed, what must stay,
 * and lines that are no records. Under ASan this is also the test of the scanning.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "shim/ctl/auditlog.h"

static const char *const keys[] = { "verdict", "findings", "rule", NULL };

static int keep(void *ctx, const struct og_node *record, struct og_err *reterr)
{
	struct og_buf *out = ctx;
	const char *raw;
	size_t len;

	(void)reterr;
	raw = og_raw(record, &len);
	og_buf_put(out, raw, len);
	og_buf_puts(out, "\n");
	return 0;
}

/* The records of a log as they reach its reader; *stat: how many lines there were. */
static void read_log(const char *text, size_t len, struct og_buf *out, struct og_logstat *stat)
{
	char path[32];
	char *const paths[] = { path };
	struct og_err err = { 0 };
	int fd = memfd_create("log", MFD_CLOEXEC);

	cr_assert(fd >= 0);
	cr_assert(write(fd, text, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*stat = (struct og_logstat){ 0 };
	cr_assert(og_log_each(paths, 1, keys, keep, out, stat, &err) == 0, "%s", err.msg);
	close(fd);
}

Test(auditlog, left_out)
{
	static const struct {
		const char *line, *want; /* "": no record */
	} cases[] = {
		{ "{\"verdict\":\"allow\",\"why\":\"a\"}", "{\"verdict\":\"allow\"}" },
		{ "{\"why\":\"a\",\"verdict\":\"allow\"}", "{\"verdict\":\"allow\"}" },
		{ "{\"n\":1,\"t\":true,\"z\":null,\"f\":-1.5e3,\"verdict\":\"allow\"}",
		  "{\"verdict\":\"allow\"}" },
		{ "{\"verdict\":\"allow\",\"why\":\"\\\"verdict\\\":\\\\\",\"n\":0}",
		  "{\"verdict\":\"allow\"}" },
		{ "{\"verdict\":\"allow\",\"findings\":[{\"rule\":\"a\",\"x\":\"}\"},{\"x\":1}]}",
		  "{\"verdict\":\"allow\",\"findings\":[{\"rule\":\"a\"},{}]}" },
		/* what holds others, and what ocigate would not write so, stays */
		{ "{\"verdict\":\"allow\",\"o\":{\"a\":\"b\"},\"l\":[\"c\"]}",
		  "{\"verdict\":\"allow\",\"o\":{},\"l\":[\"c\"]}" },
		{ "{\"verdict\": \"allow\", \"why\": \"a\"}",
		  "{\"verdict\": \"allow\", \"why\": \"a\"}" },
		{ "{\"\\u0076erdict\":\"allow\"}", "{\"\\u0076erdict\":\"allow\"}" },
		{ "{\"verdict\":\"allow\",}", "" },
		{ "{\"verdict\":\"allow\",\"a\":1,}", "" },
		{ "{\"verdict\":\"allow\",,\"a\":1}", "" },
		{ "{\"verdict\":\"allow\" \"a\":1}", "" },
		{ "{\"verdict\":\"allow\",\"a\":\"x\"y\"}", "" },
		{ "{\"verdict\":\"allow\",\"a\":\"x\\\"}", "" },
		{ "{\"verdict\":\"allow\",\"a\":", "" },
		{ "{\"verdict\":\"allow\"", "" },
		{ "{\"verdict\":1}", "" },
		{ "{\"why\":\"a\"}", "" },
		{ "\"verdict", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		og_auto_buf struct og_buf line = { 0 }, out = { 0 }, want = { 0 };
		struct og_logstat stat;

		og_buf_printf(&line, "%s\n", cases[i].line);
		og_buf_printf(&want, cases[i].want[0] ? "%s\n" : "%s", cases[i].want);
		read_log(line.data, line.len, &out, &stat);
		cr_expect_str_eq(out.data ? out.data : "", want.data ? want.data : "", "%s",
				 cases[i].line);
		cr_expect(eq(u64, stat.bad, cases[i].want[0] == '\0'), "%s", cases[i].line);
	}
}

static unsigned next_of(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* Every line is counted once, whatever is in it; nothing is read beyond its ends. */
Test(auditlog, damaged)
{
	static const char record[] =
		"{\"time\":\"2026-10-01T12:00:00Z\",\"verdict\":\"reject\",\"findings\":[{\"rule\":"
		"\"mounts\",\"before\":\"[{\\\"a\\\":1}]\",\"after\":null,\"n\":12}],\"us\":7}";
	static const char bytes[] = "\"\\,:{}[] \t0a-.\0\xff";
	og_auto_buf struct og_buf log = { 0 }, out = { 0 };
	struct og_logstat stat;
	unsigned seed = 7, lines = 5000, read = 0;

	for (unsigned i = 0; i < lines; i++) {
		char line[sizeof(record)];
		size_t len = sizeof(record) - 1;

		memcpy(line, record, sizeof(record));
		for (unsigned n = next_of(&seed) % 4; n; n--)
			line[next_of(&seed) % len] = bytes[next_of(&seed) % sizeof(bytes)];
		if (next_of(&seed) % 4 == 0)
			len = 1 + next_of(&seed) % len;
		if (strchr(" \t", line[0])) /* a blank line is none */
			line[0] = '{';
		og_buf_put(&log, line, len);
		og_buf_puts(&log, "\n");
	}
	read_log(log.data, log.len - 1, &out, &stat);
	for (const char *at = out.data; (at = strchr(at, '\n')); at++)
		read++;
	cr_expect(eq(u64, stat.lines, lines));
	cr_expect(eq(u64, stat.bad + read, lines));
	cr_expect(stat.bad > 0 && read > 0);
}
