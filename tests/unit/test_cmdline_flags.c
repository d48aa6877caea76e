/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every flag of every command, in each form it may have. The table is written
 * down here a second time, from the runtimes' own help, so that a row lost or
 * changed in the program is noticed.
 */
#include "cmdline_words.h"

/* --- the flags -------------------------------------------------------------- */

enum { R = OG_RUNC, C = OG_CRUN };

/* b boolean, 1 one value, * list, t optional; i = its value is an integer */
static const struct {
	const char *command, *flag;
	char letter, arity;
	bool integer;
	int runtimes;
} flags[] = {
	{ "", "root", 0, '1', false, R | C },
	{ "", "log", 0, '1', false, R | C },
	{ "", "log-format", 0, '1', false, R | C },
	{ "", "rootless", 0, '1', false, R | C },
	{ "", "debug", 0, 'b', false, R | C },
	{ "", "systemd-cgroup", 0, 'b', false, R | C },
	{ "", "criu", 0, '1', false, R },
	{ "", "cgroup-manager", 0, '1', false, C },
	{ "", "log-level", 0, '1', false, C },

	{ "create", "bundle", 'b', '1', false, R | C },
	{ "create", "console-socket", 0, '1', false, R | C },
	{ "create", "pid-file", 0, '1', false, R | C },
	{ "create", "no-pivot", 0, 'b', false, R | C },
	{ "create", "no-new-keyring", 0, 'b', false, R | C },
	{ "create", "preserve-fds", 0, '1', true, R | C },
	{ "create", "pidfd-socket", 0, '1', false, R },
	{ "create", "config", 'f', '1', false, C },
	{ "create", "no-subreaper", 0, 'b', false, C },

	{ "run", "bundle", 'b', '1', false, R | C },
	{ "run", "console-socket", 0, '1', false, R | C },
	{ "run", "pid-file", 0, '1', false, R | C },
	{ "run", "no-pivot", 0, 'b', false, R | C },
	{ "run", "no-new-keyring", 0, 'b', false, R | C },
	{ "run", "preserve-fds", 0, '1', true, R | C },
	{ "run", "pidfd-socket", 0, '1', false, R },
	{ "run", "config", 'f', '1', false, C },
	{ "run", "no-subreaper", 0, 'b', false, R | C },
	{ "run", "detach", 'd', 'b', false, R | C },
	{ "run", "keep", 0, 'b', false, R | C },

	{ "restore", "bundle", 'b', '1', false, R | C },
	{ "restore", "console-socket", 0, '1', false, R | C },
	{ "restore", "image-path", 0, '1', false, R | C },
	{ "restore", "work-path", 0, '1', false, R | C },
	{ "restore", "pid-file", 0, '1', false, R | C },
	{ "restore", "manage-cgroups-mode", 0, '1', false, R | C },
	{ "restore", "empty-ns", 0, '*', false, R },
	{ "restore", "lsm-profile", 0, '1', false, R | C },
	{ "restore", "lsm-mount-context", 0, '1', false, R | C },
	{ "restore", "tcp-established", 0, 'b', false, R | C },
	{ "restore", "tcp-close", 0, 'b', false, C },
	{ "restore", "network-lock", 0, 'a', false, C },
	{ "restore", "ext-unix-sk", 0, 'b', false, R | C },
	{ "restore", "shell-job", 0, 'b', false, R | C },
	{ "restore", "file-locks", 0, 'b', false, R | C },
	{ "restore", "detach", 'd', 'b', false, R | C },
	{ "restore", "no-subreaper", 0, 'b', false, R },
	{ "restore", "no-pivot", 0, 'b', false, R },
	{ "restore", "auto-dedup", 0, 'b', false, R },
	{ "restore", "lazy-pages", 0, 'b', false, R },

	{ "exec", "console-socket", 0, '1', false, R | C },
	{ "exec", "cwd", 0, '1', false, R | C },
	{ "exec", "user", 'u', '1', false, R | C },
	{ "exec", "process", 'p', '1', false, R | C },
	{ "exec", "pid-file", 0, '1', false, R | C },
	{ "exec", "process-label", 0, '1', false, R | C },
	{ "exec", "apparmor", 0, '1', false, R | C },
	{ "exec", "preserve-fds", 0, '1', true, R | C },
	{ "exec", "pidfd-socket", 0, '1', false, R },
	{ "exec", "env", 'e', '*', false, R | C },
	{ "exec", "additional-gids", 'g', '*', false, R },
	{ "exec", "cap", 'c', '*', false, R | C },
	{ "exec", "cgroup", 0, '*', false, R | C },
	{ "exec", "tty", 't', 't', false, R | C },
	{ "exec", "detach", 'd', 'b', false, R | C },
	{ "exec", "no-new-privs", 0, 'b', false, R | C },
	{ "exec", "ignore-paused", 0, 'b', false, R },

	{ "update", "resources", 'r', '1', false, R | C },
	{ "update", "blkio-weight", 0, '1', true, R | C },
	{ "update", "cpu-period", 0, '1', true, R | C },
	{ "update", "cpu-quota", 0, '1', true, R | C },
	{ "update", "cpu-share", 0, '1', true, R | C },
	{ "update", "cpu-rt-period", 0, '1', true, R | C },
	{ "update", "cpu-rt-runtime", 0, '1', true, R | C },
	{ "update", "cpuset-cpus", 0, '1', false, R | C },
	{ "update", "cpuset-mems", 0, '1', false, R | C },
	{ "update", "memory", 0, '1', true, R | C },
	{ "update", "memory-reservation", 0, '1', true, R | C },
	{ "update", "memory-swap", 0, '1', true, R | C },
	{ "update", "kernel-memory", 0, '1', true, R | C },
	{ "update", "kernel-memory-tcp", 0, '1', true, R | C },
	{ "update", "pids-limit", 0, '1', true, R | C },
	{ "update", "l3-cache-schema", 0, '1', false, R | C },
	{ "update", "mem-bw-schema", 0, '1', false, R | C },
	{ "update", "cpu-burst", 0, '1', true, R },
	{ "update", "cpu-idle", 0, '1', true, R },

	{ "delete", "force", 'f', 'b', false, R | C },
	{ "kill", "all", 'a', 'b', false, R | C },
	{ "list", "format", 'f', '1', false, R | C },
	{ "list", "quiet", 'q', 'b', false, R | C },
	{ "ps", "format", 'f', '1', false, R | C },
	{ "events", "interval", 0, '1', false, R },
	{ "events", "stats", 0, 'b', false, R },
	{ "spec", "bundle", 'b', '1', false, R | C },
	{ "spec", "rootless", 0, 'b', false, R | C },
	{ "spec", "file", 'f', '1', false, C },

	{ "checkpoint", "image-path", 0, '1', false, R | C },
	{ "checkpoint", "work-path", 0, '1', false, R | C },
	{ "checkpoint", "parent-path", 0, '1', false, R | C },
	{ "checkpoint", "status-fd", 0, '1', true, R },
	{ "checkpoint", "page-server", 0, '1', false, R },
	{ "checkpoint", "manage-cgroups-mode", 0, '1', false, R | C },
	{ "checkpoint", "empty-ns", 0, '*', false, R },
	{ "checkpoint", "network-lock", 0, 'a', false, C },
	{ "checkpoint", "leave-running", 0, 'b', false, R | C },
	{ "checkpoint", "tcp-established", 0, 'b', false, R | C },
	{ "checkpoint", "tcp-close", 0, 'b', false, C },
	{ "checkpoint", "tcp-skip-in-flight", 0, 'b', false, R },
	{ "checkpoint", "link-remap", 0, 'b', false, R },
	{ "checkpoint", "ext-unix-sk", 0, 'b', false, R | C },
	{ "checkpoint", "shell-job", 0, 'b', false, R | C },
	{ "checkpoint", "file-locks", 0, 'b', false, R | C },
	{ "checkpoint", "lazy-pages", 0, 'b', false, R },
	{ "checkpoint", "auto-dedup", 0, 'b', false, R },
	{ "checkpoint", "pre-dump", 0, 'b', false, R | C },
};

