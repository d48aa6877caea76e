/* SPDX-License-Identifier: Apache-2.0 */
/* The facts |destinations| and |made|; the sources must have been gathered. */
#ifndef OG_DESTINATIONS_H
#define OG_DESTINATIONS_H

#include "gather.h"

int og_gather_destinations(struct og_gather *g, struct og_err *reterr);

#endif
