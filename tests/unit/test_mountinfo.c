/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table: what lines mean, what is below a directory, and where else a
 * file is to be seen.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ocigate/buf.h"
#include "shim/mountinfo.h"

static struct og_mounts *parse(const char *text)
{
	struct og_mounts *mounts = NULL;
	struct og_err err = { 0 };

	cr_assert(og_mounts_parse(text, strlen(text), &mounts, &err) == 0, "%s", err.msg);
	return mounts;
}

static const struct og_mount *find(const struct og_mounts *mounts, uint64_t id)
{
	const struct og_mount *mount = og_mounts_by_id(mounts, id);

	cr_assert(mount != NULL, "no mount %llu", (unsigned long long)id);
	return mount;
}

/* A host as engines leave it: volumes made with a device, an automount, a tmpfs. */
static const char host[] =
	"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
	"23 22 0:5 / /dev rw,nosuid - devtmpfs dev rw,size=4k\n"
	"30 22 8:1 / /srv/data rw,nosuid,nodev,relatime shared:7 master:3 - xfs /dev/sda1 rw\n"
	"40 22 254:0 /etc /var/lib/docker/volumes/evil/_data rw - ext4 /dev/vda rw\n"
	"41 22 254:0 / /var/lib/docker/volumes/disk/_data rw - ext4 /dev/vda rw\n"
	"42 22 0:60 / /var/lib/docker/volumes/tmp/_data ro - tmpfs tmpfs rw\n"
	"50 22 0:33 /@home /home rw - btrfs /dev/sdb rw\n"
	"51 22 0:33 /@home/alice/x /mnt/x rw - btrfs /dev/sdb rw\n"
	"52 22 0:33 /@gone//deleted /mnt/gone rw - btrfs /dev/sdb rw\n"
	"60 22 0:4 net:[4026532395] /run/netns/a rw - nsfs nsfs rw\n"
	"61 22 0:70 / /mnt/with\\040blank\\134and\\011tab rw - tmpfs tmpfs rw\n";

Test(mountinfo, lines)
{
	struct og_mounts *mounts = parse(host);
	const struct og_mount *m = find(mounts, 30);

	cr_expect(eq(sz, og_mounts_count(mounts), 11));
	cr_expect_str_eq(m->point, "/srv/data");
	cr_expect_str_eq(m->root, "/");
	cr_expect_str_eq(m->fstype, "xfs");
	cr_expect(eq(u64, m->parent, 22));
	cr_expect(eq(u64, m->dev, (uint64_t)8 << 32 | 1));
	cr_expect(m->nosuid && m->nodev && !m->readonly);
	/* the file system may be rw where the mount is not */
	cr_expect(find(mounts, 42)->readonly);
	cr_expect_not(find(mounts, 22)->nosuid);
	cr_expect_str_eq(find(mounts, 61)->point, "/mnt/with blank\\and\ttab");
	cr_expect(og_mounts_by_id(mounts, 99) == NULL);
	og_mounts_free(mounts);
}

Test(mountinfo, malformed_lines)
{
	static const char *const lines[] = {
		"22",
		"x 1 254:0 / / rw - ext4 /dev/vda rw",
		"22 1 2540 / / rw - ext4 /dev/vda rw",
		"22 1 254: / / rw - ext4 /dev/vda rw",
		"22 1 254:0 / /",
		"22 1 254:0 / / rw shared:1 ext4 /dev/vda rw",
		"22 1 254:0 / / rw -",
		"99999999999999999999 1 254:0 / / rw - ext4 a rw",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct og_mounts *mounts = NULL;
		struct og_err err = { 0 };

		cr_expect(og_mounts_parse(lines[i], strlen(lines[i]), &mounts, &err) == -1, "%s",
			  lines[i]);
		cr_expect(eq(int, err.code, OG_E_HOST));
		cr_expect(mounts == NULL);
	}
}

static void expect_origin(const struct og_mounts *mounts, uint64_t id, const char *path,
			  const char *origin)
{
	char buf[256] = "";
	int r = og_mounts_origin(mounts, find(mounts, id), path, buf, sizeof(buf), NULL);

	cr_expect(eq(int, r, origin ? 0 : -1), "%s", path);
	if (origin)
		cr_expect_str_eq(buf, origin, "%s: %s", path, buf);
}

