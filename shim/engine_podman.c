/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines on containers/storage: podman and CRI-O. Told apart from others by the
 * bundle's place, STORAGE/DRIVER-containers/ID/userdata.
 */
#include "engine.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "policy/names.h"

#include "file.h"
#include "state.h"

#define SUFFIX "-containers"

/* STORAGE/DRIVER-containers of the bundle; NULL: it does not lie in one. */
static char *containers_dir(struct og_gather *g)
{
	const char *name;
	char *dir;

	if (!g->facts->bundle || !og_path_ends(g->facts->bundle, "/*/*/userdata"))
		return NULL;
	dir = og_path_up(g, g->facts->bundle, 1);
	if (!dir || strcmp(og_path_base(dir), g->facts->id) != 0)
		return NULL;
	dir = og_path_up(g, dir, 1);
	name = dir ? og_path_base(dir) : "";
	if (strlen(name) < sizeof(SUFFIX) ||
	    strcmp(name + strlen(name) - (sizeof(SUFFIX) - 1), SUFFIX) != 0)
		return NULL;
	return og_path_is_safe(g->facts->bundle, OG_SAFE_STICKY) ? dir : NULL;
}

bool og_podman_is(struct og_gather *g)
{
	return containers_dir(g);
}

/* ---- where things are kept ---- */

static void keep_storage(struct og_gather *g, const char *containers)
{
	const char *storage = og_path_up(g, containers, 1);
	const char *name = og_path_base(containers);
	const char *store, *volumes;
	og_auto_close int fd = -1;

	if (!storage)
		return;
	og_way(g, storage);
	store = og_arena_printf(&g->arena, "%s/%.*s", storage,
				(int)(strlen(name) - (sizeof(SUFFIX) - 1)), name);
	volumes = og_arena_printf(&g->arena, "%s/volumes", storage);
	if (store)
		og_store(g, store);
	fd = volumes ? open(volumes, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0 && og_path_is_safe(volumes, OG_SAFE_STICKY))
		og_keep_same(g, fd, volumes, "_data", OG_ROLE_VOLUME);
}

/*
 * The container's own directory: of the bundle, and the same below the run root. Never
 * all of it: the engine writes there as root, also while the container runs, and would
 * follow a link that the container had put in a file's place.
 */
void og_keep_userdata(struct og_gather *g, const char *dir)
{
	static const struct {
		const char *name;
		const char *child; /* "": and what lies below */
	} parts[] = {
		{ ".containerenv", NULL }, { "group", NULL }, { "localtime", NULL },
		{ "passwd", NULL },	   { "notify", "" },  { "run/.containerenv", NULL },
		{ "run/secrets", "" },	   { "secrets", "" },
	};
	const char *shm = og_arena_printf(&g->arena, "%s/shm", dir);
	og_auto_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t mount;

	if (fd < 0 || !shm || og_mount_id(fd, &mount) < 0)
		return;
	og_keep_netfiles(g, dir);
	og_keep(g, shm, NULL, OG_ROLE_SHM, OG_KEEP_TMPFS);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *path = og_arena_printf(&g->arena, "%s/%s", dir, parts[i].name);

		if (path)
			og_keep_on(g, mount, path, parts[i].child, OG_ROLE_ENGINE);
	}
}

static void keep_run(struct og_gather *g, const char *containers)
{
	static const char *const files[] = { "hosts", "resolv.conf", "hostname" };
	const char *dir = NULL;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !dir; i++) {
		const char *tail = og_arena_printf(&g->arena, "/%s/%s/userdata/%s",
						   og_path_base(containers), g->facts->id,
						   files[i]);

		dir = tail ? og_engine_dir(g, tail) : NULL;
	}
	if (dir) {
		og_way(g, og_path_up(g, dir, 3)); /* the run root */
		og_keep_userdata(g, dir);
	}
	og_keep_userdata(g, g->facts->bundle);
}

/* ---- what is shared with a container that is joined ---- */

