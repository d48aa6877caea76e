/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker, for status: by which runtimes a container can be launched, which run
 * that were not launched through ocigate, and who may talk to the daemon. What
 * the daemon says of itself counts; without a daemon, its configuration.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../file.h"
#include "../place.h"
#include "../record.h"
#include "ctl.h"
#include "docker_api.h"
#include "json_edit.h"
#include "status.h"

#define DAEMON_JSON  "/etc/docker/daemon.json"
#define USUAL_PATH   "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define CONTAINERD   "/opt/containerd/bin:" /* which containerd puts first */
#define INSTALL	     "ocigatectl install docker --default"
#define INSTALL_RUNC "ocigatectl install docker --default --as-runc"

struct docker {
	struct og_status *status;
	struct og_text config;
	struct og_doc *file, *info; /* daemon.json, /info; NULL: not to be had */
	struct og_dockerd daemon;
	char path[PATH_MAX]; /* the daemon's PATH */
};

/* Docker's own names for runc by way of containerd. */
static bool is_stock(const char *name)
{
	return strcmp(name, "runc") == 0 || strncmp(name, "io.containerd.runc.", 19) == 0 ||
	       strncmp(name, "io.containerd.runtime.", 22) == 0;
}

/* The member |key| as the daemon has it now; as its file says, when it does not run. */
static const struct og_node *setting(const struct docker *docker, const char *info,
				     const char *file)
{
	return docker->info ? og_member(og_doc_root(docker->info), info)
			    : og_member(og_doc_root(docker->file), file);
}

/* Whether |name| leads to ocigate: by its entry, or by the program of that name. */
static bool leads_to_us(const struct docker *docker, const char *name, char where[PATH_MAX])
{
	const struct og_node *entry = og_member(setting(docker, "Runtimes", "runtimes"), name);
	const char *path = og_str(og_member(entry, "path"));

	if (!path)
		path = is_stock(name) ? "runc" : "";
	if (path[0] == '/')
		snprintf(where, PATH_MAX, "%s", path);
	else if (!path[0] || !og_status_which(docker->status, docker->path, path, where))
		snprintf(where, PATH_MAX, "%s", path[0] ? path : name);
	return where[0] == '/' && og_status_is_ocigate(docker->status, where);
}

static void look_at_default(const struct docker *docker)
{
	const char *name = og_str(setting(docker, "DefaultRuntime", "default-runtime")) ?: "runc";
	char where[PATH_MAX];

	if (docker->daemon.pid)
		og_buf_printf(&docker->status->facts,
			      "docker: dockerd (pid %d), default runtime %s\n",
			      (int)docker->daemon.pid, name);
	else
		og_buf_printf(&docker->status->facts,
			      "docker: not running, or not to be found; default runtime %s\n",
			      name);
	if (!leads_to_us(docker, name, where))
		og_status_add(docker->status, OG_LEVEL_HOLE, "docker-default", INSTALL,
			      "Docker's default runtime is %s (%s)", name, where);
}

static void look_at_runc(const struct docker *docker)
{
	char where[PATH_MAX];

	if (!leads_to_us(docker, "runc", where))
		og_status_add(docker->status, OG_LEVEL_HOLE, "docker-runc", INSTALL_RUNC,
			      "\"docker run --runtime runc\", --runtime io.containerd.runc.v2 and "
			      "image builds by BuildKit reach %s",
			      where);
}

static void look_at_others(const struct docker *docker)
{
	og_each (entry, setting(docker, "Runtimes", "runtimes")) {
		const char *name = og_key(entry), *path = og_str(og_member(entry, "path"));
		char where[PATH_MAX];

		/* Docker's names for runc are one finding, unless the site gave one to another:
		   from 23 on an entry goes before what is built in. */
		if (!name || (is_stock(name) && (!path || strcmp(path, "runc") == 0)) ||
		    leads_to_us(docker, name, where))
			continue;
		og_status_add(docker->status, OG_LEVEL_HOLE, "docker-runtime",
			      "take it out of daemon.json, or let it be called by ocigate "
			      "(/etc/ocigate/runtime)",
			      "\"docker run --runtime %s\" reaches %s", name, where);
	}
	og_each (entry, og_member(og_doc_root(docker->file), "runtimes"))
		if (og_count(og_member(entry, "runtimeArgs")) > 0 &&
		    og_status_is_ocigate(docker->status, og_str(og_member(entry, "path")) ?: ""))
			og_status_add(docker->status, OG_LEVEL_NOTE, "docker-runtime-args", INSTALL,
				      "the runtime %s has runtimeArgs: Docker makes a shell script "
				      "of them, which splits words",
				      og_key(entry));
}

