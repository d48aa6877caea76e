/* SPDX-License-Identifier: Apache-2.0 */
/* TOML statement by statement; see toml.h. */
#include "toml.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int peek(const struct og_toml *toml)
{
	return toml->at < toml->len ? (unsigned char)toml->text[toml->at] : -1;
}

static bool starts(const struct og_toml *toml, const char *what)
{
	size_t n = strlen(what);

	return toml->len - toml->at >= n && memcmp(toml->text + toml->at, what, n) == 0;
}

static int fail(const struct og_toml *toml, const char *what, struct og_err *reterr)
{
	unsigned line = 1, col = 1;

	for (size_t i = 0; i < toml->at && i < toml->len; i++) {
		col++;
		if (toml->text[i] == '\n') {
			line++;
			col = 1;
		}
	}
	og_fail(reterr, OG_E_CONFIG, "%s", what);
	og_err_where(reterr, toml->name, line, col);
	return -1;
}

static void skip_blanks(struct og_toml *toml)
{
	while (peek(toml) == ' ' || peek(toml) == '\t')
		toml->at++;
}

static void skip_comment(struct og_toml *toml)
{
	if (peek(toml) != '#')
		return;
	while (toml->at < toml->len && toml->text[toml->at] != '\n')
		toml->at++;
}

/* Blanks, line ends and comments. */
static void skip_space(struct og_toml *toml)
{
	for (;;) {
		int c = peek(toml);

		if (c == '#')
			skip_comment(toml);
		else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			toml->at++;
		else
			return;
	}
}

/* What may still stand on the line of a statement. */
static int end_line(struct og_toml *toml, struct og_err *reterr)
{
	skip_blanks(toml);
	skip_comment(toml);
	if (starts(toml, "\r\n"))
		toml->at++;
	if (peek(toml) != '\n' && peek(toml) != -1)
		return fail(toml, "the end of the line was expected here", reterr);
	toml->at += peek(toml) == '\n';
	return 0;
}

/* A string in quotes of any of the four kinds; *from, *to: what is between them. */
static int skip_string(struct og_toml *toml, size_t *from, size_t *to, struct og_err *reterr)
{
	const char quote[] = { (char)peek(toml), (char)peek(toml), (char)peek(toml), '\0' };
	bool escapes = quote[0] == '"', many = starts(toml, quote);
	const char *end = many ? quote : quote + 2;

	toml->at += strlen(end);
	*from = toml->at;
	while (toml->at < toml->len && !starts(toml, end)) {
		if (!many && peek(toml) == '\n')
			break;
		toml->at += escapes && peek(toml) == '\\' && toml->at + 1 < toml->len ? 2 : 1;
	}
	if (toml->at >= toml->len || !starts(toml, end))
		return fail(toml, "a string does not end", reterr);
	*to = toml->at;
	toml->at += strlen(end);
	/* a quote or two more before the end are the string's own */
	while (many && peek(toml) == quote[0])
		toml->at++;
	return 0;
}

static bool is_bare(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-';
}

static int read_part(struct og_toml *toml, size_t *from, size_t *to, struct og_err *reterr)
{
	if (peek(toml) == '"' || peek(toml) == '\'')
		return skip_string(toml, from, to, reterr);
	*from = toml->at;
	while (is_bare(peek(toml)))
		toml->at++;
	*to = toml->at;
	return *to > *from ? 0 : fail(toml, "a key was expected here", reterr);
}

/* A dotted key, appended to |path|. */
static int read_key(struct og_toml *toml, char *path, size_t size, struct og_err *reterr)
{
	size_t len = strlen(path), from = 0, to = 0;

	for (;;) {
		skip_blanks(toml);
		if (read_part(toml, &from, &to, reterr) < 0)
			return -1;
		if (len + (to - from) + 2 > size)
			return fail(toml, "a key is too long", reterr);
		if (len)
			path[len++] = OG_TOML_SEP[0];
		memcpy(path + len, toml->text + from, to - from);
		len += to - from;
		path[len] = '\0';
		skip_blanks(toml);
		if (peek(toml) != '.')
			return 0;
		toml->at++;
	}
}

/* An array or inline table, with all that it holds. */
static int skip_nested(struct og_toml *toml, struct og_err *reterr)
{
	size_t from = 0, to = 0;
	unsigned depth = 0;

	do {
		int c = peek(toml);

		if (c == -1)
			return fail(toml, "an array or inline table does not end", reterr);
		if (c == '"' || c == '\'') {
			if (skip_string(toml, &from, &to, reterr) < 0)
				return -1;
			continue;
		}
		if (c == '#') {
			skip_comment(toml);
			continue;
		}
		depth += c == '[' || c == '{';
		depth -= c == ']' || c == '}';
		toml->at++;
	} while (depth > 0);
	return 0;
}

static int skip_value(struct og_toml *toml, struct og_err *reterr)
{
	size_t from = 0, to = 0, start = toml->at;
	int c = peek(toml);

	if (c == '"' || c == '\'')
		return skip_string(toml, &from, &to, reterr);
	if (c == '[' || c == '{')
		return skip_nested(toml, reterr);
	while (peek(toml) != -1 && !strchr("#\r\n", peek(toml)))
		toml->at++;
	while (toml->at > start && strchr(" \t", toml->text[toml->at - 1]))
		toml->at--;
	return toml->at > start ? 0 : fail(toml, "a value was expected here", reterr);
}

static int read_header(struct og_toml *toml, struct og_toml_item *ret, struct og_err *reterr)
{
	bool array = starts(toml, "[[");
	const char *end = array ? "]]" : "]";

	ret->kind = array ? OG_TOML_ARRAY : OG_TOML_TABLE;
	ret->path[0] = '\0';
	toml->at += strlen(end);
	if (read_key(toml, ret->path, sizeof(ret->path), reterr) < 0)
		return -1;
	if (!starts(toml, end))
		return fail(toml, "\"]\" was expected here", reterr);
	toml->at += strlen(end);
	snprintf(toml->table, sizeof(toml->table), "%s", ret->path);
	return 0;
}

static int read_pair(struct og_toml *toml, struct og_toml_item *ret, struct og_err *reterr)
{
	ret->kind = OG_TOML_VALUE;
	snprintf(ret->path, sizeof(ret->path), "%s", toml->table);
	if (read_key(toml, ret->path, sizeof(ret->path), reterr) < 0)
		return -1;
	if (peek(toml) != '=')
		return fail(toml, "\"=\" was expected here", reterr);
	toml->at++;
	skip_blanks(toml);
	ret->value = toml->at;
	if (skip_value(toml, reterr) < 0)
		return -1;
	ret->value_end = toml->at;
	return 0;
}

int og_toml_next(struct og_toml *toml, struct og_toml_item *ret, struct og_err *reterr)
{
	int r;

	skip_space(toml);
	if (toml->at >= toml->len)
		return 0;
	ret->start = toml->at;
	while (ret->start > 0 && toml->text[ret->start - 1] != '\n')
		ret->start--;
	r = peek(toml) == '[' ? read_header(toml, ret, reterr) : read_pair(toml, ret, reterr);
	if (r < 0 || end_line(toml, reterr) < 0)
		return -1;
	ret->end = toml->at;
	return 1;
}
