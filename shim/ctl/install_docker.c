/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's daemon.json. What dockerd does with it, and the traps: no runtimeArgs
 * (they become an unquoted shell script); a key given by flag as well makes the
 * daemon refuse to start; a reload keeps a default that the file no longer names
 * and, in 20.10, panics when "runtimes" lacks the default of that moment. So the
 * way back leads through a file that names runc.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../place.h"
#include "docker_api.h"
#include "json_edit.h"

#define NAME	"ocigate"
#define EXPLAIN "ocigate-explain"
#define DEFAULT "default-runtime"

static int find(const struct og_setup *setup, char path[PATH_MAX], struct og_err *reterr)
{
	const char *given = setup->config ? setup->config : "/etc/docker/daemon.json";
	int len = snprintf(path, PATH_MAX, "%s", given);

	return len < PATH_MAX ? 0 : og_fail(reterr, OG_E_USAGE, "--config: too long");
}

/* The value of a runtime's entry, unless there is one with that path. */
static int add_entry(const char *name, struct og_text *text, const char *key, const char *path,
		     struct og_err *reterr)
{
	og_auto_buf struct og_buf json = { 0 };
	struct og_doc *doc;
	const struct og_node *entry;
	const char *old;
	bool same;

	if (og_json_open(name, text, &doc, reterr) < 0)
		return -1;
	entry = og_member(og_member(og_doc_root(doc), "runtimes"), key);
	old = og_str(og_member(entry, "path"));
	same = old && strcmp(old, path) == 0 && og_count(entry) == 1;
	og_doc_free(doc);
	if (same)
		return 0;
	og_buf_puts(&json, "{ \"path\": ");
	og_buf_json(&json, path);
	og_buf_puts(&json, " }");
	if (json.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return og_json_set(name, text, "runtimes", key, json.data, reterr);
}

static int add(const struct og_setup *setup, const char *name, const struct og_text *from,
	       struct og_text *ret, struct og_err *reterr)
{
	char explain[PATH_MAX + 16];

	snprintf(explain, sizeof(explain), "%s-explain", setup->ocigate);
	if (og_text_copy(from, ret, reterr) < 0 ||
	    add_entry(name, ret, NAME, setup->ocigate, reterr) < 0 ||
	    add_entry(name, ret, EXPLAIN, explain, reterr) < 0)
		return -1;
	return setup->make_default ? og_json_set(name, ret, NULL, DEFAULT, "\"" NAME "\"", reterr)
				   : 0;
}

static bool names_ours(const struct og_node *runtime)
{
	const char *name = og_str(runtime);

	return name && (strcmp(name, NAME) == 0 || strcmp(name, EXPLAIN) == 0);
}

static bool is_default(const struct og_text *text)
{
	struct og_err ignored = { 0 };
	struct og_doc *doc;
	bool ours;

	if (og_json_open("daemon.json", text, &doc, &ignored) < 0)
		return false;
	ours = names_ours(og_member(og_doc_root(doc), DEFAULT));
	og_doc_free(doc);
	return ours;
}

/* What was the default before, when |text| still registers it; else runc. As JSON. */
static int earlier_default(const struct og_conf *conf, const struct og_text *text,
			   struct og_buf *ret, struct og_err *reterr)
{
	struct og_doc *before = NULL, *now = NULL;
	struct og_err ignored = { 0 };
	const char *name = NULL;

	if (conf->before.there && og_json_open("backup", &conf->before, &before, &ignored) == 0)
		name = og_str(og_member(og_doc_root(before), DEFAULT));
	if (name && og_json_open("daemon.json", text, &now, &ignored) == 0 &&
	    !og_member(og_member(og_doc_root(now), "runtimes"), name))
		name = NULL;
	og_buf_json(ret, name ? name : "runc");
	og_doc_free(before);
	og_doc_free(now);
	return ret->failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

/* |text| without our entries, naming another default if it named us, or if |always|. */
static int strip_text(const struct og_conf *conf, bool always, struct og_text *text,
		      struct og_err *reterr)
{
	og_auto_buf struct og_buf other = { 0 };

	if (!text->there)
		return 0;
	if (og_json_unset(conf->path, text, "runtimes", NAME, reterr) < 0 ||
	    og_json_unset(conf->path, text, "runtimes", EXPLAIN, reterr) < 0 ||
	    earlier_default(conf, text, &other, reterr) < 0)
		return -1;
	if (!always && !is_default(text))
		return 0;
	return og_json_set(conf->path, text, NULL, DEFAULT, other.data, reterr);
}

static int strip(const struct og_setup *setup, const struct og_conf *conf, struct og_text *ret,
		 struct og_err *reterr)
{
	(void)setup;
	return og_text_copy(&conf->now, ret, reterr) < 0 ? -1
							 : strip_text(conf, false, ret, reterr);
}

/* ---- the running daemon ---- */

/* A key both in the file and among the flags keeps dockerd from starting again. */
static int check_flags(const struct og_setup *setup, const struct og_dockerd *dockerd,
		       struct og_err *reterr)
{
	const char *clash = NULL;

