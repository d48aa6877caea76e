/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each bind source of the document really is: where it leads, on which
 * file system it lies and where else that is to be seen, what is mounted below
 * it, and whether the engine itself put it there.
 */
#include "sources.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ocigate/buf.h"

#include "engine.h"

bool og_mount_is_bind(const struct og_node *mount)
{
	og_each (option, og_member(mount, "options")) {
		const char *text = og_str(option);

		if (text && (strcmp(text, "bind") == 0 || strcmp(text, "rbind") == 0))
			return true;
	}
	return false;
}

/* ---- what the engine put there ---- */

/* The keep's path as it is without links, as the paths are with which it is compared. */
static const char *real_of(struct og_gather *g, struct og_keep *keep)
{
	if (!keep->real)
		keep->real = og_way_real(g, keep->path);
	return keep->real;
}

/* |dir|: the keep's path, as real_of() has it or as the engine does. */
static bool is_at(const struct og_keep *keep, const char *dir, const char *path)
{
	size_t len = strlen(dir);
	const char *rest;

	if (!keep->child)
		return strcmp(path, dir) == 0;
	if (!keep->child[0])
		return og_path_within(path, dir);
	if (strncmp(path, dir, len) != 0 || path[len] != '/')
		return false;
	rest = strchr(path + len + 1, '/');
	return rest && rest > path + len + 1 && strcmp(rest + 1, keep->child) == 0;
}

/*
 * What a CSI driver mounted is a volume's own file system if it is seen nowhere else but where
 * the kubelet has those: for a pod, and for all of the host. Else it is a part of the host's.
 */
static bool is_csi(struct og_gather *g, const struct og_mount *mount, const char *path)
{
	static const char all[] = "/plugins/kubernetes.io/csi/";
	const char *kubelet = og_way_real(g, OG_KUBELET), *rest;
	char origin[PATH_MAX];

	if (og_mounts_origin(g->mounts, mount, path, origin, sizeof(origin), NULL) < 0 ||
	    !og_path_within(origin, kubelet))
		return false;
	rest = origin + strlen(kubelet);
	return strncmp(rest, all, sizeof(all) - 1) == 0 ||
	       og_path_ends(rest, "/pods/*/volumes/kubernetes.io~csi/*/mount");
}

/* Whether what was found at |keep|, which is at |dir|, is what the engine keeps there. */
static bool is_kept(struct og_gather *g, const struct og_keep *keep, const char *dir,
		    const struct og_place *place)
{
	const struct og_mount *mount;

	if (keep->how == OG_KEEP_SAME)
		return place->mount == keep->mount;
	mount = og_gather_mounts(g) ? og_mounts_by_id(g->mounts, place->mount) : NULL;
	if (!mount || !og_path_within(mount->point, dir))
		return false;
	if (keep->how == OG_KEEP_CSI)
		return is_csi(g, mount, place->path);
	if (keep->how == OG_KEEP_TMPFS)
		return strcmp(mount->fstype, "tmpfs") == 0 && strcmp(mount->root, "/") == 0;
	return strcmp(mount->fstype, "overlay") == 0;
}

/*
 * Where engines look for the programs that they bring. Anywhere else the name proves
 * nothing, though root alone may write there: root of a container makes a link of that
 * name in a volume, and the layers of an image lie below the engine's directory too.
 */
static bool is_in_programs(const char *path)
{
	static const char *const dirs[] = {
		"/bin",
		"/sbin",
		"/usr/bin",
		"/usr/lib/docker",
		"/usr/lib/podman",
		"/usr/libexec/catatonit",
		"/usr/libexec/docker",
		"/usr/libexec/podman",
		"/usr/local/bin",
		"/usr/local/lib/docker",
		"/usr/local/lib/podman",
		"/usr/local/libexec/docker",
		"/usr/local/libexec/podman",
		"/usr/local/sbin",
		"/usr/sbin",
	};
	size_t len = (size_t)(og_path_base(path) - path);

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (strlen(dirs[i]) + 1 == len && strncmp(path, dirs[i], len - 1) == 0)
			return true;
	return false;
}

/* The engine's init program; often a link to one of another name. */
static bool is_init(const struct og_gather *g, const char *source, const struct og_place *place)
{
	return g->init && strcmp(og_path_base(source), g->init) == 0 && is_in_programs(source) &&
	       is_in_programs(place->path) && S_ISREG(place->st.st_mode) &&
	       og_path_is_safe(source, 0);
}

/*
 * What engines name themselves has no link in it, but on the way to their directories. By
 * another link it is a user's name for it, which may lead elsewhere by the time it is mounted.
 */
static bool is_by_link(struct og_gather *g, const char *source, const char *resolved)
{
	return strcmp(source, resolved) != 0 && strcmp(og_way_real(g, source), resolved) != 0;
}

