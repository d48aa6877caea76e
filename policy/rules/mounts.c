/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts: every entry of the list. Here: where something may be mounted, and
 * which file systems besides binds. Binds are judged by policy/mount_binds.c,
 * words of options by policy/mount_options.c.
 */
#include "ocigate/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/kernel_paths.h"
#include "policy/mount_binds.h"
#include "policy/mount_options.h"
#include "policy/rules_table.h"

/* Far more than an engine writes; the kernel's own limit is 100,000 (fs.mount-max). */
#define MOUNTS_MAX 10000

/* ---- destinations ---- */

static bool is_below(const char *path, const char *dir)
{
	return og_path_is_within(path, dir) && path[strlen(dir)];
}

/* Runtimes disagree about everything else: some mount over the whole root then. */
static bool is_normalised(const char *path)
{
	for (; *path == '/'; path += strcspn(path, "/")) {
		size_t len = strcspn(++path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
	}
	return *path == '\0';
}

/*
 * Nodes and links that the runtime makes itself, after the mounts: what is
 * there already would be used in their place, /dev/null also for masking.
 */
static bool is_runtime_node(const char *path)
{
	static const char *const names[] = { "null",   "zero",	 "full",    "random", "urandom",
					     "tty",    "ptmx",	 "console", "fd",     "stdin",
					     "stdout", "stderr", "core" };

	if (!is_below(path, "/dev"))
		return false;
	path += strlen("/dev/");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(path, names[i]))
			return true;
	return is_below(path, "fd") || is_below(path, "pts");
}

/* Why nothing may be mounted there at all, place for place; NULL: something may. */
static const char *bad_destination(const struct og_pass *pass, const char *path)
{
	const char *rootfs = og_facts(pass)->rootfs;
	const char *written = og_str(og_at(pass, "/root/path"));

	if (!strcmp(path, "/"))
		return "is the root directory itself: mount it on a directory below";
	if (path[0] != '/' || !is_normalised(path))
		return "is not absolute and normalised: write it without \".\", \"..\" and "
		       "repeated or trailing slashes";
	if (is_below(path, "/proc"))
		return "lies in \"/proc\": mount it elsewhere";
	if (is_below(path, "/sys") && strcmp(path, "/sys/fs/cgroup"))
		return "lies in \"/sys\": mount it elsewhere";
	if (is_runtime_node(path))
		return "is made by the runtime itself: mount it elsewhere";
	/* runc cuts the host's path of the root off, then mounts on what is left */
	if ((rootfs && strcmp(rootfs, "/") && og_path_is_within(path, rootfs)) ||
	    (written && strlen(written) > 1 && og_path_is_within(path, written)))
		return "begins with the path of the root directory: write the path as it is "
		       "seen in the container";
	return NULL;
}

static bool is_in_kernels(const char *path)
{
	return og_path_is_within(path, "/proc") || og_path_is_within(path, "/sys");
}

static bool is_system_place(const char *path)
{
	return !strcmp(path, "/proc") || !strcmp(path, "/sys") || !strcmp(path, "/dev") ||
	       !strcmp(path, "/sys/fs/cgroup") || !strcmp(path, "/dev/pts");
}

/* ---- one mount over another ---- */

struct point {
	const char *path, *written; /* where it is, and the destination */
	size_t order;		    /* place in the list */
	const struct og_node *mount;
};

struct points {
	struct point *items; /* sorted by path, then order */
	size_t n;
};

static int compare_points(const void *a, const void *b)
{
	const struct point *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* The last mount on the first |len| bytes of |path|; NULL: none. */
static const struct point *point_at(const struct points *points, const char *path, size_t len)
{
	size_t lo = 0, hi = points->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strncmp(points->items[mid].path, path, len);

		if (c > 0 || (c == 0 && points->items[mid].path[len] != '\0'))
			hi = mid;
		else
			lo = mid + 1;
	}
	/* what begins with |path| and goes on stands behind |lo| */
	return lo > 0 && !strncmp(points->items[lo - 1].path, path, len) ? &points->items[lo - 1]
									 : NULL;
}

