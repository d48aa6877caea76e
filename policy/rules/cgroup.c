/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup: where the container's cgroup lies, and what is in it. A runtime kills
 * what it finds there, so it has to be the container's own, below a parent of the
 * engine's. Limits are the rule resources'.
 */
#include "ocigate/rule.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/rules_table.h"

/*
 * Parents that engines use by themselves, for launches where it is not known
 * whether the user asked for another. A star stays within one component.
 */
static const struct {
	enum og_engine engine;
	const char *parent;
} usual[] = {
	{ OG_ENGINE_NONE, "/" },
	{ OG_ENGINE_DOCKER, "/docker" },
	{ OG_ENGINE_DOCKER, "system.slice" },
	{ OG_ENGINE_DOCKER, "user.slice" },
	{ OG_ENGINE_DOCKER_BUILD, "/docker/buildkit" },
	{ OG_ENGINE_DOCKER_BUILD, "/system.slice/buildkit" },
	{ OG_ENGINE_DOCKER_BUILD, "system.slice" },
	{ OG_ENGINE_DOCKER_BUILD, "user.slice" },
	{ OG_ENGINE_DOCKER_PLUGIN, "/docker" },
	{ OG_ENGINE_DOCKER_PLUGIN, "system.slice" },
	{ OG_ENGINE_CONTAINERD, "/*" },
	{ OG_ENGINE_CONTAINERD, "system.slice" },
	{ OG_ENGINE_NERDCTL, "/*" },
	{ OG_ENGINE_NERDCTL, "system.slice" },
	{ OG_ENGINE_NERDCTL, "user.slice" },
	{ OG_ENGINE_PODMAN, "/libpod_parent" },
	{ OG_ENGINE_PODMAN, "/libpod_parent/*" },
	{ OG_ENGINE_PODMAN, "machine.slice" },
	{ OG_ENGINE_PODMAN, "machine-libpod_pod_*.slice" },
	{ OG_ENGINE_PODMAN, "user.slice" },
	{ OG_ENGINE_PODMAN, "user-libpod_pod_*.slice" },
};

struct place {
	char parent[PATH_MAX]; /* "/docker", or "system.slice" in systemd's form */
	const char *leaf;
};

static size_t slashes(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '/';
	return n;
}

static bool is_listed(const struct og_pass *pass, const char *path)
{
	const struct og_list *allowed = og_opt_list(pass, OG_OPT_cgroup_parents);

	for (size_t i = 0; i < allowed->n; i++)
		if (og_glob_text(allowed->items[i].text, path))
			return true;
	return false;
}

static bool is_parent_allowed(const struct og_pass *pass, const struct place *place)
{
	const struct og_facts *facts = og_facts(pass);

	if (is_listed(pass, place->parent))
		return true;
	if (facts->cgroup_parent)
		return !*facts->cgroup_parent;
	/* the kubelet's choice: nobody who uses the cluster makes it */
	if (facts->engine == OG_ENGINE_CRI_CONTAINERD || facts->engine == OG_ENGINE_CRIO)
		return true;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i].engine == facts->engine &&
		    slashes(usual[i].parent) == slashes(place->parent) &&
		    og_glob_text(usual[i].parent, place->parent))
			return true;
	return false;
}

/* The container's id, or an engine's word before it: "libpod-ID". */
static bool is_own_leaf(const struct og_pass *pass, const char *leaf)
{
	const char *id = og_facts(pass)->id;
	size_t n = strlen(leaf), idlen = id ? strlen(id) : 0;

	if (idlen == 0 || n < idlen || strcmp(leaf + n - idlen, id))
		return false;
	return n == idlen || (n > idlen + 1 && leaf[n - idlen - 1] == '-' &&
			      strspn(leaf, "abcdefghijklmnopqrstuvwxyz") == n - idlen - 1);
}

