/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bind is judged by the facts about its source, never by how the source is
 * written: by what it resolves to, by where the same files are visible on the
 * host, and for a recursive bind by every mount below it. What an engine keeps
 * for this container is told by the facts as well (enum og_role).
 */
#include "policy/mount_binds.h"

#include <stdio.h>
#include <string.h>

#include "policy/sources.h"

/* Since Linux 5.12 there is mount_setattr(2), which reaches the mounts below. */
#define KERNEL_MOUNT_SETATTR 5012

struct bind {
	struct og_pass *pass;
	const struct og_node *mount;
	const struct og_mount_options *have;
	const struct og_source *fact;
	const char *source, *destination;
	bool deep;
};

/* What the policy says to all that a bind brings with it. */
struct cover {
	const char *outside;	      /* a path that is not allowed; NULL: none */
	const char *setuid;	      /* one where setuid files could be left; NULL: none */
	const struct og_item *strict; /* the entry that permits least; NULL: none decides */
	const struct og_item *denied;
	bool ro;
};

int og_mount_set_options(struct og_pass *pass, const struct og_node *mount, struct og_buf *json,
			 const char *why)
{
	const struct og_node *options = og_member(mount, "options");

	if (json->failed)
		return -1;
	return options ? og_replace(pass, options, json->data, "%s", why)
		       : og_add(pass, mount, "options", json->data, "%s", why);
}

/* What a user can do instead: `use a path under "/srv" or "/data"`. */
static const char *advice(struct og_pass *pass, char *buf, size_t size)
{
	const struct og_list *allow = og_opt_list(pass, OG_OPT_mounts_allow);
	int n;

	if (allow->n == 0 && !og_opt_bool(pass, OG_OPT_mounts_others))
		return "use a volume instead";
	if (allow->n == 0)
		return "use another directory or a volume";
	n = snprintf(buf, size, "use a path under %s", OG_Q(allow->items[0].text));
	if (n < 0 || (size_t)n >= size)
		return "use an allowed path";
	if (allow->n == 2)
		snprintf(buf + n, size - (size_t)n, " or %s", OG_Q(allow->items[1].text));
	else if (allow->n > 2)
		snprintf(buf + n, size - (size_t)n, ", %s or %zu others",
			 OG_Q(allow->items[1].text), allow->n - 2);
	return buf;
}

/* Where other destinations lead was looked at with this mount there. */
static bool others_lead(const struct bind *bind)
{
	const struct og_facts *facts = og_facts(bind->pass);

	for (size_t i = 0; i < facts->ndestinations; i++)
		if (strcmp(facts->destinations[i].path, bind->destination))
			return true;
	return false;
}

/* A source that may not be there: taken out or refused, as the option "outside" says. */
static int outside(const struct bind *bind, const char *what, const char *instead)
{
	if (og_opt_is(bind->pass, OG_OPT_mounts_outside, "remove") && !others_lead(bind))
		return og_remove(bind->pass, bind->mount, "%s (mount on %s): %s", what,
				 OG_Q(bind->destination), instead);
	return og_reject(bind->pass, bind->mount, "%s (mount on %s): %s", what,
			 OG_Q(bind->destination), instead);
}

/* ---- what the source is ---- */

static const char *wrong_type(const struct og_source *fact)
{
	bool engines = fact->role == OG_ROLE_ENGINE || fact->role == OG_ROLE_SECRET;

	switch (fact->type) {
	case OG_FT_FILE:
	case OG_FT_DIR:
		return NULL;
	case OG_FT_SOCKET:
		return engines ? NULL : "a socket";
	case OG_FT_FIFO:
		return engines ? NULL : "a fifo";
	case OG_FT_BLOCK:
		return "a block device";
	case OG_FT_CHAR:
		return "a character device";
	case OG_FT_MISSING:
		return "missing";
	}
	return "of no known type";
}

/* The control socket that the bind would bring; NULL: none. */
static const char *control_socket(const struct bind *bind)
{
	const struct og_source *fact = bind->fact;

	if (fact->socket)
		return fact->socket;
	for (size_t i = 0; bind->deep && i < fact->nsubmounts; i++)
		if (fact->submounts[i].socket)
			return fact->submounts[i].path;
	return NULL;
}

