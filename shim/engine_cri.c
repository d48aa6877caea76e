/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's clients: Kubernetes (CRI), nerdctl, and others that leave no
 * record. Annotations are believed from CRI only, which writes them itself and
 * last; nerdctl lets its users overwrite its own, and obeys them.
 */
#include "engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "policy/names.h"

/* STATE/io.containerd.runtime.v2.task/NAMESPACE/ID; the namespace also ends --root. */
bool og_containerd_is(struct og_gather *g)
{
	return g->facts->bundle &&
	       og_path_ends(g->facts->bundle, "/io.containerd.runtime.v2.task/*/*") &&
	       strcmp(og_path_base(g->facts->bundle), g->facts->id) == 0 &&
	       og_path_is_safe(g->facts->bundle, OG_SAFE_STICKY);
}

int og_containerd_collect(struct og_gather *g, struct og_err *reterr)
{
	(void)g;
	(void)reterr;
	/* It publishes nothing; which image it was is in a database that cannot be read. */
	g->facts->ports_known = OG_NONE;
	return 0;
}

/* ---- CRI ---- */

bool og_cri_is(struct og_gather *g)
{
	return g->facts->root && og_path_ends(g->facts->root, "/k8s.io");
}

int og_cri_image(struct og_gather *g, const char *reference, struct og_err *reterr)
{
	const char **digest;

	if (!reference)
		return 0;
	g->facts->image = reference;
	g->facts->image_known = OG_KNOWN;
	/* A digest in the reference is what was pulled: containerd checks it. */
	if (!strstr(reference, "@sha256:"))
		return 0;
	digest = og_arena_array(&g->arena, 1, sizeof(*digest));
	if (!digest)
		return og_gather_nomem(reterr);
	digest[0] = reference;
	g->facts->image_digests = digest;
	g->facts->nimage_digests = 1;
	return 0;
}

/*
 * Volumes that the kubelet makes, or has a driver of the cluster's make (CSI); others come
 * under their own path (hostPath), or are of whatever server a pod names (nfs).
 */
void og_keep_pod(struct og_gather *g, const char *uid)
{
	static const struct {
		const char *path;
		enum og_role role;
	} parts[] = {
		{ "volumes/kubernetes.io~empty-dir", OG_ROLE_VOLUME },
		{ "volumes/kubernetes.io~configmap", OG_ROLE_SECRET },
		{ "volumes/kubernetes.io~secret", OG_ROLE_SECRET },
		{ "volumes/kubernetes.io~projected", OG_ROLE_SECRET },
		{ "volumes/kubernetes.io~downward-api", OG_ROLE_SECRET },
		{ "volume-subpaths", OG_ROLE_NONE },
		{ "containers", OG_ROLE_ENGINE },
		{ "etc-hosts", OG_ROLE_NETFILE },
	};
	const char *dir = uid && *uid && !strchr(uid, '/') && uid[0] != '.'
				  ? og_arena_printf(&g->arena, OG_KUBELET "/pods/%s", uid)
				  : NULL;
	og_auto_close int fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	const char *csi;

	if (fd < 0 || !og_path_is_safe(dir, OG_SAFE_STICKY))
		return;
	og_way(g, OG_KUBELET);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *path = og_arena_printf(&g->arena, "%s/%s", dir, parts[i].path);

		if (!path || parts[i].role == OG_ROLE_NONE)
			continue;
		og_keep_same(g, fd, path, "", parts[i].role);
		og_keep(g, path, "", parts[i].role, OG_KEEP_TMPFS);
	}
	csi = og_arena_printf(&g->arena, "%s/volumes/kubernetes.io~csi", dir);
	if (csi)
		og_keep(g, csi, "mount", OG_ROLE_VOLUME, OG_KEEP_CSI);
}

/*
 * The files of the pod's sandbox: .../sandboxes/ID/{hosts,hostname,resolv.conf}, its shm.
 * False: there are none, which CRI makes for each before its own container.
 */
static bool keep_sandbox(struct og_gather *g, const char *sandbox)
{
	static const char *const files[] = { "hostname", "resolv.conf", "shm" };
	bool found = false;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *tail = og_arena_printf(
			&g->arena, "/io.containerd.grpc.v1.cri/sandboxes/%s/%s", sandbox, files[i]);
		const char *dir = tail ? og_engine_dir(g, tail) : NULL;
		const char *shm = dir ? og_arena_printf(&g->arena, "%s/shm", dir) : NULL;

		if (!shm)
			continue;
		og_way(g, og_path_up(g, dir, 3)); /* containerd's root, or its state */
		og_keep_netfiles(g, dir);
		og_keep(g, shm, NULL, OG_ROLE_SHM, OG_KEEP_TMPFS);
		found = true;
	}
	return found;
}

/* ---- the ports of a pod ---- */

/* Whether the cache file NETWORK-ID-INTERFACE is about this sandbox. */
static bool is_about(const struct og_gather *g, const char *name)
{
	const char *found = strstr(name, g->facts->id);

	return found && found > name && found[-1] == '-' && found[strlen(g->facts->id)] == '-';
}

/*
 * CRI does not tell the runtime which host ports a pod has; but what it asked of the
 * network's plugins these keep, to take it down again, and they ran before "create".
 */
static int read_cni_cache(struct og_gather *g, int fd, const char *name, struct og_err *reterr)
{
	struct og_doc *doc = og_engine_json(fd, name);
	const struct og_node *root = og_doc_root(doc);
	const char *id = og_str(og_member(root, "containerId"));
	int r = 0;

	if (id && strcmp(id, g->facts->id) == 0)
		r = og_ports_cni(g, og_get(root, "/capabilityArgs/portMappings"), reterr);
	og_doc_free(doc);
	return r;
}

