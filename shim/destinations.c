/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where destinations of mounts lead. Runtimes mount behind the symbolic links that they
 * meet: those of the image, and those in what is mounted already, which a volume's users
 * make. So the paths are followed here as a runtime will, through the same mounts in the
 * same order. What is in /proc, /sys and /dev is judged as it is written: the runtime puts
 * a file system of its own there, or refuses to. What leads into /proc or /sys is followed
 * no further: their links lead elsewhere in the container, and ".." behind one to anywhere.
 */
#include "destinations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mountinfo.h"
#include "sources.h"
#include "walk.h"

/* More that lead elsewhere than this are not looked at: each makes all others dearer. */
#define MOVED_MAX 64

/* Components of a path that are followed, with those of the links on it. */
#define STEPS_MAX 256

struct layer {
	const char *written, *at; /* the destination, and where that leads */
	size_t order;		  /* in the document */
	const char *source;
	const char *host; /* the directory with what is in it; NULL: none is known */
	bool bind, empty;
	bool moved; /* those two differ, or where it leads is not known */
};

struct view {
	struct og_gather *g;
	struct layer *layers; /* sorted by |written|, then by order */
	size_t n;
	size_t mounted; /* those before this one in the document are */
	struct layer *moved[MOVED_MAX];
	size_t nmoved;
};

static int compare_layers(const void *a, const void *b)
{
	const struct layer *x = a, *y = b;
	int c = strcmp(x->written, y->written);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* The last one that is mounted on the first |len| bytes of |path|; NULL: none. */
static const struct layer *layer_on(const struct view *view, const char *path, size_t len)
{
	size_t lo = 0, hi = view->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct layer *layer = &view->layers[mid];
		int c = strncmp(layer->written, path, len);

		if (c > 0 || (c == 0 && (layer->written[len] || layer->order >= view->mounted)))
			hi = mid;
		else
			lo = mid + 1;
	}
	for (; lo > 0; lo--) {
		const struct layer *layer = &view->layers[lo - 1];

		if (strncmp(layer->written, path, len) != 0 || layer->written[len])
			return NULL;
		if (!layer->moved)
			return layer;
	}
	return NULL;
}

/* Which mount |path| lies on, a path without links; NULL: the root file system. */
static const struct layer *layer_of(const struct view *view, const char *path)
{
	const struct layer *last = NULL;

	for (size_t len = 0; path[len]; len += path[len] == '/') {
		const struct layer *layer;

		len += strcspn(path + len, "/");
		layer = len ? layer_on(view, path, len) : NULL;
		if (layer && (!last || layer->order > last->order))
			last = layer;
	}
	for (size_t i = 0; i < view->nmoved; i++)
		if (og_path_within(path, view->moved[i]->at) &&
		    (!last || view->moved[i]->order > last->order))
			last = view->moved[i];
	return last;
}

enum found { FOUND_LINK, FOUND_OTHER, FOUND_NOTHING, FOUND_KERNEL, FOUND_UNKNOWN };

/* In a file system that has no directory on the host to look at. */
static enum found look_inside(const struct layer *layer, const char *path)
{
	if (strcmp(path, layer->at) == 0)
		return FOUND_OTHER;
	if (layer->empty)
		return FOUND_NOTHING;
	/* full of links, of which the container's differ from ours */
	return og_path_within(path, "/proc") || og_path_within(path, "/sys") ? FOUND_KERNEL
									     : FOUND_UNKNOWN;
}

