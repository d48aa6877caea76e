/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources document of "update": a file, standard input, or made of the
 * flags that stand for one. What no policy objects to is passed on as it came.
 */
#include "shim.h"

#include <string.h>
#include <unistd.h>

#include "file.h"
#include "ocigate/buf.h"

/*
 * LIMIT(flag, section, member): by section. The flags for the processor's caches
 * are not here, no document says what they say; they are facts of the launch.
 */
/* clang-format off */
#define LIMITS                                                                                     \
	LIMIT("memory", "memory", "limit")                                                         \
	LIMIT("memory-reservation", "memory", "reservation")                                       \
	LIMIT("memory-swap", "memory", "swap")                                                     \
	LIMIT("kernel-memory", "memory", "kernel")                                                 \
	LIMIT("kernel-memory-tcp", "memory", "kernelTCP")                                          \
	LIMIT("cpu-share", "cpu", "shares")                                                        \
	LIMIT("cpu-quota", "cpu", "quota")                                                         \
	LIMIT("cpu-burst", "cpu", "burst")                                                         \
	LIMIT("cpu-period", "cpu", "period")                                                       \
	LIMIT("cpu-rt-runtime", "cpu", "realtimeRuntime")                                          \
	LIMIT("cpu-rt-period", "cpu", "realtimePeriod")                                            \
	LIMIT("cpu-idle", "cpu", "idle")                                                           \
	LIMIT("cpuset-cpus", "cpu", "cpus")                                                        \
	LIMIT("cpuset-mems", "cpu", "mems")                                                        \
	LIMIT("pids-limit", "pids", "limit")                                                       \
	LIMIT("blkio-weight", "blockIO", "weight")
/* clang-format on */

static const struct {
	const char *flag, *section, *member;
} limits[] = {
#define LIMIT(flag, section, member) { flag, section, member },
	LIMITS
#undef LIMIT
};

static const char *const limit_flags[] = {
#define LIMIT(flag, section, member) flag,
	LIMITS
#undef LIMIT
		NULL
};

/* In words that all runtimes read: the command line's numbers are plain decimal ones. */
static void make_resources(const struct og_cmdline *cmd, struct og_buf *out)
{
	const char *section = NULL;

	og_buf_puts(out, "{");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct og_flag *flag = og_cmdline_flag(cmd, limits[i].flag);

		if (!flag)
			continue;
		if (!section || strcmp(section, limits[i].section) != 0) {
			og_buf_puts(out, section ? "}" : "");
			og_buf_key(out, limits[i].section);
			og_buf_puts(out, "{");
			section = limits[i].section;
		}
		og_buf_key(out, limits[i].member);
		if (og_flag_value_is_integer(flag->def->value))
			og_buf_puts(out, flag->value);
		else
			og_buf_json(out, flag->value);
	}
	og_buf_puts(out, section ? "}}" : "}");
}

static int read_flags(struct og_shim *shim, struct og_err *reterr)
{
	og_auto_buf struct og_buf out = { 0 };

	make_resources(&shim->cmd, &out);
	shim->replaced_flags = limit_flags;
	shim->len = out.len;
	shim->text = og_buf_steal(&out);
	return shim->text ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}

int og_shim_read_resources(struct og_shim *shim, struct og_err *reterr)
{
	if (!shim->cmd.resources)
		return read_flags(shim, reterr);
	/* with a document runc and crun ignore the flags: so does whatever comes after them */
	for (const char *const *flag = limit_flags; *flag; flag++)
		if (og_cmdline_flag(&shim->cmd, *flag))
			og_shim_override(shim, *flag, NULL);
	if (strcmp(shim->cmd.resources, "-") != 0)
		return og_shim_read_document(shim, shim->cmd.resources, reterr);
	shim->handed_over = true;
	return og_fd_read(STDIN_FILENO, OG_DOC_MAX_BYTES, &shim->text, &shim->len, reterr);
}
