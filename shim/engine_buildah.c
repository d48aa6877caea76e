/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buildah: the steps of `podman build` and `buildah bud`. A step's bundle is a
 * temporary directory; which storage it works in is told by its root file system,
 * and what the build itself mounts (volumes, secrets, caches, other stages) is
 * told by where in the storage it lies.
 */
#include "engine.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "sources.h"

/* A directory /var/tmp/buildahN of root's own; the id is buildah-buildahN. */
bool og_buildah_is(struct og_gather *g)
{
	static const char front[] = "buildah-";
	const char *name = g->facts->bundle ? og_path_base(g->facts->bundle) : "";
	struct stat st;

	return strncmp(name, "buildah", sizeof(front) - 2) == 0 &&
	       strncmp(g->facts->id, front, sizeof(front) - 1) == 0 &&
	       strcmp(g->facts->id + sizeof(front) - 1, name) == 0 && g->bundlefd >= 0 &&
	       fstat(g->bundlefd, &st) == 0 && !og_writable_by_others(&st);
}

/* ---- the storage ---- */

/* The storage that a step works in, and its own container there. */
struct storage {
	const char *store;	/* STORAGE/DRIVER: root file systems of layers */
	const char *containers; /* STORAGE/DRIVER-containers */
	const char *dir;	/* the container's own directory in that */
};

/* A layer's root file system: STORAGE/overlay/LAYER/merged, STORAGE/vfs/dir/LAYER. */
static const char *layer_of(struct og_gather *g, const char *rootfs)
{
	const char *name = og_path_base(rootfs);

	return strcmp(name, "merged") == 0 ? og_path_base(og_path_up(g, rootfs, 1) ?: "") : name;
}

/* The directory of the container with that layer, if a build made it; NULL. */
static const char *build_dir(struct og_gather *g, const char *containers, const char *layer)
{
	const struct og_node *entry;
	struct og_doc *doc = og_storage_entry(g, containers, "layer", layer, &entry);
	const char *id = og_str(og_member(entry, "id"));
	const char *dir = NULL, *mark;

	if (id && og_is_hex(id, 64))
		dir = og_arena_printf(&g->arena, "%s/%s/userdata", containers, id);
	og_doc_free(doc);
	mark = dir ? og_arena_printf(&g->arena, "%s/buildah.json", dir) : NULL;
	return mark && access(mark, F_OK) == 0 ? dir : NULL;
}

/* Whether |rootfs|, where the step's root file system is also to be seen, is its place. */
static bool is_place(struct og_gather *g, const char *rootfs, struct storage *ret)
{
	ret->store = og_path_up(g, rootfs, 2);
	ret->containers = ret->store ? og_arena_printf(&g->arena, "%s-containers", ret->store)
				     : NULL;
	if (!ret->containers || !og_path_is_safe(ret->containers, OG_SAFE_STICKY))
		return false;
	ret->dir = build_dir(g, ret->containers, layer_of(g, rootfs));
	return ret->dir;
}

/* The bundle has a bind of it: overlay is mounted at the place, else the place is its origin. */
static bool find_storage(struct og_gather *g, struct storage *ret)
{
	const struct og_mounts *mounts = g->rootfs ? og_gather_mounts(g) : NULL;
	const struct og_mount *mount;
	struct og_place rootfs;
	char origin[PATH_MAX];

	if (!mounts)
		return false;
	og_place_resolve(AT_FDCWD, g->rootfs, &rootfs);
	mount = rootfs.problem ? NULL : og_mounts_by_id(mounts, rootfs.mount);
	if (!mount)
		return false;
	if (og_mounts_origin(mounts, mount, g->rootfs, origin, sizeof(origin), NULL) == 0 &&
	    is_place(g, origin, ret))
		return true;
	for (size_t i = 0; i < og_mounts_count(mounts); i++) {
		const struct og_mount *other = og_mounts_at(mounts, i);

		if (other->dev == mount->dev && strcmp(other->root, mount->root) == 0 &&
		    is_place(g, other->point, ret))
			return true;
	}
	return false;
}

/* ---- what the build mounts ---- */

/* Only the origin of a mount is compared: the build binds all of it elsewhere first. */
static void keep(struct og_gather *g, const char *dir, const char *name, enum og_role role)
{
	const char *path = og_arena_printf(&g->arena, "%s/%s", dir, name);

	if (path && og_path_is_safe(path, OG_SAFE_STICKY))
		og_keep(g, path, "", role, OG_KEEP_OVERLAY);
}

/* RUN --mount=type=bind,from=…: the root file system of another container of builds. */
static void keep_stage(struct og_gather *g, const struct storage *storage, const char *source)
{
	const struct og_mounts *mounts = og_gather_mounts(g);
	const struct og_mount *mount;
	struct og_place place;
	char origin[PATH_MAX];
	const char *layer;
	size_t len = strlen(storage->store);

	og_place_resolve(AT_FDCWD, source, &place);
	mount = place.problem || !mounts ? NULL : og_mounts_by_id(mounts, place.mount);
	if (!mount ||
	    og_mounts_origin(mounts, mount, place.path, origin, sizeof(origin), NULL) < 0 ||
	    !og_path_within(origin, storage->store) || !origin[len])
		return;
	layer = origin + len + 1;
	if (strncmp(layer, "dir/", 4) == 0) /* vfs */
		layer += 4;
	len = (size_t)(layer - origin) + strcspn(layer, "/");
	layer = og_arena_strndup(&g->arena, layer, strcspn(layer, "/"));
	origin[len] = '\0';
	if (layer && build_dir(g, storage->containers, layer))
		og_keep(g, origin, "", OG_ROLE_IMAGE, OG_KEEP_OVERLAY);
}

int og_buildah_collect(struct og_gather *g, struct og_err *reterr)
{
	struct storage storage;

	(void)reterr;
	g->facts->image_known = OG_NONE;
	g->facts->ports_known = OG_NONE;
	g->facts->privileged_known = OG_NONE;
	og_keep_userdata(g, g->facts->bundle);
	keep(g, "/var/tmp", "buildah-cache", OG_ROLE_VOLUME);
	keep(g, "/var/tmp", "buildah-cache-0", OG_ROLE_VOLUME);
	if (!find_storage(g, &storage))
		return 0;
	og_store(g, storage.store);
	keep(g, storage.dir, "buildah-volumes", OG_ROLE_VOLUME);
	keep(g, storage.dir, "secrets", OG_ROLE_SECRET);
	og_each (mount, og_get(og_doc_root(g->doc), "/mounts")) {
		const char *source = og_str(og_member(mount, "source"));

		if (source && source[0] == '/' && og_mount_is_bind(mount))
			keep_stage(g, &storage, source);
	}
	return 0;
}
