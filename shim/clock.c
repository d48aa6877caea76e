/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <stdbool.h>
#include <stdio.h>

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

void og_clock_date(int64_t seconds, char buf[OG_DATE_SIZE])
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t day = seconds < 0 ? 0 : seconds / 86400, year = 1970;
	int month = 0, length;

	for (; day >= 365 + is_leap(year); year++)
		day -= 365 + is_leap(year);
	for (; day >= (length = lengths[month] + (month == 1 && is_leap(year))); month++)
		day -= length;
	snprintf(buf, OG_DATE_SIZE, "%04d-%02d-%02d", (int)year, month + 1, (int)day + 1);
}
