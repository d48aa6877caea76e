/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a command line is refused, and that the message names the word and
 * says what to write instead.
 */
#include "cmdline_words.h"

/* --- what is refused ---------------------------------------------------------- */

static const struct {
	const char *line, *message;
} refused[] = {
	/* one dash, clusters, glued values */
	{ "run -bundle X c1", "write --bundle" },
	{ "run -bundle=X c1", "write --bundle" },
	{ "-root X state c1", "\"-root\": runtimes read one dash differently, write --root" },
	{ "run -b=X c1", "\"-b\": the \"=\" is part of the value to crun, write --bundle=VALUE" },
	{ "run -b= c1", "write --bundle=VALUE" },
	{ "run -bX c1", "\"-bX\": single-dash long flags, clusters and glued values" },
	{ "run -dbX c1", "write --detach as a word of its own" },
	{ "exec -td c1 x", "write --tty as a word of its own" },
	{ "run -no-pivot c1", "write --no-pivot" },
	{ "restore -no-subreaper=false c1", "write --no-subreaper" },
	{ "exec -no-subreaper c1 x", "unknown flag \"-no-subreaper\" of exec" },
	{ "run -x c1", "unknown flag \"-x\" of run" },
	/* abbreviations */
	{ "run --b X c1", "write it in full, --bundle" },
	{ "run --bun X c1", "write it in full, --bundle" },
	{ "run --conf=F c1", "write it in full, --config" },
	{ "run --no-p c1", "write it in full, --no-pivot" },
	{ "--debu state c1", "\"--debu\" is a flag to some runtimes only" },
	{ "--roo X state c1", "unknown flag \"--roo\"" }, /* --root, or --rootless */
	{ "run --no c1", "unknown flag \"--no\" of run" },
	{ "run --= c1", "unknown flag \"--\" of run" },
	/* two forms */
	{ "run -b X --bundle Y c1", "--bundle is given in two forms" },
	{ "run --bundle X c1 -b Y", "--bundle is given in two forms" },
	{ "exec -e A=b --env C=d c1 x", "--env is given in two forms" },
	{ "run -d --detach c1", "--detach is given in two forms" },
	/* global flags after the command, the command's before it, ours late */
	{ "run --root X c1", "write it before \"run\"" },
	{ "run c1 --debug", "\"--debug\" is a global flag" },
	{ "run --version c1", "\"--version\" is a global flag" },
	{ "--bundle X run c1", "is a flag of a command" },
	{ "run --ocigate-mode=audit c1", "own options come first" },
	{ "--debug --ocigate-mode=audit run c1", "own options come first" },
	/* blanks and control bytes around words */
	{ "~run c1", "begins or ends with a blank" },
	{ "run ~--bundle X c1", "\" --bundle\" begins or ends with a blank" },
	{ "run --bundle~ X c1", "unknown flag \"--bundle \" of run" },
	{ "run --bundle X c1~", "begins or ends with a blank" },
	{ "run \x01--bundle X c1", "\\x01--bundle" },
	{ "run \xc2\xa0--bundle X c1", "begins or ends with a blank" },
	{ "run --bundle ~/x c1", "begins or ends with a blank" },
	{ "run --bundle=/x~ c1", "value \"/x \" of --bundle begins or ends with a blank" },
	{ "run --bundle=/x\xe3\x80\x80 c1", "begins or ends with a blank" },
	{ "run --bundle=/a\nb c1", "holds a control byte" },
	{ "--log=/a\x7f state c1", "holds a control byte" },
	{ "exec --env A=secret~ c1 x", "value of --env begins or ends" },
	{ "kill c1 9~", "begins or ends with a blank" },
	{ "ps c1 ~-e", "begins or ends with a blank" },
	/* values */
	{ "run --bundle= c1", "value of --bundle is empty" },
	{ "run --bundle '' c1", "value of --bundle is empty" },
	{ "exec --process '' c1 x", "value of --process is empty" },
	{ "exec --env '' c1 x", "value of --env is empty" },
	{ "run --bundle", "--bundle needs a value" },
	{ "run --bundle --pid-file p c1", "--bundle needs a value and \"--pid-file\" follows" },
	{ "exec --env --detach c1 x", "--env needs a value and a flag follows" },
	{ "run --detach=false c1", "--detach takes no value" },
	{ "run --detach=true c1", "--detach takes no value" },
	{ "--debug=false state c1", "--debug takes no value" },
	{ "exec --tty=no c1 x", "neither \"true\" nor \"false\"" },
	{ "exec --tty= c1 x", "neither \"true\" nor \"false\"" },
	{ "--version=x", "--version takes no value" },
	{ "--log=syslog:x state c1", "a file to runc and a destination to crun" },
	{ "--log journald:x state c1", "a file to runc and a destination to crun" },
	{ "--log=file:/x state c1", "a file to runc and a destination to crun" },
	/* integers */
	{ "run --preserve-fds 0x1 c1", "value \"0x1\" of --preserve-fds is no plain decimal" },
	{ "run --preserve-fds=0b1 c1", "no plain decimal" },
	{ "run --preserve-fds=1_0 c1", "no plain decimal" },
	{ "run --preserve-fds=010 c1", "no plain decimal" },
	{ "run --preserve-fds=+1 c1", "no plain decimal" },
	{ "run --preserve-fds=1~2 c1", "no plain decimal" },
	{ "run --preserve-fds=-1 c1", "is not between 0 and 2147483647" },
	{ "run --preserve-fds=4294967297 c1", "is not between 0 and 2147483647" },
	{ "run --preserve-fds=x c1", "no plain decimal" },
	{ "update --blkio-weight 65536 c1", "is not between 0 and 65535" },
	{ "update --cpu-period -1 c1", "is not between 0" },
	{ "update --pids-limit 9223372036854775808 c1", "no plain decimal" },
	{ "update --pids-limit 1k c1", "no plain decimal" },
	{ "update --pids-limit -0 c1", "no plain decimal" },
	{ "update --memory 1.5g c1", "no plain decimal number of bytes" },
	{ "update --memory 50mm c1", "no plain decimal" },
	{ "update --memory 5i c1", "no plain decimal" },
	{ "update --memory 8192p c1", "no plain decimal" },
	{ "update --memory -1k c1", "no plain decimal" },
	{ "update --memory -2 c1", "is not between -1" },
	{ "checkpoint --status-fd -2 c1", "is not between -1" },
	/* commands */
	{ "", "no command is given" },
	{ "--root /r", "no command is given" },
	{ "foo c1", "unknown command \"foo\"" },
	{ "cre c1", "unknown command \"cre\"" },
	{ "init", "the command init is refused" },
	{ "mounts add c1 /x", "the command mounts is refused" },
	{ "help", "write --help" },
	{ "-- --version", "unknown command \"--version\"" },
	{ "'' c1", "unknown command \"\"" },
	{ "stray --root /r state c1", "unknown command \"stray\"" },
	/* arguments */
	{ "create --bundle /b", "create: the id of the container is missing" },
	{ "state", "state: the id of the container is missing" },
	{ "start --", "start: the id of the container is missing" },
	{ "exec", "exec: the id of the container is missing" },
	{ "exec c1", "neither a command nor --process" },
	{ "exec -t c1", "neither a command nor --process" },
	{ "run c1 c2", "too many arguments for run: \"c2\"" },
	{ "run c1 --bundle /b c2", "argument \"c2\" has a flag before it" },
	{ "kill c1 9 9", "too many arguments for kill: \"9\"" },
	{ "kill c1 --all 9", "argument \"9\" has a flag before it" },
	{ "kill c1 -9", "unknown flag \"-9\" of kill" },
	{ "kill -- c1 -9", "\"-9\" is no signal" },
	{ "kill c1 9;x", "is no signal" },
	{ "kill c1 ''", "\"\" is no signal" },
	{ "run c1 --", "\"--\" belongs before the id" },
	{ "run c1 -- c2", "\"--\" belongs before the id" },
	{ "run c1 --detach --", "\"--\" belongs before the id" },
	{ "run -- c1 --detach", "too many arguments for run" },
	{ "list c1", "list takes no arguments" },
	{ "features x", "features takes no arguments" },
	{ "spec x", "spec takes no arguments" },
	/* the id */
	{ "state ''", "is no container id" },
	{ "state .", "is no container id" },
	{ "state ..", "is no container id" },
	{ "state ../x", "is no container id" },
	{ "state a/b", "is no container id" },
	{ "state a,b", "is no container id" },
	{ "state a~b", "is no container id" },
	{ "state a\nb", "argument \"a\\x0ab\"" },
	{ "state \xc3\xa9", "is no container id" },
	{ "kill --regex c.*", "--regex makes a pattern of the id" },
	{ "delete -r c1", "--regex makes a pattern of the id" },
	/* flags of another command */
	{ "create --detach c1", "unknown flag \"--detach\" of create" },
	{ "state --force c1", "unknown flag \"--force\" of state" },
	{ "run --secret=hush c1", "unknown flag \"--secret\" of run" },
	{ "--HANG state c1", "unknown flag \"--HANG\"" },
	{ "--program-name=x state c1", "unknown flag \"--program-name\"" },
	/* help and version stand alone */
	{ "--version state c1", "--version stands alone" },
	{ "--help create c1", "--help stands alone" },
	{ "--help create", "--help stands alone" },
	{ "--version features", "--version stands alone" },
	{ "--help --version", "--version stands alone" },
	{ "create --help c1", "--help stands alone" },
	{ "run c1 --help", "--help stands alone" },
	{ "run -b /b --help", "--help stands alone" },
	{ "run --help --usage", "--usage stands alone" },
};

