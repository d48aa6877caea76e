/* SPDX-License-Identifier: Apache-2.0 */
/* Files and JSON text for tests, see text.h. */
#include "text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text text_read(const char *dir, const char *name)
{
	struct text text = { 0 };
	char path[512];
	FILE *file;
	long size;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "rbe");
	if (!file) {
		cr_assert(errno == ENOENT, "%s: %s", path, strerror(errno));
		return text;
	}
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	text.data = malloc((size_t)size + 1);
	cr_assert(text.data != NULL);
	text.len = fread(text.data, 1, (size_t)size, file);
	cr_assert(text.len == (size_t)size, "%s: short read", path);
	text.data[text.len] = '\0';
	fclose(file);
	return text;
}

void text_write(const char *dir, const char *name, const char *data, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!data) {
		cr_assert(unlink(path) == 0 || errno == ENOENT, "%s: %s", path, strerror(errno));
		return;
	}
	file = fopen(path, "wbe");
	cr_assert(file != NULL, "%s: %s", path, strerror(errno));
	cr_assert(fwrite(data, 1, len, file) == len, "%s: short write", path);
	cr_assert(fclose(file) == 0, "%s: %s", path, strerror(errno));
}

bool text_equal(struct text text, const char *data, size_t len)
{
	return text.data && text.len == len && memcmp(text.data, data, len) == 0;
}

struct og_doc *text_parse(const char *text)
{
	struct og_doc *doc = NULL;
	struct og_err err = { 0 };

	cr_assert(og_doc_parse("config.json", text, strlen(text), 0, &doc, &err) == 0,
		  "%u:%u: %s: %s", err.line, err.col, err.msg, text);
	return doc;
}

char *json_strip(const char *json, size_t len)
{
	char *out = malloc(len + 1), *end = out;
	bool inside = false;

	cr_assert(out != NULL);
	for (size_t i = 0; i < len; i++) {
		if (!inside && strchr(" \t\r\n", json[i]))
			continue;
		*end++ = json[i];
		if (inside && json[i] == '\\' && i + 1 < len)
			*end++ = json[++i];
		else if (json[i] == '"')
			inside = !inside;
	}
	*end = '\0';
	return out;
}
