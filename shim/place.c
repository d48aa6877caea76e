/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving paths, once, from descriptors; see place.h. */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file.h"
#include "ocigate/buf.h"

#define MAX_LINKS 40 /* as the kernel */

const char *og_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *og_path_absolute(const char *path)
{
	og_auto_free char *cwd = NULL;
	char *ret;

	if (path && path[0] == '/')
		return strdup(path);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return NULL;
	if (!path)
		return og_steal(cwd);
	return asprintf(&ret, "%s/%s", cwd, path) < 0 ? NULL : ret;
}

bool og_path_is_normal(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || (len > 1 && path[len - 1] == '/'))
		return false;
	for (const char *p = path; (p = strchr(p, '/')); p++) {
		size_t name = strcspn(p + 1, "/");

		if ((name == 0 && p[1] == '/') || (name == 1 && p[1] == '.') ||
		    (name == 2 && p[1] == '.' && p[2] == '.'))
			return false;
	}
	return true;
}

static int open_path(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags, .resolve = resolve };

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

/*
 * fstat(2), or with |name| fstatat(2) that follows no link, and more, in one call;
 * *mount, *birth are 0 where the kernel does not tell it.
 */
static int look_at(int fd, const char *name, struct stat *st, uint64_t *mount, uint64_t *birth)
{
	unsigned wanted = STATX_BASIC_STATS | STATX_MNT_ID | STATX_BTIME;
	struct statx stx;

	if (statx(fd, name, *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH, wanted, &stx) < 0)
		return -1;
	*birth = stx.stx_mask & STATX_BTIME
			 ? (uint64_t)stx.stx_btime.tv_sec * 1000000000u + stx.stx_btime.tv_nsec
			 : 0;
	st->st_mode = stx.stx_mode;
	st->st_uid = stx.stx_uid;
	st->st_gid = stx.stx_gid;
	st->st_nlink = stx.stx_nlink;
	st->st_ino = stx.stx_ino;
	st->st_dev = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	st->st_rdev = makedev(stx.stx_rdev_major, stx.stx_rdev_minor);
	*mount = stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : 0;
	return 0;
}

int og_mount_id(int fd, uint64_t *ret)
{
	struct stat st;
	uint64_t birth;

	return look_at(fd, "", &st, ret, &birth) < 0 || *ret == 0 ? -1 : 0;
}

/* Where the descriptor leads, and that a look-up by that name finds the same file. */
static const char *name_of(int fd, struct og_place *ret)
{
	char link[64];
	struct stat again;
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, ret->path, sizeof(ret->path));
	if (len < 0 || (size_t)len >= sizeof(ret->path))
		return "its real path is too long";
	ret->path[len] = '\0';
	/* "/x (deleted)", "(unreachable)/x": no name leads there any more */
	if (ret->path[0] != '/' || lstat(ret->path, &again) < 0 || again.st_dev != ret->st.st_dev ||
	    again.st_ino != ret->st.st_ino)
		return "no path leads to it any more";
	return NULL;
}

/* |real|: the path by which |fd| was reached, if that had no symbolic link in it. */
static const char *look(int fd, const struct statfs *fs, const char *real, struct og_place *ret)
{
	if (look_at(fd, "", &ret->st, &ret->mount, &ret->birth) < 0)
		return "it cannot be looked at";
	ret->fs_type = (uint64_t)fs->f_type;
	ret->magic |= ret->fs_type == PROC_SUPER_MAGIC;
	ret->nosuid = fs->f_flags & ST_NOSUID;
	ret->nodev = fs->f_flags & ST_NODEV;
	ret->readonly = fs->f_flags & ST_RDONLY;
	if (ret->mount == 0)
		return "this kernel does not tell which mount it lies on";
	if (!real)
		return name_of(fd, ret);
	memcpy(ret->path, real, strlen(real) + 1);
	return NULL;
}

static const char *why_not(int error, int dirfd, const char *path, struct og_place *ret)
{
	og_auto_close int fd = -1;

	if (error == ENOENT || error == ENOTDIR) {
		ret->missing = true;
		return "there is no such file";
	}
	if (error == ENOSYS)
		return "this kernel has no openat2(2)";
	if (error == EACCES)
		return "it may not be looked at";
	/* ELOOP means either: too many links, or a magic one. */
	fd = error == ELOOP ? openat(dirfd, path, O_PATH | O_CLOEXEC) : -1;
	if (fd < 0)
		return "it cannot be opened";
	ret->magic = true;
	return "it leads through a magic link of /proc";
}