/* 1: nothing about the source itself forbids it, 0: answered, -1. */
static int judge_source(const struct bind *bind)
{
	const struct og_source *fact = bind->fact;
	const char *type = fact ? wrong_type(fact) : NULL;
	const char *socket = fact ? control_socket(bind) : NULL;
	const char *instead = "run without it";
	char what[512];

	if (!fact)
		snprintf(what, sizeof(what), "nothing could be established about the source %s",
			 OG_Q(bind->source));
	else if (fact->magic)
		snprintf(what, sizeof(what), "%s is part of the kernel's process information",
			 OG_Q(bind->source));
	else if (fact->problem)
		snprintf(what, sizeof(what), "the source %s cannot be judged (%s)",
			 OG_Q(bind->source), OG_Q(fact->problem));
	else if (socket)
		snprintf(what, sizeof(what), "%s brings the control socket %s", OG_Q(bind->source),
			 OG_Q(socket));
	else if (type)
		snprintf(what, sizeof(what), "the source %s is %s", OG_Q(bind->source), type);
	else if (!fact->resolved)
		snprintf(what, sizeof(what),
			 "what the source %s really is could not be established",
			 OG_Q(bind->source));
	else if (fact->hidden && !fact->origin && fact->role == OG_ROLE_NONE) {
		/* who makes a volume names any server or device for it: its path tells nothing */
		snprintf(what, sizeof(what),
			 "what the source %s really is could not be established: a file system of "
			 "its own (%s) that is mounted nowhere else",
			 OG_Q(bind->source), fact->fstype ? fact->fstype : "unknown");
		instead = "mount it on the host, and use a path there that is allowed";
	} else
		return 1;
	return outside(bind, what, instead);
}

/* ---- where it lies ---- */

static bool permits_less(const struct og_item *a, const struct og_item *b)
{
	if (a->access != b->access)
		return a->access == OG_RO;
	return !a->accept_setuid && b->accept_setuid;
}

static void add_path(const struct bind *bind, struct cover *cover, const char *path, bool safe)
{
	const struct og_item *item = og_source_find(og_opt_list(bind->pass, OG_OPT_mounts_allow),
						    path);

	if (!item) {
		cover->denied = og_path_denied(og_opt_list(bind->pass, OG_OPT_mounts_deny), path);
		if (cover->denied || !og_opt_bool(bind->pass, OG_OPT_mounts_others))
			cover->outside = path;
		return;
	}
	if (!cover->strict || permits_less(item, cover->strict))
		cover->strict = item;
	cover->ro = cover->ro || item->access == OG_RO;
	if (!safe && !item->accept_setuid)
		cover->setuid = path;
}

static bool is_listed(const struct bind *bind, const char *path)
{
	return og_source_find(og_opt_list(bind->pass, OG_OPT_mounts_allow), path) != NULL;
}

static bool is_proc(const struct og_submount *sub)
{
	return sub->fstype && !strcmp(sub->fstype, "proc");
}

/* Stops at the first path that is not allowed. */
static struct cover find_cover(const struct bind *bind)
{
	const struct og_source *fact = bind->fact;
	struct cover cover = { 0 };

	if (fact->role == OG_ROLE_NONE) {
		add_path(bind, &cover, fact->resolved, fact->nosuid && fact->nodev);
		if (!cover.outside && fact->origin)
			add_path(bind, &cover, fact->origin, fact->nosuid && fact->nodev);
		else if (fact->origin && !is_listed(bind, fact->origin))
			cover.outside = fact->origin; /* what it really is tells more */
	}
	for (size_t i = 0; bind->deep && i < fact->nsubmounts && !cover.outside; i++) {
		const struct og_submount *sub = &fact->submounts[i];
		bool safe = sub->nosuid && sub->nodev;

		/* a second proc has no masked paths; a volume's own mount may show anything */
		if (!sub->origin || is_proc(sub))
			cover.outside = sub->path;
		else
			add_path(bind, &cover, sub->path, safe);
		if (!cover.outside)
			add_path(bind, &cover, sub->origin, safe);
	}
	return cover;
}

