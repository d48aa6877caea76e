/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error object, and quoting of text that comes from outside. No memory is
 * allocated here: reporting that memory ran out must work.
 */
#include "ocigate/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

int(og_fail)(struct og_err *reterr, enum og_errc code, const char *fmt, ...)
{
	va_list ap;

	if (reterr->code != OG_OK)
		return -1;
	reterr->code = code;
	va_start(ap, fmt);
	vsnprintf(reterr->msg, sizeof(reterr->msg), fmt, ap);
	va_end(ap);
	return -1;
}

/* What engines read an exit status from (126, 127) must not be our text. */
static const char *errno_text(int sys_errno)
{
	switch (sys_errno) {
	case EPERM:
		return "operation not permitted (EPERM)";
	case ENOENT:
		return "does not exist (ENOENT)";
	case EACCES:
		return "access denied (EACCES)";
	case ENOTDIR:
		return "a component is no directory (ENOTDIR)";
	default:
		return strerrordesc_np(sys_errno) ? strerrordesc_np(sys_errno) : "unknown error";
	}
}

int(og_fail_sys)(struct og_err *reterr, int sys_errno, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (reterr->code != OG_OK)
		return -1;
	reterr->code = OG_E_SYS;
	reterr->sys_errno = sys_errno;
	va_start(ap, fmt);
	n = vsnprintf(reterr->msg, sizeof(reterr->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(reterr->msg))
		snprintf(reterr->msg + n, sizeof(reterr->msg) - (size_t)n, ": %s",
			 errno_text(sys_errno));
	return -1;
}

/* Bytes of the printable character at |s|; 0: none there, or a control character. */
static size_t printable_len(const unsigned char *s, size_t len)
{
	size_t n = og_utf8_len(s, len);

	/* U+0080 to U+009F are controls too, and terminals obey them */
	return *s < 0x20 || *s == 0x7f || (n == 2 && s[0] == 0xc2 && s[1] < 0xa0) ? 0 : n;
}

static bool starts_phrase(const char *text, size_t len)
{
	static const char *const phrases[] = { "permission denied", "no such file or directory",
					       "executable file not found", "not a directory" };

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		size_t n = (*text | 0x20) == *phrases[i] ? strlen(phrases[i]) : SIZE_MAX;

		if (len >= n && strncasecmp(text, phrases[i], n) == 0)
			return true;
	}
	return false;
}

bool og_is_plain(const char *text)
{
	size_t len = strlen(text), n;

	for (size_t i = 0; i < len; i += n) {
		n = printable_len((const unsigned char *)text + i, len - i);
		if (n == 0 || starts_phrase(text + i, len - i))
			return false;
	}
	return true;
}

void og_err_where(struct og_err *err, const char *where, unsigned line, unsigned col)
{
	char quoted[OG_QUOTED];
	size_t len;

	if (!err->where[0]) {
		if (!og_is_plain(where))
			where = og_quote(quoted, sizeof(quoted), where);
		len = strlen(where);
		if (len < sizeof(err->where))
			memcpy(err->where, where, len + 1);
		else
			snprintf(err->where, sizeof(err->where), "%.*s...",
				 (int)sizeof(err->where) - 4, where);
	}
	if (!err->line) {
		err->line = line;
		err->col = col;
	}
}

const char *og_err_place(const struct og_err *err, const char *otherwise, char buf[OG_PLACE_SIZE])
{
	const char *where = err->where[0] ? err->where : otherwise;

	buf[0] = '\0';
	if (where[0] && err->line)
		snprintf(buf, OG_PLACE_SIZE, "%.256s:%u:%u: ", where, err->line, err->col);
	else if (where[0])
		snprintf(buf, OG_PLACE_SIZE, "%.256s: ", where);
	return buf;
}

char *og_quote_n(char *buf, size_t size, const char *text, size_t len)
{
	size_t out = 0, limit = size < OG_QUOTED ? size : OG_QUOTED;

	if (size < 8)
		return size ? (buf[0] = '\0', buf) : buf;
	limit -= 5; /* three dots, a quote, NUL */
	buf[out++] = '"';
	for (size_t i = 0; i < len;) {
		const unsigned char *s = (const unsigned char *)text + i;
		size_t n = printable_len(s, len - i);
		bool escape = n == 0 || *s == '"' || *s == '\\' || starts_phrase(text + i, len - i);

		if (out + (escape ? 4 : n) > limit) {
			memcpy(buf + out, "...", 3);
			out += 3;
			break;
		}
		if (escape) {
			out += (size_t)snprintf(buf + out, 5, "\\x%02x", *s);
			i++;
		} else {
			memcpy(buf + out, s, n);
			out += n;
			i += n;
		}
	}
	buf[out++] = '"';
	buf[out] = '\0';
	return buf;
}

char *og_quote(char *buf, size_t size, const char *text)
{
	return og_quote_n(buf, size, text, strlen(text));
}
