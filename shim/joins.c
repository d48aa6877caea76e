/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces that the document joins by path: what is really there, whether it
 * is the host's, and whose else it is. Told by the inode of the namespace, never
 * by the path, which may be one of a process that is gone.
 */
#include "joins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "policy/names.h"

#include "file.h"
#include "joined.h"
#include "state.h"

/* The namespace |proc| ("net") of the process |pid| ("1", "self"). */
static bool namespace_of(const char *pid, const char *proc, struct stat *ret)
{
	char path[NAME_MAX + 32];

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, proc);
	return stat(path, ret) == 0;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool og_namespace_is_of(const struct og_join *join, pid_t pid)
{
	struct stat st;
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return join->name && namespace_of(text, join->name->proc, &st) && same(&st, &join->st);
}

/* The kind of namespace that |fd|, opened with O_PATH, leads to; NULL: it is none. */
static const struct og_nsname *kind_of(int fd)
{
	char path[64];
	struct statfs fs;
	og_auto_close int ns = -1;
	long flag;

	/* Only what is a namespace is opened: anything else might block, or do something. */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	flag = ns < 0 ? -1 : ioctl(ns, NS_GET_NSTYPE);
	for (size_t i = 0; flag > 0 && i < og_nnamespaces; i++)
		if (og_namespaces[i].clone_flag == (unsigned long)flag)
			return &og_namespaces[i];
	return NULL;
}

static void look(const char *path, struct og_nsfact *fact, struct og_join *join)
{
	og_auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &join->st) < 0)
		return;
	join->name = kind_of(fd);
	if (!join->name)
		return;
	fact->host = (namespace_of("self", join->name->proc, &st) && same(&st, &join->st)) ||
		     (namespace_of("1", join->name->proc, &st) && same(&st, &join->st));
	fact->type = join->name->type;
	fact->exposed = !og_joined_path_is_safe(path);
	fact->dev = join->st.st_dev;
	fact->ino = join->st.st_ino;
}

/* As podman calls those that it makes: "netns-" and a UUID that it has made up. */
static bool is_podmans_name(const char *name)
{
	static const char prefix[] = "netns-";
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *uuid = name + sizeof(prefix) - 1;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 || strlen(uuid) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '-' ? uuid[i] != '-' : !strchr("0123456789abcdef", uuid[i]))
			return false;
	return true;
}

/* Whether the process |pid| is in it, or a look at that failed. */
static bool may_be_in(const char *pid, const struct og_join *join)
{
	struct stat st;

	if (namespace_of(pid, join->name->proc, &st))
		return same(&st, &join->st);
	/* it has ended; or it is another user's, when we are not root */
	return errno != ENOENT && errno != ESRCH && errno != EACCES;
}

/* Whether any process is in it. A container's own has none before its runtime is called. */
static bool may_be_used(const struct og_join *join)
{
	DIR *stream = opendir("/proc");
	struct dirent *entry;
	bool used = !stream;

	for (errno = 0; !used && (entry = readdir(stream)); errno = 0)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			used = may_be_in(entry->d_name, join);
	used = used || errno != 0;
	if (stream)
		closedir(stream);
	return used;
}

static bool leads_to(const char *path, const struct og_join *join)
{
	struct stat st;

	return stat(path, &st) == 0 && same(&st, &join->st);
}

/*
 * A network that the engine made for this container. It lies in this directory; but where
 * users can name any path, also networks of others do, which they may have joined. Then
 * the engine's record tells, or, without one, that it is new: called as the engine calls
 * what it makes, and nobody in it.
 */
static bool is_engines(const struct og_gather *g, const char *path, const struct og_join *join)
{
	struct og_place place;

	if (!g->netns || strcmp(join->name->type, "network") != 0)
		return false;
	og_place_resolve(AT_FDCWD, path, &place);
	if (place.problem || !og_path_within(place.path, g->netns) ||
	    strcmp(place.path, g->netns) == 0)
		return false;
	if (!g->netns_asked)
		return true;
	if (g->netns_own)
		return leads_to(g->netns_own, join);
	return is_podmans_name(og_path_base(place.path)) && !may_be_used(join);
}