static struct og_keep *find_keep(struct og_gather *g, const char *source,
				 const struct og_place *place)
{
	if (is_by_link(g, source, place->path))
		return NULL;
	/* first without asking for links, which costs something */
	for (int asked = 0; asked < 2; asked++)
		for (size_t i = 0; i < g->nkeeps; i++) {
			struct og_keep *keep = &g->keeps[i];
			const char *dir = asked ? real_of(g, keep) : keep->path;

			if (is_at(keep, dir, place->path) && is_kept(g, keep, dir, place))
				return keep;
		}
	return NULL;
}

/* Whether |path| is a place NAME/CHILD below |dir|, the keep's, or lies below one. */
static bool is_in_child(const struct og_keep *keep, const char *dir, const char *path)
{
	size_t len = strlen(dir), child = strlen(keep->child);
	const char *rest;

	if (strncmp(path, dir, len) != 0 || path[len] != '/')
		return false;
	rest = strchr(path + len + 1, '/');
	return rest && strncmp(rest + 1, keep->child, child) == 0 &&
	       (rest[1 + child] == '\0' || rest[1 + child] == '/');
}

/*
 * A part of a volume or image that the engine mounted elsewhere for this
 * container or build step ("volume-subpath") is what it is a part of. Were the
 * volume's own place covered by a mount, the origin would be another path.
 */
static struct og_keep *keep_of_part(struct og_gather *g, const char *origin)
{
	for (size_t i = 0; i < g->nkeeps; i++) {
		struct og_keep *keep = &g->keeps[i];

		if (keep->role != OG_ROLE_VOLUME && keep->role != OG_ROLE_IMAGE &&
		    keep->role != OG_ROLE_SECRET)
			continue;
		if (keep->child && keep->child[0] ? is_in_child(keep, real_of(g, keep), origin)
						  : og_path_within(origin, real_of(g, keep)))
			return keep;
	}
	return NULL;
}

/* Whether other users of the host come to what lies in |path|; what cannot be seen does not bar. */
static bool is_open(struct og_gather *g, const char *path)
{
	struct stat st;

	for (; path && path[1]; path = og_path_up(g, path, 1))
		if (stat(path, &st) == 0 && !(st.st_mode & S_IXOTH))
			return false;
	return true;
}

/* |keep| NULL: none. */
static void set_role(struct og_gather *g, struct og_source *ret, struct og_keep *keep)
{
	if (!keep)
		return;
	ret->role = keep->role;
	/* what the container makes of the modes in a volume bars nobody */
	if (keep->role == OG_ROLE_VOLUME && is_open(g, real_of(g, keep)))
		ret->open = real_of(g, keep);
}

/* ---- mounts ---- */

/* A mount that the engine made at the user's word: of a volume's own options. */
static bool is_users(struct og_gather *g, const struct og_mount *mount)
{
	for (size_t i = 0; i < g->nkeeps; i++)
		if (g->keeps[i].role == OG_ROLE_VOLUME &&
		    og_path_within(mount->point, real_of(g, &g->keeps[i])))
			return true;
	return false;
}

/*
 * |*ret| NULL: it has no other place. |*nosuid| and |*nodev| become false when they
 * are not so there, where the host's users may use the same files. -1: memory is short.
 */
static int find_origin(struct og_gather *g, const struct og_mount *mount, const char *path,
		       const char **ret, bool *nosuid, bool *nodev)
{
	const struct og_mount *through;
	char buf[PATH_MAX];

	*ret = NULL;
	if (og_mounts_origin(g->mounts, mount, path, buf, sizeof(buf), &through) < 0)
		return 0;
	*nosuid = *nosuid && through->nosuid;
	*nodev = *nodev && through->nodev;
	/* The file system of a volume's own is nowhere else: where it lies says nothing of it. */
	if (strcmp(buf, path) == 0 && is_users(g, mount))
		return 0;
	*ret = strcmp(buf, path) == 0 ? path : og_arena_strdup(&g->arena, buf);
	return *ret ? 0 : -1;
}

static bool load_sockets(struct og_gather *g)
{
	if (!g->sockets)
		g->sockets = og_sockets_load(&g->arena);
	g->sockets_failed = !g->sockets;
	return g->sockets;
}

/* One entry per mount in the table's order, so that what is below a path is a range of it. */
static int load_submounts(struct og_gather *g)
{
	size_t n = og_mounts_count(g->mounts);

	if (g->submounts)
		return 0;
	if (!load_sockets(g))
		return -1;
	g->submounts = og_arena_array(&g->arena, n, sizeof(*g->submounts));
	if (!g->submounts)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct og_mount *mount = og_mounts_at(g->mounts, i);
		struct og_submount *sub = &g->submounts[i];

		sub->path = mount->point;
		sub->fstype = mount->fstype;
		sub->nosuid = mount->nosuid;
		sub->nodev = mount->nodev;
		sub->root = mount->root;
		sub->dev = mount->dev;
		if (find_origin(g, mount, mount->point, &sub->origin, &sub->nosuid, &sub->nodev) <
		    0)
			return -1;
		sub->socket = og_sockets_within(g->sockets, sub->path) ||
			      (sub->origin && og_sockets_within(g->sockets, sub->origin));
	}
	return 0;
}

