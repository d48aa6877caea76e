/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is on a runtime's command line: commands, flags and the forms of
 * their values, the union of runc 1.1 to 1.5 and its main branch with crun 1.8
 * to 1.28. Hidden flags are listed when a runtime still reads them. A flag that
 * only one runtime knows is left to the other to refuse, which it does: for
 * runc 1.1 it is one argument too many, because after sorting words into flags
 * and arguments a flag unknown to it is an argument ("kill --regex -- ID" kills
 * "--regex" with the signal ID: such a flag must not be let through there).
 */
#include "shim/cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OG_NELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define V(verb)	 OG_SCOPE(OG_VERB_##verb)
#define GLOBAL	 OG_SCOPE_GLOBAL
#define COMMANDS (~(OG_SCOPE_GLOBAL | V(VERSION) | V(HELP) | V(OWN_VERSION)))
#define LAUNCH	 (V(CREATE) | V(RUN))
#define BOTH	 (OG_RUNC | OG_CRUN)

#define BOOL(scopes, name, shorts, runtimes)                                                       \
	{                                                                                          \
		scopes, name, shorts, OG_FLAG_BOOL, OG_VALUE_NONE, runtimes, 0                     \
	}
#define ONE(scopes, name, shorts, value, runtimes)                                                 \
	{                                                                                          \
		scopes, name, shorts, OG_FLAG_VALUE, OG_VALUE_##value, runtimes, 0                 \
	}
#define LIST(scopes, name, shorts, value, runtimes)                                                \
	{                                                                                          \
		scopes, name, shorts, OG_FLAG_LIST, OG_VALUE_##value, runtimes, 0                  \
	}
#define INFO(scopes, name, shorts, runtimes)                                                       \
	{                                                                                          \
		scopes, name, shorts, OG_FLAG_INFO, OG_VALUE_NONE, runtimes, 0                     \
	}

