/* SPDX-License-Identifier: Apache-2.0 */
/* Which engine launches, and what its parts share; see engine.h. */
#include "engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"

#include "address.h"
#include "file.h"
#include "sources.h"

/* In this order: a place that two could claim is the more particular one's. */
static const struct og_engine_def engines[] = {
	{ OG_ENGINE_DOCKER_BUILD, og_docker_is_build, og_docker_collect_build },
	{ OG_ENGINE_DOCKER, og_docker_is, og_docker_collect },
	{ OG_ENGINE_DOCKER_PLUGIN, og_docker_is_plugin, og_docker_collect_plugin },
	{ OG_ENGINE_CRI_CONTAINERD, og_cri_is, og_cri_collect },
	{ OG_ENGINE_NERDCTL, og_nerdctl_is, og_nerdctl_collect },
	{ OG_ENGINE_CONTAINERD, og_containerd_is, og_containerd_collect },
	{ OG_ENGINE_CRIO, og_crio_is, og_crio_collect },
	{ OG_ENGINE_PODMAN, og_podman_is, og_podman_collect },
	{ OG_ENGINE_BUILDAH, og_buildah_is, og_buildah_collect },
};

static const struct og_engine_def none = { OG_ENGINE_NONE, NULL, NULL };

const struct og_engine_def *og_engine_find(struct og_gather *g)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (engines[i].recognise(g))
			return &engines[i];
	return &none;
}

/* ---- what engines keep ---- */

void og_keep(struct og_gather *g, const char *path, const char *child, enum og_role role,
	     enum og_keep_mount how)
{
	struct og_keep keep = { .child = child, .role = role, .how = how };

	keep.path = og_arena_strdup(&g->arena, path);
	/* What is not kept is judged like any other source. */
	if (keep.path && g->nkeeps < OG_KEEPS_MAX)
		g->keeps[g->nkeeps++] = keep;
}

void og_keep_same(struct og_gather *g, int dirfd, const char *path, const char *child,
		  enum og_role role)
{
	uint64_t mount;

	if (og_mount_id(dirfd, &mount) == 0)
		og_keep_on(g, mount, path, child, role);
}

void og_keep_on(struct og_gather *g, uint64_t mount, const char *path, const char *child,
		enum og_role role)
{
	size_t before = g->nkeeps;

	og_keep(g, path, child, role, OG_KEEP_SAME);
	if (g->nkeeps > before)
		g->keeps[before].mount = mount;
}

void og_store(struct og_gather *g, const char *path)
{
	char *copy = og_arena_strdup(&g->arena, path);

	if (copy && g->nstores < OG_STORES_MAX)
		g->stores[g->nstores++] = copy;
}

void og_way(struct og_gather *g, const char *path)
{
	for (size_t i = 0; path && i < g->nways; i++)
		if (strcmp(g->ways[i].path, path) == 0)
			return;
	/* By a way that is not known a source is judged like any other. */
	if (path && g->nways < OG_WAYS_MAX)
		g->ways[g->nways++].path = path;
}

/* Where it leads is asked only when somebody wants to know. */
static const char *look_at_way(struct og_gather *g, struct og_way *way)
{
	char real[PATH_MAX];

	if (way->real)
		return way->real;
	way->real = way->path;
	if (og_path_real(AT_FDCWD, way->path, real) && strcmp(real, way->path) != 0 &&
	    og_path_is_safe(way->path, OG_SAFE_STICKY))
		way->real = og_arena_strdup(&g->arena, real) ?: way->path;
	return way->real;
}

const char *og_way_real(struct og_gather *g, const char *path)
{
	for (size_t i = 0; i < g->nways; i++) {
		struct og_way *way = &g->ways[i];

		if (og_path_within(path, way->path) && look_at_way(g, way) != way->path)
			return og_arena_printf(&g->arena, "%s%s", way->real,
					       path + strlen(way->path))
				       ?: path;
	}
	return path;
}

const char *og_annotation(const struct og_gather *g, const char *key)
{
	return og_str(og_member(og_member(og_doc_root(g->doc), "annotations"), key));
}

/*
 * Escapes of NUL become another character's, as long as they are. Whether there was one: two
 * keys may be one then, of which none is a name that the engine itself gives.
 */
