/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running dockerd, as far as the host and its /info tell. For the
 * administrator's tool only: at a launch the engine's API is never called.
 */
#ifndef OG_CTL_DOCKER_API_H
#define OG_CTL_DOCKER_API_H

#include "ocigate/doc.h"
#include "setup.h"

struct og_dockerd {
	pid_t pid;	       /* 0: it does not run, or is not found */
	char socket[PATH_MAX]; /* where its API is, of several the first */
	char *cmdline;	       /* its arguments, each ending in NUL; owned */
	size_t len;
};

/* |config|: the text of daemon.json, whatever it is. */
int og_dockerd_find(const struct og_setup *setup, const struct og_text *config,
		    struct og_dockerd *ret, struct og_err *reterr);
void og_dockerd_release(struct og_dockerd *dockerd);
/* The argument of a flag, of several the first; "" for one without, NULL: not given. */
const char *og_dockerd_flag(const struct og_dockerd *dockerd, const char *flag);
/*
 * The |i|-th address, from 0, on which it listens by its arguments and by daemon.json's root
 * |config|, of those that begin with |scheme|; NULL: there are no more.
 */
const char *og_dockerd_host(const struct og_dockerd *dockerd, const struct og_node *config,
			    const char *scheme, size_t i);
#define OG_DOCKERD_UNIX "unix://"
/* Whether a flag that takes no argument is given, and is not "=false": of several the last. */
bool og_dockerd_switch(const struct og_dockerd *dockerd, const char *flag);
/* GET |path|; *ret owned by the caller. Waits a few seconds at most. */
int og_dockerd_get(const struct og_dockerd *dockerd, const char *path, struct og_doc **ret,
		   struct og_err *reterr);
/* GET /info; *ret owned by the caller. Waits a few seconds at most. */
int og_dockerd_info(const struct og_dockerd *dockerd, struct og_doc **ret, struct og_err *reterr);

#endif
