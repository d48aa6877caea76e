/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences on a terminal: folded at blanks to its width, so that none breaks in the
 * middle of a word. Elsewhere a line is a line, for grep(1).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

#define USUAL 80
#define LEAST 40 /* below that nothing fits */

unsigned og_ctl_columns(FILE *out)
{
	struct winsize size;

	if (!isatty(fileno(out)))
		return 0;
	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return USUAL;
	return size.ws_col < LEAST ? LEAST : size.ws_col;
}

/* Columns of |len| bytes: escape sequences have none, a character of UTF-8 has one. */
static unsigned columns_of(const char *text, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\033')
			i += strcspn(text + i, "m");
		else
			n += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return n;
}

static void put_folded(FILE *out, unsigned columns, unsigned indent, const char *line)
{
	unsigned at = 0;

	while (*line) {
		size_t blanks = strspn(line, " "), word = strcspn(line + blanks, " \n");
		unsigned width = columns_of(line + blanks, word);

		if (line[blanks] == '\n') {
			fputc('\n', out);
			at = 0;
			line += blanks + 1;
			continue;
		}
		if (at > indent && at + blanks + width > columns) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else {
			fprintf(out, "%*s", (int)blanks, "");
			at += (unsigned)blanks;
		}
		fwrite(line + blanks, 1, word, out);
		at += width;
		line += blanks + word;
	}
	fputc('\n', out);
}

void og_ctl_say(FILE *out, unsigned indent, const char *fmt, ...)
{
	og_auto_free char *line = NULL;
	unsigned columns = og_ctl_columns(out);
	va_list ap;

	va_start(ap, fmt);
	if (columns && vasprintf(&line, fmt, ap) < 0)
		line = NULL;
	va_end(ap);
	if (line) {
		put_folded(out, columns, indent, line);
		return;
	}
	/* not to be folded, or no memory for it: the words are what matters */
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
}
