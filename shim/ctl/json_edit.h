/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members put into and taken out of a JSON file that a person keeps: every other
 * byte stays, and what is added is laid out as its neighbours are.
 */
#ifndef OG_CTL_JSON_EDIT_H
#define OG_CTL_JSON_EDIT_H

#include "ocigate/doc.h"
#include "setup.h"

/* An empty text reads as {}. *ret owned by the caller; |name| is for messages. */
int og_json_open(const char *name, const struct og_text *text, struct og_doc **ret,
		 struct og_err *reterr);
/*
 * Give the member |key| of the top object, or (object not NULL) of its member
 * |object|, which is made when missing, the value |json|. In place.
 */
int og_json_set(const char *name, struct og_text *text, const char *object, const char *key,
		const char *json, struct og_err *reterr);
/* Remove it; 0 also when it is not there. */
int og_json_unset(const char *name, struct og_text *text, const char *object, const char *key,
		  struct og_err *reterr);

#endif