/* By their names, or with |facts| by where these lead. */
static int find_points(const struct og_facts *facts, const struct og_node *mounts,
		       struct points *ret)
{
	size_t order = 0;

	ret->items = calloc(og_count(mounts) + 1, sizeof(*ret->items));
	if (!ret->items)
		return -1;
	og_each (mount, mounts) {
		const char *path = og_str(og_member(mount, "destination"));
		const struct og_destfact *fact = facts && path ? og_fact_destination(facts, path)
							       : NULL;
		const char *leads = fact && fact->leads ? fact->leads : path;

		if (path)
			ret->items[ret->n++] = (struct point){ leads, path, order, mount };
		order++;
	}
	qsort(ret->items, ret->n, sizeof(*ret->items), compare_points);
	return 0;
}

/* CRI binds the pod's /dev/shm over the tmpfs that every container gets there. */
static bool is_pod_shm(const struct og_pass *pass, const struct point *over,
		       const struct point *under)
{
	const char *type = og_str(og_member(under->mount, "type"));
	const char *source = og_str(og_member(over->mount, "source"));
	const struct og_source *fact = source ? og_fact_source(og_facts(pass), source) : NULL;

	return !strcmp(over->path, "/dev/shm") && !strcmp(under->path, over->path) && type &&
	       !strcmp(type, "tmpfs") && fact && fact->role == OG_ROLE_SHM;
}

static bool is_bind(const struct og_node *mount)
{
	return og_mount_options_read(og_member(mount, "options")).words & OG_MW_ANY_BIND;
}

/*
 * Whether |over| hides |under|. Where only links make it so, as an image's /var/run, what
 * comes over a tmpfs does no harm; and what the names say is said already.
 */
static bool hides(const struct og_pass *pass, const struct point *over, const struct point *under,
		  bool links)
{
	if (!over || over->order <= under->order || is_pod_shm(pass, over, under))
		return false;
	return !links ||
	       (is_bind(under->mount) && !og_path_is_within(under->written, over->written));
}

/* Mounts that are hidden by a later one, on the same place or on a directory above. */
static int judge_order(struct og_pass *pass, const struct points *points, bool links)
{
	for (size_t i = 0; i < points->n; i++) {
		const struct point *under = &points->items[i];
		const char *slash = under->path[0] == '/' ? under->path : NULL;

		while (slash) {
			const struct point *over;

			slash = strchr(slash + 1, '/');
			over = point_at(points, under->path,
					slash ? (size_t)(slash - under->path)
					      : strlen(under->path));
			if (!hides(pass, over, under, links))
				continue;
			if (og_reject(pass, over->mount,
				      "the mount on %s hides an earlier one on %s: remove one of "
				      "them",
				      OG_Q(over->written), OG_Q(under->written)) < 0)
				return -1;
			break;
		}
	}
	return 0;
}

/* ---- where links lead ---- */

/* Whether the bind of |source| is read-only by now; its directory is the host's. */
static bool is_readonly_host(const struct og_pass *pass, const char *source)
{
	const struct og_source *fact = og_fact_source(og_facts(pass), source);

	if (!fact || fact->role != OG_ROLE_NONE)
		return false;
	og_each (mount, og_at(pass, "/mounts")) {
		const char *text = og_str(og_member(mount, "source"));

		if (text && !strcmp(text, source) &&
		    og_mount_options_read(og_member(mount, "options")).words & OG_MW_ANY_RO)
			return true;
	}
	return false;
}

/* crun makes what is missing before it makes the mount read-only. 1: nothing to say; 0, -1. */
static int judge_missing(struct og_pass *pass, const struct og_node *at,
			 const struct og_destfact *fact, const char *what)
{
	if (!fact->missing || !fact->in || !is_readonly_host(pass, fact->in))
		return 1;
	return og_reject(pass, at,
			 "%s %s is not there, and would be made in %s, which is mounted read-only: "
			 "make it there first",
			 what, OG_Q(fact->path), OG_Q(fact->in));
}

/*
 * Runtimes mount where links of the image, and of what is mounted already, lead: as if
 * that had been written. 1: nothing to say; 0: answered; -1.
 */
