/* SPDX-License-Identifier: Apache-2.0 */
/* What subcommands share in talking to people. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"

static void print_usage(FILE *out, const struct og_subcommand *self)
{
	og_ctl_say(out, 4, "usage: ocigatectl %s%s%s\n", self->name, self->arguments[0] ? " " : "",
		   self->arguments);
	og_ctl_say(out, 0, "%s\n", self->summary);
	og_ctl_say(out, 4, "for example: %s", self->example);
}

int og_ctl_usage(const struct og_subcommand *self, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "ocigatectl: %s: ", self->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	print_usage(stderr, self);
	return OG_CTL_USAGE;
}

int og_ctl_help(const struct og_subcommand *self)
{
	print_usage(stdout, self);
	return OG_CTL_OK;
}

int og_ctl_error(const struct og_err *err)
{
	fprintf(stderr, "ocigatectl: %s%s\n", OG_PLACE(err, ""), err->msg);
	return OG_CTL_ERROR;
}

bool og_ctl_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && no[0]);
}

int og_ctl_print(const struct og_buf *out)
{
	if (out->failed) {
		fprintf(stderr, "ocigatectl: out of memory\n");
		return OG_CTL_ERROR;
	}
	fwrite(out->data ? out->data : "", 1, out->len, stdout);
	return og_ctl_flush();
}

int og_ctl_flush(void)
{
	static bool said;

	/* what was lost earlier, too */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return OG_CTL_OK;
	if (!said)
		fprintf(stderr, "ocigatectl: standard output cannot be written\n");
	said = true;
	return OG_CTL_ERROR;
}

const char *og_ctl_paint(const char *sequence)
{
	return og_ctl_colour() ? sequence : "";
}
