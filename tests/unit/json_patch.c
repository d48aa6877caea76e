/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Patch (RFC 6902) and JSON Pointer (RFC 6901) over jansson. */
#include "json_patch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

json_t *json_exact(const char *text)
{
	char *copy = malloc(strlen(text) * 8 + 1), *out = copy;
	bool inside = false;
	json_t *json;

	if (!copy)
		return NULL;
	while (*text) {
		size_t digits = inside ? 0 : strspn(text, "+-.0123456789eE");

		/* the letter e alone ends "true" and "false" */
		if (digits && strchr("-0123456789", *text)) {
			memcpy(out, "\"\\u0001", 7);
			out += 7;
			memcpy(out, text, digits);
			out += digits;
			*out++ = '"';
			text += digits;
			continue;
		}
		if (inside && *text == '\\')
			*out++ = *text++;
		else if (*text == '"')
			inside = !inside;
		*out++ = *text++;
	}
	*out = '\0';
	json = json_loads(copy, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	free(copy);
	return json;
}

/* The next step of |*pointer|, unescaped, into |step|. */
static void next_step(const char **pointer, char *step, size_t size)
{
	size_t n = 0;

	for (++*pointer; **pointer && **pointer != '/' && n + 1 < size; ++*pointer) {
		char c = **pointer;

		if (c == '~')
			c = *++*pointer == '0' ? '~' : '/';
		step[n++] = c;
	}
	step[n] = '\0';
}

static json_t *child_of(json_t *node, const char *step)
{
	char *end;
	size_t i;

	if (json_is_object(node))
		return json_object_get(node, step);
	i = strtoul(step, &end, 10);
	return *step && !*end ? json_array_get(node, i) : NULL;
}

static const char *put(json_t *parent, const char *step, json_t *value, bool exists)
{
	char *end;
	size_t i = strtoul(step, &end, 10);

	if (!value)
		return "no value";
	if (json_is_object(parent))
		return json_object_set(parent, step, value) ? "cannot set" : NULL;
	if (!json_is_array(parent))
		return "the parent is no container";
	if (strcmp(step, "-") == 0)
		return json_array_append(parent, value) ? "cannot append" : NULL;
	if (!*step || *end)
		return "no index";
	return (exists ? json_array_set(parent, i, value) : json_array_insert(parent, i, value))
		       ? "cannot put"
		       : NULL;
}

static const char *drop(json_t *parent, const char *step)
{
	if (json_is_object(parent))
		return json_object_del(parent, step) ? "nothing to remove" : NULL;
	return json_array_remove(parent, strtoul(step, NULL, 10)) ? "nothing to remove" : NULL;
}

static const char *apply(json_t *target, const json_t *op)
{
	const char *name = json_string_value(json_object_get(op, "op"));
	const char *path = json_string_value(json_object_get(op, "path"));
	json_t *value = json_object_get(op, "value"), *there;
	char step[4096];

	if (!name || !path || *path != '/')
		return "an operation without op or path";
	for (;;) {
		next_step(&path, step, sizeof(step));
		if (!*path)
			break;
		target = child_of(target, step);
		if (!target)
			return "a parent does not exist";
	}
	there = child_of(target, step);
	if (strcmp(name, "add") == 0)
		return put(target, step, value, false);
	if (!there)
		return "the place does not exist";
	if (strcmp(name, "test") == 0)
		return json_equal(there, value) ? NULL : "test fails";
	if (strcmp(name, "replace") == 0)
		return put(target, step, value, true);
	return strcmp(name, "remove") == 0 ? drop(target, step) : "unknown op";
}

const char *json_patch(json_t *target, const json_t *patch)
{
	size_t i;
	const json_t *op;

	json_array_foreach(patch, i, op)
	{
		const char *wrong = apply(target, op);

		if (wrong)
			return wrong;
	}
	return NULL;
}
