/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the decision about a bind and the runtime's mount, whoever may write
 * a directory above the source can put something else there. So the mounts that
 * the container has are looked at in its own mount namespace, where nobody can
 * exchange them any more, while its process still waits: at "start", and for
 * "run" at a createRuntime hook. Every bind of the host's is, also where each
 * directory above is root's: so is what root of another container may write.
 *
 * Why not a clone of the mount, staged where only root can go: the document
 * would have to name it, also where no rule changes anything; the host's mount
 * table would hold it until "delete", after a crash for ever, and propagate it;
 * and a foreground "run" tells nobody when it ends. With runc 1.1.5 and crun
 * 1.8.1 both moments see the final mounts; five binds cost 0.2 ms of CPU time here.
 *
 * Namespaces that are joined by path are compared in the same moments (joined.h).
 */
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "ocigate/doc.h"
#include "policy/doc_edit.h"

#include "exit.h"
#include "file.h"
#include "mountinfo.h"
#include "report.h"
#include "state.h"
#include "walk.h"

#define STATE_BYTES ((size_t)1 << 20)

/* In ticks of 5 ms: for whoever waits for the process, and for what he does then. */
#define REAP_TICKS   400
#define SETTLE_TICKS 10

/* The root directory that the container has or is going to have. */
struct view {
	int fd;
	uint64_t mount;
	struct og_mounts *mounts; /* of the process */
};

static int open_in(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static int look(int fd, struct statx *ret)
{
	unsigned wanted = STATX_BASIC_STATS | STATX_MNT_ID;

	if (statx(fd, "", AT_EMPTY_PATH, wanted | STATX_BTIME, ret) < 0)
		return -1;
	return (ret->stx_mask & wanted) == wanted ? 0 : -1;
}

/* ---- where a destination is ---- */

/*
 * A link is followed only on the root file system itself: inside a mount somebody else
 * may have changed it since the runtime followed it.
 */
static bool follow(struct og_walk *walk, const struct view *view, int fd, const struct statx *st)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target));

	if (st->stx_mnt_id != view->mount || len <= 0 || (size_t)len >= sizeof(target))
		return false;
	target[len] = '\0';
	return og_walk_follow(walk, target);
}