static bool replace_nul(char *text, size_t len)
{
	static const char nul[] = "\\u0000", instead[] = "\\ufffd";
	const size_t n = sizeof(nul) - 1;
	bool any = false;

	for (char *s = text; (s = memchr(s, '\\', len - (size_t)(s - text))); s += 2) {
		if (len - (size_t)(s - text) < n)
			break;
		if (memcmp(s, nul, n) == 0) {
			memcpy(s, instead, n);
			any = true;
		}
	}
	return any;
}

/* |text| is changed. */
static int parse(const char *name, char *text, size_t len, struct og_doc **ret,
		 struct og_err *reterr)
{
	unsigned flags = replace_nul(text, len) ? OG_DOC_TWICE : 0;

	return og_doc_parse(name, text, len, flags, ret, reterr);
}

int og_engine_parse(const char *name, const char *text, size_t len, struct og_doc **ret,
		    struct og_err *reterr)
{
	char *copy = malloc(len + 1);
	int r;

	*ret = NULL;
	if (!copy)
		return og_gather_nomem(reterr);
	memcpy(copy, text, len);
	r = parse(name, copy, len, ret, reterr);
	free(copy);
	return r;
}

struct og_doc *og_engine_json(int dirfd, const char *path)
{
	og_auto_free char *text = NULL;
	struct og_err ignored = { 0 };
	struct og_doc *doc = NULL;
	size_t len;

	if (og_file_read(dirfd, path, OG_DOC_MAX_BYTES, OG_FILE_TRUSTED, &text, &len, NULL,
			 &ignored) < 0)
		return NULL;
	return parse(path, text, len, &doc, &ignored) < 0 ? NULL : doc;
}

/* ---- paths ---- */

bool og_path_ends(const char *path, const char *tail)
{
	const char *p = path + strlen(path), *t = tail + strlen(tail);

	/* Compare backwards, one component at a time. */
	while (t > tail) {
		const char *p_end = p, *t_end = t;

		while (t > tail && t[-1] != '/')
			t--;
		while (p > path && p[-1] != '/')
			p--;
		if (p == path || p == p_end ||
		    (strncmp(t, "*", (size_t)(t_end - t)) != 0 &&
		     (p_end - p != t_end - t || memcmp(p, t, (size_t)(t_end - t)) != 0)))
			return false;
		p--;
		t--;
	}
	return true;
}

char *og_path_up(struct og_gather *g, const char *path, unsigned n)
{
	size_t len = strlen(path);

	for (; n > 0; n--) {
		while (len > 0 && path[len - 1] != '/')
			len--;
		while (len > 0 && path[len - 1] == '/')
			len--;
	}
	return len ? og_arena_strndup(&g->arena, path, len) : og_arena_strdup(&g->arena, "/");
}

bool og_is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

char *og_engine_dir(struct og_gather *g, const char *tail)
{
	og_each (mount, og_get(og_doc_root(g->doc), "/mounts")) {
		const char *source = og_str(og_member(mount, "source"));
		char *dir = NULL;

		if (source && og_path_is_normal(source) && og_path_ends(source, tail))
			dir = og_path_up(g, source, 1);
		/* the source itself may be for everybody: a pod's /dev/shm */
		if (dir && og_path_is_safe(dir, OG_SAFE_STICKY))
			return dir;
	}
	return NULL;
}

bool og_is_at_home(const struct og_gather *g, const char *source)
{
	size_t len = g->home.path ? strlen(g->home.path) : 0;

	return len && strncmp(source, g->home.path, len) == 0 && source[len] == '/' &&
	       !strchr(source + len + 1, '/') && og_path_is_normal(source);
}

bool og_has_sources(const struct og_gather *g)
{
	og_each (mount, og_get(og_doc_root(g->doc), "/mounts")) {
		const char *source = og_str(og_member(mount, "source"));

		if (source && og_mount_is_bind(mount) && !og_is_at_home(g, source))
			return true;
	}
	return false;
}

void og_keep_netfiles(struct og_gather *g, const char *dir)
{
	static const char *const names[] = { "resolv.conf", "hostname", "hosts" };
	bool home = g->home.path && strcmp(dir, g->home.path) == 0;
	og_auto_close int fd = home ? -1 : open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t mount = home ? g->home.dir.mount : 0;
	char path[PATH_MAX + 16];

	if (!home && (fd < 0 || og_mount_id(fd, &mount) < 0))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		og_keep_on(g, mount, path, NULL, OG_ROLE_NETFILE);
	}
}