/* clang-format off */
const struct og_flag_def og_flag_defs[] = {
	ONE(GLOBAL, "root", "", PATH, BOTH),
	ONE(GLOBAL, "log", "", LOG, BOTH),
	ONE(GLOBAL, "log-format", "", TEXT, BOTH),
	ONE(GLOBAL, "log-level", "", TEXT, OG_CRUN),
	ONE(GLOBAL, "rootless", "", TEXT, BOTH),
	BOOL(GLOBAL, "debug", "", BOTH),
	BOOL(GLOBAL, "systemd-cgroup", "", BOTH),
	ONE(GLOBAL, "cgroup-manager", "", TEXT, OG_CRUN),
	ONE(GLOBAL, "criu", "", PATH, OG_RUNC),
	INFO(GLOBAL, "version", "vV", BOTH),
	/* "-h" is runc's, "-?" and --usage are crun's */
	INFO(GLOBAL | COMMANDS, "help", "h?", BOTH),
	INFO(GLOBAL | COMMANDS, "usage", "", OG_CRUN),

	ONE(LAUNCH | V(RESTORE) | V(SPEC), "bundle", "b", PATH, BOTH),
	ONE(LAUNCH, "config", "f", PATH, OG_CRUN),
	ONE(LAUNCH | V(RESTORE) | V(EXEC), "console-socket", "", PATH, BOTH),
	ONE(LAUNCH | V(RESTORE) | V(EXEC), "pid-file", "", PATH, BOTH),
	ONE(LAUNCH | V(EXEC), "pidfd-socket", "", PATH, OG_RUNC),
	ONE(LAUNCH | V(EXEC), "preserve-fds", "", U31, BOTH),
	BOOL(LAUNCH, "no-new-keyring", "", BOTH),
	BOOL(LAUNCH, "no-pivot", "", BOTH),
	BOOL(V(RESTORE), "no-pivot", "", OG_RUNC),
	BOOL(V(CREATE), "no-subreaper", "", OG_CRUN),
	BOOL(V(RUN), "no-subreaper", "", BOTH),
	BOOL(V(RESTORE), "no-subreaper", "", OG_RUNC),
	BOOL(V(RUN) | V(RESTORE) | V(EXEC), "detach", "d", BOTH),
	BOOL(V(RUN), "keep", "", BOTH),

	ONE(V(EXEC), "process", "p", PATH, BOTH),
	ONE(V(EXEC), "cwd", "", PATH, BOTH),
	ONE(V(EXEC), "user", "u", TEXT, BOTH),
	LIST(V(EXEC), "additional-gids", "g", TEXT, OG_RUNC),
	LIST(V(EXEC), "env", "e", FREE, BOTH),
	LIST(V(EXEC), "cap", "c", TEXT, BOTH),
	LIST(V(EXEC), "cgroup", "", TEXT, BOTH),
	ONE(V(EXEC), "apparmor", "", TEXT, BOTH),
	ONE(V(EXEC), "process-label", "", TEXT, BOTH),
	{ V(EXEC), "tty", "t", OG_FLAG_OPTIONAL, OG_VALUE_NONE, BOTH, 0 },
	BOOL(V(EXEC), "no-new-privs", "", BOTH),
	BOOL(V(EXEC), "ignore-paused", "", OG_RUNC),

	ONE(V(UPDATE), "resources", "r", PATH, BOTH),
	ONE(V(UPDATE), "blkio-weight", "", U16, BOTH),
	ONE(V(UPDATE), "cpu-period", "", U63, BOTH),
	ONE(V(UPDATE), "cpu-quota", "", S63, BOTH),
	ONE(V(UPDATE), "cpu-burst", "", U63, OG_RUNC),
	ONE(V(UPDATE), "cpu-share", "", U63, BOTH),
	ONE(V(UPDATE), "cpu-rt-period", "", U63, BOTH),
	ONE(V(UPDATE), "cpu-rt-runtime", "", S63, BOTH),
	ONE(V(UPDATE), "cpu-idle", "", S63, OG_RUNC),
	ONE(V(UPDATE), "cpuset-cpus", "", TEXT, BOTH),
	ONE(V(UPDATE), "cpuset-mems", "", TEXT, BOTH),
	ONE(V(UPDATE), "kernel-memory", "", SIZE, BOTH),
	ONE(V(UPDATE), "kernel-memory-tcp", "", SIZE, BOTH),
	ONE(V(UPDATE), "memory", "", SIZE, BOTH),
	ONE(V(UPDATE), "memory-reservation", "", SIZE, BOTH),
	ONE(V(UPDATE), "memory-swap", "", SIZE, BOTH),
	ONE(V(UPDATE), "pids-limit", "", S63, BOTH),
	ONE(V(UPDATE), "l3-cache-schema", "", TEXT, BOTH),
	ONE(V(UPDATE), "mem-bw-schema", "", TEXT, BOTH),

	BOOL(V(DELETE), "force", "f", BOTH),
	BOOL(V(KILL), "all", "a", BOTH),
	{ V(DELETE) | V(KILL), "regex", "r", OG_FLAG_BOOL, OG_VALUE_NONE, OG_CRUN, OG_FLAG_PATTERN },
	ONE(V(LIST) | V(PS), "format", "f", TEXT, BOTH),
	BOOL(V(LIST), "quiet", "q", BOTH),
	ONE(V(EVENTS), "interval", "", TEXT, OG_RUNC),
	BOOL(V(EVENTS), "stats", "", OG_RUNC),
	BOOL(V(SPEC), "rootless", "", BOTH),
	ONE(V(SPEC), "file", "f", PATH, OG_CRUN),

	ONE(V(CHECKPOINT) | V(RESTORE), "image-path", "", PATH, BOTH),
	ONE(V(CHECKPOINT) | V(RESTORE), "work-path", "", PATH, BOTH),
	ONE(V(CHECKPOINT), "parent-path", "", PATH, BOTH),
	ONE(V(CHECKPOINT), "status-fd", "", S31, OG_RUNC),
	ONE(V(CHECKPOINT), "page-server", "", TEXT, OG_RUNC),
	ONE(V(CHECKPOINT) | V(RESTORE), "manage-cgroups-mode", "", TEXT, BOTH),
	LIST(V(CHECKPOINT) | V(RESTORE), "empty-ns", "", TEXT, OG_RUNC),
	BOOL(V(CHECKPOINT), "leave-running", "", BOTH),
	BOOL(V(CHECKPOINT) | V(RESTORE), "tcp-established", "", BOTH),
	BOOL(V(CHECKPOINT) | V(RESTORE), "tcp-close", "", OG_CRUN),
	BOOL(V(CHECKPOINT), "tcp-skip-in-flight", "", OG_RUNC),
	BOOL(V(CHECKPOINT), "link-remap", "", OG_RUNC),
	BOOL(V(CHECKPOINT) | V(RESTORE), "ext-unix-sk", "", BOTH),
	BOOL(V(CHECKPOINT) | V(RESTORE), "shell-job", "", BOTH),
	BOOL(V(CHECKPOINT) | V(RESTORE), "file-locks", "", BOTH),
	BOOL(V(CHECKPOINT) | V(RESTORE), "lazy-pages", "", OG_RUNC),
	BOOL(V(CHECKPOINT) | V(RESTORE), "auto-dedup", "", OG_RUNC),
	BOOL(V(CHECKPOINT), "pre-dump", "", BOTH),
	{ V(CHECKPOINT) | V(RESTORE), "network-lock", "", OG_FLAG_VALUE, OG_VALUE_TEXT, OG_CRUN,
	  OG_FLAG_APART },
	ONE(V(RESTORE), "lsm-profile", "", TEXT, BOTH),
	ONE(V(RESTORE), "lsm-mount-context", "", TEXT, BOTH),
};

