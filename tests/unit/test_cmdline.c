/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: what is accepted, what is read of it and how it is built
 * anew. test_cmdline_flags.c has each flag, test_cmdline_refused.c what is not
 * accepted.
 */
#include "cmdline_words.h"

#include <stdint.h>

/* --- what is accepted -------------------------------------------------------- */

#define G  "--root /run/docker/runtime-runc/moby --log /b/log.json --log-format json "
#define GB "--root=/run/docker/runtime-runc/moby --log=/b/log.json --log-format=json "

static const struct {
	const char *line, *built;
} accepted[] = {
	/* Docker through containerd */
	{ G "create --bundle /b --pid-file /b/init.pid c1",
	  GB "create --bundle=/b --pid-file=/b/init.pid -- c1" },
	{ G "start c1", GB "start -- c1" },
	{ G "delete c1", GB "delete -- c1" },
	{ G "delete --force c1", GB "delete --force -- c1" },
	{ G "exec --process /tmp/runc-process1 --detach --pid-file /b/e1.pid c1",
	  GB "exec --process=/tmp/runc-process1 --detach --pid-file=/b/e1.pid -- c1" },
	{ G "exec --process /tmp/p --console-socket /tmp/pty1/pty.sock --detach --pid-file /b/p c1",
	  GB
	  "exec --process=/tmp/p --console-socket=/tmp/pty1/pty.sock --detach --pid-file=/b/p -- "
	  "c1" },
	{ G "update --resources - c1", GB "update --resources=- -- c1" },
	{ G "update --resources=- c1", GB "update --resources=- -- c1" },
	{ G "kill c1 15", GB "kill -- c1 15" },
	{ G "kill c1 9", GB "kill -- c1 9" },
	{ G "kill --all c1 9", GB "kill --all -- c1 9" },
	{ G "pause c1", GB "pause -- c1" },
	{ G "resume c1", GB "resume -- c1" },
	{ G "ps --format json c1", GB "ps --format=json -- c1" },
	{ G "state c1", GB "state -- c1" },
	{ G
	  "checkpoint --image-path /tmp/ctrd-checkpoint1 --work-path /b/criu-work --leave-running "
	  "c1",
	  GB "checkpoint --image-path=/tmp/ctrd-checkpoint1 --work-path=/b/criu-work "
	     "--leave-running -- c1" },
	{ G "restore --image-path /p --work-path /b/work --detach --pid-file /b/init.pid "
	    "-no-subreaper --bundle /b c1",
	  GB "restore --image-path=/p --work-path=/b/work --detach --pid-file=/b/init.pid "
	     "--no-subreaper --bundle=/b -- c1" },
	{ "--systemd-cgroup --root=/r state c1", "--systemd-cgroup --root=/r state -- c1" },
	{ "--rootless=true --debug state c1", "--rootless=true --debug state -- c1" },
	{ "--version", "--version" },
	{ "features", "features" },
	/* BuildKit */
	{ "--log /x/runc-log.json --log-format json run --bundle /x/ID --keep ID",
	  "--log=/x/runc-log.json --log-format=json run --bundle=/x/ID --keep -- ID" },
	{ "--log /x/runc-log.json --log-format json delete ID",
	  "--log=/x/runc-log.json --log-format=json delete -- ID" },
	/* podman */
	{ "create --bundle /c/userdata --pid-file /r/pidfile c1",
	  "create --bundle=/c/userdata --pid-file=/r/pidfile -- c1" },
	{ "exec --pid-file /r/pid --process /r/proc --detach --tty --console-socket /r/s c1",
	  "exec --pid-file=/r/pid --process=/r/proc --detach --tty --console-socket=/r/s -- c1" },
	{ "update --resources=/var/tmp/podman1 c1", "update --resources=/var/tmp/podman1 -- c1" },
	{ "create --bundle /var/tmp/buildah1 --pid-file /r/p buildah-buildah1",
	  "create --bundle=/var/tmp/buildah1 --pid-file=/r/p -- buildah-buildah1" },
	/* scripts and test suites that call runc */
	{ "--root . run c1", "--root=. run -- c1" },
	{ "run -b bundle -d c1", "run --bundle=bundle --detach -- c1" },
	{ "update c1 --memory 64 --pids-limit -1", "update --memory=64 --pids-limit=-1 -- c1" },
	{ "update -r - c1", "update --resources=- -- c1" },
	{ "update --cpu-quota -1 --memory -1 c1", "update --cpu-quota=-1 --memory=-1 -- c1" },
	{ "update --memory 50M --memory-swap 1gib c1",
	  "update --memory=52428800 --memory-swap=1073741824 -- c1" },
	{ "update --memory 3b --memory-reservation 2kb --memory-swap 8191p c1",
	  "update --memory=3 --memory-reservation=2048 --memory-swap=9222246136947933184 -- c1" },
	{ "update --memory 0 --blkio-weight 65535 c1",
	  "update --memory=0 --blkio-weight=65535 -- c1" },
	{ "ps c1 -e -x", "ps -- c1 -e -x" },
	{ "ps -f table c1 --format json", "ps --format=table -- c1 --format json" },
	{ "kill -a c1 0", "kill --all -- c1 0" },
	{ "kill c1 9 --all", "kill --all -- c1 9" },
	{ "kill c1 SIGRTMIN+1", "kill -- c1 SIGRTMIN+1" },
	{ "kill c1", "kill -- c1" },
	{ "run --preserve-fds=2 c1", "run --preserve-fds=2 -- c1" },
	{ "exec -p /dev/fd/63 c1", "exec --process=/dev/fd/63 -- c1" },
	{ "exec -u 0 -e A=b -e C=d -c CAP_X c1 sh -c echo~x",
	  "exec --user=0 --env=A=b --env=C=d --cap=CAP_X -- c1 sh -c echo x" },
	/* after the id of exec, all is the container's command */
	{ "exec c1 ls --bundle -la -- x", "exec -- c1 ls --bundle -la -- x" },
	{ "exec c1 -- ls", "exec -- c1 -- ls" },
	{ "exec c1 --process /x", "exec -- c1 --process /x" },
	{ "exec c1 '' ~x~", "exec -- c1 ''  x " },
	{ "exec -- c1 ls", "exec -- c1 ls" },
	{ "exec -p /x c1 ls", "exec --process=/x -- c1 ls" },
	{ "exec --tty=true -d c1 x", "exec --tty --detach -- c1 x" },
	{ "exec --tty=false c1 x", "exec --tty=false -- c1 x" },
	{ "events --stats c1", "events --stats -- c1" },
	{ "events --interval 100ms c1", "events --interval=100ms -- c1" },
	{ "list -q", "list --quiet" },
	{ "list -f json --quiet", "list --format=json --quiet" },
	{ "spec --rootless", "spec --rootless" },
	{ "--rootless true spec --rootless", "--rootless=true spec --rootless" },
	/* the last of a repeated flag, where the last one stood */
	{ "run -b x -b y c1", "run --bundle=y -- c1" },
	{ "run --bundle x --pid-file p --bundle=y c1", "run --pid-file=p --bundle=y -- c1" },
	{ "--cgroup-manager=disabled --systemd-cgroup --cgroup-manager=disabled state c1",
	  "--systemd-cgroup --cgroup-manager=disabled state -- c1" },
	{ "--debug --debug state c1", "--debug state -- c1" },
	/* flags after the id; "--" */
	{ "run c1 --bundle /b --detach", "run --bundle=/b --detach -- c1" },
	{ "state -- c1", "state -- c1" },
	{ "-- state c1", "state -- c1" },
	{ "--root /r -- run -b /b -- c1", "--root=/r run --bundle=/b -- c1" },
	{ "state -- -x", "state -- -x" },
	/* values that look like something else */
	{ "run --bundle=--pid-file c1", "run --bundle=--pid-file -- c1" },
	{ "run --bundle=a=b c1", "run --bundle=a=b -- c1" },
	{ "run --bundle /a~b c1", "run --bundle=/a b -- c1" },
	{ "exec --env A=x\ny c1 x", "exec --env=A=x\ny -- c1 x" },
	{ "exec --env X c1 x", "exec --env=X -- c1 x" },
	{ "checkpoint --network-lock=skip c1", "checkpoint --network-lock skip -- c1" },
	{ "state a_Z.9+-", "state -- a_Z.9+-" },
	{ "state ...", "state -- ..." },
	/* help and version */
	{ "-v", "--version" },
	{ "-V", "--version" },
	{ "-h", "--help" },
	{ "-?", "--help" },
	{ "--usage", "--usage" },
	{ "--root /r --version", "--root=/r --version" },
	{ "--debug create -h", "--debug create --help" },
	{ "exec --help", "exec --help" },
	{ "ps -?", "ps --help" },
	{ "exec c1 --help", "exec -- c1 --help" },
};