static int fill_mount(struct og_gather *g, const struct og_place *place, struct og_source *ret)
{
	const struct og_mounts *mounts = og_gather_mounts(g);
	const struct og_mount *mount = mounts ? og_mounts_by_id(mounts, place->mount) : NULL;
	size_t first;

	if (!mount) {
		ret->problem = mounts ? "the mount it lies on is not in the mount table"
				      : "the mount table cannot be read";
		return 0;
	}
	ret->fstype = mount->fstype;
	if (find_origin(g, mount, ret->resolved, &ret->origin, &ret->nosuid, &ret->nodev) < 0)
		return -1;
	ret->hidden = !ret->origin || strcmp(ret->origin, ret->resolved) != 0;
	if (ret->role == OG_ROLE_NONE && ret->origin && ret->hidden &&
	    !is_by_link(g, ret->source, ret->resolved))
		set_role(g, ret, keep_of_part(g, ret->origin));
	if (ret->type != OG_FT_DIR)
		return 0;
	first = og_mounts_below(mounts, ret->resolved, &ret->nsubmounts);
	if (ret->nsubmounts == 0)
		return 0;
	if (load_submounts(g) < 0)
		return -1;
	ret->submounts = g->submounts + first;
	return 0;
}

static int fill_socket(struct og_gather *g, const struct og_place *place, struct og_source *ret)
{
	if (ret->role != OG_ROLE_NONE || (ret->type != OG_FT_DIR && ret->type != OG_FT_SOCKET))
		return 0;
	if (!load_sockets(g))
		return -1;
	if (ret->type == OG_FT_SOCKET)
		ret->socket = og_sockets_same(g->sockets, place->st.st_dev, place->st.st_ino);
	else
		ret->socket = og_sockets_within(g->sockets, ret->resolved);
	if (!ret->socket && ret->origin)
		ret->socket = og_sockets_within(g->sockets, ret->origin);
	return 0;
}

/* What a volume's options bound there counts as what it is, not as the engine's directory. */
static void see_past_volume(struct og_gather *g, struct og_source *ret)
{
	if (ret->role != OG_ROLE_NONE || !ret->hidden || !ret->origin)
		return;
	for (size_t i = 0; i < g->nkeeps; i++)
		if (g->keeps[i].role == OG_ROLE_VOLUME &&
		    is_at(&g->keeps[i], real_of(g, &g->keeps[i]), ret->resolved))
			ret->resolved = ret->origin;
}

/* ---- one source ---- */

static int fill(struct og_gather *g, struct og_source *ret)
{
	struct og_place place;

	/* every container has some from the engine's directory for it */
	if (!og_is_at_home(g, ret->source) || !og_place_child(&g->home.dir, ret->source, &place))
		og_place_resolve(g->bundlefd >= 0 ? g->bundlefd : AT_FDCWD, ret->source, &place);
	ret->magic = place.magic;
	ret->problem = place.problem;
	ret->type = place.missing ? OG_FT_MISSING : og_place_type(&place);
	if (place.problem)
		return 0;
	ret->resolved = og_arena_strdup(&g->arena, place.path);
	if (!ret->resolved)
		return -1;
	ret->dev = place.st.st_dev;
	ret->ino = place.st.st_ino;
	ret->birth = place.birth;
	ret->nosuid = place.nosuid;
	ret->nodev = place.nodev;
	ret->readonly = place.readonly;
	set_role(g, ret, find_keep(g, ret->source, &place));
	if (ret->role == OG_ROLE_NONE && is_init(g, ret->source, &place))
		ret->role = OG_ROLE_INIT;
	/* Every container has these; they tell where they are without the mount table. */
	if (ret->role == OG_ROLE_NETFILE) {
		ret->origin = ret->resolved;
		return 0;
	}
	if (fill_mount(g, &place, ret) < 0)
		return -1;
	if (fill_socket(g, &place, ret) < 0)
		return -1;
	see_past_volume(g, ret);
	return 0;
}

int og_gather_sources(struct og_gather *g, struct og_err *reterr)
{
	struct og_keys keys = { 0 };

	og_each (mount, og_get(og_doc_root(g->doc), "/mounts")) {
		const char *source = og_str(og_member(mount, "source"));

		if (source && og_mount_is_bind(mount) && og_keys_add(g, &keys, source, reterr) < 0)
			return -1;
	}
	og_keys_sort(&keys);
	g->facts->sources = og_arena_array(&g->arena, keys.n, sizeof(*g->facts->sources));
	if (!g->facts->sources)
		return og_gather_nomem(reterr);
	g->facts->nsources = keys.n;
	for (size_t i = 0; i < keys.n; i++) {
		g->facts->sources[i].source = keys.list[i];
		if (fill(g, &g->facts->sources[i]) < 0)
			return g->sockets_failed ? og_fail(reterr, OG_E_HOST,
							   "which sockets of the host's control it "
							   "cannot be read: /proc/self/net/unix")
						 : og_gather_nomem(reterr);
	}
	return 0;
}
