/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What status finds: each way in which a launch on this host would not go through
 * an enforcing policy, by a name that stays, with what to do about it. The files
 * status_*.c look; status.c says it.
 */
#ifndef OG_CTL_STATUS_H
#define OG_CTL_STATUS_H

#include "ocigate/policy.h"
#include "setup.h"

enum og_level {
	OG_LEVEL_NOTE,	 /* worth knowing */
	OG_LEVEL_ACCESS, /* the engine's API is open to others than root */
	OG_LEVEL_HOLE,	 /* a launch can do without an enforcing policy */
};

struct og_found {
	enum og_level level;
	const char *id;
	char what[512], todo[256];
};

struct og_status {
	struct og_setup setup;	  /* root, config, ocigate */
	struct og_policy *policy; /* NULL: there is none that holds */
	bool guards;		  /* the policy has ports guarded */
	struct og_buf facts;	  /* lines about what is there */
	struct og_found *found;
	size_t n;
	unsigned engines; /* that are here */
	bool failed;	  /* memory ran out */
};

/* One finding; |todo| may be "". */
void og_status_add(struct og_status *status, enum og_level level, const char *id, const char *todo,
		   const char *what, ...) __attribute__((format(printf, 5, 6)));

void og_status_docker(struct og_status *status);
void og_status_containerd(struct og_status *status);
void og_status_podman(struct og_status *status);
void og_status_guard(struct og_status *status);

/* Whether the program at |path| of the host is ocigate. */
bool og_status_is_ocigate(const struct og_status *status, const char *path);
/* |name| in the directories |path| ("A:B"), as the host names it; false: nowhere. */
bool og_status_which(const struct og_status *status, const char *path, const char *name,
		     char ret[PATH_MAX]);

#endif
