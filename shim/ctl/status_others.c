/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's CRI, podman and the port guard, for status. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../file.h"
#include "../place.h"
#include "status.h"
#include "toml.h"

static bool exists(const struct og_status *status, const char *path)
{
	struct og_err ignored = { 0 };
	char full[PATH_MAX];

	return og_setup_path(&status->setup, path, full, &ignored) == 0 && access(full, F_OK) == 0;
}

/* The file |path|, to be walked; *text is owned by the caller. False: it is not there. */
static bool read_toml(const struct og_status *status, const char *path, char **text,
		      struct og_toml *ret)
{
	struct og_err ignored = { 0 };
	char full[PATH_MAX];

	*ret = (struct og_toml){ .name = path };
	if (og_setup_path(&status->setup, path, full, &ignored) < 0 ||
	    og_file_read(AT_FDCWD, full, OG_CONF_MAX_BYTES, OG_FILE_FOLLOW | OG_FILE_MAY_MISS, text,
			 &ret->len, NULL, &ignored) < 0)
		return false;
	ret->text = *text;
	return *text != NULL;
}

/* The last value of a key whose last part is |key|, in the file |path|; "": none. */
static void last_value(const struct og_status *status, const char *path, const char *key, char *ret,
		       size_t size)
{
	og_auto_free char *text = NULL;
	struct og_err ignored = { 0 };
	struct og_toml_item item;
	struct og_toml toml;

	if (!read_toml(status, path, &text, &toml))
		return;
	while (og_toml_next(&toml, &item, &ignored) > 0) {
		const char *last = strrchr(item.path, OG_TOML_SEP[0]);

		if (item.kind == OG_TOML_VALUE && last && strcmp(last + 1, key) == 0)
			snprintf(ret, size, "%.*s", (int)(item.value_end - item.value),
				 text + item.value);
	}
}

/* The same over a directory's files that end in |suffix|; the last by name wins. */
static void last_value_in(const struct og_status *status, const char *dir, const char *suffix,
			  const char *key, char *ret, size_t size)
{
	struct dirent **list = NULL;
	struct og_err ignored = { 0 };
	char full[PATH_MAX];
	int n;

	if (og_setup_path(&status->setup, dir, full, &ignored) < 0)
		return;
	n = scandir(full, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(list[i]->d_name), tail = strlen(suffix);

		if (len > tail && strcmp(list[i]->d_name + len - tail, suffix) == 0 &&
		    snprintf(full, sizeof(full), "%s/%s", dir, list[i]->d_name) < (int)sizeof(full))
			last_value(status, full, key, ret, size);
		free(list[i]);
	}
	free(list);
}

static bool names_us(const char *value)
{
	return strcmp(value, "\"ocigate\"") == 0 || strcmp(value, "'ocigate'") == 0;
}

/* ---- containerd ---- */

/* The file and those that it imports, which say it again after it; those of these last. */
struct containerd {
	const struct og_status *status;
	struct og_buf paths; /* as the host names them, each ending in NUL */
	bool merges;	     /* the format's version 3 or later */
	char value[256];
};

static void add_path(struct containerd *containerd, const char *path)
{
	const struct og_buf *paths = &containerd->paths;

	for (size_t at = 0; at < paths->len; at += strlen(paths->data + at) + 1)
		if (strcmp(paths->data + at, path) == 0)
			return;
	if (strlen(path) < PATH_MAX)
		og_buf_put(&containerd->paths, path, strlen(path) + 1);
}