void og_place_resolve(int dirfd, const char *path, struct og_place *ret)
{
	og_auto_close int fd = -1;
	struct statfs fs = { 0 };
	const char *real = NULL;

	/* not its path, which is large */
	memset(ret, 0, offsetof(struct og_place, path));
	ret->path[0] = '\0';
	/* Most paths are what they say: that it is so is known by one look-up. */
	if (og_path_is_normal(path) && strlen(path) < sizeof(ret->path))
		fd = open_path(dirfd, path, 0, RESOLVE_NO_SYMLINKS);
	if (fd >= 0)
		real = path;
	else
		fd = open_path(dirfd, path, 0, RESOLVE_NO_MAGICLINKS);
	/* mount(2) triggers an automount, open(2) with O_PATH alone does not */
	if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == AUTOFS_SUPER_MAGIC) {
		close(fd);
		fd = open_path(dirfd, path, O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
		real = NULL;
		if (fd >= 0 && fstatfs(fd, &fs) < 0)
			fs.f_type = 0;
	}
	ret->problem = fd < 0		? why_not(errno, dirfd, path, ret)
		       : fs.f_type == 0 ? "it cannot be looked at"
					: look(fd, &fs, real, ret);
}

bool og_dir_look(int fd, struct og_dir *ret)
{
	struct statfs fs;
	uint64_t birth;

	*ret = (struct og_dir){ .fd = fd };
	if (fstatfs(fd, &fs) < 0 || look_at(fd, "", &ret->st, &ret->mount, &birth) < 0)
		return false;
	ret->fs_type = (uint64_t)fs.f_type;
	ret->nosuid = fs.f_flags & ST_NOSUID;
	ret->nodev = fs.f_flags & ST_NODEV;
	ret->readonly = fs.f_flags & ST_RDONLY;
	return ret->mount != 0;
}

bool og_place_child(const struct og_dir *dir, const char *path, struct og_place *ret)
{
	const char *name = og_path_base(path);

	memset(ret, 0, offsetof(struct og_place, path));
	if (strlen(path) >= sizeof(ret->path) || !*name ||
	    look_at(dir->fd, name, &ret->st, &ret->mount, &ret->birth) < 0 ||
	    S_ISLNK(ret->st.st_mode) || ret->mount != dir->mount)
		return false;
	ret->fs_type = dir->fs_type;
	ret->magic = ret->fs_type == PROC_SUPER_MAGIC;
	ret->nosuid = dir->nosuid;
	ret->nodev = dir->nodev;
	ret->readonly = dir->readonly;
	memcpy(ret->path, path, strlen(path) + 1);
	return true;
}

bool og_path_real(int dirfd, const char *path, char buf[PATH_MAX])
{
	int fd = og_path_is_normal(path) && strlen(path) < PATH_MAX
			 ? open_path(dirfd, path, 0, RESOLVE_NO_SYMLINKS)
			 : -1;
	struct og_place place;

	if (fd >= 0) {
		close(fd);
		memcpy(buf, path, strlen(path) + 1);
		return true;
	}
	og_place_resolve(dirfd, path, &place);
	if (!place.problem)
		memcpy(buf, place.path, strlen(place.path) + 1);
	return !place.problem;
}

enum og_ftype og_place_type(const struct og_place *place)
{
	switch (place->st.st_mode & S_IFMT) {
	case S_IFREG:
		return OG_FT_FILE;
	case S_IFDIR:
		return OG_FT_DIR;
	case S_IFSOCK:
		return OG_FT_SOCKET;
	case S_IFIFO:
		return OG_FT_FIFO;
	case S_IFBLK:
		return OG_FT_BLOCK;
	case S_IFCHR:
		return OG_FT_CHAR;
	default:
		return OG_FT_MISSING;
	}
}

/* ---- safety ---- */

/* What is still to be walked; components are taken from the front. */
struct walk {
	unsigned links;
	int fd; /* the directory reached */
	unsigned flags;
	bool sticky; /* anybody may make files in it, but touch nobody else's */
	bool end;
	char todo[PATH_MAX];
};

