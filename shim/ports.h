/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port guard as a launch sees it: another program, ocigate-ports, that puts rules
 * into nftables for a container before its process starts, and takes them out.
 */
#ifndef OG_SHIM_PORTS_H
#define OG_SHIM_PORTS_H

#include "ocigate/err.h"
#include "record.h"

/* Close the ports of the container of |record|. -1: they may be open; do not start it. */
int og_ports_up(const struct og_record *record, struct og_err *reterr);

/* -1: it has an interface past the host's filters, or that is not known; do not start it. */
int og_ports_check(const struct og_record *record, struct og_err *reterr);

/* Take out what is there for the container. What fails is left to "ocigatectl ports sync". */
void og_ports_down(const struct og_record *record);

#endif
