/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a container got what was decided about: its mounts, and the namespaces that
 * it joined, are compared with the launch record before its own process runs.
 */
#ifndef OG_SHIM_VERIFY_H
#define OG_SHIM_VERIFY_H

#include <sys/types.h>

#include "ocigate/err.h"

#include "record.h"

/*
 * For "start", and "exec" into a container that was not started. -1: a bind or
 * a namespace is not what was decided about, and the container's process has been killed, so that
 * nobody can start it; or the runtime's state of it cannot be found or read, or it has ended.
 * 0 for a container that runs: it was looked at when it was started.
 */
int og_verify_start(const struct og_record *record, struct og_err *reterr);

/*
 * End the process of a container that was created and must not be started: engines
 * cannot delete what has neither run nor ended.
 */
void og_verify_end(const struct og_record *record);

/*
 * "run" has no such moment: the runtime calls ocigate as the last createRuntime
 * hook. The document *text with that hook added takes its place; owned by the
 * caller, as what was there. |root| as on the command line.
 */
int og_verify_add_hook(const char *root, const char *id, const char *runtime, char **text,
		       size_t *len, struct og_err *reterr);

/* The hook: `ocigate --ocigate-verify ROOT ID`, the state on stdin. The exit status. */
int og_verify_hook(const char *root, const char *id);

#endif
