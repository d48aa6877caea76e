/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates of this moment, in UTC. gmtime_r(3) would read /etc/localtime first: at each
 * launch, for a time zone that nothing here uses.
 */
#ifndef OG_CLOCK_H
#define OG_CLOCK_H

#include <stdint.h>

enum { OG_DATE_SIZE = 24 }; /* "YYYY-MM-DD", with years of as many digits as there can be */

/* The day on which |seconds| after 1970-01-01T00:00:00Z lie, as ISO 8601 writes it. */
void og_clock_date(int64_t seconds, char buf[OG_DATE_SIZE]);

#endif