static int judge_leads(struct og_pass *pass, const struct og_node *mount, const char *path)
{
	const struct og_destfact *fact = og_fact_destination(og_facts(pass), path);
	const char *bad;

	if (!fact)
		return 1;
	if (!fact->leads)
		return og_reject(pass, mount,
				 "where the destination %s of a mount leads cannot be told: mount "
				 "it on a path without symbolic links",
				 OG_Q(path));
	bad = bad_destination(pass, fact->leads);
	if (!bad && is_system_place(fact->leads))
		bad = "is the runtime's own: mount it elsewhere";
	if (bad)
		return og_reject(pass, mount,
				 "the destination %s of a mount leads by a symbolic link to %s, "
				 "which %s",
				 OG_Q(path), OG_Q(fact->leads), bad);
	if (fact->linked && !is_bind(mount)) /* those are compared */
		return og_reject(
			pass, mount,
			"the destination %s of a mount leads by a symbolic link in another "
			"mount, whose users can change it: mount it on %s",
			OG_Q(path), OG_Q(fact->leads));
	return judge_missing(pass, mount, fact, "the destination");
}

static const struct og_destfact *made(const struct og_pass *pass, const struct og_node *path)
{
	return og_str(path) ? og_fact_made(og_facts(pass), og_str(path)) : NULL;
}

/* What else the runtime makes: in a bind it would be made on the host. */
static int judge_made(struct og_pass *pass)
{
	const struct og_node *cwd = og_at(pass, "/process/cwd");
	const struct og_destfact *fact = made(pass, cwd);

	if (fact && judge_missing(pass, cwd, fact, "the working directory") < 0)
		return -1;
	og_each (device, og_at(pass, "/linux/devices")) {
		fact = made(pass, og_member(device, "path"));
		if (fact && (!fact->leads || fact->linked || is_in_kernels(fact->leads)) &&
		    og_reject(pass, device,
			      "where the device %s would be made cannot be told: name it by a path "
			      "in \"/dev\"",
			      OG_Q(fact->path)) < 0)
			return -1;
		if (fact && fact->in &&
		    og_reject(pass, device,
			      "the device %s would be made in %s, which is mounted there: name it "
			      "by a path in \"/dev\"",
			      OG_Q(fact->path), OG_Q(fact->in)) < 0)
			return -1;
	}
	return 0;
}

/* ---- file systems besides binds ---- */

/*
 * 1 and *ret: may be there, 0: answered, -1. A file system that shows the
 * host's kernel is masked and read-only at its usual place only.
 */
static int judge_type(struct og_pass *pass, const struct og_node *mount, const char *path,
		      const struct og_mount_options *have, const struct og_mount_place **ret)
{
	const char *type = og_str(og_member(mount, "type"));

	if (have->refused)
		return og_reject(pass, mount,
				 "the option %s is not allowed (mount on %s): remove it",
				 OG_Q(have->refused), OG_Q(path));
	if (!type || !*type || !strcmp(type, "bind"))
		return og_reject(pass, mount,
				 "the mount on %s has no type that says what it is: a bind needs "
				 "the option \"bind\" or \"rbind\"",
				 OG_Q(path));
	if (!og_opt_has(pass, OG_OPT_mounts_types, type) || !og_mount_place_find(type, path, ret))
		return og_reject(
			pass, mount,
			"the file system type %s is not allowed (mount on %s): use a tmpfs "
			"or a volume",
			OG_Q(type), OG_Q(path));
	if (!*ret || (!(*ret)->destination && is_system_place(path)))
		return og_reject(pass, mount, "a file system of type %s may not be mounted on %s",
				 OG_Q(type), OG_Q(path));
	return 1;
}

static int fix_place(struct og_pass *pass, const struct og_node *mount,
		     const struct og_mount_place *place, uint64_t size)
{
	og_auto_buf struct og_buf json = { 0 }, why = { 0 };

	if (!place)
		return -1;
	if (!og_place_options(place, og_member(mount, "options"), size, &json))
		return 0;
	og_buf_printf(&why, "the options of the %s on %s are brought back to what is allowed there",
		      place->type, OG_Q(og_str(og_member(mount, "destination"))));
	return why.failed ? -1 : og_mount_set_options(pass, mount, &json, why.data);
}