/* Docker from 23 on takes the name of any shim on its PATH for a runtime. */
static void look_at_shims(const struct docker *docker)
{
	static const char front[] = "containerd-shim-";
	char dir[PATH_MAX], full[PATH_MAX];
	struct og_err ignored = { 0 };

	for (const char *at = docker->path; *at; at += strcspn(at, ":"), at += *at == ':') {
		const struct dirent *entry;
		DIR *stream;

		snprintf(dir, sizeof(dir), "%.*s", (int)strcspn(at, ":"), at);
		if (og_setup_path(&docker->status->setup, dir, full, &ignored) < 0)
			continue;
		stream = opendir(full);
		while (stream && (entry = readdir(stream)))
			if (strncmp(entry->d_name, front, strlen(front)) == 0 &&
			    strncmp(entry->d_name, "containerd-shim-runc-", 21) != 0)
				og_status_add(docker->status, OG_LEVEL_HOLE, "docker-shim",
					      "remove it, or keep it off the daemon's PATH",
					      "%s/%s is another shim: \"docker run --runtime "
					      "io.containerd.%s\" may reach it (dots for dashes)",
					      dir, entry->d_name, entry->d_name + strlen(front));
		if (stream)
			closedir(stream);
	}
}

/* ---- containers that run ---- */

struct search {
	const char *id;
	bool found;
};

static bool is_it(void *ctx, const struct og_record *record)
{
	struct search *search = ctx;

	search->found = strcmp(record->id, search->id) == 0;
	return search->found;
}

static void look_at_containers(const struct docker *docker)
{
	struct og_err err = { 0 };
	struct og_doc *list = NULL;

	if (!docker->info)
		return;
	if (og_dockerd_get(&docker->daemon, "/containers/json", &list, &err) < 0) {
		og_status_add(docker->status, OG_LEVEL_HOLE, "docker-container",
			      "docker ps, and look for one with very long labels",
			      "which containers run cannot be read: %s", err.msg);
		return;
	}
	og_each (container, og_doc_root(list)) {
		struct search search = { .id = og_str(og_member(container, "Id")) };

		if (!search.id)
			continue;
		og_record_each(is_it, &search);
		if (!search.found)
			og_status_add(docker->status, OG_LEVEL_HOLE, "docker-container",
				      "docker restart, or docker rm and run it again",
				      "the container %.12s (%s) runs and was not launched through "
				      "ocigate",
				      search.id,
				      og_str(og_get(container, "/Names/0")) ?: "without a name");
	}
	og_doc_free(list);
}

/* ---- who may talk to the daemon ---- */

/* Names of users of |gid|: of the line in group(5), and by passwd(5). */
static void put_members(const struct docker *docker, gid_t gid, char *names, size_t size)
{
	static const struct {
		const char *file;
		int id, list; /* which fields; passwd: the name itself */
	} rows[] = { { "/etc/group", 2, 3 }, { "/etc/passwd", 3, 0 } };
	struct og_err ignored = { 0 };

	for (size_t i = 0; i < 2; i++) {
		char path[PATH_MAX], *save = NULL, *text = NULL;
		size_t len;

		if (og_setup_path(&docker->status->setup, rows[i].file, path, &ignored) < 0 ||
		    og_file_read(AT_FDCWD, path, 1 << 22, OG_FILE_FOLLOW, &text, &len, NULL,
				 &ignored) < 0)
			continue;
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			char *field[8] = { NULL };

			for (int f = 0; f < 8 && line; f++)
				field[f] = strsep(&line, ":");
			if (field[rows[i].id] && field[rows[i].list] && *field[rows[i].list] &&
			    strtoul(field[rows[i].id], NULL, 10) == gid)
				snprintf(names + strlen(names), size - strlen(names), "%s%s",
					 *names ? ", " : "", field[rows[i].list]);
		}
		free(text);
	}
}

static void look_at_socket(const struct docker *docker, const char *path)
{
	char names[200] = "";
	struct stat st;

	if (!docker->daemon.pid || stat(path, &st) < 0)
		return;
	if (st.st_mode & S_IWOTH)
		og_status_add(docker->status, OG_LEVEL_ACCESS, "docker-socket", "chmod 660",
			      "everybody may write to %s", path);
	if (!(st.st_mode & S_IWGRP) || st.st_gid == 0)
		return;
	put_members(docker, st.st_gid, names, sizeof(names));
	if (names[0])
		og_status_add(docker->status, OG_LEVEL_ACCESS, "docker-group",
			      "nobody but those who may use containers should be in it: the "
			      "engine's API reads and writes the host's files by itself",
			      "the group %u may talk to dockerd: %s", (unsigned)st.st_gid, names);
}

