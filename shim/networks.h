/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database in which dockerd keeps its networks, DATA-ROOT/network/files/local-kv.db:
 * one value of JSON for each (libnetwork's type network).
 */
#ifndef OG_SHIM_NETWORKS_H
#define OG_SHIM_NETWORKS_H

#include "bolt.h"
#include "ocigate/err.h"
#include "ocigate/facts.h"

/* Of containers that start at once each changes it: one of so many readings is whole. */
#define OG_NETWORKS_READINGS 16

/* -1: it is not there, or not root's alone. */
int og_networks_open(const char *path);
/* One reading of all networks; as og_bolt_each(). */
int og_networks_each(int fd, og_bolt_fn *each, void *ctx, struct og_err *reterr);

/*
 * Whether the networks that were judged are still there: users make and remove them, and
 * Docker 28 connects a container by their names after "create". Networks of |judged|
 * without an id were not found then, and are passed by. -1: one is gone, or it cannot be told.
 */
int og_networks_same(const struct og_facts *judged, struct og_err *reterr);

#endif