static bool step(struct og_walk *walk, const struct view *view)
{
	og_auto_close int fd = open_in(view->fd, walk->done, O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
	struct statx st;

	if (fd < 0 || look(fd, &st) < 0)
		return false;
	return !S_ISLNK(st.stx_mode) || follow(walk, view, fd, &st);
}

static int open_destination(const struct view *view, const char *path)
{
	int fd = open_in(view->fd, path, 0, RESOLVE_NO_SYMLINKS);
	struct og_walk walk;

	if (fd >= 0 || errno != ELOOP || !og_walk_begin(&walk, path))
		return fd;
	while (og_walk_next(&walk))
		if (!step(&walk, view))
			return -1;
	return walk.todo[0] ? -1 : open_in(view->fd, walk.done, 0, RESOLVE_NO_SYMLINKS);
}

/* ---- what is there ---- */

static uint64_t birth(const struct statx *st)
{
	return st->stx_mask & STATX_BTIME
		       ? (uint64_t)st->stx_btime.tv_sec * 1000000000u + st->stx_btime.tv_nsec
		       : 0;
}

static bool is_same(const struct og_bind_id *bind, const struct statx *st, const struct statfs *fs)
{
	uint64_t born = birth(st);

	return st->stx_attributes & STATX_ATTR_MOUNT_ROOT &&
	       makedev(st->stx_dev_major, st->stx_dev_minor) == bind->dev &&
	       st->stx_ino == bind->ino && (!born || !bind->birth || born == bind->birth) &&
	       (!bind->readonly || fs->f_flags & ST_RDONLY);
}

/* Each destination must be a mount of its own: one cannot answer for another. */
static bool is_seen(const uint64_t *seen, size_t n, uint64_t mount)
{
	for (size_t i = 0; i < n; i++)
		if (seen[i] == mount)
			return true;
	return false;
}

/* ---- what is mounted below ---- */

static bool is_known(const struct og_bind_id *bind, const struct og_mount *mount, const char *rest)
{
	for (size_t i = 0; i < bind->nbelow; i++) {
		const struct og_bind_below *known = &bind->below[i];

		if (known->root ? strcmp(rest, known->path) == 0 && mount->dev == known->dev &&
					  strcmp(mount->root, known->root) == 0
				: og_path_within(rest, known->path))
			return true;
	}
	return false;
}

/* By the tree of mounts: where a destination is by name, links may tell otherwise. */
static bool hangs_from(const struct og_mounts *mounts, const struct og_mount *mount, uint64_t top)
{
	for (size_t left = og_mounts_count(mounts); mount && left > 0; left--) {
		if (mount->parent == top)
			return true;
		mount = og_mounts_by_id(mounts, mount->parent);
	}
	return false;
}

/* 1: nothing that was not judged; 0: something is, *|ret|; -1: not to be told. */
static int check_below(const struct og_mounts *mounts, const struct og_bind_id *bind, uint64_t top,
		       const char **ret)
{
	const struct og_mount *mount = og_mounts_by_id(mounts, top);
	const char *point = mount ? mount->point : "";
	size_t n, first = og_mounts_below(mounts, point, &n);

	for (size_t i = 0; mount && i < n; i++) {
		const struct og_mount *below = og_mounts_at(mounts, first + i);

		*ret = below->point + strlen(point);
		if (hangs_from(mounts, below, top) && !is_known(bind, below, *ret))
			return 0;
	}
	return mount ? 1 : -1;
}

static int check_deep(const struct view *view, const struct og_bind_id *bind, uint64_t top,
		      struct og_err *reterr)
{
	const char *what = "";
	int r = check_below(view->mounts, bind, top, &what);

	if (r > 0)
		return 0;
	return og_fail(reterr, OG_E_HOST,
		       "rejected: mounts: %s is mounted below %s, and was not when it was judged: "
		       "launch the container again",
		       r == 0 ? OG_Q(what) : "something", OG_Q(bind->source));
}

static int check_binds(const struct view *view, const struct og_record *record, uint64_t *seen,
		       struct og_err *reterr)
{
	for (size_t i = 0; i < record->nbinds; i++) {
		const struct og_bind_id *bind = &record->binds[i];
		og_auto_close int fd = open_destination(view, bind->destination);
		struct statx st;
		struct statfs fs;

		if (fd < 0 || look(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
			return og_fail(reterr, OG_E_HOST,
				       "rejected: mounts: what is mounted on %s cannot be "
				       "compared with what was allowed: launch the container again",
				       OG_Q(bind->destination));
		if (!is_same(bind, &st, &fs) || is_seen(seen, i, st.stx_mnt_id))
			return og_fail(reterr, OG_E_HOST,
				       "rejected: mounts: %s was exchanged while it was being "
				       "mounted on %s: launch the container again",
				       OG_Q(bind->source), OG_Q(bind->destination));
		seen[i] = st.stx_mnt_id;
	}
	return 0;
}

static bool any_deep(const struct og_record *record)
{
	for (size_t i = 0; i < record->nbinds; i++)
		if (record->binds[i].deep)
			return true;
	return false;
}

static int check(struct view *view, const struct og_record *record, pid_t pid,
		 struct og_err *reterr)
{
	uint64_t *seen = calloc(record->nbinds, sizeof(*seen));
	char path[64];
	int r = seen ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	if (r == 0 && any_deep(record))
		r = og_mounts_load(path, &view->mounts, reterr);
	if (r == 0)
		r = check_binds(view, record, seen, reterr);
	for (size_t i = 0; r == 0 && i < record->nbinds; i++)
		if (record->binds[i].deep)
			r = check_deep(view, &record->binds[i], seen[i], reterr);
	og_mounts_free(view->mounts);
	free(seen);
	return r;
}

/* |rootfs|: the root directory is still to be changed to that one. |proc|: of /proc. */
static int check_root(const struct og_record *record, int proc, pid_t pid, const char *rootfs,
		      struct og_err *reterr)
{
	og_auto_close int fd = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), below = -1;
	struct view view = { .fd = -1 };
	struct statx st;

	if (fd < 0)
		return og_fail(reterr, OG_E_HOST, "the container's process cannot be looked at");
	if (rootfs)
		below = open_in(fd, rootfs, O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	view.fd = rootfs ? below : fd;
	if (view.fd < 0 || look(view.fd, &st) < 0)
		return og_fail(reterr, OG_E_HOST,
			       "the container's root directory cannot be looked at");
	view.mount = st.stx_mnt_id;
	return check(&view, record, pid, reterr);
}

static int check_process(const struct og_record *record, pid_t pid, uint64_t start,
			 const char *rootfs, struct og_err *reterr)
{
	og_auto_close int proc = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* looked at after: the number may have become another process's */
	if (proc < 0 || (start && og_process_start(pid) != start))
		return og_fail(reterr, OG_E_HOST, "the container's process cannot be looked at");
	if (og_joined_check(proc, record->joined, record->njoined, reterr) < 0)
		return -1;
	return record->nbinds ? check_root(record, proc, pid, rootfs, reterr) : 0;
}

/* Whether nothing was kept that would be compared. */
static bool is_plain(const struct og_record *record)
{
	return record->nbinds == 0 && record->njoined == 0;
}

/* ---- start ---- */

/*
 * Docker 20.10 deletes a container whose start failed at once, and only if its
 * containerd has seen the process end: without the wait it stays for ever.
 */
static void end_process(pid_t pid, uint64_t start)
{
	static const struct timespec tick = { .tv_nsec = 5000000 };
	og_auto_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 || og_process_start(pid) != start)
		return;
	syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	for (int i = 0; i < REAP_TICKS && og_process_start(pid) == start; i++)
		nanosleep(&tick, NULL);
	for (int i = 0; i < SETTLE_TICKS; i++)
		nanosleep(&tick, NULL);
}

void og_verify_end(const struct og_record *record)
{
	struct og_state state;

	og_state_read(record->root, record->id, &state);
	if (state.created && state.pid)
		end_process(state.pid, state.start);
}

int og_verify_start(const struct og_record *record, struct og_err *reterr)
{
	struct og_state state;

	if (!record || is_plain(record))
		return 0;
	og_state_read(record->root, record->id, &state);
	if (state.unknown)
		return og_fail(reterr, OG_E_HOST,
			       "the runtime's state of the container cannot be read: try again");
	/* it may be where nobody looks: the runtime would find it, and start it unseen */
	if (!state.exists)
		return og_fail(reterr, OG_E_HOST,
			       "the runtime's state of the container cannot be found, and what it "
			       "got must be looked at first");
	if (state.pid && !state.created)
		return 0;
	if (!state.pid)
		return og_fail(reterr, OG_E_HOST,
			       "the container's process has ended, or cannot be found");
	if (check_process(record, state.pid, state.start, NULL, reterr) == 0)
		return 0;
	end_process(state.pid, state.start);
	return -1;
}

/* ---- the hook ---- */

static void put_word(struct og_buf *out, const char *word)
{
	og_buf_json(out, word);
	og_buf_puts(out, ",");
}

/* The hook as JSON. An empty environment: nothing of the runtime's caller reaches it. */
static int write_hook(const char *root, const char *id, struct og_buf *out, struct og_err *reterr)
{
	const char *run = og_is_rootless() ? getenv("XDG_RUNTIME_DIR") : NULL;
	char self[PATH_MAX];
	struct stat named, running;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self));

	if (len <= 0 || (size_t)len >= sizeof(self))
		return og_fail(reterr, OG_E_HOST, "the path of ocigate itself is not known");
	self[len] = '\0';
	if (stat(self, &named) < 0 || stat("/proc/self/exe", &running) < 0 ||
	    named.st_dev != running.st_dev || named.st_ino != running.st_ino)
		return og_fail(reterr, OG_E_HOST,
			       "ocigate was replaced while it ran: launch the container again");
	og_buf_puts(out, "{\"path\":");
	og_buf_json(out, self);
	og_buf_puts(out, ",\"args\":[\"ocigate\",\"--ocigate-verify\",");
	put_word(out, root);
	og_buf_json(out, id);
	og_buf_puts(out, "],\"env\":[");
	if (run) {
		og_auto_buf struct og_buf entry = { 0 };

		og_buf_printf(&entry, "XDG_RUNTIME_DIR=%s", run);
		og_buf_json(out, entry.failed ? "" : entry.data);
	}
	og_buf_puts(out, "]}");
	return out->failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

/* |json| becomes the last element of /hooks/createRuntime, whatever of it is there. */
static int add_hook(struct og_doc *doc, const char *json, struct og_err *reterr)
{
	const struct og_node *root = og_doc_root(doc), *hooks = og_member(root, "hooks");
	const struct og_node *stage = og_member(hooks, "createRuntime"), *ignored;
	og_auto_buf struct og_buf array = { 0 }, object = { 0 };

	og_buf_printf(&array, "[%s]", json);
	og_buf_printf(&object, "{\"createRuntime\":[%s]}", json);
	if (array.failed || object.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	if (stage && !og_is_null(stage))
		return og_doc_add(doc, stage, NULL, json, &ignored, reterr);
	if (stage)
		return og_doc_replace(doc, stage, array.data, &ignored, reterr);
	if (hooks && !og_is_null(hooks))
		return og_doc_add(doc, hooks, "createRuntime", array.data, &ignored, reterr);
	if (hooks)
		return og_doc_replace(doc, hooks, object.data, &ignored, reterr);
	return og_doc_add(doc, root, "hooks", object.data, &ignored, reterr);
}

int og_verify_add_hook(const char *root, const char *id, const char *runtime, char **text,
		       size_t *len, struct og_err *reterr)
{
	og_auto_free char *dir = NULL;
	og_auto_buf struct og_buf json = { 0 };
	struct og_doc *doc = NULL;
	char *with = NULL;
	int r;

	if (og_state_root(root, runtime, &dir, reterr) < 0 ||
	    write_hook(dir, id, &json, reterr) < 0 ||
	    og_doc_parse("config.json", *text, *len, 0, &doc, reterr) < 0)
		return -1;
	r = add_hook(doc, json.data, reterr) < 0 || og_doc_write(doc, &with, len, reterr) < 0;
	og_doc_free(doc);
	if (r)
		return -1;
	free(*text);
	*text = with;
	return 0;
}

/* The process that the runtime tells of on stdin. */
static int read_pid(const char *id, pid_t *ret, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	struct og_doc *doc = NULL;
	const char *of;
	uint64_t pid = 0;
	size_t len;

	if (og_fd_read(STDIN_FILENO, STATE_BYTES, &text, &len, reterr) < 0 ||
	    og_doc_parse("state", text, len, 0, &doc, reterr) < 0)
		return -1;
	of = og_str(og_member(og_doc_root(doc), "id"));
	if (!of || strcmp(of, id) != 0 || og_u64(og_get(og_doc_root(doc), "/pid"), &pid) < 0)
		pid = 0;
	og_doc_free(doc);
	if (pid == 0 || pid > INT32_MAX)
		return og_fail(reterr, OG_E_HOST, "the runtime does not tell the process");
	*ret = (pid_t)pid;
	return 0;
}

static int run_hook(const char *root, const char *id, struct og_record **record,
		    struct og_err *reterr)
{
	pid_t pid;

	if (og_record_read(root, id, record, reterr) < 0 || read_pid(id, &pid, reterr) < 0)
		return -1;
	if (!*record || is_plain(*record) || !(*record)->facts || !(*record)->facts->rootfs)
		return og_fail(reterr, OG_E_HOST, "there is no record of this launch");
	return check_process(*record, pid, 0, (*record)->facts->rootfs, reterr);
}

int og_verify_hook(const char *root, const char *id)
{
	struct og_record *record = NULL;
	struct og_err err = { 0 };
	char text[1200];
	int r = run_hook(root, id, &record, &err);

	og_record_free(record);
	if (r == 0)
		return OG_EXIT_OK;
	og_report_error(og_report_text(&err, text, sizeof(text)), NULL);
	return OG_EXIT_FAILED;
}