static void look_at_sockets(const struct docker *docker)
{
	const struct og_node *config = og_doc_root(docker->file);
	char path[PATH_MAX];
	const char *host;

	look_at_socket(docker, docker->daemon.socket);
	for (size_t i = 1; (host = og_dockerd_host(&docker->daemon, config, OG_DOCKERD_UNIX, i));
	     i++) {
		snprintf(path, sizeof(path), "%s%s", docker->status->setup.root,
			 host + strlen(OG_DOCKERD_UNIX));
		look_at_socket(docker, path);
	}
}

/* Without a check of who calls. */
static void look_at_network(const struct docker *docker)
{
	const struct og_node *config = og_doc_root(docker->file);
	const struct og_node *verify = og_member(config, "tlsverify");
	const char *host;

	if (og_is_true(verify) || og_dockerd_switch(&docker->daemon, "--tlsverify"))
		return;
	for (size_t i = 0; (host = og_dockerd_host(&docker->daemon, config, "tcp://", i)); i++)
		og_status_add(docker->status, OG_LEVEL_ACCESS, "docker-tcp",
			      "take it away, or say --tlsverify",
			      "dockerd listens on %s and asks nobody who they are", host);
}

static void look_at_address(const struct docker *docker)
{
	const char *ip = og_str(og_member(og_doc_root(docker->file), "ip"));

	if (!ip)
		ip = og_dockerd_flag(&docker->daemon, "--ip");
	if (docker->status->policy && !docker->status->guards &&
	    (!ip || strncmp(ip, "127.", 4) != 0))
		og_status_add(
			docker->status, OG_LEVEL_NOTE, "docker-ip",
			"say \"ip\": \"127.0.0.1\" in daemon.json, or let the rule ports "
			"rewrite",
			"\"-p 8080:80\" opens the port to the network: the daemon's \"ip\" is %s",
			ip ? ip : "not set");
}

/* ---- all of it ---- */

static void read_path(struct docker *docker)
{
	struct og_err ignored = { 0 };
	char path[64], *text = NULL;
	const char *found = USUAL_PATH;
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)docker->daemon.pid);
	if (docker->daemon.pid &&
	    og_file_read(AT_FDCWD, path, 1 << 20, 0, &text, &len, NULL, &ignored) == 0)
		for (const char *at = text; at < text + len; at += strlen(at) + 1)
			if (strncmp(at, "PATH=", 5) == 0)
				found = at + 5;
	snprintf(docker->path, sizeof(docker->path), CONTAINERD "%s", found);
	free(text);
}

static bool is_here(const struct docker *docker)
{
	char where[PATH_MAX];

	return docker->daemon.pid || docker->config.there ||
	       og_status_which(docker->status, USUAL_PATH, "dockerd", where);
}

void og_status_docker(struct og_status *status)
{
	struct docker docker = { .status = status };
	struct og_err err = { 0 }, silent = { 0 };
	struct og_conf conf = { 0 };

	if (og_conf_read(&status->setup, "docker", status->setup.config ?: DAEMON_JSON, &conf,
			 &err) < 0 ||
	    og_text_copy(&conf.now, &docker.config, &err) < 0 ||
	    og_dockerd_find(&status->setup, &docker.config, &docker.daemon, &err) < 0) {
		og_status_add(status, OG_LEVEL_HOLE, "docker-unreadable", "", "%s%s",
			      OG_PLACE(&err, ""), err.msg);
		og_conf_release(&conf);
		return;
	}
	og_conf_release(&conf);
	if (is_here(&docker)) {
		status->engines++;
		if (og_json_open("daemon.json", &docker.config, &docker.file, &err) < 0)
			og_status_add(status, OG_LEVEL_NOTE, "docker-unreadable", "", "%s%s",
				      OG_PLACE(&err, ""), err.msg);
		if (docker.daemon.pid && og_dockerd_info(&docker.daemon, &docker.info, &silent) < 0)
			og_status_add(status, OG_LEVEL_HOLE, "docker-silent",
				      "what is said of Docker is by its configuration",
				      "dockerd (pid %d) does not answer on %s: %s",
				      (int)docker.daemon.pid, docker.daemon.socket, silent.msg);
		read_path(&docker);
		look_at_default(&docker);
		look_at_runc(&docker);
		look_at_others(&docker);
		look_at_shims(&docker);
		look_at_containers(&docker);
		look_at_sockets(&docker);
		look_at_network(&docker);
		look_at_address(&docker);
	}
	og_doc_free(docker.info);
	og_doc_free(docker.file);
	og_dockerd_release(&docker.daemon);
	og_text_release(&docker.config);
}
