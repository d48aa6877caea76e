/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF. */
#include "utf8.h"

/* Lead bytes, and the range of the byte that follows each (RFC 3629, section 4). */
static const struct {
	unsigned char from, to, len, second_from, second_to;
} leads[] = {
	{ 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t og_utf8_len(const unsigned char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if (s[0] < leads[i].from || s[0] > leads[i].to)
			continue;
		if (leads[i].len > len)
			return 0;
		if (leads[i].len > 1 && (s[1] < leads[i].second_from || s[1] > leads[i].second_to))
			return 0;
		for (size_t k = 2; k < leads[i].len; k++)
			if (s[k] >> 6 != 2)
				return 0;
		return leads[i].len;
	}
	return 0;
}