/* What is at |path|, of which nothing but the end may be a link. */
static enum found look(const struct view *view, const struct layer *layer, const char *path,
		       char target[PATH_MAX])
{
	char host[PATH_MAX];
	struct stat st;
	ssize_t len;

	if (layer && !layer->host)
		return look_inside(layer, path);
	if (layer && layer->at[1]) /* not on the root itself */
		path += strlen(layer->at);
	if (snprintf(host, sizeof(host), "%s%s", layer ? layer->host : view->g->rootfs, path) >=
	    (int)sizeof(host))
		return FOUND_UNKNOWN;
	if (lstat(host, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? FOUND_NOTHING : FOUND_UNKNOWN;
	if (!S_ISLNK(st.st_mode))
		return FOUND_OTHER;
	len = readlink(host, target, PATH_MAX);
	if (len <= 0 || len >= PATH_MAX)
		return FOUND_UNKNOWN;
	target[len] = '\0';
	return FOUND_LINK;
}

/*
 * Follow |path| to its end, walk->done; in the kernel's file systems no further than
 * their names go. *retlinked: a link of what is bound there was on the way.
 */
static enum found follow(const struct view *view, const char *path, struct og_walk *walk,
			 bool *retlinked)
{
	enum found found = FOUND_OTHER;
	char target[PATH_MAX];
	size_t steps = 0;

	*retlinked = false;
	if (!og_walk_begin(walk, path))
		return FOUND_UNKNOWN;
	while (og_walk_next(walk)) {
		const struct layer *layer;

		/* each is looked up with all that are above it */
		if (++steps > STEPS_MAX)
			return FOUND_UNKNOWN;
		layer = layer_of(view, walk->done);
		found = look(view, layer, walk->done, target);
		if (found == FOUND_KERNEL)
			return found;
		if (found == FOUND_UNKNOWN ||
		    (found == FOUND_LINK && !og_walk_follow(walk, target)))
			return FOUND_UNKNOWN;
		*retlinked = *retlinked || (found == FOUND_LINK && layer && layer->bind);
	}
	return walk->todo[0] ? FOUND_UNKNOWN : found;
}

/* ---- the facts ---- */

static bool is_plain(const char *path)
{
	return !strstr(path, "/.") && !strstr(path, "//");
}

static bool is_straight_in_dev(const char *path)
{
	static const char dev[] = "/dev";
	size_t len = sizeof(dev) - 1;

	return is_plain(path) && og_path_within(path, dev) &&
	       (!path[len] || !strchr(path + len + 1, '/'));
}

/* On, or straight in, a file system that the runtime makes; "/proc/../x" is not. */
static bool is_engines_own(const char *path)
{
	return is_straight_in_dev(path) ||
	       (is_plain(path) && (og_path_within(path, "/proc") || og_path_within(path, "/sys")));
}

/* Add to |list|, which has room, what is worth being known of |path|; *ret NULL: nothing. */
static int add(const struct view *view, const char *path, struct og_destfact *list, size_t *n,
	       struct og_destfact **ret, struct og_err *reterr)
{
	struct og_walk walk;
	bool linked;
	enum found found = follow(view, path, &walk, &linked);
	const char *leads = found == FOUND_UNKNOWN ? "" : walk.done[0] ? walk.done : "/";
	const struct layer *layer = found == FOUND_UNKNOWN ? NULL : layer_of(view, leads);
	struct og_destfact *fact = &list[*n];

	*ret = NULL;
	if (strcmp(leads, path) == 0 && !linked && found != FOUND_KERNEL && !(layer && layer->bind))
		return 0;
	*fact = (struct og_destfact){ .path = path,
				      .in = layer && layer->bind ? layer->source : NULL,
				      .linked = linked,
				      .missing = found == FOUND_NOTHING };
	if (found != FOUND_UNKNOWN) {
		fact->leads = strcmp(leads, path) == 0 ? path
						       : og_arena_strdup(&view->g->arena, leads);
		if (!fact->leads)
			return og_gather_nomem(reterr);
	}
	*ret = fact;
	(*n)++;
	return 0;
}

/* Two mounts on one place are no place that could be told. */
static void drop_twice(struct og_facts *facts)
{
	size_t n = 0;

	og_facts_sort(facts);
	for (size_t i = 0; i < facts->ndestinations; i++) {
		struct og_destfact *last = n ? &facts->destinations[n - 1] : NULL;

		if (last && strcmp(last->path, facts->destinations[i].path) == 0)
			last->leads = NULL;
		else
			facts->destinations[n++] = facts->destinations[i];
	}
	facts->ndestinations = n;
}

/* |layer| is where |fact| says, if there is room to remember it; else it is not known where. */
static void move(struct view *view, struct layer *layer, struct og_destfact *fact)
{
	layer->moved = true;
	if (view->nmoved == MOVED_MAX)
		fact->leads = NULL;
	if (!fact->leads)
		return;
	layer->at = fact->leads;
	view->moved[view->nmoved++] = layer;
}

/* ---- the mounts ---- */

static bool copies_up(const struct og_node *mount)
{
	og_each (option, og_member(mount, "options"))
		if (og_str(option) && strcmp(og_str(option), "tmpcopyup") == 0)
			return true;
	return false;
}

static bool is_one_of(const char *type, const char *a, const char *b, const char *c)
{
	return type && (strcmp(type, a) == 0 || strcmp(type, b) == 0 || strcmp(type, c) == 0);
}

/*
 * What is in it: of a bind what its source has, of a tmpfs nothing, or what was there. In
 * devpts and mqueue there is no link.
 */
static int fill_layer(struct og_gather *g, const struct og_node *mount, struct layer *ret,
		      struct og_err *reterr)
{
	const struct og_source *source;

	ret->source = og_str(og_member(mount, "source"));
	ret->bind = og_mount_is_bind(mount);
	if (ret->bind) {
		source = ret->source ? og_fact_source(g->facts, ret->source) : NULL;
		ret->host = source && !source->problem ? source->resolved : NULL;
	} else if (copies_up(mount)) {
		ret->host = og_arena_printf(&g->arena, "%s%s", g->rootfs, ret->at);
		if (!ret->host)
			return og_gather_nomem(reterr);
	} else {
		ret->empty = is_one_of(og_str(og_member(mount, "type")), "tmpfs", "devpts",
				       "mqueue");
	}
	return 0;
}

static int fill_layers(struct view *view, const struct og_node *mounts, struct og_err *reterr)
{
	size_t order = 0;

	view->layers = og_arena_array(&view->g->arena, og_count(mounts), sizeof(*view->layers));
	if (!view->layers)
		return og_gather_nomem(reterr);
	og_each (mount, mounts) {
		const char *at = og_str(og_member(mount, "destination"));
		struct layer *layer = &view->layers[view->n];

		order++;
		if (!at || at[0] != '/')
			continue;
		layer->written = layer->at = at;
		layer->order = order - 1;
		if (fill_layer(view->g, mount, layer, reterr) < 0)
			return -1;
		view->n++;
	}
	qsort(view->layers, view->n, sizeof(*view->layers), compare_layers);
	return 0;
}

static int add_mounts(struct view *view, size_t count, struct og_err *reterr)
{
	struct og_facts *facts = view->g->facts;
	struct layer **list = og_arena_array(&view->g->arena, count, sizeof(struct layer *));

	facts->destinations = og_arena_array(&view->g->arena, view->n,
					     sizeof(*facts->destinations));
	if (!list || !facts->destinations)
		return og_gather_nomem(reterr);
	/* in the document's order; some have no destination */
	for (size_t i = 0; i < view->n; i++)
		list[view->layers[i].order] = &view->layers[i];
	for (size_t i = 0; i < count; i++) {
		struct og_destfact *fact = NULL;
		const char *path = list[i] ? list[i]->written : NULL;

		view->mounted = i;
		if (!path || is_engines_own(path))
			continue;
		if (add(view, path, facts->destinations, &facts->ndestinations, &fact, reterr) < 0)
			return -1;
		if (fact && (!fact->leads || strcmp(fact->leads, path) != 0))
			move(view, list[i], fact);
	}
	view->mounted = SIZE_MAX;
	drop_twice(facts);
	return 0;
}

/* ---- what else the runtime makes ---- */

static bool is_made(const struct og_facts *facts, const char *path)
{
	for (size_t i = 0; i < facts->nmade; i++)
		if (strcmp(facts->made[i].path, path) == 0)
			return true;
	return false;
}

static int add_made(struct view *view, const struct og_node *root, struct og_err *reterr)
{
	const struct og_node *devices = og_get(root, "/linux/devices");
	const char *cwd = og_str(og_get(root, "/process/cwd"));
	struct og_facts *facts = view->g->facts;
	struct og_destfact *fact;

	facts->made = og_arena_array(&view->g->arena, og_count(devices) + 1, sizeof(*facts->made));
	if (!facts->made)
		return og_gather_nomem(reterr);
	if (cwd && cwd[0] == '/' && add(view, cwd, facts->made, &facts->nmade, &fact, reterr) < 0)
		return -1;
	og_each (device, devices) {
		const char *path = og_str(og_member(device, "path"));

		if (!path || path[0] != '/' || is_made(facts, path) || is_straight_in_dev(path))
			continue;
		if (add(view, path, facts->made, &facts->nmade, &fact, reterr) < 0)
			return -1;
	}
	return 0;
}

/* A file that the engine itself makes for this container. */
static bool is_netfile(const struct og_gather *g, const char *source)
{
	const struct og_source *fact = source ? og_fact_source(g->facts, source) : NULL;

	return fact && fact->role == OG_ROLE_NETFILE;
}

/*
 * Whether anything is to be told of. Of the file systems that every container has nothing
 * is, and of the engine's files only where one could come over what sets a label.
 */
static bool any_other(const struct og_gather *g, const struct og_node *mounts)
{
	bool labels = g->facts->apparmor || g->facts->selinux;

	og_each (mount, mounts) {
		const char *at = og_str(og_member(mount, "destination"));
		const char *source = og_str(og_member(mount, "source"));

		if (!at || (is_engines_own(at) && !og_mount_is_bind(mount)))
			continue;
		if (labels || !og_mount_is_bind(mount) || !is_netfile(g, source))
			return true;
	}
	return false;
}

int og_gather_destinations(struct og_gather *g, struct og_err *reterr)
{
	const struct og_node *root = og_doc_root(g->doc), *mounts = og_member(root, "mounts");
	const char *cwd = og_str(og_get(root, "/process/cwd"));
	struct view view = { .g = g };

	if (!g->rootfs || (!any_other(g, mounts) && (!cwd || strcmp(cwd, "/") == 0)))
		return 0;
	if (fill_layers(&view, mounts, reterr) < 0 ||
	    add_mounts(&view, og_count(mounts), reterr) < 0)
		return -1;
	return add_made(&view, root, reterr);
}

/* ---- what the rule rootfs would mount ---- */

/* The view once everything is mounted, of what has been gathered. */
static int fill_view(struct view *view, struct og_err *reterr)
{
	const struct og_facts *facts = view->g->facts;

	if (fill_layers(view, og_member(og_doc_root(view->g->doc), "mounts"), reterr) < 0)
		return -1;
	for (size_t i = 0; i < view->n; i++) {
		struct layer *layer = &view->layers[i];
		const struct og_destfact *fact = og_fact_destination(facts, layer->written);
		struct og_destfact leads = fact ? *fact : (struct og_destfact){ 0 };

		if (fact && (!fact->leads || strcmp(fact->leads, layer->written) != 0))
			move(view, layer, &leads);
	}
	view->mounted = SIZE_MAX;
	return 0;
}

static int add_places(struct og_gather *g, const struct og_list *places, struct og_err *reterr)
{
	struct og_facts *facts = g->facts;
	struct view view = { .g = g };
	struct og_destfact *fact, *made;

	made = og_arena_array(&g->arena, facts->nmade + places->n, sizeof(*made));
	if (!made)
		return og_gather_nomem(reterr);
	if (facts->nmade)
		memcpy(made, facts->made, facts->nmade * sizeof(*made));
	facts->made = made;
	if (fill_view(&view, reterr) < 0)
		return -1;
	for (size_t i = 0; i < places->n; i++) {
		/* an exception's list does not live as long as the facts */
		const char *path = og_arena_strdup(&g->arena, places->items[i].text);

		if (!path)
			return og_gather_nomem(reterr);
		if (!is_engines_own(path) && !is_made(facts, path) &&
		    add(&view, path, facts->made, &facts->nmade, &fact, reterr) < 0)
			return -1;
	}
	og_facts_sort(facts);
	return 0;
}

int og_gather_places(struct og_gather *g, const struct og_policy *policy, struct og_err *reterr)
{
	struct og_effective *effective = NULL;
	int r = 0;

	if (!g->rootfs || !g->doc || og_is_true(og_get(og_doc_root(g->doc), "/root/readonly")))
		return 0;
	if (og_policy_effective(policy, g->facts, &effective, reterr) < 0)
		return -1;
	if (og_effective_action(effective, OG_RULE_rootfs) == OG_REWRITE &&
	    og_effective_bool(effective, OG_OPT_rootfs_readonly))
		r = add_places(g, og_effective_list(effective, OG_OPT_rootfs_tmpfs), reterr);
	og_effective_free(effective);
	return r;
}
