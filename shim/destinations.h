/* SPDX-License-Identifier: Apache-2.0 */
/* The facts |destinations| and |made|; the sources must have been gathered. */
#ifndef OG_DESTINATIONS_H
#define OG_DESTINATIONS_H

#include "ocigate/policy.h"

#include "gather.h"

int og_gather_destinations(struct og_gather *g, struct og_err *reterr);

/*
 * Adds to |made| where |policy| may have the rule rootfs mount something; after all other
 * facts, and before they are asked.
 */
int og_gather_places(struct og_gather *g, const struct og_policy *policy, struct og_err *reterr);

#endif