Test(cmdline, accepted_and_built)
{
	for (size_t i = 0; i < NELEMS(accepted); i++)
		check_built(accepted[i].line, accepted[i].built);
}

/* --- what is read ------------------------------------------------------------- */

static void parse_line(const char *line, struct words *w, struct og_cmdline *cmd, int expected)
{
	struct og_err err = { .code = OG_OK };

	split_words(w, line);
	cr_assert(eq(int, og_cmdline_parse(w->argc, w->argv, cmd, &err), expected), "%s: %s", line,
		  err.msg);
}

Test(cmdline, views_and_look_ups)
{
	struct og_cmdline cmd;
	struct words w;
	size_t envs = 0;

	parse_line("runc --root /r --log /l --log-format json --cgroup-manager=disabled exec -p /p "
		   "--pid-file f --console-socket s -e A=1 -e B=2 -d c1 ls -l",
		   &w, &cmd, 0);
	cr_assert(eq(int, cmd.verb, OG_VERB_EXEC));
	cr_assert(eq(str, (char *)cmd.command, "exec"));
	cr_assert(eq(str, (char *)cmd.root, "/r"));
	cr_assert(eq(str, (char *)cmd.log, "/l"));
	cr_assert(eq(str, (char *)cmd.log_format, "json"));
	cr_assert(eq(str, (char *)cmd.process, "/p"));
	cr_assert(eq(str, (char *)cmd.pid_file, "f"));
	cr_assert(eq(str, (char *)cmd.console_socket, "s"));
	cr_assert(eq(str, (char *)cmd.id, "c1"));
	cr_assert(eq(sz, cmd.nargs, 2));
	cr_assert(eq(str, cmd.args[0], "ls"));
	cr_assert(cmd.bundle == NULL && cmd.resources == NULL && cmd.profile == NULL);
	cr_assert(eq(str, (char *)og_cmdline_value(&cmd, "cgroup-manager"), "disabled"));
	cr_assert(eq(str, (char *)og_cmdline_value(&cmd, "env"), "B=2"));
	cr_assert(og_cmdline_has(&cmd, "detach") && !og_cmdline_has(&cmd, "tty"));
	for (size_t i = 0; i < cmd.nflags; i++)
		envs += strcmp(cmd.flags[i].def->name, "env") == 0;
	cr_assert(eq(sz, envs, 2));
	og_cmdline_release(&cmd);
	cr_assert(cmd.block == NULL && cmd.nflags == 0);

	parse_line("runc --rootless=auto spec --rootless --bundle /b", &w, &cmd, 0);
	cr_assert(og_cmdline_flag(&cmd, "rootless")->value == NULL);
	cr_assert(eq(str, (char *)cmd.bundle, "/b"));
	og_cmdline_release(&cmd);

	parse_line("runc exec --tty=false c1 x", &w, &cmd, 0);
	cr_assert(og_cmdline_flag(&cmd, "tty") != NULL && !og_cmdline_has(&cmd, "tty"));
	og_cmdline_release(&cmd);
	parse_line("runc exec --tty=true c1 x", &w, &cmd, 0);
	cr_assert(og_cmdline_has(&cmd, "tty"));
	og_cmdline_release(&cmd);

	parse_line("runc update --resources - c1", &w, &cmd, 0);
	cr_assert(eq(str, (char *)cmd.resources, "-"));
	og_cmdline_release(&cmd);
}

