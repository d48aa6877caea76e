/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/self/mountinfo: read, parsed in place, and sorted three ways: by id, by
 * mount point, by file system and root.
 */
#include "mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

struct og_mounts {
	char *text; /* the table; strings point into it */
	struct og_mount *all;
	const struct og_mount **by_id, **by_point, **by_root;
	size_t n, cap;
};

void og_mounts_free(struct og_mounts *mounts)
{
	if (!mounts)
		return;
	free(mounts->text);
	free(mounts->all);
	free(mounts->by_id);
	free(mounts->by_point);
	free(mounts->by_root);
	free(mounts);
}

bool og_path_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1 && dir[0] == '/')
		return path[0] == '/';
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* ---- parsing ---- */

/* The kernel writes space, tab, newline, backslash and # as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool number(const char **text, uint64_t *ret)
{
	const char *p = *text;
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > UINT32_MAX)
			return false;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	if (p == *text)
		return false;
	*text = p;
	*ret = value;
	return true;
}

static bool whole_number(const char *text, uint64_t *ret)
{
	return text && number(&text, ret) && *text == '\0';
}

static bool device(const char *text, uint64_t *ret)
{
	uint64_t major, minor;

	if (!text || !number(&text, &major) || *text++ != ':' || !whole_number(text, &minor))
		return false;
	*ret = major << 32 | minor;
	return true;
}

static void options(char *text, struct og_mount *mount)
{
	char *save = NULL;

	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		mount->nosuid |= strcmp(word, "nosuid") == 0;
		mount->nodev |= strcmp(word, "nodev") == 0;
		mount->readonly |= strcmp(word, "ro") == 0;
	}
}

/* proc(5): id parent major:minor root point options optional... - fstype source super */
static bool parse_line(char *line, struct og_mount *mount)
{
	char *save = NULL, *root, *point, *opts, *word;

	if (!whole_number(strtok_r(line, " ", &save), &mount->id) ||
	    !whole_number(strtok_r(NULL, " ", &save), &mount->parent) ||
	    !device(strtok_r(NULL, " ", &save), &mount->dev))
		return false;
	root = strtok_r(NULL, " ", &save);
	point = strtok_r(NULL, " ", &save);
	opts = strtok_r(NULL, " ", &save);
	if (!opts)
		return false;
	do
		word = strtok_r(NULL, " ", &save);
	while (word && strcmp(word, "-") != 0);
	mount->fstype = word ? strtok_r(NULL, " ", &save) : NULL;
	if (!mount->fstype)
		return false;
	options(opts, mount);
	unescape(root);
	unescape(point);
	/* what is not below our root directory is not in the table */
	if (point[0] != '/')
		return false;
	mount->root = root;
	mount->point = point;
	return true;
}

static int append(struct og_mounts *mounts, char *line, struct og_err *reterr)
{
	struct og_mount mount = { .order = mounts->n };

	if (mounts->n == mounts->cap) {
		size_t cap = mounts->cap ? mounts->cap * 2 : 64;
		struct og_mount *all = reallocarray(mounts->all, cap, sizeof(*all));

		if (!all)
			return og_fail(reterr, OG_E_NOMEM, "out of memory");
		mounts->all = all;
		mounts->cap = cap;
	}
	if (!parse_line(line, &mount))
		return og_fail(reterr, OG_E_HOST, "mountinfo: line %zu cannot be understood",
			       mounts->n + 1);
	mounts->all[mounts->n++] = mount;
	return 0;
}

/* ---- indices ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_id(const void *a, const void *b)
{
	const struct og_mount *x = *(const struct og_mount *const *)a;
	const struct og_mount *y = *(const struct og_mount *const *)b;

	return compare_u64(x->id, y->id);
}

static int by_point(const void *a, const void *b)
{
	const struct og_mount *x = *(const struct og_mount *const *)a;
	const struct og_mount *y = *(const struct og_mount *const *)b;
	int order = strcmp(x->point, y->point);

	return order ? order : compare_u64(x->order, y->order);
}

/* Mounts of the same part of a file system are neighbours, the one nearest to "/" first. */
static int by_root(const void *a, const void *b)
{
	const struct og_mount *x = *(const struct og_mount *const *)a;
	const struct og_mount *y = *(const struct og_mount *const *)b;
	int order = compare_u64(x->dev, y->dev);

	if (!order)
		order = strcmp(x->root, y->root);
	if (!order)
		order = compare_u64(strlen(x->point), strlen(y->point));
	return order ? order : compare_u64(x->order, y->order);
}

static const struct og_mount **sorted(const struct og_mounts *mounts,
				      int (*compare)(const void *, const void *))
{
	const struct og_mount **ret = calloc(mounts->n + 1, sizeof(*ret));

	if (!ret)
		return NULL;
	for (size_t i = 0; i < mounts->n; i++)
		ret[i] = &mounts->all[i];
	if (mounts->n)
		qsort(ret, mounts->n, sizeof(*ret), compare);
	return ret;
}

