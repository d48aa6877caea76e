/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptors: what a container could inherit besides its document. Leaks are
 * closed and variables dropped at launch; what was asked for is refused.
 */
#include "ocigate/rule.h"

#include <inttypes.h>

#include "policy/rules_table.h"

int og_rule_descriptors(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);

	if (facts->preserve_fds > 0 && og_reject_at(pass, "",
						    "--preserve-fds would hand %" PRIu64
						    " descriptors of the caller's into the "
						    "container: run without it",
						    facts->preserve_fds) < 0)
		return -1;
	if (facts->listen_fds &&
	    og_launch(pass, OG_LAUNCH_DROP_LISTEN, "",
		      "LISTEN_FDS would hand sockets of the host into the container") < 0)
		return -1;
	if (facts->notify_socket &&
	    og_launch(pass, OG_LAUNCH_DROP_NOTIFY, "",
		      "NOTIFY_SOCKET would make the runtime mount a socket of the host") < 0)
		return -1;
	/* every engine leaks some, into every launch: closing them is nothing to report */
	return og_launch(pass, OG_LAUNCH_CLOSE_FDS, "", NULL);
}
