/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom-score: whom the kernel kills first when memory runs out. A process that
 * says nothing has the engine's own score, and daemons and shims run with -500
 * or less, so that saying nothing is asking to be spared.
 */
#include "ocigate/rule.h"

#include <inttypes.h>
#include <stdio.h>

#include "policy/rules_table.h"

int og_rule_oom_score(struct og_pass *pass)
{
	static const char place[] = "/process/oomScoreAdj";
	const struct og_node *node = og_at(pass, place);
	int64_t min = (int64_t)og_opt_u64(pass, OG_OPT_oom_score_min), score;
	char json[24];

	snprintf(json, sizeof(json), "%" PRId64, min);
	if (node && og_i64(node, &score) < 0) /* the rule document has said so */
		return 0;
	if (node && score >= min)
		return 0;
	if (node)
		return og_set(pass, place, json,
			      "oom_score_adj %" PRId64 " is below %" PRId64
			      ", which spares the process when memory runs out: ask for %" PRId64
			      " or more with --oom-score-adj",
			      score, min, min);
	/* an engine without root has what its session has: not less than 0, nor to be lowered */
	if (og_facts(pass)->rootless)
		return 0;
	return og_set(pass, place, json,
		      "without an oom_score_adj the process has the engine's own, which spares it "
		      "when memory runs out: add --oom-score-adj %" PRId64,
		      min);
}