/* The mount below the source of which that is a path; NULL: it is the source's own. */
static const struct og_submount *submount_of(const struct og_source *fact, const char *path)
{
	for (size_t i = 0; i < fact->nsubmounts; i++)
		if (path == fact->submounts[i].path || path == fact->submounts[i].origin)
			return &fact->submounts[i];
	return NULL;
}

#define WITHOUT_BELOW "mount it without what is below (--mount ...,bind-recursive=disabled)"

static int reject_below(const struct bind *bind, const char *path, const struct og_submount *sub)
{
	bool proc = is_proc(sub), allowable = sub->origin && !proc;
	const char *instead = allowable ? WITHOUT_BELOW ", or have that path allowed"
					: WITHOUT_BELOW;
	char what[512];

	snprintf(what, sizeof(what), "%s brings %s, %smounted below it, %s", OG_Q(bind->source),
		 OG_Q(path), proc ? "a proc file system " : "",
		 proc	     ? "which is never allowed"
		 : allowable ? "which is not an allowed source"
			     : "and what that really is could not be established");
	/* engines mount a volume with all that is below it */
	return outside(bind, what, bind->fact->role == OG_ROLE_NONE ? instead : "run without it");
}

static int reject_outside(const struct bind *bind, const struct cover *cover)
{
	const struct og_submount *sub = submount_of(bind->fact, cover->outside);
	char what[512], buf[512];

	og_because(bind->pass, cover->denied);
	if (sub)
		return reject_below(bind, cover->outside, sub);
	if (!strcmp(cover->outside, bind->source))
		snprintf(what, sizeof(what), "%s is not an allowed source", OG_Q(bind->source));
	else
		snprintf(what, sizeof(what), "%s is %s, which is not an allowed source",
			 OG_Q(bind->source), OG_Q(cover->outside));
	return outside(bind, what, advice(bind->pass, buf, sizeof(buf)));
}

/* ---- what may be done with it ---- */

/* Words that make the runtime set the mount's flags anew: the host's are lost then. */
static bool sets_flags(const struct og_mount_options *have)
{
	return have->words & ~(unsigned)(OG_MW_ANY_BIND | OG_MW_RW | OG_MW_PRIVATE |
					 OG_MW_RPRIVATE | OG_MW_SHARING);
}

static struct og_bind_want host_want(const struct bind *bind, const struct cover *cover)
{
	bool asked_ro = bind->have->words & OG_MW_ANY_RO;
	bool flags = sets_flags(bind->have);
	bool lifts_ro = bind->fact->readonly && (flags || bind->have->words & OG_MW_RW);
	struct og_bind_want want = { .isolated = true,
				     .ro = lifts_ro && !asked_ro,
				     .file = bind->fact->type != OG_FT_DIR };

	/* an open list says nothing about how */
	if (!cover->strict)
		return want;
	want.ro = want.ro || cover->ro || asked_ro;
	want.nosuid = want.ro || (flags && !cover->strict->accept_setuid);
	return want;
}

static struct og_bind_want engine_want(const struct bind *bind, const struct cover *cover)
{
	bool volume = bind->fact->role == OG_ROLE_VOLUME;
	bool nosuid = og_opt_bool(bind->pass, OG_OPT_mounts_volume_nosuid);
	struct og_bind_want want = { .file = bind->fact->type != OG_FT_DIR };

	/* every container with --init runs the same file of the host's */
	want.ro = cover->ro || bind->fact->role == OG_ROLE_INIT ||
		  (volume && og_opt_is(bind->pass, OG_OPT_mounts_volumes, "ro"));
	want.nosuid = nosuid && (volume || bind->fact->role == OG_ROLE_IMAGE);
	return want;
}

static int apply(const struct bind *bind, const struct og_bind_want *want)
{
	uint64_t kernel = og_facts(bind->pass)->kernel;
	og_auto_buf struct og_buf json = { 0 }, why = { 0 };

	if (og_bind_complies(bind->have, want))
		return 0;
	og_bind_write(bind->have, want, kernel == 0 || kernel >= KERNEL_MOUNT_SETATTR, &json);
	og_buf_printf(&why, "%s may be mounted on %s only %s%sprivate", OG_Q(bind->source),
		      OG_Q(bind->destination), want->ro ? "read-only, " : "",
		      want->nosuid ? "nosuid, nodev, " : "");
	return why.failed ? -1 : og_mount_set_options(bind->pass, bind->mount, &json, why.data);
}

