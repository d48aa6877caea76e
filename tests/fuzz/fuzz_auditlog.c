/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an audit log: every line is counted once, by report and by suggest
 * alike; what they print is JSON, a policy's text, and a page that no log can add
 * an element to.
 */
#include "printed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct log log = { .lines = count_lines(data, len) };

	log_open(&log, data, len);
	if (must_count(&log) > 0 && is_read_by_suggest(&log))
		must_suggest(&log);
	must_be_harmless(&log);
	close(log.fd);
	return 0;
}