static void add_import(void *ctx, const char *pattern)
{
	struct containerd *containerd = ctx;
	struct og_err ignored = { 0 };
	char full[PATH_MAX];
	glob_t found;

	if (og_setup_path(&containerd->status->setup, pattern, full, &ignored) < 0 ||
	    glob(full, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_path(containerd, found.gl_pathv[i] + strlen(containerd->status->setup.root));
	globfree(&found);
}

/* One more file: what it says of the default, and what it imports. */
static void read_containerd(struct containerd *containerd, const char *path, bool imported)
{
	static const char cri[] = "plugins" OG_TOML_SEP "io.containerd.grpc.v1.cri";
	bool replaced = !imported || containerd->merges;
	og_auto_free char *text = NULL;
	struct og_err ignored = { 0 };
	struct og_toml_item item;
	struct og_toml toml;

	if (!read_toml(containerd->status, path, &text, &toml))
		return;
	while (og_toml_next(&toml, &item, &ignored) > 0) {
		const char *last = strrchr(item.path, OG_TOML_SEP[0]);

		/* containerd 1 takes the section of an imported file for the whole of it */
		if (!replaced && strncmp(item.path, cri, strlen(cri)) == 0) {
			containerd->value[0] = '\0';
			replaced = true;
		}
		if (item.kind != OG_TOML_VALUE)
			continue;
		if (!imported && strcmp(item.path, "version") == 0)
			containerd->merges = strtoul(text + item.value, NULL, 10) >= 3;
		else if (last && strcmp(last + 1, "default_runtime_name") == 0)
			snprintf(containerd->value, sizeof(containerd->value), "%.*s",
				 (int)(item.value_end - item.value), text + item.value);
	}
	og_containerd_imports(path, text, toml.len, add_import, containerd);
}

/* Without a kubelet nobody but root asks containerd for pods. */
void og_status_containerd(struct og_status *status)
{
	static const char *const kubelets[] = { "/usr/bin/kubelet", "/usr/local/bin/kubelet",
						"/var/lib/kubelet/config.yaml" };
	struct containerd containerd = { .status = status };
	const char *value = containerd.value;
	char path[PATH_MAX];
	bool here = false;

	for (size_t i = 0; i < sizeof(kubelets) / sizeof(kubelets[0]); i++)
		here = here || exists(status, kubelets[i]);
	if (!here)
		return;
	status->engines++;
	add_path(&containerd, "/etc/containerd/config.toml");
	for (size_t at = 0; at < containerd.paths.len; at += strlen(path) + 1) {
		/* a copy: there may be more of them in the end */
		snprintf(path, sizeof(path), "%s", containerd.paths.data + at);
		read_containerd(&containerd, path, at > 0);
	}
	status->failed |= containerd.paths.failed;
	og_buf_release(&containerd.paths);
	og_buf_printf(&status->facts, "containerd (CRI): default runtime %s\n",
		      value[0] ? value : "runc");
	if (!names_us(value))
		og_status_add(status, OG_LEVEL_HOLE, "containerd-default",
			      "ocigatectl install containerd --default",
			      "pods are launched by containerd's default runtime, %s",
			      value[0] ? value : "runc");
}

/* ---- podman ---- */

void og_status_podman(struct og_status *status)
{
	char value[256] = "";

	if (!exists(status, "/usr/bin/podman"))
		return;
	status->engines++;
	last_value(status, "/etc/containers/containers.conf", "runtime", value, sizeof(value));
	last_value_in(status, "/etc/containers/containers.conf.d", ".conf", "runtime", value,
		      sizeof(value));
	og_buf_printf(&status->facts, "podman: runtime %s\n", value[0] ? value : "its own choice");
	if (!names_us(value))
		og_status_add(
			status, OG_LEVEL_NOTE, "podman-default",
			"ocigatectl install podman --default",
			"root's podman launches without ocigate; users' own podman has no more "
			"rights than they have");
}

/* ---- the guard ---- */

#define LIST_MAX_BYTES ((size_t)256 << 20)

/* What |program| list prints, all of it, owned by the caller; -1: it failed, or is not there. */
static int run_list(const char *program, char **ret)
{
	og_auto_close int out = memfd_create("list", MFD_CLOEXEC);
	struct og_err ignored = { 0 };
	int status;
	size_t len;
	pid_t pid;

	fflush(stdout);
	pid = out < 0 ? -1 : fork();
	if (pid == 0) {
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
			_exit(127);
		execl(program, "ocigate-ports", "list", (char *)NULL);
		dprintf(STDERR_FILENO, "%s cannot be run: %s\n", program, strerror(errno));
		_exit(127);
	}
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (lseek(out, 0, SEEK_SET) < 0 || og_fd_read(out, LIST_MAX_BYTES, ret, &len, &ignored) < 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void look_at_list(struct og_status *status, bool failed, const char *text)
{
	if (failed)
		og_status_add(status, OG_LEVEL_NOTE, "guard-failing", "apt-get install nftables",
			      "containers with published ports are refused: %.*s",
			      (int)strcspn(text, "\n"), text);
	else if (strstr(text, "  MISSING "))
		og_status_add(status, OG_LEVEL_HOLE, "guard-missing", "ocigatectl ports sync",
			      "rules that keep published ports closed have been taken out of "
			      "nftables");
	else if (strstr(text, "  OPEN "))
		og_status_add(status, OG_LEVEL_HOLE, "guard-passed",
			      "docker network disconnect; \"ocigatectl ports list\" says which",
			      "a container has been connected to a network that goes past the "
			      "guard of its published ports");
	else if (strstr(text, "  UNKNOWN "))
		og_status_add(
			status, OG_LEVEL_NOTE, "guard-unknown",
			"\"ocigatectl ports list\" says which; a new launch writes a new record",
			"a container's launch record or state cannot be read: whether its "
			"networks go past the guard of its published ports is not known");
	else
		og_buf_puts(&status->facts, "guard of published ports: as it should be\n");
}

void og_status_guard(struct og_status *status)
{
	static const char helper[] = OG_LIBEXECDIR "/ocigate-ports";
	og_auto_free char *text = NULL;
	bool failed;

	if (!status->guards)
		return;
	if (!exists(status, helper)) {
		og_status_add(status, OG_LEVEL_NOTE, "guard-helper", "install ocigate anew",
			      "%s is not there: containers with published ports are refused",
			      helper);
		return;
	}
	if (og_systemd_is_here(&status->setup) && !og_systemd_is_set(&status->setup))
		og_status_add(
			status, OG_LEVEL_NOTE, "guard-units",
			"the same \"ocigatectl install\" again",
			"what puts the guard of published ports back after a flush of nftables "
			"is not all enabled: the timer, drop-ins for nftables.service and "
			"firewalld.service");
	if (status->setup.root[0])
		return; /* the rules of another host are not to be seen here */
	failed = run_list(helper, &text) < 0;
	look_at_list(status, failed, text ? text : "");
}