/* The directory of the bind source |path| if it is another container's own; NULL: it is none. */
static char *other_dir(struct og_gather *g, const char *containers, const char *path)
{
	const char *tail = og_arena_printf(&g->arena, "/%s/*/userdata/*", og_path_base(containers));
	char *dir, *owner;

	if (!tail || !og_path_is_normal(path) || !og_path_ends(path, tail))
		return NULL;
	dir = og_path_up(g, path, 1);
	owner = dir ? og_path_up(g, dir, 1) : NULL;
	if (!owner || strcmp(og_path_base(owner), g->facts->id) == 0)
		return NULL;
	return og_path_is_safe(dir, OG_SAFE_STICKY) ? dir : NULL;
}

/* The first process of the container |id| of these runtimes; 0: none. */
static pid_t process_of(const struct og_gather *g, const char *id)
{
	static const char *const runtimes[] = { "runc", "crun" };
	struct og_state state = { 0 };

	if (g->facts->root) {
		og_state_read(g->facts->root, id, &state);
		return state.pid;
	}
	/* podman names no state directory: it is the runtime's default one. */
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]) && !state.pid; i++) {
		og_auto_free char *root = NULL;
		struct og_err ignored = { 0 };

		if (og_state_root(NULL, runtimes[i], &root, &ignored) == 0)
			og_state_read(root, id, &state);
	}
	return state.pid;
}

/* Whether the document joins the |type| namespace (|proc| in /proc) of the process |pid|. */
static bool joins(const struct og_gather *g, const char *type, const char *proc, pid_t pid)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, proc);
	if (pid <= 0 || stat(path, &theirs) < 0)
		return false;
	og_each (entry, og_get(og_doc_root(g->doc), "/linux/namespaces")) {
		const char *name = og_str(og_member(entry, "type"));
		const char *join = og_str(og_member(entry, "path"));
		og_auto_close int fd = -1;

		if (!name || !join || strcmp(name, type) != 0)
			continue;
		fd = open(join, O_PATH | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &ours) == 0 && ours.st_dev == theirs.st_dev &&
		    ours.st_ino == theirs.st_ino)
			return true;
	}
	return false;
}

/*
 * A container in another's network has its hosts and resolv.conf, in its ipc
 * namespace its /dev/shm. That it is in there is not said, it is looked up.
 */
static void keep_joined(struct og_gather *g, const char *containers)
{
	og_each (mount, og_get(og_doc_root(g->doc), "/mounts")) {
		const char *source = og_str(og_member(mount, "source"));
		const char *dir = source ? other_dir(g, containers, source) : NULL;
		const char *owner = dir ? og_path_up(g, dir, 1) : NULL;
		pid_t pid = owner ? process_of(g, og_path_base(owner)) : 0;

		if (!pid)
			continue;
		if (strcmp(og_path_base(source), "shm") != 0) {
			if (joins(g, "network", "net", pid))
				og_keep_netfiles(g, dir);
		} else if (joins(g, "ipc", "ipc", pid)) {
			og_keep(g, source, NULL, OG_ROLE_SHM, OG_KEEP_TMPFS);
		}
	}
}

/* ---- podman ---- */

/* containers.json: [{"id": …, "image": …, "layer": …, "metadata": …}, …] */
struct og_doc *og_storage_entry(struct og_gather *g, const char *containers, const char *key,
				const char *value, const struct og_node **ret)
{
	/* containers that need not outlive the host (--rm) have a list of their own */
	static const char *const files[] = { "containers.json", "volatile-containers.json" };

	*ret = NULL;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *path = og_arena_printf(&g->arena, "%s/%s", containers, files[i]);
		struct og_doc *doc = path ? og_engine_json(AT_FDCWD, path) : NULL;

		og_each (entry, og_doc_root(doc)) {
			const char *text = og_str(og_member(entry, key));

			if (text && strcmp(text, value) == 0)
				*ret = entry;
		}
		if (*ret)
			return doc;
		og_doc_free(doc);
	}
	return NULL;
}