/* A refusal is reported where the engine looks for it. */
Test(cmdline, what_was_read_before_an_error)
{
	struct og_cmdline cmd;
	struct words w;

	parse_line("runc --log /l --log-format json exec --bogus c1 x", &w, &cmd, -1);
	cr_assert(eq(int, cmd.verb, OG_VERB_EXEC));
	cr_assert(eq(str, (char *)cmd.log, "/l"));
	cr_assert(eq(str, (char *)cmd.log_format, "json"));
	og_cmdline_release(&cmd);
	parse_line("runc --log /l --log /m create", &w, &cmd, -1);
	cr_assert(eq(int, cmd.verb, OG_VERB_CREATE));
	cr_assert(eq(str, (char *)cmd.log, "/m"));
	og_cmdline_release(&cmd);
	parse_line("krun --log /l create c1", &w, &cmd, -1);
	cr_assert(eq(int, cmd.verb, OG_VERB_NONE));
	og_cmdline_release(&cmd);
}

Test(cmdline, help_of_a_command_launches_nothing)
{
	struct og_cmdline cmd;
	struct words w;

	parse_line("runc run --help", &w, &cmd, 0);
	cr_assert(eq(int, cmd.verb, OG_VERB_HELP));
	cr_assert(eq(str, (char *)cmd.command, "run"));
	og_cmdline_release(&cmd);
	parse_line("runc -V", &w, &cmd, 0);
	cr_assert(eq(int, cmd.verb, OG_VERB_VERSION));
	cr_assert(cmd.command == NULL);
	og_cmdline_release(&cmd);
}