Test(cmdline_refused, refused_with_advice)
{
	for (size_t i = 0; i < NELEMS(refused); i++)
		check_refused(refused[i].line, refused[i].message);
}

Test(cmdline_refused, secrets_stay_out_of_messages)
{
	struct og_err err = { .code = OG_OK };
	char *const argv[] = { "runc", "exec", "--env", "TOKEN=hush ", "c1", "x", NULL };
	struct og_cmdline cmd;

	cr_assert(eq(int, og_cmdline_parse(6, argv, &cmd, &err), -1));
	cr_assert(strstr(err.msg, "hush") == NULL, "%s", err.msg);
	og_cmdline_release(&cmd);
	err.code = OG_OK;
	{
		char *const glued[] = { "runc", "exec", "--envs=TOKEN=hush", "c1", "x", NULL };

		cr_assert(eq(int, og_cmdline_parse(5, glued, &cmd, &err), -1));
	}
	cr_assert(strstr(err.msg, "hush") == NULL, "%s", err.msg);
	og_cmdline_release(&cmd);
}

Test(cmdline_refused, id_length)
{
	static char id[1026];
	struct og_err err = { .code = OG_OK };
	char *const argv[] = { "runc", "state", id, NULL };
	struct og_cmdline cmd;

	memset(id, 'a', 1024);
	cr_assert(eq(int, og_cmdline_parse(3, argv, &cmd, &err), 0), "%s", err.msg);
	cr_assert(eq(str, (char *)cmd.id, id));
	og_cmdline_release(&cmd);
	id[1024] = 'a';
	cr_assert(eq(int, og_cmdline_parse(3, argv, &cmd, &err), -1));
	og_cmdline_release(&cmd);
}

