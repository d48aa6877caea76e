/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand as the value of an option, by its type: for people, and as JSON Schema. */
#ifndef OG_CTL_TYPES_H
#define OG_CTL_TYPES_H

#include "ocigate/policy.h"

struct og_type_doc {
	const char *words;  /* "a list of strings" */
	const char *schema; /* of a value, or of one element where |list| */
	bool list;
};

extern const struct og_type_doc og_type_docs[]; /* by enum og_opt_type */

#endif
