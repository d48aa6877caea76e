/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 6902 over jansson: the second opinion on what the policy engine's edits
 * amount to. Shares no code with it.
 */
#ifndef OG_TEST_JSON_PATCH_H
#define OG_TEST_JSON_PATCH_H

#include <jansson.h>

/*
 * JSON text as jansson's values, numbers as strings that no JSON text of ours
 * contains ("\1" and the digits as written): jansson refuses 2^64-1. NULL: not JSON.
 */
json_t *json_exact(const char *text);

/* Apply |patch| to |target|, in order. NULL, or what is wrong with the patch. */
const char *json_patch(json_t *target, const json_t *patch);

#endif
