/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer and JSON text written into it. A failed allocation is
 * remembered, so that callers check once, at the end.
 */
#include "ocigate/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

void og_cleanup_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void og_buf_release(struct og_buf *buf)
{
	free(buf->data);
	*buf = (struct og_buf){ 0 };
}

/* Room for |more| bytes and a NUL. */
static bool reserve(struct og_buf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : 256;
	char *data;

	if (buf->failed)
		return false;
	if (more < buf->cap - buf->len)
		return true;
	if (more > (size_t)1 << 40) {
		buf->failed = true;
		return false;
	}
	while (cap - buf->len <= more)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void og_buf_put(struct og_buf *buf, const void *data, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void og_buf_puts(struct og_buf *buf, const char *text)
{
	og_buf_put(buf, text, strlen(text));
}

void og_buf_printf(struct og_buf *buf, const char *fmt, ...)
{
	size_t room;
	va_list ap;
	int n;

	if (!reserve(buf, 64))
		return;
	room = buf->cap - buf->len;
	va_start(ap, fmt);
	n = vsnprintf(buf->data + buf->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(buf, (size_t)n)) {
		buf->failed = true;
		return;
	}
	if ((size_t)n >= room) {
		va_start(ap, fmt);
		vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	buf->len += (size_t)n;
}

void og_buf_u64(struct og_buf *buf, uint64_t number)
{
	char digits[20]; /* of 2^64 - 1 */
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	og_buf_put(buf, digits + at, sizeof(digits) - at);
}

/* How many bytes at |s| stand in a JSON string as they are, and are ASCII. */
static size_t plain_len(const unsigned char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

void og_buf_json_n(struct og_buf *buf, const char *text, size_t len)
{
	og_buf_put(buf, "\"", 1);
	for (size_t i = 0; i < len;) {
		const unsigned char *s = (const unsigned char *)text + i;
		size_t plain = plain_len(s, len - i), n;

		if (plain) {
			og_buf_put(buf, s, plain);
			i += plain;
			continue;
		}
		n = og_utf8_len(s, len - i);
		if (n == 0)
			og_buf_puts(buf, "\xef\xbf\xbd");
		else if (*s == '"' || *s == '\\')
			og_buf_printf(buf, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			og_buf_printf(buf, "\\u%04x", *s);
		else
			og_buf_put(buf, s, n);
		i += n ? n : 1;
	}
	og_buf_put(buf, "\"", 1);
}

void og_buf_json(struct og_buf *buf, const char *text)
{
	if (text)
		og_buf_json_n(buf, text, strlen(text));
	else
		og_buf_puts(buf, "null");
}

void og_buf_key(struct og_buf *buf, const char *key)
{
	if (buf->len && buf->data[buf->len - 1] != '{' && buf->data[buf->len - 1] != '[')
		og_buf_put(buf, ",", 1);
	og_buf_json(buf, key);
	og_buf_put(buf, ":", 1);
}

void og_buf_key_u64(struct og_buf *buf, const char *key, uint64_t number)
{
	og_buf_key(buf, key);
	og_buf_u64(buf, number);
}

void og_buf_key_bool(struct og_buf *buf, const char *key, bool value)
{
	og_buf_key(buf, key);
	og_buf_puts(buf, value ? "true" : "false");
}

void og_buf_key_strings(struct og_buf *buf, const char *key, const char *const *list, size_t n)
{
	og_buf_key(buf, key);
	og_buf_puts(buf, "[");
	for (size_t i = 0; i < n; i++) {
		og_buf_puts(buf, i ? "," : "");
		og_buf_json(buf, list[i]);
	}
	og_buf_puts(buf, "]");
}

char *og_buf_steal(struct og_buf *buf)
{
	char *data = NULL;

	if (reserve(buf, 0)) {
		buf->data[buf->len] = '\0';
		data = og_steal(buf->data);
	}
	og_buf_release(buf);
	return data;
}
