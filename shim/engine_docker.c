/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker: containers, managed plugins, and the steps of image builds. The record
 * of a container is the pair of files below the daemon's data root; the daemon's
 * API is never asked, it waits for us while a container is being created.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define ID_LEN 64 /* hex digits of a container's id */

/* containerd's shim calls with --root EXEC-ROOT/…/NAMESPACE; Docker's namespaces are two. */
static bool has_namespace(const struct og_gather *g, const char *name)
{
	return g->facts->root && og_path_ends(g->facts->root, name);
}

bool og_docker_is(struct og_gather *g)
{
	return has_namespace(g, "/moby");
}

bool og_docker_is_plugin(struct og_gather *g)
{
	return has_namespace(g, "/plugins.moby");
}

/* BuildKit calls without --root, from DATA-ROOT/buildkit/executor/ID. */
bool og_docker_is_build(struct og_gather *g)
{
	return g->facts->bundle && og_path_ends(g->facts->bundle, "/buildkit/executor/*") &&
	       strcmp(og_path_base(g->facts->bundle), g->facts->id) == 0 &&
	       og_path_is_safe(g->facts->bundle, OG_SAFE_STICKY);
}

/* ---- the data root ---- */

/*
 * The nearest directory above the root file system, which the daemon chose, that
 * holds containers/ID: what lies deeper is the daemon's own too, and what a user
 * wrote lies in the root file system itself. (That lies at least three levels down:
 * DRIVER/LAYER/merged, DRIVER/KIND/LAYER.) The container's directory becomes the home of the
 * gathering.
 */
static char *find_data_root(struct og_gather *g)
{
	char path[PATH_MAX + 80];
	const char *data = g->rootfs ? og_path_up(g, g->rootfs, 2) : NULL;
	int fd = -1;

	if (!data || !og_is_hex(g->facts->id, ID_LEN))
		return NULL;
	for (size_t len = strlen(data); len > 0 && fd < 0;) {
		while (len > 0 && data[len - 1] != '/')
			len--;
		if (len)
			len--;
		snprintf(path, sizeof(path), "%.*s/containers/%s", (int)len, data, g->facts->id);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return NULL;
	data = og_path_up(g, path, 1);
	if (data && og_path_is_safe(data, OG_SAFE_STICKY) && og_dir_look(fd, &g->home.dir) &&
	    !og_writable_by_others(&g->home.dir.st))
		g->home.path = og_arena_strdup(&g->arena, path);
	if (!g->home.path)
		close(fd);
	return g->home.path ? og_path_up(g, data, 1) : NULL;
}

/* With userns-remap the daemon keeps everything in a directory UID.GID of its data root. */
static bool is_remapped(const char *data)
{
	static const char digits[] = "0123456789";
	const char *name = og_path_base(data);
	size_t uid = strspn(name, digits);
	size_t gid = name[uid] == '.' ? strspn(name + uid + 1, digits) : 0;

	return uid > 0 && gid > 0 && name[uid + 1 + gid] == '\0';
}

/* ---- where the engine keeps things for this container ---- */

static void keep_shm(struct og_gather *g, const char *dir)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/mounts/shm", dir) < sizeof(path))
		og_keep(g, path, NULL, OG_ROLE_SHM, OG_KEEP_TMPFS);
}

/* "container:X" in the record: X's directory; NULL: not joined, or not to be found. */
static char *joined_dir(struct og_gather *g, const char *data, const char *mode)
{
	static const char front[] = "container:";
	char path[PATH_MAX];

	/* The daemon writes the full id there, whatever the user typed. */
	if (!mode || strncmp(mode, front, sizeof(front) - 1) != 0 ||
	    !og_is_hex(mode + sizeof(front) - 1, ID_LEN) ||
	    (size_t)snprintf(path, sizeof(path), "%s/containers/%s", data,
			     mode + sizeof(front) - 1) >= sizeof(path))
		return NULL;
	return og_path_is_safe_below(data, path, OG_SAFE_STICKY) ? og_arena_strdup(&g->arena, path)
								 : NULL;
}