/* The process whose namespaces are the pod's; 0: there is no pod, or none in it yet. */
static pid_t pods_process(const struct og_gather *g)
{
	struct og_state state = { 0 };

	if (g->pod && g->facts->root)
		og_state_read(g->facts->root, g->pod, &state);
	return state.pid;
}

/* CRI-O can do without that process: its pods are what the directory has. */
static bool is_own(const struct og_gather *g, const char *path, const struct og_join *join,
		   pid_t pod)
{
	return pod ? og_namespace_is_of(join, pod) : is_engines(g, path, join);
}

int og_gather_namespaces(struct og_gather *g, struct og_err *reterr)
{
	struct og_keys keys = { 0 };
	pid_t pod;

	og_each (entry, og_get(og_doc_root(g->doc), "/linux/namespaces")) {
		const char *path = og_str(og_member(entry, "path"));

		if (path && *path && og_keys_add(g, &keys, path, reterr) < 0)
			return -1;
	}
	og_keys_sort(&keys);
	g->joins = og_arena_array(&g->arena, keys.n, sizeof(*g->joins));
	g->facts->namespaces = og_arena_array(&g->arena, keys.n, sizeof(*g->facts->namespaces));
	if (!g->joins || !g->facts->namespaces)
		return og_gather_nomem(reterr);
	g->facts->nnamespaces = keys.n;
	pod = keys.n ? pods_process(g) : 0;
	for (size_t i = 0; i < keys.n; i++) {
		struct og_nsfact *fact = &g->facts->namespaces[i];

		fact->path = keys.list[i];
		look(fact->path, fact, &g->joins[i]);
		/* g->facts->namespaces stays in this order: og_facts_sort() finds it sorted */
		fact->own = fact->type && !fact->host && is_own(g, fact->path, &g->joins[i], pod);
	}
	return 0;
}

/* ---- containers launched through ocigate ---- */

struct search {
	struct og_gather *g;
	const struct og_policy *policy;
	const char *const *exceptions; /* of this launch */
	size_t nexceptions;
	struct og_err *reterr;
	bool failed;
};

/* Whether the exceptions that apply to |facts| today are those of this launch. */
static bool same_exceptions(struct search *search, const struct og_facts *facts)
{
	struct og_effective *effective = NULL;
	const char *const *names;
	bool equal;

	if (og_policy_effective(search->policy, facts, &effective, search->reterr) < 0) {
		search->failed = true;
		return false;
	}
	equal = og_effective_exceptions(effective, &names) == search->nexceptions;
	for (size_t i = 0; equal && i < search->nexceptions; i++)
		equal = strcmp(names[i], search->exceptions[i]) == 0;
	og_effective_free(effective);
	return equal;
}

static bool compare(void *ctx, const struct og_record *record)
{
	struct search *search = ctx;
	struct og_facts *facts = search->g->facts;
	struct og_state state;
	bool hit = false;

	og_state_read(record->root, record->id, &state);
	if (!state.pid || !record->facts)
		return false;
	for (size_t i = 0; i < facts->nnamespaces; i++)
		hit |= og_namespace_is_of(&search->g->joins[i], state.pid);
	hit = hit && same_exceptions(search, record->facts);
	for (size_t i = 0; hit && i < facts->nnamespaces; i++)
		if (!facts->namespaces[i].host &&
		    og_namespace_is_of(&search->g->joins[i], state.pid))
			facts->namespaces[i].own = true;
	return search->failed;
}

static bool all_known(const struct og_facts *facts)
{
	for (size_t i = 0; i < facts->nnamespaces; i++)
		if (facts->namespaces[i].type && !facts->namespaces[i].host &&
		    !facts->namespaces[i].own)
			return false;
	return true;
}

int og_gather_join(struct og_gather *g, const struct og_policy *policy, struct og_err *reterr)
{
	struct search search = { .g = g, .policy = policy, .reterr = reterr };
	struct og_effective *effective = NULL;

	if (all_known(g->facts))
		return 0;
	if (og_policy_effective(policy, g->facts, &effective, reterr) < 0)
		return -1;
	search.nexceptions = og_effective_exceptions(effective, &search.exceptions);
	og_record_each(compare, &search);
	og_effective_free(effective);
	return search.failed ? -1 : 0;
}