/* --- ocigate's own options ------------------------------------------------------ */

static const struct {
	const char *line, *policy, *mode, *runtime, *profile;
} own[] = {
	{ "/usr/sbin/ocigate state c1", NULL, NULL, NULL, NULL },
	{ "runc state c1", NULL, NULL, NULL, NULL },
	{ "crun state c1", NULL, NULL, NULL, NULL },
	{ "anything state c1", NULL, NULL, NULL, NULL },
	{ "/x/ocigate-explain state c1", NULL, "explain", NULL, NULL },
	{ "ocigate-explain --ocigate-mode=explain state c1", NULL, "explain", NULL, NULL },
	{ "ocigate-explain --ocigate-policy=/p state c1", "/p", "explain", NULL, NULL },
	{ "/x/ocigate-build.2_x-y state c1", NULL, NULL, NULL, "build.2_x-y" },
	{ "ocigate --ocigate-policy=/p --ocigate-mode=audit --ocigate-runtime=/r state c1", "/p",
	  "audit", "/r", NULL },
	{ "ocigate-build --ocigate-mode=enforce state c1", NULL, "enforce", NULL, "build" },
	{ "ocigate exec c1 --ocigate-mode=audit", NULL, NULL, NULL, NULL },
};

static void check_optional(const char *line, const char *got, const char *want)
{
	cr_assert(eq(int, !got, !want), "%s", line);
	if (want)
		cr_assert(eq(str, (char *)got, (char *)want), "%s", line);
}

Test(cmdline, own_options_and_names)
{
	for (size_t i = 0; i < NELEMS(own); i++) {
		struct og_cmdline cmd;
		struct words w;

		parse_line(own[i].line, &w, &cmd, 0);
		check_optional(own[i].line, cmd.policy, own[i].policy);
		check_optional(own[i].line, cmd.mode, own[i].mode);
		check_optional(own[i].line, cmd.runtime, own[i].runtime);
		check_optional(own[i].line, cmd.profile, own[i].profile);
		og_cmdline_release(&cmd);
	}
}

Test(cmdline, own_version)
{
	struct og_err err = { .code = OG_OK };
	struct og_cmdline cmd;
	struct words w;
	char **argv;

	parse_line("ocigate --ocigate-version", &w, &cmd, 0);
	cr_assert(eq(int, cmd.verb, OG_VERB_OWN_VERSION));
	cr_assert(eq(int, og_cmdline_build(&cmd, "runc", NULL, 0, &argv, &err), -1));
	og_cmdline_release(&cmd);
	{
		char *const none[] = { NULL };

		err.code = OG_OK;
		cr_assert(eq(int, og_cmdline_parse(0, none, &cmd, &err), -1));
		cr_assert(eq(int, err.code, OG_E_USAGE));
	}
}

/* --- building -------------------------------------------------------------------- */

static void check_overridden(const char *line, const struct og_override *overrides, size_t n,
			     const char *expected)
{
	char got[4096];

	rebuild(line, overrides, n, got, sizeof(got));
	cr_assert(eq(str, got, (char *)expected), "from: %s", line);
}

