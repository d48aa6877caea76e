/* SPDX-License-Identifier: Apache-2.0 */
/* ports: the guard as it stands, by the program that keeps it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const char helper[] = OG_LIBEXECDIR "/ocigate-ports";

int og_ctl_ports(const struct og_subcommand *self, int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "list";

	if (strcmp(what, "--help") == 0)
		return og_ctl_help(self);
	if (strcmp(what, "list") != 0 && strcmp(what, "sync") != 0)
		return og_ctl_usage(self, "%s: list or sync is expected", OG_Q(what));
	if (argc > 2)
		return og_ctl_usage(self, "%s: nothing is expected behind %s", OG_Q(argv[2]), what);
	execl(helper, "ocigate-ports", what, (char *)NULL);
	fprintf(stderr, "ocigatectl: %s cannot be run: %s\n", helper, strerror(errno));
	return OG_CTL_ERROR;
}