/* Put |text| before what is left to walk. */
static bool prepend(struct walk *walk, const char *text)
{
	char joined[PATH_MAX];
	int len = snprintf(joined, sizeof(joined), "%s/%s", text, walk->todo);

	if (len < 0 || (size_t)len >= sizeof(joined))
		return false;
	memcpy(walk->todo, joined, (size_t)len + 1);
	return true;
}

static bool move_to(struct walk *walk, int fd)
{
	if (walk->fd >= 0)
		close(walk->fd);
	walk->fd = fd;
	return fd >= 0;
}

static bool to_root(struct walk *walk)
{
	struct stat st;

	return move_to(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) &&
	       fstat(walk->fd, &st) == 0 && !og_writable_by_others(&st);
}

static bool follow(struct walk *walk, int fd)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target));

	close(fd);
	if (len <= 0 || (size_t)len >= sizeof(target) || walk->links++ >= MAX_LINKS)
		return false;
	target[len] = '\0';
	return prepend(walk, target) && (target[0] != '/' || to_root(walk));
}

/* |last|: no names follow. What a last link leads to is asked about in its turn. */
static bool is_ours(unsigned flags, const struct stat *st, bool last, bool *sticky)
{
	*sticky = false;
	if (last && flags & OG_SAFE_ANY_END && !S_ISLNK(st->st_mode))
		return true;
	if (!og_is_roots(st->st_uid) && st->st_uid != og_euid())
		return false;
	/* The mode of a symbolic link means nothing: its directory decides. */
	if (S_ISLNK(st->st_mode) || !og_writable_by_others(st))
		return true;
	*sticky = flags & OG_SAFE_STICKY && S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;
	return *sticky;
}

static bool is_end(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

static bool step(struct walk *walk)
{
	char name[NAME_MAX + 1];
	const char *rest = walk->todo + strspn(walk->todo, "/");
	size_t len = strcspn(rest, "/");
	struct stat st;
	int fd;

	walk->end = len == 0;
	if (walk->end)
		return true;
	if (len >= sizeof(name))
		return false;
	memcpy(name, rest, len);
	name[len] = '\0';
	memmove(walk->todo, rest + len, strlen(rest + len) + 1);
	fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || !is_ours(walk->flags, &st, is_end(walk->todo), &walk->sticky)) {
		close(fd);
		return false;
	}
	return S_ISLNK(st.st_mode) ? follow(walk, fd) : move_to(walk, fd);
}

/*
 * A path without symbolic links, by the names of its directories from the root:
 * in one that is safe nobody changes what the next name is. The first |len| bytes
 * are known to be such. False also where there is a link: then it must be walked.
 */
static bool is_safe_as_it_stands(unsigned flags, const char *path, size_t len, bool *sticky)
{
	char name[PATH_MAX];
	struct stat st;

	if (!og_path_is_normal(path) || strlen(path) >= sizeof(name) ||
	    (len == 0 && (og_root_dir(&st) < 0 || og_writable_by_others(&st))))
		return false;
	while (path[len] && path[len + 1]) {
		len += 1 + strcspn(path + len + 1, "/");
		memcpy(name, path, len);
		name[len] = '\0';
		if (lstat(name, &st) < 0 || S_ISLNK(st.st_mode) ||
		    !is_ours(flags, &st, is_end(path + len), sticky))
			return false;
	}
	return !*sticky;
}

/* Not inlined: what is nearly never walked needs no room on the stack. */
__attribute__((noinline)) static bool is_safe_walked(const char *path, unsigned flags)
{
	struct walk walk = { .fd = -1, .flags = flags };
	bool safe;

	if (path[0] != '/' || strlen(path) >= sizeof(walk.todo))
		return false;
	memcpy(walk.todo, path, strlen(path) + 1);
	safe = to_root(&walk);
	while (safe && !walk.end)
		safe = step(&walk);
	if (walk.fd >= 0)
		close(walk.fd);
	return safe && !walk.sticky;
}

bool og_path_is_safe(const char *path, unsigned flags)
{
	return og_path_is_safe_below("", path, flags);
}

bool og_path_is_safe_below(const char *base, const char *path, unsigned flags)
{
	bool sticky = false;

	return is_safe_as_it_stands(flags, path, strlen(base), &sticky) ||
	       is_safe_walked(path, flags);
}
