/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launch records. A record appears complete or not at all: it is written to a
 * file without a name, and linkat(2) gives it one only if nobody has it yet.
 */
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocigate/rule.h"
#include "policy/names.h"

#include "file.h"
#include "record_text.h"
#include "state.h"

#define RECORD_MAX_BYTES ((size_t)4 << 20)
#define RECORD_SUFFIX	 ".json"

/* ---- place and name ---- */

static int check_dir(int fd, const char *path, struct og_err *reterr)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return og_fail_sys(reterr, errno, "cannot look at %s", path);
	if (st.st_uid != og_euid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return og_fail(reterr, OG_E_HOST,
			       "%s has owner %u and mode %03o: it must be ours alone (0700)", path,
			       st.st_uid, st.st_mode & 07777);
	/* made by somebody's mkdir: nobody wrote there, and from now on nobody reads */
	if (st.st_mode & (S_IRWXG | S_IRWXO) && fchmod(fd, 0700) < 0)
		return og_fail_sys(reterr, errno, "cannot close %s to others", path);
	return 0;
}

int og_record_dir(bool create, int *ret, struct og_err *reterr)
{
	const char *base = og_is_rootless() ? getenv("XDG_RUNTIME_DIR") : "/run";
	char path[4096];
	int len;

	*ret = -1;
	len = base && base[0] == '/' ? snprintf(path, sizeof(path), "%s/ocigate", base) : -1;
	if (len < 0 || (size_t)len >= sizeof(path))
		return create ? og_fail(reterr, OG_E_HOST,
					"XDG_RUNTIME_DIR is not set: no place for a launch record")
			      : 0;
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret < 0 && errno == ENOENT && create) {
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return og_fail_sys(reterr, errno, "cannot make %s", path);
		*ret = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (*ret < 0)
		return errno == ENOENT && !create
			       ? 0
			       : og_fail_sys(reterr, errno, "cannot open %s", path);
	if (check_dir(*ret, path, reterr) < 0) {
		close(*ret);
		*ret = -1;
		return -1;
	}
	return 0;
}

/*
 * The id, cut, for people; and a hash (FNV-1a) of the whole key. Two keys under
 * one name do no harm: the record says whose it is.
 */
void og_record_name(const char *root, const char *id, char buf[OG_RECORD_NAME])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *part = root; part; part = part == root ? id : NULL)
		for (const char *p = part;; p++) {
			hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
			if (!*p)
				break;
		}
	snprintf(buf, OG_RECORD_NAME, "%.64s-%016llx" RECORD_SUFFIX, id, (unsigned long long)hash);
}