/* ---- ports ---- */

int og_ports_reserve(struct og_gather *g, size_t n, struct og_err *reterr)
{
	size_t need = g->facts->nports + n + 1;
	struct og_port *ports;

	if (n > OG_DOC_MAX_NODES)
		return og_fail(reterr, OG_E_HOST, "too many published ports");
	if (need <= g->ports_cap)
		return 0;
	g->ports_cap = need > g->ports_cap * 2 ? need : g->ports_cap * 2;
	ports = og_arena_array(&g->arena, g->ports_cap, sizeof(*ports));
	if (!ports)
		return og_gather_nomem(reterr);
	if (g->facts->nports)
		memcpy(ports, g->facts->ports, g->facts->nports * sizeof(*ports));
	g->facts->ports = ports;
	return 0;
}

int og_port_parse(const char *spec, struct og_port *ret)
{
	static const char *const protos[] = { "tcp", "udp", "sctp" };
	size_t digits = strspn(spec, "0123456789");
	uint64_t port = 0;

	for (size_t i = 0; i < digits && port <= UINT16_MAX; i++)
		port = port * 10 + (uint64_t)(spec[i] - '0');
	if (!digits || port > UINT16_MAX)
		return -1;
	ret->container_port = port;
	ret->proto = spec[digits] ? NULL : "tcp";
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]) && spec[digits] == '/'; i++)
		if (strcmp(spec + digits + 1, protos[i]) == 0)
			ret->proto = protos[i];
	return ret->proto ? 0 : -1;
}

const char *og_port_address(struct og_gather *g, const char *text)
{
	char buf[INET6_ADDRSTRLEN];
	const char *address = text ? og_address(text, buf) : "";

	return *address ? og_arena_strdup(&g->arena, address) : "";
}

/* A member whose name engines spell with a capital or without. */
static const struct og_node *either(const struct og_node *object, const char *name)
{
	const struct og_node *node = og_member(object, name);
	char other[32];

	if (node || strlen(name) >= sizeof(other))
		return node;
	memcpy(other, name, strlen(name) + 1);
	other[0] = (char)(other[0] | 0x20);
	return og_member(object, other);
}

/*
 * Whether a mapping has these members and no other. They are engines' of Go, for which
 * names that differ by case are one, and the last one counts.
 */
static bool is_mapping(const struct og_node *mapping)
{
	static const char *const names[] = { "HostPort", "ContainerPort", "Protocol", "HostIP" };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		n += either(mapping, names[i]) != NULL;
	return n == og_count(mapping);
}

/* 1: not understood. */
static int add_cni(struct og_gather *g, const struct og_node *mapping, struct og_err *reterr)
{
	struct og_port *port = &g->facts->ports[g->facts->nports];
	const char *proto = og_str(either(mapping, "Protocol"));
	char spec[32];
	uint64_t number;
	size_t i;

	if (!is_mapping(mapping) || og_u64(either(mapping, "ContainerPort"), &number) < 0 ||
	    number > UINT16_MAX || og_u64(either(mapping, "HostPort"), &port->host_port) < 0 ||
	    port->host_port > UINT16_MAX || !proto || strlen(proto) > 8)
		return 1;
	i = (size_t)snprintf(spec, sizeof(spec), "%u/", (unsigned)number);
	for (; *proto; proto++)
		spec[i++] = (char)(*proto | 0x20);
	spec[i] = '\0';
	if (og_port_parse(spec, port) < 0)
		return 1;
	port->address = og_port_address(g, og_str(either(mapping, "HostIP")));
	if (!port->address)
		return og_gather_nomem(reterr);
	g->facts->nports++;
	return 0;
}

int og_ports_cni(struct og_gather *g, const struct og_node *list, struct og_err *reterr)
{
	int r = 0;

	if (!og_is_null(list) && og_type(list) != OG_ARRAY)
		return 0;
	if (og_ports_reserve(g, og_count(list), reterr) < 0)
		return -1;
	og_each (mapping, list)
		if (r == 0)
			r = add_cni(g, mapping, reterr);
	if (r == 0)
		g->facts->ports_known = g->facts->nports ? OG_KNOWN : OG_NONE;
	return r < 0 ? -1 : 0;
}