static int read_image(struct og_gather *g, const char *containers, struct og_err *reterr)
{
	const struct og_node *entry;
	struct og_doc *doc = og_storage_entry(g, containers, "id", g->facts->id, &entry);
	const char *image = og_str(og_member(entry, "image"));
	int r = 0;

	if (entry)
		g->facts->image_known = image && *image ? OG_KNOWN : OG_NONE;
	if (image && *image) {
		g->facts->image_id = og_arena_printf(&g->arena, "sha256:%s", image);
		if (!g->facts->image_id)
			r = og_gather_nomem(reterr);
	}
	og_doc_free(doc);
	return r;
}

/* Whether |fd| is a TCP socket that others could connect to, or would be after listen(2). */
static bool is_reserved_tcp(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) < 0;
}

/* What |fd| is bound to, if it is a socket that was reserved for a published port. */
static bool reserved(int fd, struct og_port *ret, char address[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage name = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&name;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&name;
	socklen_t len = sizeof(name), size = sizeof(int);
	int type;

	if (getsockname(fd, (struct sockaddr *)&name, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return false;
	if (type == SOCK_STREAM ? !is_reserved_tcp(fd) : type != SOCK_DGRAM)
		return false;
	ret->proto = type == SOCK_STREAM ? "tcp" : "udp";
	if (name.ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, address, INET6_ADDRSTRLEN);
	else if (name.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, address, INET6_ADDRSTRLEN);
	else
		return false;
	ret->host_port = ntohs(name.ss_family == AF_INET ? in->sin_port : in6->sin6_port);
	return ret->host_port != 0;
}

static int add_reserved(struct og_gather *g, DIR *stream, struct og_err *reterr)
{
	char address[INET6_ADDRSTRLEN];
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(stream))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);
		struct og_port port = { 0 };

		if (fd <= STDERR_FILENO || !reserved(fd, &port, address))
			continue;
		r = og_ports_reserve(g, 1, reterr);
		port.address = og_port_address(g, address);
		if (r == 0 && !port.address)
			r = og_gather_nomem(reterr);
		if (r == 0)
			g->facts->ports[g->facts->nports++] = port;
	}
	return r;
}

/*
 * Whether podman may have published something for the container: not in the host's
 * network, in that of another container's process, or in one that the runtime makes and
 * nobody connects ("none"). With a user namespace podman connects it afterwards.
 */
static bool may_publish(const struct og_gather *g)
{
	const struct og_node *list = og_get(og_doc_root(g->doc), "/linux/namespaces");
	const struct og_node *network = og_namespace_entry(list, "network");
	const char *path = og_str(og_member(network, "path"));

	if (path)
		return strncmp(path, "/proc/", strlen("/proc/")) != 0;
	return network && og_namespace_entry(list, "user");
}

/*
 * podman reserves published ports with sockets and hands these down to the runtime: those
 * of TCP and UDP, and none where containers.conf says so. So where its record cannot be
 * read, a container that may have published ports has those that are seen, and perhaps
 * others: |ports_known| stays OG_UNKNOWN, and the rule sees to what is not seen.
 */
static int read_ports(struct og_gather *g, const char *containers, struct og_err *reterr)
{
	const char *storage = og_path_up(g, containers, 1);
	DIR *stream;
	int r;

	if (!storage || og_podman_record(g, storage, reterr) < 0)
		return storage ? -1 : og_gather_nomem(reterr);
	if (g->facts->ports_known != OG_UNKNOWN)
		return 0;
	stream = opendir("/proc/self/fd");
	r = stream ? add_reserved(g, stream, reterr) : 0;
	if (stream)
		closedir(stream);
	/* Without root they are published by another program, unseen here. */
	if (r == 0 && stream && !og_is_rootless() && !may_publish(g))
		g->facts->ports_known = g->facts->nports ? OG_KNOWN : OG_NONE;
	return r;
}