static const char *const no_id[] = { "list", "spec", "features" };

static bool takes_id(const char *command)
{
	for (size_t i = 0; i < NELEMS(no_id); i++)
		if (strcmp(command, no_id[i]) == 0)
			return false;
	return true;
}

/* What stands after the flags of |command|, as written and as built. */
static const char *tail(const char *command)
{
	return !takes_id(command) ? "" : strcmp(command, "exec") == 0 ? " -- c1 true" : " -- c1";
}

/* The words of one flag and its value, in their place. */
static void compose(char *line, size_t size, size_t i, const char *words)
{
	const char *command = flags[i].command;

	if (*command)
		snprintf(line, size, "%s %s%s", command, words, tail(command));
	else
		snprintf(line, size, "%s state%s", words, tail("state"));
}

Test(cmdline_flags, each_in_every_form)
{
	for (size_t i = 0; i < NELEMS(flags); i++) {
		const char *command = flags[i].command, *value = flags[i].integer ? "7" : "v:w";
		bool valued = strchr("1*a", flags[i].arity) != NULL;
		char line[256], want[256], words[128];

		if (!valued)
			value = "";
		snprintf(words, sizeof(words), "--%s%s%s", flags[i].flag,
			 flags[i].arity == 'a' ? " "
			 : valued	       ? "="
					       : "",
			 value);
		compose(want, sizeof(want), i, words);
		check_built(want, want);
		snprintf(words, sizeof(words), "--%s %s", flags[i].flag, value);
		compose(line, sizeof(line), i, words);
		check_built(line, want);
		if (flags[i].letter) {
			snprintf(words, sizeof(words), "-%c %s", flags[i].letter, value);
			compose(line, sizeof(line), i, words);
			check_built(line, want);
		}
		if (*command && takes_id(command) && strcmp(command, "exec") != 0 &&
		    strcmp(command, "ps") != 0) {
			snprintf(line, sizeof(line), "%s c1 --%s %s", command, flags[i].flag,
				 value);
			check_built(line, want);
		}
	}
}

