/* SPDX-License-Identifier: Apache-2.0 */
/* Files and JSON text for tests: memory is checked, failures abort the test. */
#ifndef OG_TEST_TEXT_H
#define OG_TEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "ocigate/doc.h"

struct text {
	char *data; /* NUL-terminated, owned; NULL: there is no such file */
	size_t len;
};

struct text text_read(const char *dir, const char *name);
/* |data| NULL: the file is removed. */
void text_write(const char *dir, const char *name, const char *data, size_t len);
bool text_equal(struct text text, const char *data, size_t len);

/* |text| as a document, which must be one; owned by the caller. */
struct og_doc *text_parse(const char *text);

/* A copy without blanks between tokens, owned by the caller. */
char *json_strip(const char *json, size_t len);

#endif
