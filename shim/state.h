/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime itself keeps about a container: the files of runc and crun
 * below their state directory (--root). Read, never written.
 */
#ifndef OG_SHIM_STATE_H
#define OG_SHIM_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ocigate/err.h"

struct og_state {
	bool exists;	/* the runtime knows the id */
	bool created;	/* created, and its process waits for "start" */
	bool unknown;	/* a look at it failed: the rest may be wrong */
	bool ended;	/* its process did, and only waits for its parent */
	pid_t pid;	/* the container's first process; 0: none, or it is gone */
	uint64_t start; /* when that process started, in clock ticks since boot */
};

/*
 * The state directory that a command means: |given| (--root) made absolute, or
 * the default of the runtime |runtime| (a path) for this user, as far as its name tells. *ret owned
 * by the caller.
 */
int og_state_root(const char *given, const char *runtime, char **ret, struct og_err *reterr);

/*
 * What is not there, or cannot be understood, leaves pid 0. Where |root| is a runtime's
 * default and does not have the id, it is looked for below the others' too: which
 * runtime a program is, its name may not tell.
 */
void og_state_read(const char *root, const char *id, struct og_state *ret);

/* When |pid| started; 0: there is no such process. -1: that cannot be told now. */
int og_process_look(pid_t pid, uint64_t *ret);

/*
 * This process, by its number in /proc, and what time it is in clock ticks since boot:
 * who has that number and started by then is this process. 0 for both: that cannot be
 * told. (To ask the kernel when it started takes ten times as long.)
 */
pid_t og_process_self(uint64_t *now);
/* Of |pid|, and 0 also when it cannot be told. */
uint64_t og_process_start(pid_t pid);

#endif