static int judge_use(const struct bind *bind, const struct cover *cover)
{
	bool engines = bind->fact->role != OG_ROLE_NONE;
	struct og_bind_want want = engines ? engine_want(bind, cover) : host_want(bind, cover);

	if (bind->fact->role == OG_ROLE_VOLUME &&
	    og_opt_is(bind->pass, OG_OPT_mounts_volumes, "reject"))
		return og_reject(bind->pass, bind->mount,
				 "volumes are not allowed (mount on %s): run without it, or with "
				 "a tmpfs there",
				 OG_Q(bind->destination));
	if (!want.ro && !(bind->have->words & OG_MW_ANY_RO) && bind->fact->open &&
	    !(bind->fact->nosuid && bind->fact->nodev))
		return og_reject(bind->pass, bind->mount,
				 "%s cannot be writable (mount on %s): users of the host may enter "
				 "%s, so the container could leave setuid files for them: mount it "
				 "read-only, or have that directory closed (chmod o-rwx)",
				 OG_Q(bind->source), OG_Q(bind->destination),
				 OG_Q(bind->fact->open));
	og_because(bind->pass, cover->strict);
	if (!want.ro && cover->setuid)
		return og_reject(
			bind->pass, bind->mount,
			"%s cannot be writable (mount on %s): %s is not mounted nosuid and "
			"nodev on the host, so the container could leave setuid files for "
			"the host's users: mount it read-only",
			OG_Q(bind->source), OG_Q(bind->destination), OG_Q(cover->setuid));
	return apply(bind, &want);
}

/* 1: the words can be judged, 0: answered, -1. */
static int judge_words(const struct bind *bind)
{
	unsigned words = bind->have->words;
	const char *unknown = bind->have->unknown;
	bool both = words & OG_MW_ANY_RO && words & OG_MW_RW;

	if (both || words & OG_MW_RRW)
		return og_reject(bind->pass, bind->mount,
				 "the options of the mount on %s say \"%s\", which runtimes read "
				 "differently: say \"ro\" or nothing",
				 OG_Q(bind->destination), both ? "ro\" and \"rw" : "rrw");
	if (words & OG_MW_COPYUP)
		unknown = "tmpcopyup";
	if (unknown)
		return og_reject(bind->pass, bind->mount,
				 "the option %s of the mount on %s is not known: remove it",
				 OG_Q(unknown), OG_Q(bind->destination));
	return 1;
}

bool og_fact_is_compared(const struct og_facts *facts, const struct og_source *source,
			 const char *destination)
{
	const struct og_destfact *place = og_fact_destination(facts, destination);

	if (source->role == OG_ROLE_NETFILE) /* engines write them anew */
		return false;
	return source->role == OG_ROLE_NONE || (place && (place->in || place->linked));
}

int og_bind_judge(struct og_pass *pass, const struct og_node *mount,
		  const struct og_mount_options *have)
{
	const char *source = og_str(og_member(mount, "source"));
	struct bind bind = { .pass = pass,
			     .mount = mount,
			     .have = have,
			     .source = source ? source : "",
			     .destination = og_str(og_member(mount, "destination")),
			     .deep = have->words & OG_MW_RBIND };
	struct cover cover;
	int r = judge_words(&bind);

	if (r <= 0)
		return r;
	bind.fact = source ? og_fact_source(og_facts(pass), source) : NULL;
	r = judge_source(&bind);
	if (r <= 0)
		return r;
	if (!bind.fact) /* that was answered */
		return -1;
	cover = find_cover(&bind);
	if (cover.outside)
		return reject_outside(&bind, &cover);
	if (og_fact_is_compared(og_facts(pass), bind.fact, bind.destination))
		og_launch(pass, OG_LAUNCH_VERIFY_BINDS, "", NULL); /* no finding: cannot fail */
	return judge_use(&bind, &cover);
}
