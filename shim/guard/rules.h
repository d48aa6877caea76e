/* SPDX-License-Identifier: Apache-2.0 */
/* Routing rules that the table in a container's network namespace relies on; see rules.c. */
#ifndef OG_GUARD_RULES_H
#define OG_GUARD_RULES_H

#include <stdint.h>

#include "ocigate/err.h"

#define OG_GUARD_MARK UINT32_C(0x6f676174) /* also in plan.c, as nft writes it */

/* Put them into |netns|, unless they are there. */
int og_rules_put(int netns, struct og_err *reterr);

#endif