Test(cmdline, overrides)
{
	const struct og_override bundle[] = { { "bundle", "/abs/dir" } };
	const struct og_override process[] = { { "process", "/proc/self/fd/5" },
					       { "env", NULL },
					       { "user", NULL },
					       { "tty", NULL },
					       { "cap", NULL },
					       { OG_ARGS, NULL } };
	const struct og_override resources[] = { { "resources", "/proc/self/fd/5" },
						 { "memory", NULL } };
	const struct og_override root[] = { { "root", "/r2" }, { "detach", "" } };
	const struct og_override rootless[] = { { "rootless", NULL } };

	check_overridden("--root /r create c1", bundle, 1,
			 "runc --root=/r create --bundle=/abs/dir -- c1");
	check_overridden("create -b x --pid-file p c1", bundle, 1,
			 "runc create --pid-file=p --bundle=/abs/dir -- c1");
	check_overridden("exec -t -u 0 -e A=b -e C=d -c X --cwd / c1 ls -l", process, 6,
			 "runc exec --cwd=/ --process=/proc/self/fd/5 -- c1");
	check_overridden("update --memory 5 --l3-cache-schema x c1", resources, 2,
			 "runc update --l3-cache-schema=x --resources=/proc/self/fd/5 -- c1");
	check_overridden("update -r - c1", resources, 2,
			 "runc update --resources=/proc/self/fd/5 -- c1");
	check_overridden("--root=/r --debug run c1", root, 2,
			 "runc --debug --root=/r2 run --detach -- c1");
	check_overridden("--rootless=true spec --rootless", rootless, 1,
			 "runc --rootless=true spec");
	check_overridden("--rootless=true state c1", rootless, 1, "runc state -- c1");
}

static const struct {
	struct og_override override;
	const char *argv0;
	enum og_errc code;
} bad_builds[] = {
	{ { "process", "/x" }, "runc", OG_E_BUG }, /* not a flag of create */
	{ { "bogus", NULL }, "runc", OG_E_BUG },
	{ { "no-pivot", "yes" }, "runc", OG_E_BUG },
	{ { OG_ARGS, "x" }, "runc", OG_E_BUG },
	{ { "bundle", "" }, "runc", OG_E_USAGE },
	{ { "bundle", "/x " }, "runc", OG_E_USAGE }, /* a directory may be called so */
	{ { "bundle", "/x" }, "/x/krun", OG_E_USAGE },
	{ { "bundle", "/x" }, "crun-wasm", OG_E_USAGE },
};

Test(cmdline, bad_builds)
{
	struct og_cmdline cmd;
	struct words w;

	parse_line("runc create c1", &w, &cmd, 0);
	for (size_t i = 0; i < NELEMS(bad_builds); i++) {
		struct og_err err = { .code = OG_OK };
		char **argv = NULL;

		cr_assert(eq(int,
			     og_cmdline_build(&cmd, bad_builds[i].argv0, &bad_builds[i].override, 1,
					      &argv, &err),
			     -1),
			  "%zu", i);
		cr_assert(eq(int, err.code, bad_builds[i].code), "%zu: %s", i, err.msg);
		cr_assert(argv == NULL);
	}
	og_cmdline_release(&cmd);
}

/* --- properties -------------------------------------------------------------------- */

static void check_same(const struct og_cmdline *a, const struct og_cmdline *b, const char *line)
{
	cr_assert(eq(int, a->verb, b->verb), "%s", line);
	check_optional(line, a->command, b->command);
	check_optional(line, a->id, b->id);
	cr_assert(eq(sz, a->nflags, b->nflags), "%s", line);
	for (size_t i = 0; i < a->nflags; i++) {
		cr_assert(eq(ptr, (void *)a->flags[i].def, (void *)b->flags[i].def), "%s", line);
		cr_assert(eq(int, a->flags[i].global, b->flags[i].global), "%s", line);
		check_optional(line, a->flags[i].value, b->flags[i].value);
	}
	cr_assert(eq(sz, a->nargs, b->nargs), "%s", line);
	for (size_t i = 0; i < a->nargs; i++)
		cr_assert(eq(str, a->args[i], b->args[i]), "%s", line);
}