static void keep_joined(struct og_gather *g, const char *data, const struct og_node *host)
{
	char *net = joined_dir(g, data, og_str(og_member(host, "NetworkMode")));
	char *ipc = joined_dir(g, data, og_str(og_member(host, "IpcMode")));

	if (net)
		og_keep_netfiles(g, net);
	if (ipc)
		keep_shm(g, ipc);
}

/* An administrator may have made a link of the directory, to a larger disk. */
static int open_by_link(struct og_gather *g, const char *path)
{
	const char *real;

	og_way(g, og_arena_strdup(&g->arena, path));
	real = og_way_real(g, path);
	return strcmp(real, path) != 0 ? open(real, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
				       : -1;
}

/*
 * A volume of the local driver is a directory; what was mounted on it, or on the
 * way to it, makes it something else.
 */
static void keep_volumes(struct og_gather *g, const char *data)
{
	char path[PATH_MAX];
	og_auto_close int fd = -1;

	if ((size_t)snprintf(path, sizeof(path), "%s/volumes", data) >= sizeof(path) ||
	    !og_has_sources(g))
		return;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fd = open_by_link(g, path);
	else if (!og_path_is_safe_below(data, path, OG_SAFE_STICKY))
		return;
	if (fd >= 0)
		og_keep_same(g, fd, path, "_data", OG_ROLE_VOLUME);
}

/*
 * Images that the daemon mounted for this container (--mount type=image): the
 * sources that its record names. A path that a user wrote is another type there.
 */
static void keep_images(struct og_gather *g, const struct og_node *config)
{
	og_each (point, og_member(config, "MountPoints")) {
		const char *type = og_str(og_member(point, "Type"));
		const char *source = og_str(og_member(point, "Source"));

		if (type && source && strcmp(type, "image") == 0 && og_path_is_normal(source))
			og_keep(g, source, NULL, OG_ROLE_IMAGE, OG_KEEP_OVERLAY);
	}
}

static void keep_container(struct og_gather *g)
{
	char path[PATH_MAX + 32];

	og_keep_netfiles(g, g->home.path);
	keep_shm(g, g->home.path);
	snprintf(path, sizeof(path), "%s/mounts/secrets", g->home.path);
	og_keep(g, path, "", OG_ROLE_SECRET, OG_KEEP_TMPFS);
}

static void keep_stores(struct og_gather *g, const char *data, const char *driver)
{
	static const char *const others[] = { "rootfs" }; /* containerd's snapshotters */
	char path[PATH_MAX];

	if (driver && driver[0] && !strchr(driver, '/') && driver[0] != '.' &&
	    (size_t)snprintf(path, sizeof(path), "%s/%s", data, driver) < sizeof(path))
		og_store(g, path);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", data, others[i]) < sizeof(path))
			og_store(g, path);
}

/* ---- the image ---- */

/*
 * One object of names: {"busybox": {"busybox:1": "sha256:…", "busybox@sha256:…": "sha256:…"}}.
 * "name@sha256:…" is what a registry said at a pull; "name:tag" anybody may write.
 */
static int read_digests(struct og_gather *g, const char *data, const char *driver,
			struct og_err *reterr)
{
	struct og_keys keys = { 0 };
	struct og_doc *doc = NULL;
	char path[PATH_MAX];
	int r = 0;

	if (driver && !strchr(driver, '/') &&
	    (size_t)snprintf(path, sizeof(path), "%s/image/%s/repositories.json", data, driver) <
		    sizeof(path)) {
		doc = og_engine_json(AT_FDCWD, path);
		/* no names at all, or none that can be read now: the latter is no answer */
		if (!doc && (access(path, F_OK) == 0 || errno != ENOENT))
			g->facts->image_known = OG_UNKNOWN;
	}
	og_each (repository, og_member(og_doc_root(doc), "Repositories"))
		og_each (name, repository) {
			const char *key = og_key(name), *id = og_str(name);

			if (!key || !id || !strstr(key, "@sha256:") ||
			    strcmp(id, g->facts->image_id) != 0)
				continue;
			key = og_arena_strdup(&g->arena, key);
			if (r == 0)
				r = key ? og_keys_add(g, &keys, key, reterr)
					: og_gather_nomem(reterr);
		}
	og_doc_free(doc);
	og_keys_sort(&keys);
	g->facts->image_digests = keys.list;
	g->facts->nimage_digests = keys.n;
	return r;
}

static int read_image(struct og_gather *g, const char *data, const struct og_node *config,
		      struct og_err *reterr)
{
	const char *id = og_str(og_member(config, "Image"));
	const char *reference = og_str(og_get(config, "/Config/Image"));

	if (!id)
		return 0;
	if (!*id) {
		g->facts->image_known = OG_NONE;
		return 0;
	}
	g->facts->image_id = og_arena_strdup(&g->arena, id);
	g->facts->image = reference ? og_arena_strdup(&g->arena, reference) : NULL;
	if (!g->facts->image_id || (reference && !g->facts->image))
		return og_gather_nomem(reterr);
	g->facts->image_known = OG_KNOWN;
	return read_digests(g, data, og_str(og_member(config, "Driver")), reterr);
}

/* ---- containers ---- */

static int copy_string(struct og_gather *g, const struct og_node *node, const char **ret,
		       struct og_err *reterr)
{
	const char *text = og_str(node);

	*ret = text ? og_arena_strdup(&g->arena, text) : NULL;
	return text && !*ret ? og_gather_nomem(reterr) : 0;
}

/* {"Test": ["NONE"]} switches off what the image has; without a Test there is nothing to run. */
static void read_health(struct og_facts *facts, const struct og_node *config)
{
	const char *kind = og_str(og_get(config, "/Config/Healthcheck/Test/0"));

	facts->health_known = OG_KNOWN;
	facts->health_checked = kind && *kind && strcmp(kind, "NONE") != 0;
}

static int read_restarts(struct og_gather *g, const struct og_node *host, struct og_err *reterr)
{
	const struct og_node *retries = og_get(host, "/RestartPolicy/MaximumRetryCount");

	if (og_u64(retries, &g->facts->restart_retries) < 0)
		g->facts->restart_retries = 0;
	return copy_string(g, og_get(host, "/RestartPolicy/Name"), &g->facts->restart_policy,
			   reterr);
}

static int read_host_config(struct og_gather *g, const char *data, const struct og_node *config,
			    const struct og_node *host, struct og_err *reterr)
{
	const struct og_node *privileged = og_member(host, "Privileged");
	struct og_facts *facts = g->facts;

	facts->swarm = og_is_true(og_member(config, "Managed"));
	if (og_type(privileged) == OG_BOOL) {
		facts->privileged_known = OG_KNOWN;
		facts->privileged = og_is_true(privileged);
	}
	read_health(facts, config);
	if (read_restarts(g, host, reterr) < 0 ||
	    copy_string(g, og_member(host, "NetworkMode"), &facts->network_mode, reterr) < 0 ||
	    copy_string(g, og_member(host, "CgroupParent"), &facts->cgroup_parent, reterr) < 0)
		return -1;
	return og_docker_ports(g, config, host, reterr) < 0
		       ? -1
		       : og_docker_networks(g, data, config, reterr);
}

/* Both files, and that they are this container's. */
static int read_record(struct og_gather *g, const char *data, struct og_err *reterr)
{
	struct og_doc *config = og_engine_json(g->home.dir.fd, "config.v2.json");
	struct og_doc *host = og_engine_json(g->home.dir.fd, "hostconfig.json");
	const char *id = og_str(og_member(og_doc_root(config), "ID"));
	int r = 0;

	if (id && strcmp(id, g->facts->id) == 0 && host) {
		r = read_image(g, data, og_doc_root(config), reterr);
		if (r == 0)
			r = read_host_config(g, data, og_doc_root(config), og_doc_root(host),
					     reterr);
		keep_joined(g, data, og_doc_root(host));
		keep_images(g, og_doc_root(config));
		keep_stores(g, data, og_str(og_member(og_doc_root(config), "Driver")));
	}
	og_doc_free(host);
	og_doc_free(config);
	return r;
}

int og_docker_collect(struct og_gather *g, struct og_err *reterr)
{
	const char *data = find_data_root(g);

	g->daemon = "dockerd";
	g->init = "docker-init";
	if (!data)
		return 0;
	g->facts->remapped = is_remapped(data);
	keep_container(g);
	keep_volumes(g, data);
	return read_record(g, data, reterr);
}

/* What the daemon mounts for every plugin: the place of its socket, and of its volumes. */
static void keep_plugin(struct og_gather *g)
{
	static const char run[] = "/run/docker/plugins";
	const char *socket = og_arena_printf(&g->arena, "%s/%s", run, g->facts->id);
	og_auto_close int runfd = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
	og_auto_close int fd = -1;
	const char *dir, *volumes;

	if (socket && og_is_hex(g->facts->id, ID_LEN) && runfd >= 0 &&
	    og_path_is_safe(run, OG_SAFE_STICKY))
		og_keep_same(g, runfd, socket, NULL, OG_ROLE_ENGINE);
	/* DATA-ROOT/plugins/ID/rootfs */
	if (!g->rootfs || !og_path_ends(g->rootfs, "/plugins/*/rootfs"))
		return;
	dir = og_path_up(g, g->rootfs, 1);
	volumes = dir ? og_arena_printf(&g->arena, "%s/propagated-mount", dir) : NULL;
	if (!volumes || strcmp(og_path_base(dir), g->facts->id) != 0)
		return;
	og_store(g, dir);
	/* The daemon binds it onto itself, to share what the plugin mounts there. */
	fd = open(volumes, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && og_path_is_safe(volumes, OG_SAFE_STICKY))
		og_keep_same(g, fd, volumes, NULL, OG_ROLE_ENGINE);
}

int og_docker_collect_plugin(struct og_gather *g, struct og_err *reterr)
{
	(void)reterr;
	g->daemon = "dockerd";
	g->facts->plugin = g->facts->id;
	g->facts->image_known = OG_NONE;
	keep_plugin(g);
	return 0;
}

/* ---- builds ---- */

/*
 * A build cannot name a path of the host: what its steps mount from the data root
 * is the engine's own. Layers and caches, as directories or mounted; secrets and
 * agents' sockets; the network's files.
 */
static const struct {
	const char *dir;
	enum og_role role;
	enum og_keep_mount how;
} build_keeps[] = {
	{ "buildkit/executor", OG_ROLE_NETFILE, OG_KEEP_SAME },
	{ "overlay2", OG_ROLE_IMAGE, OG_KEEP_SAME },
	{ "overlay2", OG_ROLE_IMAGE, OG_KEEP_OVERLAY },
	{ "fuse-overlayfs", OG_ROLE_IMAGE, OG_KEEP_SAME },
	{ "vfs", OG_ROLE_IMAGE, OG_KEEP_SAME },
	{ "containerd", OG_ROLE_IMAGE, OG_KEEP_SAME },
	{ "buildkit", OG_ROLE_IMAGE, OG_KEEP_OVERLAY },
	{ "rootfs", OG_ROLE_IMAGE, OG_KEEP_OVERLAY },
	{ "tmp", OG_ROLE_IMAGE, OG_KEEP_OVERLAY },
	{ "tmp", OG_ROLE_SECRET, OG_KEEP_TMPFS },
	{ "tmp", OG_ROLE_SECRET, OG_KEEP_SAME },
};

static void keep_build(struct og_gather *g, const char *data)
{
	og_auto_close int fd = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < sizeof(build_keeps) / sizeof(build_keeps[0]); i++) {
		const char *path = og_arena_printf(&g->arena, "%s/%s", data, build_keeps[i].dir);

		if (!path)
			continue;
		if (build_keeps[i].how == OG_KEEP_SAME)
			og_keep_same(g, fd, path, "", build_keeps[i].role);
		else
			og_keep(g, path, "", build_keeps[i].role, build_keeps[i].how);
	}
}

int og_docker_collect_build(struct og_gather *g, struct og_err *reterr)
{
	/* DATA-ROOT/buildkit/executor/ID */
	const char *data = og_path_up(g, g->facts->bundle, 3);

	if (!data)
		return og_gather_nomem(reterr);
	g->daemon = "dockerd";
	g->facts->image_known = OG_NONE;
	g->facts->ports_known = OG_NONE;
	g->facts->privileged_known = OG_NONE;
	g->facts->remapped = is_remapped(data);
	keep_build(g, data);
	return 0;
}