int og_podman_collect(struct og_gather *g, struct og_err *reterr)
{
	const char *privileged = og_annotation(g, "io.podman.annotations.privileged");
	const char *publish = og_annotation(g, "io.podman.annotations.publish-all");
	const char *containers = containers_dir(g);
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (!containers)
		return 0;
	g->init = "catatonit";
	g->netns = !og_is_rootless() ? "/run/netns"
		   : run	     ? og_arena_printf(&g->arena, "%s/netns", run)
				     : NULL;
	g->netns_asked = true;
	g->facts->publish_all = publish && strcmp(publish, "TRUE") == 0;
	/* A user can say that it is not so, and be wrong: that is no evidence. */
	if (privileged && strcmp(privileged, "TRUE") == 0) {
		g->facts->privileged_known = OG_KNOWN;
		g->facts->privileged = true;
	}
	keep_storage(g, containers);
	keep_run(g, containers);
	keep_joined(g, containers);
	if (read_image(g, containers, reterr) < 0)
		return -1;
	return read_ports(g, containers, reterr);
}

/* ---- CRI-O ---- */

/*
 * STORAGE/DRIVER-containers of the root file system, STORAGE/DRIVER/…/…: CRI-O's
 * bundles lie below the run root, podman's below the storage.
 */
static char *storage_containers(struct og_gather *g)
{
	const char *store = g->rootfs ? og_path_up(g, g->rootfs, 2) : NULL;
	char *dir = store ? og_arena_printf(&g->arena, "%s" SUFFIX, store) : NULL;

	return dir && og_path_is_safe(dir, OG_SAFE_STICKY) ? dir : NULL;
}

/*
 * Told by what it wrote into the storage's list, {"pod-id": …}: the annotations
 * alone a user of podman could write too.
 */
bool og_crio_is(struct og_gather *g)
{
	const char *containers = containers_dir(g) ? storage_containers(g) : NULL;
	struct og_doc *doc = NULL, *metadata = NULL;
	const struct og_node *entry = NULL;
	struct og_err ignored = { 0 };
	const char *text, *pod = NULL;
	bool is;

	if (containers)
		doc = og_storage_entry(g, containers, "id", g->facts->id, &entry);
	text = og_str(og_member(entry, "metadata"));
	if (text && og_doc_parse("metadata", text, strlen(text), 0, &metadata, &ignored) == 0)
		pod = og_str(og_member(og_doc_root(metadata), "pod-id"));
	is = pod && *pod;
	g->facts->pause = is && strcmp(pod, g->facts->id) == 0;
	og_doc_free(metadata);
	og_doc_free(doc);
	return is;
}

static int read_crio_ports(struct og_gather *g, struct og_err *reterr)
{
	const char *text = og_annotation(g, "io.kubernetes.cri-o.PortMappings");
	struct og_err ignored = { 0 };
	struct og_doc *doc = NULL;
	int r = 0;

	if (!g->facts->sandbox)
		g->facts->ports_known = OG_NONE; /* they are the sandbox's */
	else if (text && og_doc_parse("PortMappings", text, strlen(text), 0, &doc, &ignored) == 0)
		r = og_ports_cni(g, og_doc_root(doc), reterr);
	og_doc_free(doc);
	return r;
}

int og_crio_collect(struct og_gather *g, struct og_err *reterr)
{
	const char *type = og_annotation(g, "io.kubernetes.cri-o.ContainerType");
	const char *reference = og_annotation(g, "io.kubernetes.cri-o.ImageName");
	const char *containers = containers_dir(g);

	if (!containers || !type)
		return 0;
	g->facts->sandbox = strcmp(type, "sandbox") == 0;
	g->facts->ns_cri = og_annotation(g, "io.kubernetes.cri-o.Namespace");
	g->pod = g->facts->sandbox ? NULL : og_annotation(g, "io.kubernetes.cri-o.SandboxID");
	g->netns = "/run/netns";
	keep_storage(g, storage_containers(g) ?: containers);
	keep_run(g, containers);
	keep_joined(g, containers);
	og_keep_pod(g, og_annotation(g, "io.kubernetes.pod.uid"));
	if (og_cri_image(g, reference, reterr) < 0)
		return -1;
	return read_crio_ports(g, reterr);
}