/* parse(build(parse(x))) is parse(x). Returns whether x is accepted at all. */
static bool check_round_trip(int argc, char *const argv[])
{
	struct og_err err = { .code = OG_OK };
	struct og_cmdline once, twice;
	char line[8192], **built, **again;
	bool accepted_line;
	int n = 0;

	join(argv, line, sizeof(line));
	accepted_line = og_cmdline_parse(argc, argv, &once, &err) == 0;
	cr_assert(eq(int, accepted_line, err.code == OG_OK), "%s", line);
	if (accepted_line) {
		cr_assert(eq(int, og_cmdline_build(&once, "runc", NULL, 0, &built, &err), 0),
			  "%s: %s", line, err.msg);
		while (built[n])
			n++;
		cr_assert(eq(int, og_cmdline_parse(n, built, &twice, &err), 0), "%s: %s", line,
			  err.msg);
		check_same(&once, &twice, line);
		cr_assert(eq(int, og_cmdline_build(&twice, "runc", NULL, 0, &again, &err), 0));
		for (int i = 0; i <= n; i++)
			check_optional(line, again[i], built[i]);
		free(again);
		free(built);
		og_cmdline_release(&twice);
	}
	og_cmdline_release(&once);
	return accepted_line;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Words that are mostly of one command, so that many lines are accepted. */
static int random_line(uint64_t *state, char (*text)[64], char **argv)
{
	static const char *const odd[] = { "--",	  "-",	  "",	 " ",	  "c1", "9",   "-1",
					   "--help",	  "-b",	  "x y", "--x=1", "-e", "A=b", "1k",
					   "--tty=false", "state" };
	const struct og_command *command = &og_commands[next_random(state) % og_ncommands];
	int argc = 0, flags_before = (int)(next_random(state) % 3);
	int flags_after = (int)(next_random(state) % 5);

	argv[argc++] = (char *)"runc";
	for (int i = 0; i < flags_before + flags_after + 1; i++) {
		const struct og_flag_def *def = &og_flag_defs[next_random(state) % og_nflag_defs];
		unsigned scope = i < flags_before ? OG_SCOPE_GLOBAL : OG_SCOPE(command->verb);
		const char *value = og_flag_value_is_integer(def->value) ? "12" : "v";

		if (i == flags_before) {
			argv[argc++] = (char *)command->name;
			continue;
		}
		while (!(def->scopes & scope))
			def = &og_flag_defs[next_random(state) % og_nflag_defs];
		value = og_flag_value_is_integer(def->value) ? "12" : "v";
		if (def->arity == OG_FLAG_BOOL || def->arity == OG_FLAG_INFO ||
		    def->arity == OG_FLAG_OPTIONAL)
			snprintf(text[argc], sizeof(*text), "--%s", def->name);
		else
			snprintf(text[argc], sizeof(*text), "--%s=%s", def->name, value);
		argv[argc] = text[argc];
		argc++;
	}
	if (next_random(state) % 8)
		argv[argc++] = (char *)"c1";
	while (next_random(state) % 3 == 0)
		argv[argc++] = (char *)odd[next_random(state) % NELEMS(odd)];
	if (next_random(state) % 3 == 0)
		argv[1 + next_random(state) % (unsigned)(argc - 1)] =
			(char *)odd[next_random(state) % NELEMS(odd)];
	argv[argc] = NULL;
	return argc;
}

Test(cmdline, round_trip_of_the_tables)
{
	struct words w;
	char full[4096];

	for (size_t i = 0; i < NELEMS(accepted); i++) {
		snprintf(full, sizeof(full), "runc %s", accepted[i].line);
		split_words(&w, full);
		cr_assert(check_round_trip(w.argc, w.argv), "%s", full);
	}
}

Test(cmdline, round_trip_of_random_lines)
{
	uint64_t state = 0x9e3779b97f4a7c15u;
	char text[WORDS_MAX][64], *argv[WORDS_MAX];
	unsigned accepted_lines = 0, lines = 20000;

	for (unsigned i = 0; i < lines; i++) {
		int argc = random_line(&state, text, argv);

		accepted_lines += check_round_trip(argc, argv);
	}
	/* else the generator tests nothing */
	cr_assert(gt(uint, accepted_lines, lines / 10));
	cr_assert(lt(uint, accepted_lines, lines));
}
