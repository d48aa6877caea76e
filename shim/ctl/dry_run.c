/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl dry-run: what would become of bundles, by the same functions that
 * judge a launch, with nothing launched and nothing written.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../facts.h"
#include "../file.h"
#include "../policyfile.h"
#include "ctl.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"

enum format { TEXT, DIFF, JSON, CONFIG };

struct run {
	const struct og_policy *policy;
	enum og_cmd cmd;
	const char *command;
	enum format format;
	const struct og_facts *facts; /* of --facts; NULL: gathered here */
};

/* One bundle on its way through. */
struct subject {
	const char *name; /* as given */
	char *dir;	  /* absolute; owned */
	char *text;	  /* owned */
	size_t len;
};

static const struct {
	const char *name;
	enum og_cmd cmd;
} commands[] = { { "create", OG_CMD_CREATE },
		 { "exec", OG_CMD_EXEC },
		 { "update", OG_CMD_UPDATE } };

static const char *const formats[] = { "text", "diff", "json", "config" };

static int read_stdin(struct subject *subject, struct og_err *reterr)
{
	subject->dir = getcwd(NULL, 0);
	return og_fd_read(STDIN_FILENO, OG_DOC_MAX_BYTES, &subject->text, &subject->len, reterr);
}

/* A directory holds a config.json, or what a launch kept of it; anything else is the document. */
static int read_subject(struct subject *subject, struct og_err *reterr)
{
	og_auto_free char *file = NULL, *copy = NULL;
	og_auto_close int dir = -1;

	if (strcmp(subject->name, "-") == 0)
		return read_stdin(subject, reterr);
	dir = open(subject->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (asprintf(&file, "%s%s%s", subject->name, dir < 0 ? "" : "/",
		     dir < 0 ? "" : og_bundle_original(dir)) < 0) {
		file = NULL;
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	}
	if (og_file_read(AT_FDCWD, file, OG_DOC_MAX_BYTES, OG_FILE_FOLLOW, &subject->text,
			 &subject->len, NULL, reterr) < 0)
		return -1;
	copy = og_steal(file);
	subject->dir = realpath(dirname(copy), NULL);
	return subject->dir ? 0
			    : og_fail_sys(reterr, errno, "the directory of %s cannot be followed",
					  OG_Q(subject->name));
}

/* What the engine's calls say beside the bundle. */
struct call {
	char root[PATH_MAX];
	const char *id;
};

/*
 * containerd keeps bundles in STATE/io.containerd.runtime.v2.task/NAMESPACE/ID and
 * calls with a --root that ends in the namespace; anything else is a plain bundle.
 */
static void guess_call(const char *dir, struct call *ret)
{
	static const char task[] = "/io.containerd.runtime.v2.task/";
	const char *at = strstr(dir, task), *id = at ? strchr(at + sizeof(task) - 1, '/') : NULL;

	snprintf(ret->root, sizeof(ret->root), "/run/runc");
	ret->id = "dry-run";
	if (!id || strchr(id + 1, '/'))
		return;
	at += sizeof(task) - 1;
	snprintf(ret->root, sizeof(ret->root), "/run/%.*s", (int)(id - at), at);
	ret->id = id + 1;
}

/* Gather facts as a launch from this directory would. */
static int gather(const struct run *run, const struct subject *subject, const struct og_doc *doc,
		  struct og_hostfacts **ret, struct og_err *reterr)
{
	bool create = run->cmd == OG_CMD_CREATE, exec = run->cmd == OG_CMD_EXEC;
	struct og_bundle bundle = { .fd = -1, .path = create ? subject->dir : NULL };
	struct og_cmdline cmd = { 0 };
	struct call call = { .id = NULL };
	const char *argv[8] = { "ocigate", "--root", call.root, run->command };
	int r;

	if (create && !subject->dir)
		return og_fail(reterr, OG_E_HOST,
			       "the working directory, which is the bundle's for \"-\", cannot be "
			       "named");
	guess_call(subject->dir ? subject->dir : "", &call);
	argv[4] = create ? "--bundle" : exec ? "--process" : "--resources";
	argv[5] = create ? subject->dir : "-";
	argv[6] = call.id;
	r = og_cmdline_parse(7, (char *const *)(uintptr_t)argv, &cmd, reterr);
	if (create)
		bundle.fd = open(subject->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0)
		r = og_facts_collect(&cmd, &bundle, doc, NULL, ret, reterr);
	if (r == 0)
		r = og_hostfacts_policy(*ret, run->policy, reterr);
	if (bundle.fd >= 0)
		close(bundle.fd);
	og_cmdline_release(&cmd);
	return r;
}

static int print_json(const struct run *run, const struct subject *subject,
		      const struct og_verdict *verdict, struct og_err *reterr)
{
	og_auto_buf struct og_buf out = { 0 };

	og_buf_puts(&out, "{\"bundle\":");
	og_buf_json(&out, subject->name);
	og_buf_key(&out, "verdict");
	og_buf_json(&out, og_verdict_word(verdict));
	og_buf_key(&out, "policy");
	og_buf_json(&out, og_policy_file(run->policy));
	og_buf_key(&out, "findings");
	og_verdict_findings(verdict, OG_ENC_VALUES, OG_AUDIT, &out);
	og_buf_key(&out, "patch");
	og_verdict_patch(verdict, &out);
	og_buf_puts(&out, "}\n");
	if (out.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	fwrite(out.data, 1, out.len, stdout); /* main.c looks whether it was */
	return 0;
}

static void print_finding(FILE *out, const struct og_finding *finding)
{
	const char *colour = finding->action == OG_REJECT    ? OG_RED
			     : finding->action == OG_REWRITE ? OG_BOLD
							     : OG_PLAIN;

	char line[16] = "";

	if (finding->policy_line)
		snprintf(line, sizeof(line), ":%u", finding->policy_line);
	og_ctl_say(out, 11, "  %s%-8s%s %s: %s [%s%s]", og_ctl_paint(colour),
		   og_action_name(finding->action), og_ctl_paint(OG_PLAIN), finding->rule,
		   finding->why, finding->policy_file, line);
	/* keys of the document are part of the path */
	og_ctl_say(out, 11, "           at %s",
		   !finding->path[0]		? "the document"
		   : og_is_plain(finding->path) ? finding->path
						: OG_Q(finding->path));
}

static void print_findings(FILE *out, const struct subject *subject,
			   const struct og_verdict *verdict)
{
	static const char *const words[] = { "complies", "complies", "would be rewritten",
					     "would be rejected" };
	enum og_action worst = og_verdict_worst(verdict);

	og_ctl_say(out, 4, "%s%s%s: %s%s%s", og_ctl_paint(OG_BOLD), subject->name,
		   og_ctl_paint(OG_PLAIN), og_ctl_paint(worst == OG_REJECT ? OG_RED : OG_GREEN),
		   words[worst], og_ctl_paint(OG_PLAIN));
	for (size_t i = 0; i < og_verdict_count(verdict); i++)
		if (!og_verdict_finding(verdict, i)->made)
			print_finding(out, og_verdict_finding(verdict, i));
}

static int print_diff(const struct subject *subject, const struct og_doc *doc,
		      struct og_err *reterr)
{
	og_auto_buf struct og_buf before = { 0 }, after = { 0 };
	struct og_doc *received = NULL;
	int r = og_doc_parse(subject->name, subject->text, subject->len, 0, &received, reterr);

	if (r == 0) {
		og_ctl_pretty(og_doc_root(received), &before);
		og_ctl_pretty(og_doc_root(doc), &after);
		r = before.failed || after.failed
			    ? og_fail(reterr, OG_E_NOMEM, "out of memory")
			    : og_ctl_diff(subject->name, &before, &after, reterr);
	}
	og_doc_free(received);
	return r;
}

static int print_config(const struct run *run, const struct og_facts *facts,
			const struct og_doc *doc, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	size_t len;

	if (og_doc_write(doc, &text, &len, reterr) < 0 ||
	    og_recheck(run->policy, facts, run->cmd, text, len, reterr) < 0)
		return -1;
	fwrite(text, 1, len, stdout);
	return 0;
}

static int print(const struct run *run, const struct subject *subject, const struct og_facts *facts,
		 const struct og_doc *doc, const struct og_verdict *verdict, struct og_err *reterr)
{
	bool rejected = og_verdict_worst(verdict) == OG_REJECT;

	if (run->format == JSON)
		return print_json(run, subject, verdict, reterr);
	if (run->format == CONFIG && !rejected)
		return print_config(run, facts, doc, reterr);
	if (run->format == TEXT)
		print_findings(stdout, subject, verdict);
	else if (rejected) /* there is no diff and no document: why, beside them */
		print_findings(stderr, subject, verdict);
	if (run->format == CONFIG || !doc || og_verdict_worst(verdict) != OG_REWRITE)
		return 0;
	/* diff(1) writes behind what stands in the buffer */
	return og_ctl_flush() == OG_CTL_OK ? print_diff(subject, doc, reterr) : 0;
}

static int status_of(const struct og_verdict *verdict)
{
	switch (og_verdict_worst(verdict)) {
	case OG_OFF:
	case OG_AUDIT:
		return OG_CTL_OK;
	case OG_REWRITE:
		return OG_CTL_REWRITTEN;
	case OG_REJECT:
		return OG_CTL_REJECTED;
	}
	return OG_CTL_ERROR;
}

/* Judge and print; a document that cannot be understood is rejected, not an error of ours. */
static int judge(const struct run *run, const struct subject *subject, struct og_doc *doc,
		 struct og_verdict **verdict, struct og_err *reterr)
{
	struct og_hostfacts *gathered = NULL;
	const struct og_facts *facts = run->facts;
	struct og_facts copy;
	int r = 0;

	if (!*verdict && !facts) {
		r = gather(run, subject, doc, &gathered, reterr);
		if (r == 0) {
			copy = *og_hostfacts(gathered);
			copy.record = OG_UNKNOWN; /* nobody asks for it to be there */
			facts = &copy;
		}
	}
	if (r == 0 && !*verdict)
		r = og_evaluate(run->policy, facts, run->cmd, doc, verdict, reterr);
	if (r == 0)
		r = print(run, subject, facts, doc, *verdict, reterr);
	og_hostfacts_free(gathered);
	return r;
}

static int run_bundle(const struct run *run, const char *name)
{
	struct subject subject = { .name = name };
	struct og_err err = { 0 }, cause = { 0 };
	struct og_verdict *verdict = NULL;
	struct og_doc *doc = NULL;
	int r = read_subject(&subject, &err), status;

	if (r == 0 && og_doc_parse(name, subject.text, subject.len, 0, &doc, &cause) < 0)
		r = cause.code == OG_E_CONFIG
			    ? og_verdict_unjudged(&cause, run->policy, &verdict, &err)
			    : (err = cause, -1);
	if (r == 0)
		r = judge(run, &subject, doc, &verdict, &err);
	status = r == 0 ? status_of(verdict) : og_ctl_error(&err);
	og_verdict_free(verdict);
	og_doc_free(doc);
	free(subject.dir);
	free(subject.text);
	return status;
}

/* The position of a word in a list; -1: it is not there. */
static int find_word(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	return -1;
}

static const struct option options[] = {
	{ "policy", required_argument, NULL, 'p' },
	{ "command", required_argument, NULL, 'c' },
	{ "format", required_argument, NULL, 'f' },
	{ "facts", required_argument, NULL, 'F' },
	{ NULL, 0, NULL, 0 },
};

/* -1 and a message in *reterr: usage. */
static int read_options(int argc, char *argv[], struct run *run, const char **policy,
			const char **facts, struct og_err *reterr)
{
	int c, i;

	opterr = 0; /* what getopt would say is said with the usage */
	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (c == 'p') {
			*policy = optarg;
		} else if (c == 'F') {
			*facts = optarg;
		} else if (c == 'f') {
			i = find_word(optarg, formats, 4);
			if (i < 0)
				return og_fail(reterr, OG_E_USAGE,
					       "--format %s: it is text, diff, json or config",
					       OG_Q(optarg));
			run->format = (enum format)i;
		} else if (c == 'c') {
			for (i = 0; i < 3 && strcmp(optarg, commands[i].name) != 0; i++)
				;
			if (i == 3)
				return og_fail(reterr, OG_E_USAGE,
					       "--command %s: it is create, exec or update",
					       OG_Q(optarg));
			run->cmd = commands[i].cmd;
			run->command = commands[i].name;
		} else if (c == ':') {
			return og_fail(reterr, OG_E_USAGE, "%s is given no value",
				       argv[optind - 1]);
		} else if (optopt) {
			return og_fail(reterr, OG_E_USAGE, "%s is no option",
				       OG_Q(((char[]){ '-', (char)optopt, '\0' })));
		} else {
			return og_fail(reterr, OG_E_USAGE, "%s is no option",
				       OG_Q(argv[optind - 1]));
		}
	}
	return optind < argc ? 0 : og_fail(reterr, OG_E_USAGE, "no bundle given");
}

static int load_policy(const char *given, struct og_policy **ret, struct og_err *reterr)
{
	og_auto_free char *path = NULL;
	struct og_policyfiles files;
	int r;

	if (og_ctl_find_policy(given, &path, reterr) < 0 ||
	    og_policyfile_read(path, true, &files, reterr) < 0)
		return -1;
	r = og_policy_compile(files.sources, files.n, NULL, NULL, ret, reterr);
	og_policyfile_release(&files);
	return r;
}

/* --facts FILE: facts of another host, or of an engine that is not here. */
static int load_facts(const char *path, struct og_doc **doc, struct og_facts **ret,
		      struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	size_t len;

	if (!path)
		return 0;
	if (og_file_read(AT_FDCWD, path, OG_DOC_MAX_BYTES, OG_FILE_FOLLOW, &text, &len, NULL,
			 reterr) < 0 ||
	    og_doc_parse(path, text, len, OG_DOC_COMMENTS, doc, reterr) < 0)
		return -1;
	return og_facts_parse(*doc, ret, reterr);
}

/* Of several bundles the worst, in this order. */
static int worse(int a, int b)
{
	static const int order[] = { OG_CTL_OK, OG_CTL_REWRITTEN, OG_CTL_REJECTED, OG_CTL_ERROR };
	int rank_a = 0, rank_b = 0;

	for (int i = 0; i < 4; i++) {
		rank_a = order[i] == a ? i : rank_a;
		rank_b = order[i] == b ? i : rank_b;
	}
	return rank_a > rank_b ? a : b;
}

int og_ctl_dry_run(const struct og_subcommand *self, int argc, char *argv[])
{
	struct run run = { .cmd = OG_CMD_CREATE, .command = "create" };
	const char *policy_path = NULL, *facts_path = NULL;
	struct og_policy *policy = NULL;
	struct og_facts *facts = NULL;
	struct og_doc *facts_doc = NULL;
	struct og_err err = { 0 };
	int status = OG_CTL_OK;

	if (read_options(argc, argv, &run, &policy_path, &facts_path, &err) < 0)
		return og_ctl_usage(self, "%s", err.msg);
	if (load_policy(policy_path, &policy, &err) < 0 ||
	    load_facts(facts_path, &facts_doc, &facts, &err) < 0)
		status = og_ctl_error(&err);
	run.policy = policy;
	run.facts = facts;
	/* one that cannot be read says nothing of the next */
	for (int i = status == OG_CTL_OK ? optind : argc; i < argc; i++)
		status = worse(status, run_bundle(&run, argv[i]));
	og_facts_free(facts);
	og_doc_free(facts_doc);
	og_policy_free(policy);
	return status;
}
