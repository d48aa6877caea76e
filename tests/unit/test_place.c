/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: what counts as normal, as safe from others, and what a path leads to.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine.h"
#include "shim/place.h"

Test(place, spelling)
{
	cr_expect(og_path_ends("/run/x/moby", "/moby"));
	cr_expect(og_path_ends("/moby", "/moby"));
	cr_expect_not(og_path_ends("/run/xmoby", "/moby"));
	cr_expect_not(og_path_ends("moby", "/moby"));
	cr_expect(og_path_ends("/a/executor/1", "/executor/*"));
	cr_expect_not(og_path_ends("/a/executor/", "/executor/*"));
	cr_expect_not(og_path_ends("/executor", "/executor/*"));
	cr_expect(og_path_is_normal("/"));
	cr_expect(og_path_is_normal("/a/..b/.c"));
	cr_expect_not(og_path_is_normal("/a/"));
	cr_expect_not(og_path_is_normal("/a//b"));
	cr_expect_not(og_path_is_normal("/a/./b"));
	cr_expect_not(og_path_is_normal("/a/.."));
	cr_expect_not(og_path_is_normal("a"));
	cr_expect_not(og_path_is_normal(""));
}

/* A file in a directory of ours, "d/f", below one that is made in /tmp. */
struct tree {
	char top[64], dir[80], file[96], link[80];
};

static void make(struct tree *t)
{
	int fd;

	umask(022);
	snprintf(t->top, sizeof(t->top), "/tmp/ocigate-test-XXXXXX");
	cr_assert(mkdtemp(t->top) != NULL);
	snprintf(t->dir, sizeof(t->dir), "%s/d", t->top);
	snprintf(t->file, sizeof(t->file), "%s/f", t->dir);
	snprintf(t->link, sizeof(t->link), "%s/l", t->top);
	cr_assert(eq(int, mkdir(t->dir, 0755), 0));
	fd = open(t->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	cr_assert(fd >= 0);
	close(fd);
}

static void destroy(const struct tree *t)
{
	unlink(t->link);
	unlink(t->file);
	rmdir(t->dir);
	rmdir(t->top);
}

Test(place, safety)
{
	struct tree t;

	make(&t);
	cr_expect(og_path_is_safe(t.file, OG_SAFE_STICKY));
	/* unless asked for, a directory like /tmp on the way is not safe */
	cr_expect_not(og_path_is_safe(t.file, 0));
	cr_expect_not(og_path_is_safe("/tmp", OG_SAFE_STICKY));
	cr_expect_not(og_path_is_safe("/missing", OG_SAFE_STICKY));
	cr_expect_not(og_path_is_safe("relative", OG_SAFE_STICKY));
	cr_assert(eq(int, chmod(t.file, 0664), 0));
	cr_expect_not(og_path_is_safe(t.file, OG_SAFE_STICKY));
	cr_assert(eq(int, chmod(t.file, 0644), 0));
	cr_assert(eq(int, chmod(t.dir, 0777), 0));
	cr_expect_not(og_path_is_safe(t.file, OG_SAFE_STICKY));
	destroy(&t);
}

/* Whose the file in the end is does not matter, whose the directories are does. */
Test(place, safety_of_any_end)
{
	unsigned flags = OG_SAFE_STICKY | OG_SAFE_ANY_END;
	struct tree t;

	make(&t);
	cr_assert(eq(int, chmod(t.file, 0666), 0));
	cr_expect(og_path_is_safe(t.file, flags));
	cr_assert(eq(int, symlink("d/f", t.link), 0));
	cr_expect(og_path_is_safe(t.link, flags));
	cr_assert(eq(int, chmod(t.dir, 0777), 0));
	cr_expect_not(og_path_is_safe(t.file, flags));
	cr_expect_not(og_path_is_safe(t.link, flags));
	cr_expect(og_path_is_safe(t.dir, flags));
	destroy(&t);
}

/* What a link leads to counts as well. */
Test(place, safety_of_links)
{
	struct tree t;

	make(&t);
	cr_assert(eq(int, symlink("d/../d/f", t.link), 0));
	cr_expect(og_path_is_safe(t.link, OG_SAFE_STICKY));
	cr_assert(eq(int, chmod(t.file, 0666), 0));
	cr_expect_not(og_path_is_safe(t.link, OG_SAFE_STICKY));
	cr_assert(eq(int, unlink(t.link), 0));
	cr_assert(eq(int, symlink("l", t.link), 0));
	cr_expect_not(og_path_is_safe(t.link, OG_SAFE_STICKY));
	destroy(&t);
}

Test(place, resolving)
{
	struct og_place place;
	struct tree t;

	make(&t);
	cr_assert(eq(int, symlink("d/../d/f", t.link), 0));
	og_place_resolve(AT_FDCWD, t.link, &place);
	cr_expect(place.problem == NULL);
	cr_expect_str_eq(place.path, t.file);
	cr_expect(eq(int, og_place_type(&place), OG_FT_FILE));
	og_place_resolve(AT_FDCWD, t.dir, &place);
	cr_expect(eq(int, og_place_type(&place), OG_FT_DIR));
	cr_assert(eq(int, unlink(t.link), 0));
	cr_assert(eq(int, symlink("gone", t.link), 0));
	og_place_resolve(AT_FDCWD, t.link, &place);
	cr_expect(place.missing);
	cr_assert(eq(int, unlink(t.link), 0));
	/* too many links is no magic link */
	cr_assert(eq(int, symlink("l", t.link), 0));
	og_place_resolve(AT_FDCWD, t.link, &place);
	cr_expect(place.problem != NULL && place.magic == false && place.missing == false);
	destroy(&t);
}

Test(place, magic)
{
	static const char *const paths[] = {
		"/proc/self/root",	 "/proc/self/cwd", "/proc/self/root/etc",
		"/proc/thread-self/exe", "/proc/1",	   "/proc"
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct og_place place;

		og_place_resolve(AT_FDCWD, paths[i], &place);
		cr_expect(place.magic, "%s", paths[i]);
	}
}

/* A FIFO would block whoever opened it for reading. */
Test(place, special_files)
{
	struct og_place place;
	struct tree t;

	make(&t);
	cr_assert(eq(int, mkfifo(t.link, 0600), 0));
	og_place_resolve(AT_FDCWD, t.link, &place);
	cr_expect(place.problem == NULL);
	cr_expect(eq(int, og_place_type(&place), OG_FT_FIFO));
	og_place_resolve(AT_FDCWD, "/dev/null", &place);
	cr_expect(eq(int, og_place_type(&place), OG_FT_CHAR));
	destroy(&t);
}

/* A directory that was removed while it was open has no path. */
Test(place, removed)
{
	struct og_place place;
	struct tree t;
	int fd;

	make(&t);
	cr_assert(eq(int, unlink(t.file), 0));
	fd = open(t.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(fd >= 0 && rmdir(t.dir) == 0);
	og_place_resolve(fd, ".", &place);
	cr_expect(place.problem != NULL);
	close(fd);
	destroy(&t);
}
