/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl install, uninstall: what is the same for every engine. A text with
 * ocigate in it is always made from the text without, so that the same command
 * given twice changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../policyfile.h"
#include "../place.h"
#include "ctl.h"
#include "setup.h"

static const struct og_engine_setup *const engines[] = {
	&og_setup_docker,
	&og_setup_containerd,
	&og_setup_podman,
};
#define NENGINES (sizeof(engines) / sizeof(engines[0]))

static const struct og_engine_setup *find_engine(const char *name)
{
	for (size_t i = 0; i < NENGINES; i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}

/* ---- options ---- */

static bool take_flag(const char *arg, struct og_setup *setup)
{
	const struct {
		const char *name;
		bool *set;
	} flags[] = {
		{ "--default", &setup->make_default },
		{ "--as-runc", &setup->as_runc },
		{ "--dry-run", &setup->dry_run },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(arg, flags[i].name) == 0)
			return *flags[i].set = true;
	return false;
}

/* Beside ourselves; on another root where packages put it. */
static int find_ocigate(struct og_setup *setup, struct og_err *reterr)
{
	static const char usual[] = OG_SBINDIR "/ocigate";
	char self[PATH_MAX];
	ssize_t n;

	if (setup->root[0]) {
		memcpy(setup->ocigate, usual, sizeof(usual));
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - sizeof("ocigate"));
	if (n <= 0)
		return og_fail_sys(reterr, errno, "/proc/self/exe");
	self[n] = '\0';
	snprintf(setup->ocigate, sizeof(setup->ocigate), "%.*socigate",
		 (int)(og_path_base(self) - self), self);
	return 0;
}

int og_setup_parse(int argc, char *argv[], struct og_setup *ret, const char **retengine,
		   struct og_err *reterr)
{
	*ret = (struct og_setup){ .root = "" };
	*retengine = NULL;
	for (int i = 1; i < argc; i++) {
		bool valued = strcmp(argv[i], "--root") == 0 || strcmp(argv[i], "--config") == 0;

		if (take_flag(argv[i], ret))
			continue;
		if (valued && i + 1 == argc)
			return og_fail(reterr, OG_E_USAGE, "%s is given no value", argv[i]);
		if (strcmp(argv[i], "--root") == 0)
			ret->root = argv[++i];
		else if (strcmp(argv[i], "--config") == 0)
			ret->config = argv[++i];
		else if (argv[i][0] != '-' && !*retengine)
			*retengine = argv[i];
		else
			return og_fail(reterr, OG_E_USAGE, "%s is not understood", OG_Q(argv[i]));
	}
	if ((ret->root[0] && !og_path_is_normal(ret->root)) ||
	    (ret->config && !og_path_is_normal(ret->config)))
		return og_fail(
			reterr, OG_E_USAGE,
			"--root and --config take an absolute path, without a slash at the end");
	return find_ocigate(ret, reterr);
}

/* ---- before anything is changed ---- */

static int read_policy(const struct og_setup *setup, struct og_err *reterr)
{
	struct og_policyfiles files;
	struct og_policy *policy = NULL;
	char path[PATH_MAX];
	int r;

	if (og_setup_path(setup, OG_HOSTS_POLICY, path, reterr) < 0 ||
	    og_policyfile_read(path, false, &files, reterr) < 0)
		return -1;
	r = og_policy_compile(files.sources, files.n, NULL, NULL, &policy, reterr);
	og_policyfile_release(&files);
	og_policy_free(policy);
	return r;
}

static int check_policy(const struct og_setup *setup, struct og_err *reterr)
{
	size_t len;

	if (read_policy(setup, reterr) == 0)
		return 0;
	len = strlen(reterr->msg);
	snprintf(reterr->msg + len, sizeof(reterr->msg) - len,
		 ": without a valid policy every launch would be refused");
	return -1;
}

static int check_host(const struct og_setup *setup, struct og_err *reterr)
{
	char path[PATH_MAX];

	if (og_setup_path(setup, setup->ocigate, path, reterr) < 0)
		return -1;
	if (access(path, X_OK) < 0)
		return og_fail_sys(reterr, errno, "the runtime %s cannot be registered",
				   OG_Q(path));
	if (!setup->make_default && !setup->as_runc)
		return 0;
	if (setup->as_runc && og_divert_check(setup, reterr) < 0)
		return -1;
	return check_policy(setup, reterr);
}

/* Whether no engine but |engine| is told of us. */
static bool is_last(const struct og_setup *setup, const struct og_engine_setup *engine)
{
	for (size_t i = 0; i < NENGINES; i++)
		if (engines[i] != engine && og_conf_kept(setup, engines[i]->name))
			return false;
	return setup->dry_run || !og_conf_kept(setup, engine->name);
}

/* ocigate-explain beside ocigate; what make or a package has put there stays theirs. */
static int explain_link(const struct og_setup *setup, struct og_err *reterr)
{
	static const char name[] = "ocigate-explain";
	const struct og_text none = { 0 }, made = { .there = true };
	char path[PATH_MAX + 16], old[16];

	if (setup->dry_run)
		return 0;
	snprintf(path, sizeof(path), "%s%s-explain", setup->root, setup->ocigate);
	if (setup->removing) {
		if (!og_conf_kept(setup, name))
			return 0;
		if (readlink(path, old, sizeof(old)) == 7 && memcmp(old, "ocigate", 7) == 0)
			unlink(path);
		return og_conf_keep(setup, name, &none, &none, reterr);
	}
	if (symlink("ocigate", path) < 0)
		return errno == EEXIST
			       ? 0
			       : og_fail_sys(reterr, errno, "cannot make the link %s", OG_Q(path));
	if (og_conf_keep(setup, name, &none, &made, reterr) == 0)
		return 0;
	unlink(path);
	return -1;
}

/* ---- the change ---- */

/* The text as it would be without us; what we never wrote is all somebody else's. */
static int without(const struct og_setup *setup, const struct og_engine_setup *engine,
		   const struct og_conf *conf, struct og_text *ret, struct og_err *reterr)
{
	if (!conf->after.there && !setup->removing)
		return og_text_copy(&conf->now, ret, reterr);
	if (conf->after.there && og_text_equal(&conf->now, &conf->after))
		return og_text_copy(&conf->before, ret, reterr);
	return engine->strip(setup, conf, ret, reterr);
}

static int show(const struct og_conf *conf, const struct og_text *final, struct og_err *reterr)
{
	if (og_text_equal(&conf->now, final)) {
		printf("%s: nothing to change\n", conf->path);
		return 0;
	}
	if (!final->there)
		printf("%s would be removed\n", conf->path);
	return og_ctl_diff_of(conf->path, "now", "then", &conf->now.buf, &final->buf, reterr);
}

static int install_conf(struct og_setup *setup, const struct og_engine_setup *engine,
			struct og_conf *conf, struct og_err *reterr)
{
	og_auto_text struct og_text base = { 0 }, final = { 0 };

	if (conf->now.there && engine->is_default(&conf->now))
		setup->make_default = true; /* a second call takes nothing back */
	if ((engine->check && engine->check(setup, conf, reterr) < 0) ||
	    without(setup, engine, conf, &base, reterr) < 0 ||
	    engine->add(setup, conf->path, &base, &final, reterr) < 0)
		return -1;
	if (setup->dry_run)
		return show(conf, &final, reterr);
	if (explain_link(setup, reterr) < 0) /* |final| may name it */
		return -1;
	if (og_text_equal(&conf->now, &final)) {
		printf("%s: ocigate is registered already\n", conf->path);
		/* by another hand: what gives the name runc back goes by the backup */
		return setup->as_runc && !conf->after.there
			       ? og_conf_keep(setup, conf->name, &base, &final, reterr)
			       : 0;
	}
	if (og_conf_keep(setup, conf->name, &base, &final, reterr) < 0)
		return -1;
	return engine->apply(setup, conf, &final, reterr);
}

static int uninstall_conf(struct og_setup *setup, const struct og_engine_setup *engine,
			  struct og_conf *conf, struct og_err *reterr)
{
	og_auto_text struct og_text final = { 0 };
	const struct og_text none = { 0 };
	int r = 0;

	if (!conf->now.there && !conf->after.there) {
		printf("%s: not there, nothing to change\n", conf->path);
		return 0;
	}
	if (without(setup, engine, conf, &final, reterr) < 0)
		return -1;
	if (setup->dry_run)
		return show(conf, &final, reterr);
	if (og_text_equal(&conf->now, &final))
		printf("%s: as it was before, nothing to change\n", conf->path);
	else
		r = engine->apply(setup, conf, &final, reterr);
	return r == 0 ? og_conf_keep(setup, conf->name, &none, &none, reterr) : r < 0 ? -1 : 0;
}

/* The name runc is the host's, not an engine's: it is given back with the last of them. */
static int change_name(const struct og_setup *setup, const struct og_engine_setup *engine,
		       struct og_err *reterr)
{
	if (!setup->removing)
		return setup->as_runc ? og_divert_runc(setup, reterr) : 0;
	return setup->as_runc || is_last(setup, engine) ? og_undivert_runc(setup, reterr) : 0;
}

static int change_conf(struct og_setup *setup, const struct og_engine_setup *engine,
		       struct og_err *reterr)
{
	__attribute__((cleanup(og_conf_release))) struct og_conf conf = { 0 };
	char path[PATH_MAX];

	if (engine->find(setup, path, reterr) < 0 ||
	    og_conf_read(setup, engine->name, path, &conf, reterr) < 0)
		return -1;
	return (setup->removing ? uninstall_conf : install_conf)(setup, engine, &conf, reterr);
}

/* What puts the port guard back; where there is no systemd, that is left to others. */
static int change_systemd(struct og_setup *setup, const struct og_engine_setup *engine,
			  struct og_err *reterr)
{
	if (!og_systemd_is_here(setup) || (setup->removing && !is_last(setup, engine)))
		return 0;
	return change_conf(setup, &og_setup_nftables, reterr) < 0 ||
			       change_conf(setup, &og_setup_firewalld, reterr) < 0 ||
			       og_systemd_timer(setup, reterr) < 0
		       ? -1
		       : 0;
}

static int run(struct og_setup *setup, const struct og_engine_setup *engine, struct og_err *reterr)
{
	if (setup->removing)
		return change_conf(setup, engine, reterr) < 0 ||
				       change_name(setup, engine, reterr) < 0 ||
				       (is_last(setup, engine) &&
					explain_link(setup, reterr) < 0) ||
				       change_systemd(setup, engine, reterr) < 0
			       ? -1
			       : 0;
	/* the name after the file, which may be refused and whose backup tells of us */
	return check_host(setup, reterr) < 0 || change_conf(setup, engine, reterr) < 0 ||
			       change_name(setup, engine, reterr) < 0 ||
			       change_systemd(setup, engine, reterr) < 0
		       ? -1
		       : 0;
}

static int main_of(const struct og_subcommand *self, int argc, char *argv[], bool removing)
{
	const struct og_engine_setup *engine;
	struct og_setup setup;
	struct og_err err = { 0 };
	const char *name;

	if (og_setup_parse(argc, argv, &setup, &name, &err) < 0)
		return og_ctl_usage(self, "%s", err.msg);
	engine = name ? find_engine(name) : NULL;
	if (name && !engine)
		return og_ctl_usage(self, "%s is none of docker, containerd, podman", OG_Q(name));
	if (!engine)
		return og_ctl_usage(self, "name an engine: docker, containerd or podman");
	if (removing && setup.make_default)
		return og_ctl_usage(self, "--default is for install alone: the default goes back "
					  "to what it was in any case");
	setup.removing = removing;
	return run(&setup, engine, &err) < 0 ? og_ctl_error(&err) : OG_CTL_OK;
}

int og_ctl_install(const struct og_subcommand *self, int argc, char *argv[])
{
	return main_of(self, argc, argv, false);
}

int og_ctl_uninstall(const struct og_subcommand *self, int argc, char *argv[])
{
	return main_of(self, argc, argv, true);
}