/* It becomes a file's name. */
static bool is_id(const char *id)
{
	static const char charset[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+.-";

	return *id && id[strspn(id, charset)] == '\0';
}

static int check_key(const char *root, const char *id, struct og_err *reterr)
{
	if (root && root[0] == '/' && id && is_id(id))
		return 0;
	return og_fail(reterr, OG_E_USAGE, "%s is not a container id", OG_Q(id ? id : ""));
}

/* ---- reading ---- */

static int load(int dir, const char *name, struct og_loaded_record **ret, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	size_t len;

	*ret = NULL;
	if (og_file_read(dir, name, RECORD_MAX_BYTES, OG_FILE_TRUSTED | OG_FILE_MAY_MISS, &text,
			 &len, NULL, reterr) < 0)
		return -1;
	if (!text)
		return 0;
	return og_record_decode(name, text, len, ret, reterr);
}

static bool is_of(const struct og_loaded_record *loaded, const char *root, const char *id)
{
	return strcmp(loaded->record.root, root) == 0 && strcmp(loaded->record.id, id) == 0;
}

int og_record_read_at(int dir, const char *root, const char *id, struct og_record **ret,
		      struct og_err *reterr)
{
	char name[OG_RECORD_NAME];
	struct og_loaded_record *loaded;

	*ret = NULL;
	if (check_key(root, id, reterr) < 0)
		return -1;
	og_record_name(root, id, name);
	if (dir < 0)
		return 0;
	if (load(dir, name, &loaded, reterr) < 0)
		return -1;
	if (loaded && !is_of(loaded, root, id)) {
		og_record_free(&loaded->record);
		return og_fail(reterr, OG_E_HOST, "the launch record %s is of another container",
			       name);
	}
	*ret = loaded ? &loaded->record : NULL;
	return 0;
}

/* ---- a record that is there already ---- */

/*
 * Left over unless the runtime knows the container, or the process that wrote
 * the record (and became the runtime) still runs. A record that cannot be read
 * says nothing: then the runtime alone is asked.
 */
static bool is_stale(int dir, const char *name, const struct og_record *record)
{
	struct og_err err = { 0 };
	struct og_state state;
	struct og_loaded_record *old;
	bool stale = true;
	uint64_t start, now;

	og_state_read(record->root, record->id, &state);
	if (state.exists || state.unknown)
		return false;
	if (load(dir, name, &old, &err) < 0)
		return err.code != OG_E_NOMEM && err.code != OG_E_SYS; /* torn, not unread */
	if (!old)
		return true;
	/* a time to come is one of an earlier boot, where the directory outlives it */
	og_process_self(&now);
	if (old->writer_start && old->writer != (uint64_t)getpid() && old->writer <= INT32_MAX &&
	    (!now || old->writer_start <= now))
		stale = og_process_look((pid_t)old->writer, &start) == 0 &&
			(start == 0 || start > old->writer_start);
	og_record_free(&old->record);
	return stale;
}

/* Between the look at a record and its removal nobody puts another in its place. */
static int lock_records(int dir)
{
	/* a descriptor of its own, so that the lock ends with it */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* By descriptor needs CAP_DAC_READ_SEARCH on older kernels, by its name in /proc takes longer. */
static int name_file(int fd, int dir, const char *name)
{
	char path[64];

	if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW);
}

static int publish(int dir, int fd, const char *name, const struct og_record *record,
		   struct og_err *reterr)
{
	og_auto_close int lock = -1;

	for (int attempt = 0; attempt < 3; attempt++) {
		if (name_file(fd, dir, name) == 0)
			return 0;
		if (errno != EEXIST)
			return og_fail_sys(reterr, errno, "cannot write the launch record");
		/* One at a time: whoever finds a stale record must be the one that replaces it. */
		if (attempt == 0) {
			lock = lock_records(dir);
			if (lock < 0)
				return og_fail_sys(reterr, errno, "cannot lock the launch records");
			continue;
		}
		if (attempt == 2 || !is_stale(dir, name, record))
			break;
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			return og_fail_sys(reterr, errno, "cannot replace the launch record");
	}
	return og_fail(reterr, OG_E_HOST, "container with given ID already exists: %s",
		       OG_Q(record->id));
}

int og_record_write_at(int dir, const struct og_record *record, struct og_err *reterr)
{
	og_auto_buf struct og_buf text = { 0 };
	og_auto_close int fd = -1;
	char name[OG_RECORD_NAME];

	if (check_key(record->root, record->id, reterr) < 0)
		return -1;
	og_record_name(record->root, record->id, name);
	if (og_record_encode(record, &text, reterr) < 0)
		return -1;
	/* what nobody reads would stay for good, and its container could not be started */
	if (text.len > RECORD_MAX_BYTES)
		return og_fail(reterr, OG_E_HOST,
			       "the launch record would have %zu bytes, which are more than can be "
			       "read: publish fewer ports",
			       text.len);
	fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return og_fail_sys(reterr, errno, "cannot write a launch record");
	if (og_fd_write(fd, text.data, text.len, reterr) < 0) {
		og_err_where(reterr, "the launch record", 0, 0);
		return -1;
	}
	return publish(dir, fd, name, record, reterr);
}

/* ---- removing ---- */

/* 1: removed, 0: there is none of this container, -1. */
static int remove_one(int dir, const char *root, const char *id, struct og_err *reterr)
{
	char name[OG_RECORD_NAME];
	struct og_err ignored = { 0 };
	struct og_loaded_record *loaded;
	bool other;

	if (check_key(root, id, reterr) < 0)
		return -1;
	og_record_name(root, id, name);
	if (dir < 0)
		return 0;
	/* One that cannot be read goes; one of another container stays. */
	if (load(dir, name, &loaded, &ignored) == 0 && loaded) {
		other = !is_of(loaded, root, id);
		og_record_free(&loaded->record);
		if (other)
			return 0;
	}
	if (unlinkat(dir, name, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : og_fail_sys(reterr, errno, "cannot remove the launch record");
}

int og_record_remove_at(int dir, const char *root, const char *id, struct og_err *reterr)
{
	return remove_one(dir, root, id, reterr) < 0 ? -1 : 0;
}

bool og_record_alive(const struct og_record *record)
{
	struct og_state state;

	og_state_read(record->root, record->id, &state);
	/* to the runtimes, too, one that only waits for its parent is gone */
	return state.unknown || (state.pid && !state.created && !state.ended);
}

/* ---- all of them ---- */

void og_record_each_at(int dir, og_record_fn *fn, void *ctx)
{
	int fd = dir < 0 ? -1 : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool done = false;

	if (!stream && fd >= 0)
		close(fd);
	while (stream && !done && (entry = readdir(stream))) {
		const char *suffix = strrchr(entry->d_name, '.');
		struct og_err ignored = { 0 };
		struct og_loaded_record *loaded;

		if (!suffix || strcmp(suffix, RECORD_SUFFIX) != 0 ||
		    load(dir, entry->d_name, &loaded, &ignored) < 0 || !loaded)
			continue;
		done = fn(ctx, &loaded->record);
		og_record_free(&loaded->record);
	}
	if (stream)
		closedir(stream);
}

/* ---- the host's records ---- */

/* The state directories that |given| may mean, the second NULL when there is but one. */
struct roots {
	char *root[2];
};

static void release_roots(struct roots *roots)
{
	free(roots->root[0]);
	free(roots->root[1]);
}

static int find_roots(const char *given, struct roots *ret, struct og_err *reterr)
{
	if (og_state_root(given, "runc", &ret->root[0], reterr) < 0)
		return -1;
	return given ? 0 : og_state_root(NULL, "crun", &ret->root[1], reterr);
}

int og_record_read(const char *root, const char *id, struct og_record **ret, struct og_err *reterr)
{
	__attribute__((cleanup(release_roots))) struct roots roots = { 0 };
	og_auto_close int dir = -1;

	*ret = NULL;
	if (og_record_dir(false, &dir, reterr) < 0 || find_roots(root, &roots, reterr) < 0)
		return -1;
	for (size_t i = 0; i < 2 && roots.root[i] && !*ret; i++)
		if (og_record_read_at(dir, roots.root[i], id, ret, reterr) < 0)
			return -1;
	return 0;
}

int og_record_remove(const char *root, const char *id, struct og_err *reterr)
{
	__attribute__((cleanup(release_roots))) struct roots roots = { 0 };
	og_auto_close int dir = -1;
	int removed = 0;

	if (og_record_dir(false, &dir, reterr) < 0 || find_roots(root, &roots, reterr) < 0)
		return -1;
	/* the one that og_record_read() finds */
	for (size_t i = 0; i < 2 && roots.root[i] && !removed; i++)
		removed = remove_one(dir, roots.root[i], id, reterr);
	return removed < 0 ? -1 : 0;
}

void og_record_each(og_record_fn *fn, void *ctx)
{
	og_auto_close int dir = -1;
	struct og_err ignored = { 0 };

	if (og_record_dir(false, &dir, &ignored) == 0)
		og_record_each_at(dir, fn, ctx);
}

void og_record_process(struct og_record *record, const struct og_node *config)
{
	const struct og_node *process = og_member(config, "process");

	record->bounding = 0;
	og_each (name, og_get(process, "/capabilities/bounding")) {
		int cap = og_str(name) ? og_cap_exact(og_str(name)) : -1;

		if (cap >= 0 && cap < OG_CAPS_MAX)
			record->bounding |= UINT64_C(1) << cap;
	}
	if (og_u64(og_get(process, "/user/uid"), &record->uid) < 0)
		record->uid = 0; /* absent means root */
}

static bool was_run(const struct og_facts *facts)
{
	return facts && facts->command && strcmp(facts->command, "run") == 0;
}

/*
 * The runtime deletes what it "run" in the foreground by itself, and nobody tells
 * us: image builds would leave a record for each of their steps.
 */
static bool sweep(void *ctx, const struct og_record *record)
{
	og_auto_close int lock = -1;
	char name[OG_RECORD_NAME];
	int dir = *(const int *)ctx;

	og_record_name(record->root, record->id, name);
	if (!was_run(record->facts) || !is_stale(dir, name, record))
		return false;
	lock = lock_records(dir);
	if (lock >= 0 && is_stale(dir, name, record))
		unlinkat(dir, name, 0);
	return false;
}

int og_record_write(struct og_record *record, const struct og_facts *facts,
		    const struct og_node *config, unsigned verify, struct og_err *reterr)
{
	og_auto_free char *root = NULL;
	og_auto_free struct og_bind_id *binds = NULL;
	og_auto_free struct og_joined *joined = NULL;
	og_auto_close int dir = -1;
	int r;

	if (verify & OG_LAUNCH_VERIFY_BINDS &&
	    og_binds_collect(facts, config, &binds, &record->nbinds, reterr) < 0)
		return -1;
	if (verify & ~(unsigned)OG_LAUNCH_VERIFY_BINDS &&
	    og_joined_collect(facts, config, verify, &joined, &record->njoined, reterr) < 0)
		return -1;
	record->binds = binds;
	record->joined = joined;
	record->id = facts->id;
	record->bundle = facts->bundle;
	record->privileged = facts->privileged;
	record->facts = facts;
	if (og_state_root(facts->root, record->runtime, &root, reterr) < 0 ||
	    og_record_dir(true, &dir, reterr) < 0)
		return -1;
	if (was_run(facts))
		og_record_each_at(dir, sweep, &dir);
	record->root = root;
	r = og_record_write_at(dir, record, reterr);
	record->root = NULL; /* these end here */
	record->binds = NULL;
	record->joined = NULL;
	return r;
}
