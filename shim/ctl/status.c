/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl status: is this host covered? The policy, its log and the runtime
 * below are looked at here; the engines in files of their own.
 */
#include "status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../place.h"
#include "../file.h"
#include "../policyfile.h"
#include "../runtime.h"
#include "ctl.h"
#include "ocigate/facts.h"

enum { EXIT_COVERED = 0, EXIT_NOT = 1, EXIT_OPEN_API = 3 };

void og_status_add(struct og_status *status, enum og_level level, const char *id, const char *todo,
		   const char *what, ...)
{
	struct og_found *more = reallocarray(status->found, status->n + 1, sizeof(*more));
	va_list ap;

	if (!more) {
		status->failed = true;
		return;
	}
	status->found = more;
	more += status->n++;
	*more = (struct og_found){ .level = level, .id = id };
	snprintf(more->todo, sizeof(more->todo), "%s", todo);
	va_start(ap, what);
	vsnprintf(more->what, sizeof(more->what), what, ap);
	va_end(ap);
}

bool og_status_is_ocigate(const struct og_status *status, const char *path)
{
	struct stat a, b;

	return og_setup_stat(&status->setup, status->setup.ocigate, &a) == 0 &&
	       og_setup_stat(&status->setup, path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

bool og_status_which(const struct og_status *status, const char *path, const char *name,
		     char ret[PATH_MAX])
{
	struct stat st;

	for (size_t len; *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (len > 0 &&
		    snprintf(ret, PATH_MAX, "%.*s/%s", (int)len, path, name) < PATH_MAX &&
		    og_setup_stat(&status->setup, ret, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))
			return true;
	}
	return false;
}

/* ---- the policy, its log, the runtime ---- */

static void look_at_mode(struct og_status *status)
{
	static const struct og_facts nothing = { .today = "" };
	enum og_mode mode = og_policy_mode(status->policy);
	struct og_effective *effective = NULL;
	struct og_err ignored = { 0 };

	og_buf_printf(&status->facts, "policy: %s, mode %s\n", OG_HOSTS_POLICY, og_mode_name(mode));
	if (mode != OG_MODE_ENFORCE)
		og_status_add(status, OG_LEVEL_HOLE, "policy-not-enforced",
			      "when \"ocigatectl report\" looks right, say \"mode\": \"enforce\"",
			      "the policy's mode is %s: %s", og_mode_name(mode),
			      mode == OG_MODE_EXPLAIN
				      ? "every launch is refused with what would become of it"
				      : "launches are recorded and not changed");
	if (og_policy_effective(status->policy, &nothing, &effective, &ignored) < 0)
		return;
	status->guards = og_effective_action(effective, OG_RULE_ports) == OG_REWRITE;
	og_effective_free(effective);
}

static void add_invalid(struct og_status *status, const struct og_err *err)
{
	og_status_add(status, OG_LEVEL_HOLE, "policy-invalid",
		      "every launch is refused until then: \"ocigatectl check\" says all", "%s%s",
		      OG_PLACE(err, OG_HOSTS_POLICY), err->msg);
}

/* What a draft could not be read for either is in what it says, not in whose it is. */
static void add_unread(struct og_status *status, const char *path, const struct og_err *why)
{
	struct og_policyfiles files;
	struct og_err err = { 0 };
	struct stat st;
	bool missing = lstat(path, &st) < 0 && errno == ENOENT;

	if (why->sys_errno == EACCES && og_euid() != 0) {
		og_status_add(status, OG_LEVEL_HOLE, "policy-unseen", "run this as root",
			      "what the policy says only root can see: %s%s",
			      OG_PLACE(why, OG_HOSTS_POLICY), why->msg);
		return;
	}
	if (!missing && og_policyfile_read(path, true, &files, &err) < 0) {
		add_invalid(status, &err);
		return;
	}
	if (!missing)
		og_policyfile_release(&files);
	og_status_add(status, OG_LEVEL_HOLE, missing ? "policy-missing" : "policy-untrusted",
		      "every launch is refused until then: see ocigate-policy(5)", "%s%s",
		      OG_PLACE(why, OG_HOSTS_POLICY), why->msg);
}

static void look_at_policy(struct og_status *status)
{
	struct og_policyfiles files;
	struct og_err err = { 0 };
	char path[PATH_MAX];

	if (og_setup_path(&status->setup, OG_HOSTS_POLICY, path, &err) < 0)
		return;
	if (og_policyfile_read(path, false, &files, &err) < 0) {
		add_unread(status, path, &err);
		return;
	}
	if (og_policy_compile(files.sources, files.n, NULL, NULL, &status->policy, &err) < 0)
		add_invalid(status, &err);
	else
		look_at_mode(status);
	og_policyfile_release(&files);
}

static void cut_name(char *path)
{
	size_t len = (size_t)(og_path_base(path) - path);

	path[len > 1 ? len - 1 : len] = '\0';
}

/* The directory of the log is made by the first record; the one above it must be there. */
static void look_at_log(struct og_status *status)
{
	const struct og_audit *audit = status->policy ? og_policy_audit(status->policy) : NULL;
	char path[PATH_MAX];
	struct og_err ignored = { 0 };
	struct stat st;
	bool there;

	if (audit && !audit->file && !audit->syslog)
		og_status_add(status, OG_LEVEL_NOTE, "log-none",
			      "say \"audit\": { \"file\": \"/var/log/ocigate/audit.jsonl\" } in it",
			      "the policy names no log: nothing is recorded, for \"ocigatectl "
			      "report\" or for you");
	if (!audit || !audit->file ||
	    og_setup_path(&status->setup, audit->file, path, &ignored) < 0)
		return;
	og_buf_printf(&status->facts, "log: %s\n", audit->file);
	there = lstat(path, &st) == 0;
	if (there && !S_ISREG(st.st_mode))
		og_status_add(status, OG_LEVEL_NOTE, "log-not-writable",
			      "name a file itself in the policy, by its real path",
			      "the log %s is %s%s", audit->file,
			      S_ISLNK(st.st_mode) ? "a symbolic link, which is not followed"
						  : "no regular file",
			      audit->required ? ": launches that must be recorded are refused"
					      : "");
	else if (there && og_writable_by_others(&st))
		og_status_add(status, OG_LEVEL_NOTE, "log-untrusted", "chown root, chmod 640",
			      "others than root may write the log %s", audit->file);
	cut_name(path);
	if (stat(path, &st) < 0)
		cut_name(path);
	else if (og_writable_by_others(&st))
		og_status_add(status, OG_LEVEL_NOTE, "log-untrusted", "chown root, chmod go-w",
			      "others than root may put another file in the place of the log %s",
			      audit->file);
	if (stat(path, &st) < 0)
		og_status_add(status, OG_LEVEL_NOTE, "log-missing",
			      "make the directory above the log's; the log's own is made by the "
			      "first launch that is recorded",
			      "neither the directory of the log %s nor the one above it is there%s",
			      audit->file,
			      audit->required ? ": launches that must be recorded are refused"
					      : "");
	else if (access(path, W_OK) < 0)
		og_status_add(status, OG_LEVEL_NOTE, "log-not-writable", "", "the log %s: %s",
			      audit->file, strerror(errno));
}

static void look_at_runtime(struct og_status *status)
{
	struct og_err err = { 0 };
	char *path = NULL;

	if (status->setup.root[0])
		return; /* another host's: it is found when it runs */
	if (og_runtime_find(NULL, NULL, &path, &err) < 0)
		og_status_add(status, OG_LEVEL_NOTE, "runtime-missing",
			      "ln -s /usr/sbin/runc /etc/ocigate/runtime",
			      "every launch is refused: %s", err.msg);
	else if (og_status_is_ocigate(status, path)) /* we are another program: no error of ours */
		og_status_add(
			status, OG_LEVEL_NOTE, "runtime-missing",
			"let /etc/ocigate/runtime be a link to the real runc or crun",
			"%s is ocigate itself: launches are refused unless another runtime is "
			"found by chance",
			path);
	else
		og_buf_printf(&status->facts, "runtime below: %s\n", path);
	free(path);
}

/* ---- saying it ---- */

static int verdict(const struct og_status *status)
{
	enum og_level worst = OG_LEVEL_NOTE;

	for (size_t i = 0; i < status->n; i++)
		if (status->found[i].level > worst)
			worst = status->found[i].level;
	return worst == OG_LEVEL_HOLE	  ? EXIT_NOT
	       : worst == OG_LEVEL_ACCESS ? EXIT_OPEN_API
					  : EXIT_COVERED;
}

static const char *sentence(int code)
{
	if (code == EXIT_NOT)
		return "NOT COVERED: not every launch goes through an enforcing policy";
	if (code == EXIT_OPEN_API)
		return "covered: every launch goes through an enforcing policy, but the engine's "
		       "API is open to others than root";
	return "covered: every launch goes through an enforcing policy";
}

static void print_text(const struct og_status *status, int code)
{
	static const char *const words[] = { "note", "open to others", "hole" };

	og_ctl_say(stdout, 4, "%s", status->facts.data ? status->facts.data : "");
	for (size_t level = 3; level-- > 0;)
		for (size_t i = 0; i < status->n; i++) {
			const struct og_found *found = &status->found[i];

			if (found->level != level)
				continue;
			og_ctl_say(stdout, 4, "%s%s%s: %s: %s",
				   og_ctl_paint(level ? OG_RED : OG_BOLD), words[level],
				   og_ctl_paint(OG_PLAIN), found->id, found->what);
			if (found->todo[0])
				og_ctl_say(stdout, 6, "    %s", found->todo);
		}
	og_ctl_say(stdout, 0, "%s%s%s%s", status->n ? "\n" : "",
		   og_ctl_paint(code == EXIT_NOT ? OG_RED : OG_GREEN), sentence(code),
		   og_ctl_paint(OG_PLAIN));
}

static void print_json(const struct og_status *status, int code)
{
	static const char *const words[] = { "note", "access", "hole" };
	og_auto_buf struct og_buf out = { 0 };

	og_buf_printf(&out, "{ \"status\": %d, \"covered\": %s, \"findings\": [", code,
		      code == EXIT_NOT ? "false" : "true");
	for (size_t i = 0; i < status->n; i++) {
		const struct og_found *found = &status->found[i];

		og_buf_printf(&out,
			      "%s{ \"id\": \"%s\", \"level\": \"%s\", \"what\": ", i ? ", " : "",
			      found->id, words[found->level]);
		og_buf_json(&out, found->what);
		og_buf_puts(&out, ", \"todo\": ");
		og_buf_json(&out, found->todo);
		og_buf_puts(&out, " }");
	}
	og_buf_puts(&out, "] }");
	printf("%s\n", out.data ? out.data : "");
}

static void look(struct og_status *status)
{
	look_at_policy(status);
	look_at_log(status);
	look_at_runtime(status);
	og_status_docker(status);
	og_status_containerd(status);
	og_status_podman(status);
	og_status_guard(status);
	if (status->engines == 0)
		og_status_add(status, OG_LEVEL_HOLE, "no-engine",
			      "\"ocigatectl install docker --default\", when there is one",
			      "no engine that ocigate knows is here");
}

int og_ctl_status(const struct og_subcommand *self, int argc, char *argv[])
{
	struct og_status status = { .n = 0 };
	struct og_err err = { 0 };
	const char *name;
	bool json = false;
	int code, to = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--format") != 0) {
			argv[to++] = argv[i];
			continue;
		}
		if (++i == argc || (strcmp(argv[i], "json") != 0 && strcmp(argv[i], "text") != 0))
			return og_ctl_usage(self, "--format is text or json");
		json = strcmp(argv[i], "json") == 0;
	}
	if (og_setup_parse(to, argv, &status.setup, &name, &err) < 0)
		return og_ctl_usage(self, "%s", err.msg);
	if (name || status.setup.make_default || status.setup.as_runc || status.setup.dry_run)
		return og_ctl_usage(self, "--format, --root and --config are all there is");
	look(&status);
	code = verdict(&status);
	if (status.failed)
		og_fail(&err, OG_E_NOMEM, "out of memory");
	else
		(json ? print_json : print_text)(&status, code);
	free(status.found);
	og_buf_release(&status.facts);
	og_policy_free(status.policy);
	return status.failed ? og_ctl_error(&err) : code;
}
