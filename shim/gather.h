/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of facts.c share while facts are gathered: the facts as far as
 * they are known, and where the engine keeps what it made for this container.
 */
#ifndef OG_SHIM_GATHER_H
#define OG_SHIM_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/doc.h"
#include "ocigate/err.h"
#include "ocigate/facts.h"

#include "arena.h"
#include "cmdline.h"
#include "mountinfo.h"
#include "place.h"
#include "sockets.h"

/* How a place of the engine's own is told from what others put in its way. */
enum og_keep_mount {
	OG_KEEP_SAME,	 /* it lies on the mount |mount|: nothing is mounted over it */
	OG_KEEP_TMPFS,	 /* it lies on a tmpfs that is mounted at |path| or below */
	OG_KEEP_OVERLAY, /* it lies on an overlay that is mounted at |path| or below */
	OG_KEEP_CSI,	 /* it is what a CSI driver mounted, and nothing of the host's */
};

/* A place where the engine keeps something for this container. */
struct og_keep {
	const char *path;
	const char *child; /* NULL: |path| itself; "": it and all below; else |path|/NAME/|child| */
	enum og_role role;
	enum og_keep_mount how;
	uint64_t mount;
	const char *real; /* |path| as og_way_real() has it; NULL: not asked yet */
};

/* A directory that the engine names by its own configuration: see og_way(). */
struct og_way {
	const char *path;
	const char *real; /* without links; NULL: not looked at yet */
};

/* A directory to which only root and the engine have a way. */
struct og_home {
	const char *path;  /* NULL: none */
	struct og_dir dir; /* closed with the gathering */
};

#define OG_KEEPS_MAX  48
#define OG_STORES_MAX 4
#define OG_WAYS_MAX   6

struct og_gather {
	const struct og_cmdline *cmd;
	const struct og_doc *doc; /* NULL: none */
	const char *profile;	  /* of AppArmor, that the process asks for; NULL: none */
	int bundlefd;		  /* -1: none */
	struct og_arena arena;
	struct og_facts *facts;

	/* set by the engine */
	struct og_keep keeps[OG_KEEPS_MAX];
	size_t nkeeps;
	const char *stores[OG_STORES_MAX]; /* directories in which root file systems lie */
	size_t nstores;
	struct og_way ways[OG_WAYS_MAX];
	size_t nways;
	const char *init;      /* basename of the init program that the engine may bring */
	const char *daemon;    /* basename of the program that may be a hook */
	const char *pod;       /* id of the container whose namespaces are the pod's; NULL: none */
	const char *netns;     /* directory in which the engine keeps network namespaces that it
				  makes for each container */
	bool netns_asked;      /* its users can have any of these joined, by the path */
	const char *netns_own; /* that of this container by the engine's record, "": none; NULL:
				  there is no record */

	const char *rootfs;  /* where root.path leads; NULL: nowhere */
	struct og_home home; /* the engine's directory for this container, if it is one */

	size_t ports_cap;      /* room in facts->ports */
	struct og_join *joins; /* joins.h; one for each of facts->namespaces */

	/* loaded when first asked for */
	struct og_mounts *mounts;
	struct og_submount *submounts; /* one per mount, in the table's order */
	struct og_sockets *sockets;
	bool sockets_failed;
	struct og_err mounts_err; /* why there is no table */
};

/* NULL when no mount table can be read. */
const struct og_mounts *og_gather_mounts(struct og_gather *g);

/* ---- parts: each fills its part of the facts; -1: memory is short, or the host does not tell ----
 */

int og_gather_host(struct og_gather *g, struct og_err *reterr);
int og_gather_apparmor(struct og_gather *g, struct og_err *reterr); /* once the engine is known */
void og_gather_descriptors(struct og_gather *g);
int og_gather_sources(struct og_gather *g, struct og_err *reterr);
int og_gather_namespaces(struct og_gather *g, struct og_err *reterr);
int og_gather_hooks(struct og_gather *g, struct og_err *reterr);

/* A list of borrowed strings, sorted and without duplicates after og_keys_sort(). */
struct og_keys {
	const char **list;
	size_t n, cap;
};
int og_keys_add(struct og_gather *g, struct og_keys *keys, const char *key, struct og_err *reterr);
void og_keys_sort(struct og_keys *keys);

int og_gather_nomem(struct og_err *reterr);

#endif