	if (!dockerd->pid || setup->removing)
		return 0;
	if (og_dockerd_flag(dockerd, "--add-runtime"))
		clash = "--add-runtime";
	else if (setup->make_default && og_dockerd_flag(dockerd, "--" DEFAULT))
		clash = "--" DEFAULT;
	if (!clash)
		return 0;
	return og_fail(reterr, OG_E_HOST,
		       "dockerd (pid %d) was started with %s: with the same setting in "
		       "daemon.json it would not start again; move the flag from the unit file "
		       "into daemon.json first",
		       (int)dockerd->pid, clash);
}

/* Whether the daemon's default is ours; -1: it does not say. */
static int runs_ours(const struct og_dockerd *dockerd)
{
	struct og_err ignored = { 0 };
	struct og_doc *info;
	int ours;

	if (og_dockerd_info(dockerd, &info, &ignored) < 0)
		return -1;
	ours = names_ours(og_member(og_doc_root(info), "DefaultRuntime"));
	og_doc_free(info);
	return ours;
}

static bool registers(const struct og_text *text, const char *name)
{
	struct og_err ignored = { 0 };
	struct og_doc *doc;
	bool found;

	if (strcmp(name, "runc") == 0)
		return true;
	if (og_json_open("daemon.json", text, &doc, &ignored) < 0)
		return false;
	found = og_member(og_member(og_doc_root(doc), "runtimes"), name) != NULL;
	og_doc_free(doc);
	return found;
}

/* Whether the daemon survives reading |text|: it registers the default of now or names one. */
static bool may_reload(const struct og_dockerd *dockerd, const struct og_text *text)
{
	struct og_err ignored = { 0 };
	struct og_doc *info = NULL, *doc = NULL;
	const char *name = NULL;
	bool may;

	if (og_dockerd_info(dockerd, &info, &ignored) == 0)
		name = og_str(og_member(og_doc_root(info), "DefaultRuntime"));
	may = name && registers(text, name);
	if (!may && og_json_open("daemon.json", text, &doc, &ignored) == 0) {
		const char *next = og_str(og_member(og_doc_root(doc), DEFAULT));

		may = next && registers(text, next);
		og_doc_free(doc);
	}
	og_doc_free(info);
	return may;
}

/* SIGHUP, and wait until the daemon has it. */
static bool reload(const struct og_dockerd *dockerd, bool want_ours)
{
	static const struct timespec moment = { .tv_nsec = 100000000 };

	if (kill(dockerd->pid, SIGHUP) < 0)
		return false;
	for (int i = 0; i < 50; i++) {
		nanosleep(&moment, NULL);
		if (runs_ours(dockerd) == want_ours)
			return true;
	}
	return false;
}

static int apply_install(const struct og_setup *setup, const struct og_conf *conf,
			 const struct og_text *final, const struct og_dockerd *dockerd,
			 struct og_err *reterr)
{
	if (og_conf_write(conf, final, reterr) < 0)
		return -1;
	printf("%s: %s registered%s\n", conf->path, NAME,
	       setup->make_default ? " and made the default" : "");
	if (!dockerd->pid)
		printf("dockerd is not running, or not by this file: it takes effect when it "
		       "starts\n");
	else if (!may_reload(dockerd, final) || !reload(dockerd, setup->make_default))
		printf("dockerd (pid %d) has not taken it over: see its log, then run "
		       "\"systemctl restart docker\"\n",
		       (int)dockerd->pid);
	else
		printf("dockerd (pid %d) has reloaded\n", (int)dockerd->pid);
	if (setup->make_default && !setup->as_runc)
		printf("containers that exist keep their runtime, and \"--runtime runc\" and "
		       "image builds still reach runc: --as-runc covers them\n");
	return 0;
}

/*
 * First a file that names another default, until the daemon has it, then the
 * bytes as they were. Without the daemon's word the first is left there.
 */
static int apply_uninstall(const struct og_setup *setup, struct og_conf *conf,
			   const struct og_text *final, const struct og_dockerd *dockerd,
			   struct og_err *reterr)
{
	og_auto_text struct og_text between = { 0 };
	bool back = !dockerd->pid;

	if (!back) {
		if (og_text_copy(&conf->now, &between, reterr) < 0 ||
		    strip_text(conf, true, &between, reterr) < 0 ||
		    og_conf_write(conf, &between, reterr) < 0)
			return -1;
		back = may_reload(dockerd, &between) && reload(dockerd, false);
	}
	if (!back) {
		printf("%s: without %s, with \"" DEFAULT "\" named; dockerd (pid %d) has not taken "
		       "it over: run \"systemctl restart docker\", then this again for the file "
		       "as it was\n",
		       conf->path, NAME, (int)dockerd->pid);
		return og_conf_keep(setup, conf->name, &conf->before, &between, reterr) < 0 ? -1
											    : 1;
	}
	if (og_conf_write(conf, final, reterr) < 0)
		return -1;
	printf("%s: %s\n", conf->path, final->there ? "without " NAME : "removed");
	if (dockerd->pid)
		printf("dockerd (pid %d) has reloaded\n", (int)dockerd->pid);
	return 0;
}

static int apply(const struct og_setup *setup, struct og_conf *conf, const struct og_text *final,
		 struct og_err *reterr)
{
	struct og_dockerd dockerd;
	int r;

	if (og_dockerd_find(setup, &conf->now, &dockerd, reterr) < 0)
		return -1;
	r = setup->removing ? apply_uninstall(setup, conf, final, &dockerd, reterr)
			    : apply_install(setup, conf, final, &dockerd, reterr);
	og_dockerd_release(&dockerd);
	return r;
}

static int check(const struct og_setup *setup, const struct og_conf *conf, struct og_err *reterr)
{
	struct og_dockerd dockerd;
	int r;

	if (og_dockerd_find(setup, &conf->now, &dockerd, reterr) < 0)
		return -1;
	r = check_flags(setup, &dockerd, reterr);
	og_dockerd_release(&dockerd);
	return r;
}

const struct og_engine_setup og_setup_docker = {
	.name = "docker",
	.find = find,
	.check = check,
	.add = add,
	.strip = strip,
	.is_default = is_default,
	.apply = apply,
};