static int parse(struct og_mounts *mounts, struct og_err *reterr)
{
	char *save = NULL;

	for (char *line = strtok_r(mounts->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (append(mounts, line, reterr) < 0)
			return -1;
	mounts->by_id = sorted(mounts, by_id);
	mounts->by_point = sorted(mounts, by_point);
	mounts->by_root = sorted(mounts, by_root);
	if (!mounts->by_id || !mounts->by_point || !mounts->by_root)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return 0;
}

/* Takes |text|. */
static int build(char *text, struct og_mounts **ret, struct og_err *reterr)
{
	struct og_mounts *mounts = calloc(1, sizeof(*mounts));

	if (!mounts) {
		free(text);
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	}
	mounts->text = text;
	if (parse(mounts, reterr) < 0) {
		og_mounts_free(mounts);
		return -1;
	}
	*ret = mounts;
	return 0;
}

int og_mounts_parse(const char *text, size_t len, struct og_mounts **ret, struct og_err *reterr)
{
	char *copy;

	if (memchr(text, '\0', len))
		return og_fail(reterr, OG_E_HOST, "mountinfo: holds a NUL");
	copy = strndup(text, len);
	if (!copy)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return build(copy, ret, reterr);
}

int og_mounts_load(const char *path, struct og_mounts **ret, struct og_err *reterr)
{
	og_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	size_t len;

	if (fd < 0)
		return og_fail_sys(reterr, errno, "cannot open %s", path);
	if (og_fd_read(fd, OG_MOUNTINFO_MAX_BYTES, &text, &len, reterr) < 0) {
		og_err_where(reterr, path, 0, 0);
		return -1;
	}
	return build(text, ret, reterr);
}

/* ---- questions ---- */

const struct og_mount *og_mounts_by_id(const struct og_mounts *mounts, uint64_t id)
{
	const struct og_mount key = { .id = id }, *p = &key;
	const struct og_mount **found = bsearch(&p, mounts->by_id, mounts->n,
						sizeof(*mounts->by_id), by_id);

	return found ? *found : NULL;
}

size_t og_mounts_count(const struct og_mounts *mounts)
{
	return mounts->n;
}

const struct og_mount *og_mounts_at(const struct og_mounts *mounts, size_t i)
{
	return mounts->by_point[i];
}

/* How many mount points sort before |dir| followed by |next|. */
static size_t lower_bound(const struct og_mounts *mounts, const char *dir, size_t len,
			  unsigned char next)
{
	size_t lo = 0, hi = mounts->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *point = mounts->by_point[mid]->point;
		int order = strncmp(point, dir, len);

		if (order < 0 || (order == 0 && (unsigned char)point[len] < next))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t og_mounts_below(const struct og_mounts *mounts, const char *path, size_t *n)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);
	/* Strings that begin with "path/" are neighbours, and '0' follows '/'. */
	size_t first = lower_bound(mounts, path, len, '/');
	size_t end = lower_bound(mounts, path, len, '0');

	if (len == 0) /* "/" is not below itself */
		while (first < end && mounts->by_point[first]->point[1] == '\0')
			first++;
	*n = end - first;
	return first;
}

/* The first mount of that part of the file system: |root| cut after |len| bytes. */
static const struct og_mount *mount_of_part(const struct og_mounts *mounts, uint64_t dev,
					    const char *root, size_t len)
{
	size_t lo = 0, hi = mounts->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct og_mount *m = mounts->by_root[mid];
		int order = compare_u64(m->dev, dev);

		if (!order)
			order = strncmp(m->root, root, len);
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == mounts->n)
		return NULL;
	return mounts->by_root[lo]->dev == dev && strlen(mounts->by_root[lo]->root) == len &&
			       strncmp(mounts->by_root[lo]->root, root, len) == 0
		       ? mounts->by_root[lo]
		       : NULL;
}

/* |dir| and |rest|, which is empty or starts with a slash, as one path. */
static int join(char *buf, size_t size, const char *dir, const char *rest)
{
	int len;

	if (*rest && strcmp(dir, "/") == 0)
		dir = "";
	len = snprintf(buf, size, "%s%s", dir, rest);
	return len < 0 || (size_t)len >= size ? -1 : 0;
}

/* What follows |dir| in |path|: empty, or starting with a slash. */
static const char *rest_of(const char *path, const char *dir)
{
	const char *rest = strcmp(dir, "/") == 0 ? path : path + strlen(dir);

	return strcmp(rest, "/") == 0 ? "" : rest;
}

/* What the kernel appends to the root of a mount whose directory was removed: no path leads there.
 */
static bool is_deleted(const char *root)
{
	static const char mark[] = "//deleted";
	size_t len = strlen(root);

	return len >= sizeof(mark) - 1 && strcmp(root + len - (sizeof(mark) - 1), mark) == 0;
}

int og_mounts_origin(const struct og_mounts *mounts, const struct og_mount *mount, const char *path,
		     char *buf, size_t size, const struct og_mount **through)
{
	char inside[8192]; /* the path within the file system */
	size_t len = 0, end;

	if (is_deleted(mount->root) || !og_path_within(path, mount->point) ||
	    join(inside, sizeof(inside), mount->root, rest_of(path, mount->point)) < 0)
		return -1;
	end = strlen(inside);
	/* From "/" down: the shortest root that covers it shows the largest part. */
	do {
		const struct og_mount *found;

		found = mount_of_part(mounts, mount->dev, inside, len ? len : 1);
		if (found) {
			if (through)
				*through = found;
			return join(buf, size, found->point, rest_of(inside, found->root));
		}
		len++;
		while (len < end && inside[len] != '/')
			len++;
	} while (len <= end);
	return -1;
}
