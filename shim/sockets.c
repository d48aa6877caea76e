/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control sockets: the well-known ones, and those among the listening sockets
 * of this network namespace that look like one.
 */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocigate/buf.h"

#include "file.h"
#include "mountinfo.h"
#include "place.h"

#define SO_ACCEPTCON                                                                               \
	0x10000 /* the kernel's flag of a listening socket, in the file's 4th field                \
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
	bool named;
};

struct og_sockets {
	struct control *list; /* those of engines' names first, then by path */
	size_t n, nnamed;
};

/* While loading: where sockets are, as their makers called it; sorted, each once. */
struct paths {
	const char **list;
	size_t n;
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
	       (has_engine_name(path) || (og_is_roots(st->st_uid) && !(st->st_mode & S_IWOTH)));
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

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* |text| has a path in each line; those of the list point into it. */
static bool list_paths(struct og_arena *arena, char *text, struct paths *ret)
{
	size_t known = sizeof(well_known) / sizeof(well_known[0]), n = 0;
	char *save = NULL;

	ret->list = og_arena_array(arena, known + count_lines(text) + 1, sizeof(*ret->list));
	if (!ret->list)
		return false;
	for (; n < known; n++)
		ret->list[n] = well_known[n];
	for (char *path = strtok_r(text, "\n", &save); path; path = strtok_r(NULL, "\n", &save))
		ret->list[n++] = path;
	qsort(ret->list, n, sizeof(*ret->list), by_name);
	for (size_t i = 0; i < n; i++)
		if (ret->n == 0 || strcmp(ret->list[ret->n - 1], ret->list[i]) != 0)
			ret->list[ret->n++] = ret->list[i];
	return true;
}

/* The directory that was resolved last: of many sockets in one it is looked at once. */
struct last {
	const char *path; /* a socket in it */
	size_t len;	  /* of its directory */
	struct og_place dir;
};

static const char *resolve(struct og_arena *arena, const char *path, struct last *last)
{
	size_t len = (size_t)(og_path_base(path) - path) - 1;

	if (!last->path || last->len != len || strncmp(last->path, path, len) != 0) {
		const char *dir = og_arena_strndup(arena, path, len);

		if (!dir)
			return NULL;
		last->path = path;
		last->len = len;
		og_place_resolve(AT_FDCWD, len ? dir : "/", &last->dir);
	}
	return og_arena_printf(arena, "%s%s",
			       strcmp(last->dir.path, "/") == 0 ? "" : last->dir.path, path + len);
}

static bool fill(struct og_sockets *sockets, struct og_arena *arena, const struct paths *paths)
{
	struct last last = { 0 };

	sockets->list = og_arena_array(arena, paths->n, sizeof(*sockets->list));
	for (size_t i = 0; sockets->list && i < paths->n; i++) {
		struct control *control = &sockets->list[sockets->n];
		struct stat st;

		if (fstatat(AT_FDCWD, paths->list[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !is_control(paths->list[i], &st))
			continue;
		control->path = resolve(arena, paths->list[i], &last);
		if (!control->path)
			return false;
		control->dev = st.st_dev;
		control->ino = st.st_ino;
		control->named = has_engine_name(paths->list[i]);
		if (last.dir.problem)
			continue;
		sockets->nnamed += control->named;
		sockets->n++;
	}
	return sockets->list;
}

static int by_path(const void *a, const void *b)
{
	const struct control *x = a, *y = b;

	return x->named == y->named ? strcmp(x->path, y->path) : y->named - x->named;
}

/* The lines in the first |len| bytes of |text|; what is left of the last is moved to its front. */
static size_t take_lines(char *text, size_t len, struct og_buf *paths)
{
	char *line = text, *end;

	while ((end = memchr(line, '\n', len - (size_t)(line - text)))) {
		const char *path;

		*end = '\0';
		path = listening_path(line);
		if (path)
			og_buf_printf(paths, "%s\n", path);
		line = end + 1;
	}
	len -= (size_t)(line - text);
	memmove(text, line, len);
	return len;
}

/*
 * Of /proc/net/unix what counts, in pieces: any user can make it as long as he likes. Where
 * the kernel has none, the well-known sockets are known all the same.
 */
static bool read_unix(struct og_buf *paths)
{
	og_auto_close int fd = open("/proc/self/net/unix", O_RDONLY | O_CLOEXEC);
	char piece[32768];
	size_t left = 0;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT;
	while ((n = read(fd, piece + left, sizeof(piece) - left)) != 0) {
		if (n < 0 && errno != EINTR)
			return false;
		left = take_lines(piece, left + (size_t)(n < 0 ? 0 : n), paths);
		if (left == sizeof(piece)) /* no line of the kernel's is so long */
			return false;
	}
	return !paths->failed;
}

struct og_sockets *og_sockets_load(struct og_arena *arena)
{
	struct og_sockets *sockets = og_arena_alloc(arena, sizeof(*sockets));
	og_auto_buf struct og_buf listening = { 0 };
	struct paths paths = { 0 };
	char empty[] = "";

	if (!sockets || !read_unix(&listening) ||
	    !list_paths(arena, listening.data ? listening.data : empty, &paths) ||
	    !fill(sockets, arena, &paths))
		return NULL;
	qsort(sockets->list, sockets->n, sizeof(*sockets->list), by_path);
	return sockets;
}

/* Of the sorted |list| the first that is |path| or lies below it. */
static const char *first_within(const struct control *list, size_t n, const char *path)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(list[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* "path!" sorts between "path" and "path/" */
	for (; lo < n && strncmp(list[lo].path, path, strlen(path)) == 0; lo++)
		if (og_path_within(list[lo].path, path))
			return list[lo].path;
	return NULL;
}

const char *og_sockets_within(const struct og_sockets *sockets, const char *path)
{
	const char *found = first_within(sockets->list, sockets->nnamed, path);

	/* an engine's own name tells the user more */
	return found ? found
		     : first_within(sockets->list + sockets->nnamed, sockets->n - sockets->nnamed,
				    path);
}

const char *og_sockets_same(const struct og_sockets *sockets, dev_t dev, ino_t ino)
{
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].dev == dev && sockets->list[i].ino == ino)
			return sockets->list[i].path;
	return NULL;
}
