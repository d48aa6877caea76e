/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control sockets: the well-known ones, and those among the listening sockets
 * of this network namespace that look like one.
 */
#include "sockets.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ocigate/buf.h"

#include "file.h"
#include "mountinfo.h"
#include "place.h"

#define UNIX_MAX_BYTES ((size_t)64 << 20)
#define SO_ACCEPTCON   0x10000 /* the kernel's flag of a listening socket, in the file's 4th field \
				*/

static const char *const well_known[] = {
	"/run/docker.sock",
	"/run/docker/containerd/containerd.sock",
	"/run/containerd/containerd.sock",
	"/run/containerd/containerd.sock.ttrpc",
	"/run/podman/podman.sock",
	"/run/crio/crio.sock",
	"/run/buildkit/buildkitd.sock",
	"/run/cri-dockerd.sock",
	"/run/k3s/containerd/containerd.sock",
	"/var/run/docker.sock",
	"/var/lib/kubelet/device-plugins/kubelet.sock",
	"/var/snap/lxd/common/lxd/unix.socket",
	"/run/libvirt/libvirt-sock",
};

/* Names under which engines listen, whoever owns the file (a rootless engine's owner). */
static const char *const names[] = {
	"docker.sock",	"containerd.sock",	 "containerd.sock.ttrpc", "podman.sock",
	"crio.sock",	"buildkitd.sock",	 "cri-dockerd.sock",	  "dockershim.sock",
	"kubelet.sock", "containerd-debug.sock",
};

struct control {
	const char *path;
	dev_t dev;
	ino_t ino;
};

struct og_sockets {
	struct control *list; /* sorted by path */
	size_t n, cap;
};

static bool has_engine_name(const char *path)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(og_path_base(path), names[i]) == 0)
			return true;
	return false;
}

/*
 * An engine's by its name; or any that root listens on and keeps from ordinary
 * users: what else would be a reason to. (Engines can be told to listen anywhere.)
 */
static bool is_control(const char *path, const struct stat *st)
{
	return S_ISSOCK(st->st_mode) &&
	       (has_engine_name(path) || (st->st_uid == 0 && !(st->st_mode & S_IWOTH)));
}

static bool add(struct og_sockets *sockets, struct og_arena *arena, const char *path)
{
	struct og_place place;
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, AT_NO_AUTOMOUNT) < 0 || !is_control(path, &st))
		return true;
	og_place_resolve(AT_FDCWD, path, &place);
	if (place.problem)
		return true;
	if (sockets->n == sockets->cap) {
		size_t cap = sockets->cap ? sockets->cap * 2 : 32;
		struct control *list = og_arena_array(arena, cap, sizeof(*list));

		if (!list)
			return false;
		if (sockets->n)
			memcpy(list, sockets->list, sockets->n * sizeof(*list));
		sockets->list = list;
		sockets->cap = cap;
	}
	sockets->list[sockets->n] = (struct control){ .path = og_arena_strdup(arena, place.path),
						      .dev = place.st.st_dev,
						      .ino = place.st.st_ino };
	return sockets->list[sockets->n++].path;
}

/* The path in a line of /proc/net/unix about a listening socket that has one; else NULL. */
static const char *listening_path(char *line)
{
	char *save = NULL, *flags = NULL;

	strtok_r(line, " ", &save); /* address */
	strtok_r(NULL, " ", &save); /* references */
	strtok_r(NULL, " ", &save); /* protocol */
	flags = strtok_r(NULL, " ", &save);
	strtok_r(NULL, " ", &save); /* type */
	strtok_r(NULL, " ", &save); /* state */
	if (!strtok_r(NULL, " ", &save) || !save || save[0] != '/')
		return NULL;
	return strtoul(flags, NULL, 16) & SO_ACCEPTCON ? save : NULL;
}

static bool add_listening(struct og_sockets *sockets, struct og_arena *arena)
{
	og_auto_close int fd = open("/proc/self/net/unix", O_RDONLY | O_CLOEXEC);
	og_auto_free char *text = NULL;
	struct og_err ignored = { 0 };
	char *save = NULL;
	size_t len;

	/* A kernel without it has the well-known ones all the same. */
	if (fd < 0 || og_fd_read(fd, UNIX_MAX_BYTES, &text, &len, &ignored) < 0)
		return ignored.code != OG_E_NOMEM;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = listening_path(line);

		if (path && !add(sockets, arena, path))
			return false;
	}
	return true;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct control *)a)->path, ((const struct control *)b)->path);
}

struct og_sockets *og_sockets_load(struct og_arena *arena)
{
	struct og_sockets *sockets = og_arena_alloc(arena, sizeof(*sockets));

	if (!sockets)
		return NULL;
	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
		if (!add(sockets, arena, well_known[i]))
			return NULL;
	if (!add_listening(sockets, arena))
		return NULL;
	if (sockets->n)
		qsort(sockets->list, sockets->n, sizeof(*sockets->list), by_path);
	return sockets;
}

const char *og_sockets_within(const struct og_sockets *sockets, const char *path)
{
	size_t lo = 0, hi = sockets->n;

	/* the first that is not before |path|; one below it follows, but "path!" may come between
	 */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(sockets->list[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < sockets->n; lo++) {
		if (og_path_within(sockets->list[lo].path, path))
			return sockets->list[lo].path;
		if (strncmp(sockets->list[lo].path, path, strlen(path)) != 0)
			break;
	}
	return NULL;
}

const char *og_sockets_same(const struct og_sockets *sockets, dev_t dev, ino_t ino)
{
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].dev == dev && sockets->list[i].ino == ino)
			return sockets->list[i].path;
	return NULL;
}