const struct og_command og_commands[] = {
	{ "create", OG_VERB_CREATE, 1, 1, false, NULL },
	{ "run", OG_VERB_RUN, 1, 1, false, NULL },
	{ "restore", OG_VERB_RESTORE, 1, 1, false, NULL },
	{ "exec", OG_VERB_EXEC, 1, UINT_MAX, true, NULL },
	{ "update", OG_VERB_UPDATE, 1, 1, false, NULL },
	{ "start", OG_VERB_START, 1, 1, false, NULL },
	{ "delete", OG_VERB_DELETE, 1, 1, false, NULL },
	{ "kill", OG_VERB_KILL, 1, 2, false, NULL },
	{ "state", OG_VERB_STATE, 1, 1, false, NULL },
	{ "list", OG_VERB_LIST, 0, 0, false, NULL },
	{ "ps", OG_VERB_PS, 1, UINT_MAX, true, NULL },
	{ "events", OG_VERB_EVENTS, 1, 1, false, NULL },
	{ "pause", OG_VERB_PAUSE, 1, 1, false, NULL },
	{ "resume", OG_VERB_RESUME, 1, 1, false, NULL },
	{ "checkpoint", OG_VERB_CHECKPOINT, 1, 1, false, NULL },
	{ "spec", OG_VERB_SPEC, 0, 0, false, NULL },
	{ "features", OG_VERB_FEATURES, 0, 0, false, NULL },
	{ "init", OG_VERB_NONE, 0, 0, false, "it is runc's own, for the process inside a container" },
	{ "mounts", OG_VERB_NONE, 0, 0, false,
	  "it mounts into a running container: write the mount into the bundle's config.json" },
	{ "help", OG_VERB_NONE, 0, 0, false, "write --help" },
	{ "h", OG_VERB_NONE, 0, 0, false, "write --help" },
};
/* clang-format on */

const size_t og_nflag_defs = OG_NELEMS(og_flag_defs);
const size_t og_ncommands = OG_NELEMS(og_commands);
_Static_assert(OG_NELEMS(og_flag_defs) <= OG_FLAG_DEFS_MAX, "the parser counts flags by row");

const struct og_flag_def *og_flag_def_find(unsigned scopes, const char *name, size_t len)
{
	for (size_t i = 0; i < og_nflag_defs; i++) {
		const struct og_flag_def *def = &og_flag_defs[i];

		if (def->scopes & scopes && strlen(def->name) == len &&
		    memcmp(def->name, name, len) == 0)
			return def;
	}
	return NULL;
}

const struct og_flag_def *og_flag_def_short(unsigned scopes, char c)
{
	for (size_t i = 0; c && i < og_nflag_defs; i++)
		if (og_flag_defs[i].scopes & scopes && strchr(og_flag_defs[i].shorts, c))
			return &og_flag_defs[i];
	return NULL;
}

const struct og_command *og_command_find(const char *name)
{
	for (size_t i = 0; i < og_ncommands; i++)
		if (strcmp(og_commands[i].name, name) == 0)
			return &og_commands[i];
	return NULL;
}

/* Unicode's White_Space, as UTF-8: what strings.TrimSpace() removes. */
static const char *const blanks[] = {
	" ",
	"\t",
	"\n",
	"\v",
	"\f",
	"\r",
	"\xc2\x85",
	"\xc2\xa0",
	"\xe1\x9a\x80",
	"\xe2\x80\x80",
	"\xe2\x80\x81",
	"\xe2\x80\x82",
	"\xe2\x80\x83",
	"\xe2\x80\x84",
	"\xe2\x80\x85",
	"\xe2\x80\x86",
	"\xe2\x80\x87",
	"\xe2\x80\x88",
	"\xe2\x80\x89",
	"\xe2\x80\x8a",
	"\xe2\x80\xa8",
	"\xe2\x80\xa9",
	"\xe2\x80\xaf",
	"\xe2\x81\x9f",
	"\xe3\x80\x80",
};

bool og_has_outer_blank(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < OG_NELEMS(blanks); i++) {
		size_t n = strlen(blanks[i]);

		if (n <= len &&
		    (memcmp(text, blanks[i], n) == 0 || memcmp(text + len - n, blanks[i], n) == 0))
			return true;
	}
	return false;
}

