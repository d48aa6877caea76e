/* SPDX-License-Identifier: Apache-2.0 */
/* The pass from the inside: engine.c runs it, pass.c records what rules answer. */
#ifndef OG_PASS_H
#define OG_PASS_H

#include "ocigate/rule.h"
#include "verdict_internal.h"

struct og_pass {
	const struct og_effective *effective;
	const struct og_facts *facts;
	enum og_cmd cmd;
	struct og_doc *doc;
	struct og_verdict *verdict;
	unsigned rule; /* index into og_rules */
	enum og_action action;
	const struct og_item *because;
	bool deprivileged, undoing, privileged_rejected;
	struct og_err *reterr;
};

/* What a full pointer is called in this kind of document; NULL: it is no part of it. */
const char *og_local_pointer(const struct og_pass *pass, const char *pointer);
/* A copy that lives as long as the verdict; NULL and an error when there is no memory. */
char *og_verdict_keep(struct og_pass *pass, const char *text, size_t len);

#endif
