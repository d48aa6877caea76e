/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigate: argv -> command -> bundle -> facts -> policy -> verdict -> commit ->
 * exec. Each arrow is one call; whatever fails, the runtime is not executed.
 */
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "report.h"
#include "shim.h"
#include "verify.h"

/* With 0, 1 or 2 closed, a file of ours would become the container's stderr. */
static int open_stdio(struct og_err *reterr)
{
	struct pollfd stdio[] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };
	int fd;

	/* which are closed is nearly always answered by "none": one call */
	if (poll(stdio, 3, 0) >= 0 &&
	    !((stdio[0].revents | stdio[1].revents | stdio[2].revents) & POLLNVAL))
		return 0;
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) == 0);
	if (fd < 0)
		return og_fail(reterr, OG_E_HOST, "/dev/null cannot be opened");
	close(fd);
	return 0;
}

int main(int argc, char *argv[])
{
	struct og_shim shim = { .started_ns = og_report_now(), .bundle = OG_BUNDLE_INIT };
	struct og_err err = { 0 };

	if (argc == 4 && strcmp(argv[1], "--ocigate-verify") == 0)
		return og_verify_hook(argv[2], argv[3]);
	/* one program that soon ends: memory is asked for in large pieces and not given back */
	mallopt(M_TOP_PAD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	/* the command line first: it says how a failure is reported */
	if (og_cmdline_parse(argc, argv, &shim.cmd, &err) == 0 && open_stdio(&err) == 0) {
		if (shim.cmd.verb == OG_VERB_OWN_VERSION)
			return puts("ocigate " OG_VERSION) < 0 ? OG_EXIT_FAILED : OG_EXIT_OK;
		if (og_shim_prepare(&shim, &err) == 0 && og_shim_judge(&shim, &err) == 0 &&
		    og_shim_commit(&shim, &err) == 0)
			og_shim_exec(&shim, &err);
	}
	return og_shim_fail(&shim, &err);
}