static bool has_network(const struct og_gather *g)
{
	return og_namespace_entry(og_get(og_doc_root(g->doc), "/linux/namespaces"), "network");
}

static int read_pod_ports(struct og_gather *g, struct og_err *reterr)
{
	static const char dir[] = "/var/lib/cni/results";
	DIR *stream = og_path_is_safe(dir, 0) ? opendir(dir) : NULL;
	struct dirent *entry;
	int r = 0;

	/* a pod in the host's network has no ports of its own: that is for another rule */
	g->facts->ports_known = has_network(g) ? OG_UNKNOWN : OG_NONE;
	while (r == 0 && stream && g->facts->ports_known == OG_UNKNOWN && (entry = readdir(stream)))
		if (is_about(g, entry->d_name))
			r = read_cni_cache(g, dirfd(stream), entry->d_name, reterr);
	if (stream)
		closedir(stream);
	return r;
}

/* ---- what CRI tells ---- */

int og_cri_collect(struct og_gather *g, struct og_err *reterr)
{
	const char *type = og_annotation(g, "io.kubernetes.cri.container-type");
	const char *sandbox = og_annotation(g, "io.kubernetes.cri.sandbox-id");

	if (!type)
		return 0;
	g->facts->sandbox = strcmp(type, "sandbox") == 0;
	g->facts->ns_cri = og_annotation(g, "io.kubernetes.cri.sandbox-namespace");
	/* A pod's ports are its sandbox's. */
	if (!g->facts->sandbox)
		g->facts->ports_known = OG_NONE;
	else if (read_pod_ports(g, reterr) < 0)
		return -1;
	g->netns = "/run/netns";
	if (!g->facts->sandbox)
		g->pod = sandbox;
	/* "ctr -n k8s.io" may say that its container is a sandbox, too */
	if (sandbox && keep_sandbox(g, sandbox))
		g->facts->pause = g->facts->sandbox && strcmp(sandbox, g->facts->id) == 0;
	og_keep_pod(g, og_annotation(g, "io.kubernetes.cri.sandbox-uid"));
	return og_cri_image(g, og_annotation(g, "io.kubernetes.cri.image-name"), reterr);
}

/* ---- nerdctl ---- */

/* STORE/containers/NAMESPACE/ID, found from the files that it mounts from there. */
static char *nerdctl_dir(struct og_gather *g)
{
	static const char *const files[] = { "hostname", "resolv.conf" };
	const char *namespace;
	char *dir = NULL;

	if (!og_containerd_is(g))
		return NULL;
	namespace = og_path_base(og_path_up(g, g->facts->bundle, 1) ?: "");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !dir; i++) {
		const char *tail = og_arena_printf(&g->arena, "/containers/%s/%s/%s", namespace,
						   g->facts->id, files[i]);

		dir = tail ? og_engine_dir(g, tail) : NULL;
	}
	return dir;
}

bool og_nerdctl_is(struct og_gather *g)
{
	return og_is_hex(g->facts->id, 64) && nerdctl_dir(g);
}

static void keep_nerdctl(struct og_gather *g, const char *dir)
{
	const char *store = og_path_up(g, dir, 3), *parent = og_path_up(g, dir, 1);
	const char *volumes, *hosts;
	og_auto_close int fd = -1;

	og_way(g, store);
	og_keep_netfiles(g, dir);
	if (!store || !parent)
		return;
	volumes = og_arena_printf(&g->arena, "%s/volumes/%s", store, og_path_base(parent));
	hosts = og_arena_printf(&g->arena, "%s/etchosts/%s/%s", store, og_path_base(parent),
				g->facts->id);
	if (hosts)
		og_keep_netfiles(g, hosts);
	fd = volumes ? open(volumes, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0 && og_path_is_safe(volumes, OG_SAFE_STICKY))
		og_keep_same(g, fd, volumes, "_data", OG_ROLE_VOLUME);
}

/* The ports of its annotation: what is no list of mappings leaves them unknown. */
static int read_annotation(struct og_gather *g, struct og_err *reterr)
{
	const struct og_node *node = og_get(og_doc_root(g->doc), "/annotations/nerdctl~1ports");
	const char *text = og_str(node);
	struct og_err ignored = { 0 };
	struct og_doc *doc = NULL;
	int r = 0;

	if (og_is_null(node) || (text && !*text))
		g->facts->ports_known = OG_NONE;
	else if (text && og_doc_parse("nerdctl/ports", text, strlen(text), 0, &doc, &ignored) == 0)
		r = og_ports_cni(g, og_doc_root(doc), reterr);
	og_doc_free(doc);
	return r;
}

/*
 * nerdctl's hook, which publishes them, takes them from its file (since 2.1.3) and, where
 * that has none, from the annotation: whoever wrote it, it is what will be published.
 */
static int read_nerdctl_ports(struct og_gather *g, int fd, struct og_err *reterr)
{
	static const char name[] = "network-config.json";
	const struct og_node *list;
	struct og_doc *doc;
	struct stat st;
	int r = 0;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? read_annotation(g, reterr) : 0;
	doc = og_engine_json(fd, name);
	list = og_member(og_doc_root(doc), "portMappings");
	if (og_type(og_doc_root(doc)) == OG_OBJECT)
		r = og_is_null(list) || (og_type(list) == OG_ARRAY && !og_count(list))
			    ? read_annotation(g, reterr)
			    : og_ports_cni(g, list, reterr);
	og_doc_free(doc);
	return r;
}

int og_nerdctl_collect(struct og_gather *g, struct og_err *reterr)
{
	const char *dir = nerdctl_dir(g);
	og_auto_close int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	g->daemon = "nerdctl";
	g->init = "tini";
	keep_nerdctl(g, dir);
	return read_nerdctl_ports(g, fd, reterr);
}