/* "SLICE:PREFIX:NAME"; no slice means the engine's. NULL, or what is wrong. */
static const char *split_systemd(const char *path, struct place *ret)
{
	size_t len = strcspn(path, ":");
	const char *name = path[len] ? strchr(path + len + 1, ':') : NULL;

	if (!name || strchr(path, '/') || strchr(name + 1, ':'))
		return "is not of the form \"slice:prefix:name\"";
	if (len >= sizeof(ret->parent))
		return "is too long";
	snprintf(ret->parent, sizeof(ret->parent), "%.*s", (int)len, path);
	if (len == 0)
		snprintf(ret->parent, sizeof(ret->parent), "system.slice");
	else if (len < 7 || strcmp(ret->parent + len - 6, ".slice") || path[0] == '-')
		return "does not name a slice below the root slice";
	ret->leaf = name + 1;
	return NULL;
}

static const char *split_path(const char *path, struct place *ret)
{
	const char *slash = strrchr(path, '/');
	const char *p = path;

	if (strlen(path) >= sizeof(ret->parent))
		return "is too long";
	do {
		size_t len;

		p += *p == '/';
		len = strcspn(p, "/");
		if (len == 0 || (len == 1 && p[0] == '.') ||
		    (len == 2 && p[0] == '.' && p[1] == '.'))
			return "is not normalised, or is the root of all cgroups";
		p += len;
	} while (*p);
	snprintf(ret->parent, sizeof(ret->parent), "%.*s", slash ? (int)(slash - path) : 0, path);
	if (slash == path)
		snprintf(ret->parent, sizeof(ret->parent), "/");
	ret->leaf = slash ? slash + 1 : path;
	return NULL;
}

static bool is_systemd(const struct og_facts *facts)
{
	const struct og_flagfact *manager = og_fact_flag(facts, "cgroup-manager");

	return og_fact_flag(facts, "systemd-cgroup") ||
	       (manager && manager->value && !strcmp(manager->value, "systemd"));
}

/*
 * Of the files of cgroup v2 (podman run --cgroup-conf), those that are no limits: by
 * "cgroup.procs" the runtime, as root, moves any process of the host in here.
 */
static int check_files(struct og_pass *pass)
{
	static const char core[] = "cgroup.";

	og_each (file, og_at(pass, "/linux/resources/unified"))
		if (og_key(file) && !strncmp(og_key(file), core, sizeof(core) - 1) &&
		    og_reject(pass, file,
			      "%s is no limit, but what moves, freezes or kills processes: leave "
			      "it out",
			      OG_Q(og_key(file))) < 0)
			return -1;
	return 0;
}

static int check_place(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);
	/* these may name a cgroup as they like; an engine's could be another container's */
	bool named = facts->engine == OG_ENGINE_NONE || facts->engine == OG_ENGINE_BUILDAH;
	const struct og_node *node = og_at(pass, "/linux/cgroupsPath");
	const char *path = og_str(node);
	struct place place = { .leaf = "" };
	const char *bad;

	/* absent: the runtime's own, named by the id */
	if (!path || !*path)
		return 0;
	bad = is_systemd(facts) ? split_systemd(path, &place) : split_path(path, &place);
	if (bad)
		return og_reject(pass, node, "the cgroup %s %s", OG_Q(path), bad);
	if (named && is_listed(pass, path))
		return 0;
	if (!is_own_leaf(pass, place.leaf))
		return og_reject(pass, node,
				 "the cgroup %s is not named by the container's id: leave it out",
				 OG_Q(path));
	if (is_parent_allowed(pass, &place))
		return 0;
	return og_reject(pass, node,
			 "the cgroup %s lies outside the engine's: run without --cgroup-parent",
			 OG_Q(path));
}

int og_rule_cgroup(struct og_pass *pass)
{
	if (check_files(pass) < 0)
		return -1;
	return og_cmd(pass) == OG_CMD_CREATE ? check_place(pass) : 0;
}
