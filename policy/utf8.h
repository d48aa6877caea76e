/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629), for quoting and for JSON text. */
#ifndef OG_UTF8_H
#define OG_UTF8_H

#include <stddef.h>

/* Bytes of the character at |s|, of which |len| (at least 1) follow; 0: none is there. */
size_t og_utf8_len(const unsigned char *s, size_t len);

#endif