static void check_word_refused(size_t i, const char *after, const char *message)
{
	char line[256], words[128];

	snprintf(words, sizeof(words), "--%s%s", flags[i].flag, after);
	compose(line, sizeof(line), i, words);
	check_refused(line, message);
}

Test(cmdline_flags, each_with_a_wrong_value)
{
	for (size_t i = 0; i < NELEMS(flags); i++) {
		char line[256];

		if (flags[i].arity == 'b')
			check_word_refused(i, "=false", "takes no value");
		if (!strchr("1*a", flags[i].arity))
			continue;
		check_word_refused(i, "=", "is empty");
		check_word_refused(i, " ''", "is empty");
		if (flags[i].integer)
			check_word_refused(i, "=0x1", "no plain decimal");
		snprintf(line, sizeof(line), "%s --%s", flags[i].command, flags[i].flag);
		check_refused(line, "needs a value");
	}
}

Test(cmdline_flags, table_matches)
{
	size_t rows = 0;

	for (size_t i = 0; i < NELEMS(flags); i++) {
		const struct og_command *command = og_command_find(flags[i].command);
		unsigned scope = command ? OG_SCOPE(command->verb) : OG_SCOPE_GLOBAL;
		const struct og_flag_def *def = og_flag_def_find(scope, flags[i].flag,
								 strlen(flags[i].flag));

		cr_assert(def != NULL, "%s --%s", flags[i].command, flags[i].flag);
		cr_assert(eq(int, (int)def->runtimes, flags[i].runtimes), "%s --%s",
			  flags[i].command, flags[i].flag);
		cr_assert(eq(int, og_flag_value_is_integer(def->value), flags[i].integer),
			  "%s --%s", flags[i].command, flags[i].flag);
		cr_assert(eq(int, def->shorts[0], flags[i].letter), "%s --%s", flags[i].command,
			  flags[i].flag);
	}
	for (size_t i = 0; i < og_nflag_defs; i++)
		for (unsigned v = OG_VERB_NONE; v <= OG_VERB_FEATURES; v++)
			if (og_flag_defs[i].scopes & OG_SCOPE(v) &&
			    og_flag_defs[i].arity != OG_FLAG_INFO &&
			    !(og_flag_defs[i].attrs & OG_FLAG_PATTERN))
				rows++;
	cr_assert(eq(sz, rows, NELEMS(flags)));
}

Test(cmdline_flags, names_are_unique_within_a_scope)
{
	for (unsigned v = OG_VERB_NONE; v <= OG_VERB_FEATURES; v++)
		for (size_t i = 0; i < og_nflag_defs; i++) {
			const struct og_flag_def *def = &og_flag_defs[i];

			if (!(def->scopes & OG_SCOPE(v)))
				continue;
			cr_assert(eq(
				ptr,
				(void *)og_flag_def_find(OG_SCOPE(v), def->name, strlen(def->name)),
				(void *)def));
			for (const char *c = def->shorts; *c; c++)
				cr_assert(eq(ptr, (void *)og_flag_def_short(OG_SCOPE(v), *c),
					     (void *)def));
		}
}

/* runc 1.1 takes a flag that it does not know for an argument, before the id. */
Test(cmdline_flags, none_can_be_taken_for_an_optional_argument)
{
	size_t commands = 0;

	for (size_t c = 0; c < og_ncommands; c++) {
		const struct og_command *command = &og_commands[c];

		if (command->refused || command->stop_at_id || command->min == command->max)
			continue;
		commands++;
		for (size_t i = 0; i < og_nflag_defs; i++) {
			const struct og_flag_def *def = &og_flag_defs[i];

			if (!(def->scopes & OG_SCOPE(command->verb)) ||
			    def->arity == OG_FLAG_INFO || def->attrs & OG_FLAG_PATTERN)
				continue;
			cr_assert(eq(int, (int)def->runtimes, R | C), "%s --%s", command->name,
				  def->name);
		}
	}
	cr_assert(gt(sz, commands, 0));
}