static int judge_mount(struct og_pass *pass, const struct og_node *mount)
{
	const char *path = og_str(og_member(mount, "destination"));
	struct og_mount_options have = og_mount_options_read(og_member(mount, "options"));
	const struct og_mount_place *place = NULL;
	const char *bad = path ? bad_destination(pass, path) : "is missing";
	int r;

	if (bad)
		return og_reject(pass, mount, "the destination %s of a mount %s",
				 OG_Q(path ? path : ""), bad);
	r = judge_leads(pass, mount, path);
	if (r <= 0)
		return r;
	if (og_count(og_member(mount, "uidMappings")) || og_count(og_member(mount, "gidMappings")))
		return og_reject(pass, mount,
				 "the mount on %s maps ids, so that files of other users could be "
				 "made: remove the mapping",
				 OG_Q(path));
	if (!(have.words & OG_MW_ANY_BIND) || have.refused) {
		r = judge_type(pass, mount, path, &have, &place);
		return r <= 0 ? r
			      : fix_place(pass, mount, place,
					  og_opt_u64(pass, OG_OPT_mounts_tmpfs_size));
	}
	if (is_system_place(path))
		return og_reject(pass, mount, "nothing may be bound on %s: mount it elsewhere",
				 OG_Q(path));
	return og_bind_judge(pass, mount, &have);
}

/*
 * Without a file system of its own on /dev, runtimes make device nodes where a
 * symlink in the image leads them. With one, runc before 1.3.6 still removes and
 * makes links through a "dev" that is a symlink, on the host (CVE-2026-41579; crun
 * before 1.28: CVE-2026-47766). An engine that puts a directory of its own over it,
 * as Docker does, is not concerned.
 */
static int judge_dev(struct og_pass *pass, const struct points *points)
{
	const struct point *dev = point_at(points, "/dev", strlen("/dev"));
	const char *type = dev ? og_str(og_member(dev->mount, "type")) : NULL;
	const char *problem = og_facts(pass)->dev_problem;

	if (problem)
		return og_reject_at(pass, "/root/path",
				    "\"/dev\" of the root file system is %s, and runtimes make "
				    "files on the host where it leads: use an image in which it "
				    "is a directory",
				    problem);
	if (type && !strcmp(type, "tmpfs"))
		return 0;
	return og_reject_at(pass, "/mounts",
			    "there is no tmpfs on \"/dev\": add one with the option \"nosuid\"");
}

/* Without a file system on /sys, runc before 1.3 makes directories where the image's links lead. */
static int judge_cgroup(struct og_pass *pass, const struct points *points)
{
	static const char cgroup[] = "/sys/fs/cgroup";
	const struct point *point = point_at(points, cgroup, strlen(cgroup));

	if (!point || point_at(points, "/sys", strlen("/sys")))
		return 0;
	return og_reject(
		pass, point->mount,
		"there is no file system on \"/sys\" for the mount on %s: add a sysfs before it",
		OG_Q(cgroup));
}

/* ---- read-only paths ---- */

/* A path that the document asks for. Of the mounts only /sys/fs/cgroup may lie in there. */
static int judge_readonly_path(struct og_pass *pass, const struct points *points,
			       const struct og_node *entry)
{
	static const char cgroup[] = "/sys/fs/cgroup";
	const char *path = og_str(entry);

	if (!path || og_opt_has(pass, OG_OPT_masked_paths_readonly, path))
		return 0;
	if (!og_path_is_of_kernel(path))
		return og_reject(
			pass, entry,
			"the read-only path %s is no plain path in \"/proc\" or \"/sys\", and crun "
			"makes the mounts below another writable: leave it out, or mount something "
			"with "
			"\"ro\" there",
			OG_Q(path));
	if (!og_path_is_within(cgroup, path) || !point_at(points, cgroup, strlen(cgroup)))
		return 0;
	return og_reject(pass, entry,
			 "the read-only path %s has the mount on \"%s\" in it, which crun makes "
			 "writable then: leave it out",
			 OG_Q(path), cgroup);
}

