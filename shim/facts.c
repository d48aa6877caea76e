/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathering, in order: the host, the launch, the engine and its record, then the
 * parts of the document. Each step fills its fields of the facts.
 */
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "destinations.h"
#include "engine.h"
#include "gather.h"
#include "joins.h"
#include "state.h"

struct og_hostfacts {
	struct og_facts facts;
	struct og_gather gather;
	char *root; /* --root, absolute */
};

int og_gather_nomem(struct og_err *reterr)
{
	return og_fail(reterr, OG_E_NOMEM, "out of memory");
}

/* ---- shared by the parts ---- */

int og_keys_add(struct og_gather *g, struct og_keys *keys, const char *key, struct og_err *reterr)
{
	if (keys->n == keys->cap) {
		size_t cap = keys->cap ? keys->cap * 2 : 16;
		const char **list = og_arena_array(&g->arena, cap, sizeof(*list));

		if (!list)
			return og_gather_nomem(reterr);
		if (keys->n)
			memcpy(list, keys->list, keys->n * sizeof(*list));
		keys->list = list;
		keys->cap = cap;
	}
	keys->list[keys->n++] = key;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void og_keys_sort(struct og_keys *keys)
{
	size_t n = 0;

	if (keys->n)
		qsort(keys->list, keys->n, sizeof(*keys->list), compare_keys);
	for (size_t i = 0; i < keys->n; i++)
		if (n == 0 || strcmp(keys->list[n - 1], keys->list[i]) != 0)
			keys->list[n++] = keys->list[i];
	keys->n = n;
}

const struct og_mounts *og_gather_mounts(struct og_gather *g)
{
	if (!g->mounts && g->mounts_err.code == OG_OK)
		og_mounts_load("/proc/self/mountinfo", &g->mounts, &g->mounts_err);
	return g->mounts;
}

/* ---- the root file system ---- */

static int resolve_rootfs(struct og_gather *g, struct og_err *reterr)
{
	const char *path = og_str(og_get(og_doc_root(g->doc), "/root/path"));
	char real[PATH_MAX];

	if (!path || !*path || g->bundlefd < 0 || !og_path_real(g->bundlefd, path, real))
		return 0;
	g->rootfs = og_arena_strdup(&g->arena, real);
	return g->rootfs ? 0 : og_gather_nomem(reterr);
}

/* What is there is chosen by the image's maker, and by whoever copies files into a container. */
static const char *dev_problem(struct og_gather *g)
{
	char path[PATH_MAX + sizeof("/dev")];
	const char *name;
	struct stat st;

	snprintf(path, sizeof(path), "%s/dev", g->rootfs);
	if (lstat(path, &st) == 0)
		return S_ISDIR(st.st_mode)   ? NULL
		       : S_ISLNK(st.st_mode) ? "a symlink"
					     : "no directory";
	if (errno == ENOENT)
		return NULL;
	name = strerrorname_np(errno);
	return og_arena_printf(&g->arena, "not to be seen (%s)", name ? name : "?")
		       ?: "not to be seen";
}

static bool is_below(const char *path, const char *dir)
{
	return og_path_within(path, dir) && strcmp(path, dir) != 0;
}

static void fill_rootfs(struct og_gather *g)
{
	const char *path = g->rootfs;
	char bundle[PATH_MAX];

	if (!path)
		return;
	g->facts->rootfs = path;
	g->facts->dev_problem = dev_problem(g);
	g->facts->storage = g->nstores ? g->stores[0] : g->facts->bundle;
	for (size_t i = 0; i < g->nstores; i++)
		if (is_below(path, g->stores[i]) || is_below(path, og_way_real(g, g->stores[i])))
			g->facts->rootfs_in_storage = true;
	/* Below the bundle it is the launch's own, wherever the engine keeps others. */
	if (!g->facts->rootfs_in_storage && og_path_real(g->bundlefd, ".", bundle) &&
	    is_below(path, bundle))
		g->facts->rootfs_in_storage = true;
}

/* ---- the launch ---- */

static int fill_launch(struct og_hostfacts *host, const struct og_cmdline *cmd,
		       struct og_err *reterr)
{
	struct og_gather *g = &host->gather;
	struct og_facts *facts = &host->facts;

	facts->command = cmd->command;
	facts->id = cmd->id ? cmd->id : "";
	if (cmd->root && og_state_root(cmd->root, "", &host->root, reterr) < 0)
		return -1;
	facts->root = host->root;
	facts->flags = og_arena_array(&g->arena, cmd->nflags, sizeof(*facts->flags));
	if (!facts->flags)
		return og_gather_nomem(reterr);
	for (size_t i = 0; i < cmd->nflags; i++)
		facts->flags[facts->nflags++] = (struct og_flagfact){ cmd->flags[i].def->name,
								      cmd->flags[i].value };
	return 0;
}

/* What the engine said at the launch: its users can make it say something else since. */
static void fill_recorded(struct og_facts *facts, const struct og_record *record)
{
	const struct og_facts *then = record->facts;

	facts->record = OG_KNOWN;
	facts->record_bounding = record->bounding;
	facts->record_uid = record->uid;
	facts->bundle = record->bundle;
	if (!facts->root)
		facts->root = record->root;
	if (!then)
		return;
	facts->engine = then->engine;
	facts->sandbox = then->sandbox;
	facts->pause = then->pause;
	facts->ns_cri = then->ns_cri;
	facts->plugin = then->plugin;
	facts->image_known = then->image_known;
	facts->image = then->image;
	facts->image_id = then->image_id;
	facts->image_digests = then->image_digests;
	facts->nimage_digests = then->nimage_digests;
	facts->privileged_known = then->privileged_known;
	facts->privileged = then->privileged;
	facts->ports_known = then->ports_known;
	facts->ports = then->ports;
	facts->nports = then->nports;
	facts->publish_all = then->publish_all;
	facts->network_mode = then->network_mode;
	facts->cgroup_parent = then->cgroup_parent;
	facts->swarm = then->swarm;
}

/* Nobody published a port for a bundle that was made by hand, and no image was recorded. */
static void fill_plain(struct og_facts *facts)
{
	facts->image_known = OG_NONE;
	facts->ports_known = OG_NONE;
	facts->privileged_known = OG_NONE;
}

static int fill_engine(struct og_gather *g, struct og_err *reterr)
{
	const struct og_engine_def *engine = og_engine_find(g);

	g->facts->engine = engine->engine;
	if (engine->engine == OG_ENGINE_NONE)
		fill_plain(g->facts);
	/* Only a launch: other commands have the record. */
	return g->doc && engine->collect ? engine->collect(g, reterr) : 0;
}

static int fill_parts(struct og_gather *g, struct og_err *reterr)
{
	fill_rootfs(g);
	if (og_gather_sources(g, reterr) < 0 || og_gather_destinations(g, reterr) < 0 ||
	    og_gather_namespaces(g, reterr) < 0 || og_gather_hooks(g, reterr) < 0)
		return -1;
	og_facts_sort(g->facts);
	return 0;
}

static int collect(struct og_hostfacts *host, const struct og_cmdline *cmd,
		   const struct og_bundle *bundle, const struct og_record *record,
		   struct og_err *reterr)
{
	struct og_gather *g = &host->gather;

	og_gather_descriptors(g);
	if (og_gather_host(g, reterr) < 0)
		return -1;
	if (fill_launch(host, cmd, reterr) < 0)
		return -1;
	host->facts.bundle = bundle ? bundle->path : NULL;
	if (resolve_rootfs(g, reterr) < 0)
		return -1;
	if (record)
		fill_recorded(&host->facts, record);
	else if (fill_engine(g, reterr) < 0)
		return -1;
	if (og_gather_apparmor(g, reterr) < 0)
		return -1;
	if (!record && !g->doc)
		host->facts.record = OG_NONE;
	return g->doc ? fill_parts(g, reterr) : 0;
}

static bool is_launch(const struct og_cmdline *cmd)
{
	return cmd->verb == OG_VERB_CREATE || cmd->verb == OG_VERB_RUN;
}

/* The document of an exec is the process itself. */
static const char *profile_of(const struct og_cmdline *cmd, const struct og_doc *doc)
{
	const char *pointer = is_launch(cmd) ? "/process/apparmorProfile" : "/apparmorProfile";

	return doc ? og_str(og_get(og_doc_root(doc), pointer)) : NULL;
}

int og_facts_collect(const struct og_cmdline *cmd, const struct og_bundle *bundle,
		     const struct og_doc *doc, const struct og_record *record,
		     struct og_hostfacts **ret, struct og_err *reterr)
{
	struct og_hostfacts *host = calloc(1, sizeof(*host));

	if (!host)
		return og_gather_nomem(reterr);
	host->gather.cmd = cmd;
	host->gather.facts = &host->facts;
	host->gather.bundlefd = bundle ? bundle->fd : -1;
	host->gather.profile = profile_of(cmd, doc);
	/* Of the document of exec and update no part else needs the host. */
	host->gather.doc = is_launch(cmd) ? doc : NULL;
	if (collect(host, cmd, bundle, record, reterr) < 0) {
		og_hostfacts_free(host);
		return -1;
	}
	*ret = host;
	return 0;
}

int og_hostfacts_policy(struct og_hostfacts *host, const struct og_policy *policy,
			struct og_err *reterr)
{
	if (og_gather_join(&host->gather, policy, reterr) < 0)
		return -1;
	return og_gather_places(&host->gather, policy, reterr);
}

const struct og_facts *og_hostfacts(const struct og_hostfacts *host)
{
	return host ? &host->facts : NULL;
}

void og_hostfacts_free(struct og_hostfacts *host)
{
	if (!host)
		return;
	if (host->gather.home.path)
		close(host->gather.home.dir.fd);
	og_mounts_free(host->gather.mounts);
	og_arena_release(&host->gather.arena);
	free(host->root);
	free(host);
}
