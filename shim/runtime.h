/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real runtime: which one it is, the environment it gets, and the one
 * execve(2) of it.
 */
#ifndef OG_RUNTIME_H
#define OG_RUNTIME_H

#include <stdbool.h>

#include "ocigate/err.h"

/*
 * Which runtime: |given| (--ocigate-runtime), else |recorded| (what launched
 * this container, if that can still be used), else the link /etc/ocigate/runtime, else the first of
 * runc, crun in /usr/bin, /usr/sbin, /usr/libexec/ocigate. Never ocigate itself, and only a program
 * that nobody but root (and ourselves) can change. Either may be NULL. *ret, absolute, owned by the
 * caller.
 */
int og_runtime_find(const char *given, const char *recorded, char **ret, struct og_err *reterr);

/* What a verdict permits. Without one there is no exec: judge.c gives it. */
struct og_permit {
	bool given;
	bool close_fds;	  /* close descriptors from 3 up, but for |keep_fd| */
	bool drop_listen; /* no LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES */
	bool drop_notify; /* no NOTIFY_SOCKET */
	int keep_fd;	  /* a memory file that the runtime reads; -1: none */
};

/*
 * Become the runtime: |path| with |argv| (argv[0] included). Returns only when
 * that failed, with -1; without a permit it always fails.
 */
int og_runtime_exec(const struct og_permit *permit, const char *path, char *const argv[],
		    struct og_err *reterr);

#endif