/* The site's own list, against a mount: its place, or a directory above, is in there. */
static int judge_readonly_site(struct og_pass *pass, const struct og_node *mount)
{
	const unsigned kept = OG_MW_ANY_RO | OG_MW_ANY_NOSUID | OG_MW_ANY_NODEV | OG_MW_ANY_NOEXEC;
	const char *at = og_str(og_member(mount, "destination"));
	/* one without such words has nothing to lose */
	bool judged = at && og_mount_options_read(og_member(mount, "options")).words & kept;
	og_auto_free char *path = judged ? strdup(at) : NULL;
	int r = 0;

	if (!path)
		return judged ? -1 : 0;
	for (char *end = path + strlen(path); r == 0 && end && end > path;
	     end = strrchr(path, '/')) {
		*end = '\0';
		if (og_opt_has(pass, OG_OPT_masked_paths_readonly, path))
			r = og_reject(pass, mount,
				      "the mount on %s would lose its options under crun, because "
				      "the policy makes %s read-only: mount it elsewhere",
				      OG_Q(at), OG_Q(path));
	}
	return r;
}

/*
 * crun binds a read-only path onto itself with all below it. The copies of mounts
 * lose their options there, or get none, because those are set later and by then
 * on what the copies hide. Measured with 1.8 and 1.21; runc keeps them.
 */
static int judge_readonly(struct og_pass *pass, const struct points *points)
{
	og_because(pass, NULL);
	og_each (entry, og_at(pass, "/linux/readonlyPaths"))
		if (judge_readonly_path(pass, points, entry) < 0)
			return -1;
	og_each (mount, og_at(pass, "/mounts"))
		if (judge_readonly_site(pass, mount) < 0)
			return -1;
	return 0;
}

/* ---- the whole list ---- */

/* What --privileged takes away: "ro" on the kernel's file systems. */
static int undo_privileged(struct og_pass *pass)
{
	og_each (mount, og_at(pass, "/mounts")) {
		const char *path = og_str(og_member(mount, "destination"));
		const char *type = og_str(og_member(mount, "type"));
		struct og_mount_options have = og_mount_options_read(og_member(mount, "options"));
		const struct og_mount_place *place;

		if (!path || !type || have.words & OG_MW_ANY_BIND ||
		    (strcmp(type, "sysfs") && strcmp(type, "cgroup")))
			continue;
		og_mount_place_find(type, path, &place);
		if (place && fix_place(pass, mount, place, 0) < 0)
			return -1;
	}
	return 0;
}

/* The same by where links lead: a bind that cannot be reached could not be compared either. */
static int judge_order_of_links(struct og_pass *pass, const struct og_node *mounts)
{
	const struct og_facts *facts = og_facts(pass);
	struct points points = { 0 };
	int r;

	if (!facts->ndestinations)
		return 0;
	if (find_points(facts, mounts, &points) < 0)
		return -1;
	r = judge_order(pass, &points, true);
	free(points.items);
	return r;
}

static int judge_all(struct og_pass *pass, const struct og_node *mounts,
		     const struct points *points)
{
	if (judge_dev(pass, points) < 0 || judge_cgroup(pass, points) < 0 ||
	    judge_order(pass, points, false) < 0 || judge_order_of_links(pass, mounts) < 0)
		return -1;
	og_each (mount, mounts) {
		og_because(pass, NULL);
		if (judge_mount(pass, mount) < 0)
			return -1;
	}
	return judge_made(pass) < 0 ? -1 : judge_readonly(pass, points);
}

int og_rule_mounts(struct og_pass *pass)
{
	const struct og_node *mounts = og_at(pass, "/mounts");
	struct points points = { 0 };
	int r;

	if (og_undoing(pass))
		return undo_privileged(pass);
	if (og_count(mounts) > MOUNTS_MAX)
		return og_reject_at(pass, "/mounts", "there are more than %d mounts", MOUNTS_MAX);
	if (find_points(NULL, mounts, &points) < 0)
		return -1;
	r = judge_all(pass, mounts, &points);
	free(points.items);
	return r;
}
