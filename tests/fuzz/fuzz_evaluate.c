/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging: a policy (a preset's name, or a policy file), a document and facts,
 * one per part. What was rewritten is clean when judged again, what was not
 * edited stays as it came, every runtime's JSON reader finds the same in what would be
 * launched, reports are JSON, and the same again gives the same.
 */
#include "json_mutator.h"
#include "judging.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* a plain file is a document, for any of the presets */
	const char *preset = presets[len % PRESETS];
	struct part policy = next_part(&data, &len);
	struct part document = next_part(&data, &len), facts = next_part(&data, &len);

	if (document.len || facts.len)
		judge(policy, document, facts);
	else
		judge((struct part){ preset, strlen(preset) }, policy, facts);
	return 0;
}