bool og_has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static const struct {
	enum og_flag_value value;
	intmax_t min, max;
} ranges[] = {
	{ OG_VALUE_U16, 0, UINT16_MAX },	 { OG_VALUE_U31, 0, INT32_MAX },
	{ OG_VALUE_S31, -1, INT32_MAX },	 { OG_VALUE_U63, 0, INT64_MAX },
	{ OG_VALUE_S63, -INT64_MAX, INT64_MAX }, { OG_VALUE_SIZE, -1, INT64_MAX },
};

/* The digits that |text| begins with as a number; no "+", "010", "0x1", "-0". */
static int read_decimal(const char *text, const char **retend, intmax_t *ret)
{
	const char *digits = text + (*text == '-');
	char *end;

	if (!isdigit((unsigned char)digits[0]))
		return -1;
	if (digits[0] == '0' && (digits != text || isdigit((unsigned char)digits[1])))
		return -1;
	errno = 0;
	*ret = strtoimax(text, &end, 10);
	*retend = end;
	return errno ? -1 : 0;
}

/* runc's units are binary ones: k, m, g, t, p, each with "i", "b" or both. */
static int read_unit(const char *unit, intmax_t *number)
{
	static const char letters[] = "kmgtp";
	const char *at = *unit ? strchr(letters, tolower((unsigned char)*unit)) : NULL;
	int shift = at ? 10 * (int)(at - letters + 1) : 0;

	if (at)
		unit++;
	if (at && (*unit == 'i' || *unit == 'I'))
		unit++;
	if (*unit == 'b' || *unit == 'B')
		unit++;
	if (*unit || *number < 0 || *number > INT64_MAX >> shift)
		return -1;
	*number <<= shift;
	return 0;
}

static int read_integer(const struct og_flag_def *def, const char *text,
			char number[OG_NUMBER_TEXT], const char **ret, struct og_err *reterr)
{
	const char *end = "";
	intmax_t v = 0;
	size_t i = 0;

	while (ranges[i].value != def->value)
		i++;
	if (read_decimal(text, &end, &v) < 0 ||
	    (*end && (def->value != OG_VALUE_SIZE || read_unit(end, &v) < 0)))
		return og_fail(reterr, OG_E_USAGE,
			       "value %s of --%s is no plain decimal number%s: runtimes read "
			       "\"010\", \"0x1\" and \"1_0\" differently",
			       OG_Q(text), def->name,
			       def->value == OG_VALUE_SIZE ? " of bytes (or of k, m, g)" : "");
	if (v < ranges[i].min || v > ranges[i].max)
		return og_fail(reterr, OG_E_USAGE,
			       "value %s of --%s is not between %" PRIdMAX " and %" PRIdMAX,
			       OG_Q(text), def->name, ranges[i].min, ranges[i].max);
	*ret = text;
	if (*end) {
		snprintf(number, OG_NUMBER_TEXT, "%" PRIdMAX, v);
		*ret = number;
	}
	return 0;
}

/* crun takes these for destinations, runc for the name of a file. */
static bool is_log_scheme(const char *text)
{
	static const char *const schemes[] = { "file:", "journald:", "syslog:" };

	for (size_t i = 0; i < OG_NELEMS(schemes); i++)
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

int og_flag_value_read(const struct og_flag_def *def, const char *text, char number[OG_NUMBER_TEXT],
		       const char **ret, struct og_err *reterr)
{
	bool secret = def->value == OG_VALUE_FREE;

	if (!*text)
		return og_fail(reterr, OG_E_USAGE,
			       "value of --%s is empty: runtimes read that differently, leave the "
			       "flag out",
			       def->name);
	/* a later runc trims the word "--flag=value" */
	if (og_has_outer_blank(text))
		return og_fail(reterr, OG_E_USAGE, "value%s%s of --%s begins or ends with a blank",
			       secret ? "" : " ", secret ? "" : OG_Q(text), def->name);
	if (!secret && og_has_control(text))
		return og_fail(reterr, OG_E_USAGE, "value %s of --%s holds a control byte",
			       OG_Q(text), def->name);
	if (def->value == OG_VALUE_LOG && is_log_scheme(text))
		return og_fail(reterr, OG_E_USAGE,
			       "value %s of --%s is a file to runc and a destination to crun: "
			       "write a path",
			       OG_Q(text), def->name);
	if (og_flag_value_is_integer(def->value))
		return read_integer(def, text, number, ret, reterr);
	*ret = text;
	return 0;
}
