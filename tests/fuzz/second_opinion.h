/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson's reading of the same bytes. What the document accepts jansson
 * accepts, with the same structure and the same values; only numbers that
 * jansson cannot hold are the document's alone.
 */
#ifndef OG_FUZZ_SECOND_OPINION_H
#define OG_FUZZ_SECOND_OPINION_H

#include <jansson.h>

#include "fuzz.h"
#include "ocigate/doc.h"

static inline void must_agree(const struct og_node *node, const json_t *json)
{
	static const enum og_type types[] = {
		[JSON_OBJECT] = OG_OBJECT,  [JSON_ARRAY] = OG_ARRAY, [JSON_STRING] = OG_STRING,
		[JSON_INTEGER] = OG_NUMBER, [JSON_REAL] = OG_NUMBER, [JSON_TRUE] = OG_BOOL,
		[JSON_FALSE] = OG_BOOL,	    [JSON_NULL] = OG_NULL,
	};
	size_t i = 0;
	int64_t value;

	MUST(json && og_type(node) == types[json_typeof(json)]);
	if (json_is_string(json))
		MUST(strcmp(og_str(node), json_string_value(json)) == 0);
	if (json_is_boolean(json))
		MUST(og_is_true(node) == json_is_true(json));
	if (json_is_integer(json) && og_i64(node, &value) == 0)
		MUST(value == json_integer_value(json));
	if (json_is_real(json))
		MUST(og_i64(node, &value) < 0);
	if (json_is_object(json))
		MUST(og_count(node) == json_object_size(json));
	if (json_is_array(json))
		MUST(og_count(node) == json_array_size(json));
	og_each (child, node)
		must_agree(child, json_is_object(json) ? json_object_get(json, og_key(child))
						       : json_array_get(json, i++));
}

/* |root| NULL: the document refused |text|, for no limit of its own. */
static inline void second_opinion(const char *text, size_t len, const struct og_node *root)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (json && root)
		must_agree(root, json);
	MUST(root || !json);
	MUST(json || !root || json_error_code(&error) == json_error_numeric_overflow);
	json_decref(json);
}

#endif