static const struct {
	const char *line, *message;
} own_refused[] = {
	{ "ocigate --ocigate-policy /p state c1", "--ocigate-policy=FILE" },
	{ "ocigate --ocigate-policy= state c1", "\"\" is no policy" },
	{ "ocigate --ocigate-pol=/p state c1", "unknown option \"--ocigate-pol=/p\"" },
	{ "ocigate --ocigate-policyx=/p state c1", "unknown option" },
	{ "ocigate --ocigate-mode=permissive state c1", "the modes are" },
	{ "ocigate --ocigate-mode=audit --ocigate-mode=enforce state c1", "named twice" },
	{ "ocigate --ocigate-version state c1", "stands alone" },
	{ "ocigate-explain --ocigate-mode=enforce state c1", "looser than explain" },
	{ "ocigate-build --ocigate-policy=/p state c1", "names the policy" },
	{ "ocigate- state c1", "names no policy" },
	{ "ocigate-.x state c1", "names no policy" },
	{ "ocigate-a~b state c1", "names no policy" },
	{ "/usr/bin/krun state c1", "picks a handler" },
	{ "crun-wasm state c1", "picks a handler" },
};

Test(cmdline_refused, own_options_refused)
{
	for (size_t i = 0; i < NELEMS(own_refused); i++) {
		struct og_err err = { .code = OG_OK };
		struct og_cmdline cmd;
		struct words w;

		split_words(&w, own_refused[i].line);
		cr_assert(eq(int, og_cmdline_parse(w.argc, w.argv, &cmd, &err), -1), "%s",
			  own_refused[i].line);
		cr_assert(eq(int, err.code, OG_E_USAGE));
		cr_assert(strstr(err.msg, own_refused[i].message) != NULL, "%s: %s",
			  own_refused[i].line, err.msg);
		og_cmdline_release(&cmd);
	}
}