Test(mountinfo, origin)
{
	struct og_mounts *mounts = parse(host);

	expect_origin(mounts, 22, "/etc/passwd", "/etc/passwd");
	expect_origin(mounts, 22, "/", "/");
	expect_origin(mounts, 30, "/srv/data", "/srv/data");
	expect_origin(mounts, 30, "/srv/data/a/b", "/srv/data/a/b");
	expect_origin(mounts, 40, "/var/lib/docker/volumes/evil/_data", "/etc");
	expect_origin(mounts, 40, "/var/lib/docker/volumes/evil/_data/ssh/x", "/etc/ssh/x");
	expect_origin(mounts, 41, "/var/lib/docker/volumes/disk/_data", "/");
	expect_origin(mounts, 41, "/var/lib/docker/volumes/disk/_data/root", "/root");
	expect_origin(mounts, 42, "/var/lib/docker/volumes/tmp/_data",
		      "/var/lib/docker/volumes/tmp/_data");
	/* through the mount that shows most, even if none shows the whole file system */
	expect_origin(mounts, 51, "/mnt/x/y", "/home/alice/x/y");
	expect_origin(mounts, 50, "/home/alice", "/home/alice");
	expect_origin(mounts, 60, "/run/netns/a", "/run/netns/a");
	/* a removed directory has no path, and what is not on the mount has none there */
	expect_origin(mounts, 52, "/mnt/gone/x", NULL);
	expect_origin(mounts, 30, "/srv/database", NULL);
	og_mounts_free(mounts);
}

Test(mountinfo, origin_that_is_too_long)
{
	struct og_mounts *mounts = parse(host);
	char small[8];

	cr_expect(eq(
		int,
		og_mounts_origin(mounts, find(mounts, 22), "/abcdefg", small, sizeof(small), NULL),
		-1));
	cr_expect(eq(
		int,
		og_mounts_origin(mounts, find(mounts, 22), "/abcdef", small, sizeof(small), NULL),
		0));
	og_mounts_free(mounts);
}

static size_t below(const struct og_mounts *mounts, const char *path)
{
	size_t n, first = og_mounts_below(mounts, path, &n);

	for (size_t i = 0; i < n; i++) {
		const char *point = og_mounts_at(mounts, first + i)->point;

		cr_expect(og_path_within(point, path) && strcmp(point, path) != 0, "%s in %s",
			  point, path);
	}
	return n;
}

Test(mountinfo, below)
{
	struct og_mounts *mounts = parse("1 0 1:0 / / rw - a a rw\n"
					 "2 1 1:1 / /a rw - a a rw\n"
					 "3 1 1:2 / /a rw - a a rw\n"
					 "4 3 1:3 / /a/b rw - a a rw\n"
					 "5 4 1:4 / /a/b/c rw - a a rw\n"
					 "6 1 1:5 / /a! rw - a a rw\n"
					 "7 1 1:6 / /a0 rw - a a rw\n"
					 "8 1 1:7 / /ab/c rw - a a rw\n");

	cr_expect(eq(sz, below(mounts, "/"), 7));
	cr_expect(eq(sz, below(mounts, "/a"), 2));
	cr_expect(eq(sz, below(mounts, "/a/b"), 1));
	cr_expect(eq(sz, below(mounts, "/a/b/c"), 0));
	cr_expect(eq(sz, below(mounts, "/ab"), 1));
	cr_expect(eq(sz, below(mounts, "/x"), 0));
	og_mounts_free(mounts);
}

Test(mountinfo, within)
{
	cr_expect(og_path_within("/a", "/a"));
	cr_expect(og_path_within("/a/b", "/a"));
	cr_expect(og_path_within("/a", "/"));
	cr_expect_not(og_path_within("/ab", "/a"));
	cr_expect_not(og_path_within("/", "/a"));
}

/* 10,000 lines and as many questions: a scan of the table for each would not end within the time
 * that make gives a test. */
Test(mountinfo, is_proportional)
{
	struct og_buf text = { 0 };
	struct og_mounts *mounts;
	size_t found = 0;

	for (unsigned i = 0; i < 10000; i++)
		og_buf_printf(&text, "%u 1 8:%u /r%u /m/%u/x rw - ext4 d rw\n", i + 10, i % 10, i,
			      i);
	mounts = parse(text.data);
	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < 10000; i++) {
			char path[64], origin[64];
			size_t n;

			snprintf(path, sizeof(path), "/m/%u", i);
			og_mounts_below(mounts, path, &n);
			found += n;
			snprintf(path, sizeof(path), "/m/%u/x/y", i);
			found += og_mounts_origin(mounts, og_mounts_by_id(mounts, i + 10), path,
						  origin, sizeof(origin), NULL) == 0;
		}
	cr_expect(eq(sz, found, 400000));
	og_mounts_free(mounts);
	og_buf_release(&text);
}

Test(mountinfo, this_host)
{
	struct og_mounts *mounts = NULL;
	struct og_err err = { 0 };

	cr_assert(og_mounts_load("/proc/self/mountinfo", &mounts, &err) == 0, "%s", err.msg);
	cr_expect(gt(sz, og_mounts_count(mounts), 0));
	og_mounts_free(mounts);
}
