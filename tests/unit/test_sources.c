/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entry decides about a path: by table, against a slow search that is
 * plainly right, and with as many entries as a policy may have.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/sources.h"

#define LIST(items)                                                                                \
	{                                                                                          \
		items, sizeof(items) / sizeof((items)[0])                                          \
	}

/* ---- patterns ---- */

Test(glob, text)
{
	static const struct {
		const char *glob, *text;
		bool matches;
	} rows[] = {
		{ "", "", true },	  { "", "a", false },		{ "a", "a", true },
		{ "a", "ab", false },	  { "ab", "a", false },		{ "*", "", true },
		{ "*", "a/b", true },	  { "a*", "a", true },		{ "a*c", "abbc", true },
		{ "a*c", "abcb", false }, { "a*b*c", "aXbXbXc", true }, { "*.x", "a.x.y", false },
		{ "*.x", "a.x.x", true }, { "a**c", "abc", true },	{ "io.*", "ioX", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(og_glob_text(rows[i].glob, rows[i].text) == rows[i].matches, "%s on %s",
			  rows[i].glob, rows[i].text);
}

Test(glob, paths)
{
	static const struct {
		const char *glob, *path;
		bool covers;
	} rows[] = {
		{ "/srv/*", "/srv/a", true },
		{ "/srv/*", "/srv/a/b/c", true },
		{ "/srv/*", "/srv", false },
		{ "/srv/*", "/srv2/a", false },
		{ "/srv/a*", "/srv/a", true },
		{ "/srv/a*", "/srv/b/a", false },
		{ "/home/*/public", "/home/ada/public", true },
		{ "/home/*/public", "/home/ada/public/x", true },
		{ "/home/*/public", "/home/ada/publicity", false },
		{ "/home/*/public", "/home/ada/x/public", false },
		{ "/home/*/public", "/home/public", false },
		{ "/home/**/public", "/home/ada/x/public/y", true },
		{ "/home/**/public", "/home/ada/x/private", false },
		{ "/srv/**", "/srv/a/b", true },
		{ "/srv/**", "/srv", false },
		{ "/s*v/**x", "/srv/a/bx/c", true },
		{ "/*", "/a", true },
		{ "/*", "/", false },
		{ "/**", "/", false },
		{ "/", "/", true },
		{ "/", "/a", true },
		{ "/a/*b*c/d", "/a/xbxbxc/d", true },
		{ "/a/*b/d", "/a/xbx/d", false },
		{ "/**/a*/b", "/x/ab/c/a/b", true },
		{ "/a/*", "/a/*", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(og_glob_covers(rows[i].glob, rows[i].path) == rows[i].covers, "%s on %s",
			  rows[i].glob, rows[i].path);
}

/* |text| NULL: none. */
static bool is_entry(const struct og_item *item, const char *text)
{
	return item && text ? !strcmp(item->text, text) : !item && !text;
}

/* ---- allowed sources ---- */

static const struct og_item sources[] = {
	{ .text = "/home/*", .access = OG_RO },
	{ .text = "/home/*/public", .access = OG_RW },
	{ .text = "/home/ada", .access = OG_RW },
	{ .text = "/home/ada/public", .access = OG_RO },
	{ .text = "/opt/**/data", .access = OG_RO },
	{ .text = "/opt/a*", .access = OG_RW },
	{ .text = "/srv", .access = OG_RW, .accept_setuid = true },
	{ .text = "/srv", .access = OG_RW },
	{ .text = "/srv-2", .access = OG_RO },
	{ .text = "/srv/data", .access = OG_RW },
	{ .text = "/srv/data", .access = OG_RO },
	{ .text = "/srv/data/pub", .access = OG_RW },
};
static const struct og_list list = LIST(sources);

Test(sources, most_specific_decides)
{
	static const struct {
		const char *path, *text; /* NULL: none */
		enum og_access access;
	} rows[] = {
		{ "/", NULL, OG_RO },
		{ "/sr", NULL, OG_RO },
		{ "/srv2", NULL, OG_RO },
		{ "/srv", "/srv", OG_RW },
		{ "/srv/x/y", "/srv", OG_RW },
		{ "/srv-2/x", "/srv-2", OG_RO },
		{ "/srv/data", "/srv/data", OG_RO },
		{ "/srv/data2", "/srv", OG_RW },
		{ "/srv/data/a", "/srv/data", OG_RO },
		{ "/srv/data/pub/a", "/srv/data/pub", OG_RW },
		{ "/home", NULL, OG_RO },
		{ "/home/bob", "/home/*", OG_RO },
		{ "/home/bob/x", "/home/*", OG_RO },
		{ "/home/bob/public", "/home/*/public", OG_RW },
		{ "/home/ada/x", "/home/ada", OG_RW },
		{ "/home/ada/public/x", "/home/ada/public", OG_RO },
		{ "/opt/abc/x", "/opt/a*", OG_RW },
		{ "/opt/abc/data/x", "/opt/**/data", OG_RO },
		{ "/opt/b", NULL, OG_RO },
		{ "relative", NULL, OG_RO },
		/* a star in a name is itself, not one of the list's */
		{ "/home/*", "/home/*", OG_RO },
		{ "/srv/*", "/srv", OG_RW },
		{ "/opt/*", NULL, OG_RO },
		{ "/srv/data/", "/srv/data", OG_RO },
		{ "", NULL, OG_RO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct og_item *item = og_source_find(&list, rows[i].path);

		cr_expect(is_entry(item, rows[i].text), "%s: %s", rows[i].path,
			  item ? item->text : "none");
		if (item)
			cr_expect(eq(int, item->access, rows[i].access), "%s", rows[i].path);
	}
}

Test(sources, equal_entries_are_strict)
{
	cr_assert(not(og_source_find(&list, "/srv/x")->accept_setuid));
}

Test(sources, empty_list)
{
	const struct og_list none = { NULL, 0 };

	cr_assert(eq(ptr, (void *)og_source_find(&none, "/srv"), NULL));
	cr_assert(eq(ptr, (void *)og_path_denied(&none, "/"), NULL));
}

Test(sources, root_covers_everything)
{
	static const struct og_item items[] = { { .text = "/", .access = OG_RO },
						{ .text = "/*", .access = OG_RW } };
	const struct og_list root = LIST(items);

	cr_assert(eq(str, (char *)og_source_find(&root, "/")->text, "/"));
	/* as specific as each other */
	cr_assert(eq(int, og_source_find(&root, "/etc/x")->access, OG_RO));
}

/* ---- against the slow search ---- */

static size_t literals(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text != '*';
	return n;
}

static bool covers(const char *text, const char *path)
{
	size_t len = strlen(text);

	if (strchr(text, '*'))
		return og_glob_covers(text, path);
	return !strcmp(text, "/") ||
	       (!strncmp(text, path, len) && (!path[len] || path[len] == '/'));
}

/* The most literal bytes of an entry that covers |path|; -1: none does. */
static long slow_weight(const struct og_list *all, const char *path)
{
	long best = -1;

	for (size_t i = 0; i < all->n; i++)
		if (covers(all->items[i].text, path) && (long)literals(all->items[i].text) > best)
			best = (long)literals(all->items[i].text);
	return best;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct og_item *)a)->text, ((const struct og_item *)b)->text);
}

/* A path of up to four components from few letters, so that much coincides. */
static void random_path(unsigned *seed, bool stars, char *buf, size_t size)
{
	static const char *const plain[] = { "a", "b", "ab", "ba", "a.b", "a-" };
	static const char *const star[] = { "*", "a*", "*b", "**", "a*b", "**b" };
	int n = 1 + rand_r(seed) % 4;

	while (n--) {
		bool glob = stars && rand_r(seed) % 3 == 0;
		int len = snprintf(buf, size, "/%s", (glob ? star : plain)[rand_r(seed) % 6]);

		buf += len;
		size -= (size_t)len;
	}
}

Test(sources, same_as_slow_search)
{
	unsigned seed = 1;

	for (int round = 0; round < 300; round++) {
		char texts[60][64], path[64];
		struct og_item items[60] = { { 0 } };
		struct og_list some = { items, (size_t)(rand_r(&seed) % 60) };

		for (size_t i = 0; i < some.n; i++) {
			random_path(&seed, true, texts[i], sizeof(texts[i]));
			items[i].text = texts[i];
		}
		qsort(items, some.n, sizeof(*items), compare_items);
		for (int i = 0; i < 100; i++) {
			const struct og_item *found;

			random_path(&seed, false, path, sizeof(path));
			found = og_source_find(&some, path);
			cr_assert(slow_weight(&some, path) ==
					  (found ? (long)literals(found->text) : -1),
				  "%s: %s", path, found ? found->text : "none");
			if (found)
				cr_assert(covers(found->text, path));
		}
	}
}

/* ---- many entries ---- */

/*
 * 10,000 globs that differ only behind a star, 10,000 look-ups: one by one that
 * is 100 million matches, and the test runs into its time limit.
 */
static void look_up_many(const char *glob)
{
	const size_t n = 10000;
	struct og_item *items = calloc(n, sizeof(*items));
	char(*texts)[64] = calloc(n, sizeof(*texts));
	struct og_list many = { items, n };
	char path[64];

	cr_assert(items != NULL && texts != NULL);
	for (size_t i = 0; i < n; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%s/p%05zu/data", glob, i);
		items[i].text = texts[i];
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/home/ada/work/p%05zu/data/x", i);
		cr_assert(eq(ptr, (void *)og_source_find(&many, path), (void *)&items[i]));
		snprintf(path, sizeof(path), "/home/ada/work/p%05zu/other", i);
		cr_assert(eq(ptr, (void *)og_source_find(&many, path), NULL));
	}
	free(texts);
	free(items);
}

Test(sources, many_with_a_star, .timeout = 10)
{
	look_up_many("/home/*/work");
}

Test(sources, many_with_two_stars, .timeout = 10)
{
	look_up_many("/home/**");
}

/* ---- denied paths ---- */

Test(sources, denied)
{
	static const struct og_item items[] = { { .text = "/etc" }, { .text = "/usr/lib" } };
	static const struct og_item root[] = { { .text = "/" } };
	const struct og_list deny = LIST(items), only_root = LIST(root);
	static const struct {
		const char *path, *text;
	} rows[] = {
		{ "/etc", "/etc" },	{ "/etc/ssl/x", "/etc" }, { "/etcetera", NULL },
		{ "/usr", "/usr/lib" }, { "/usr/lib64", NULL },	  { "/usr/lib/x", "/usr/lib" },
		{ "/usr/share", NULL }, { "/", "/etc" },	  { "/e", NULL },
		{ "/usr/li", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct og_item *item = og_path_denied(&deny, rows[i].path);

		cr_expect(is_entry(item, rows[i].text), "%s: %s", rows[i].path,
			  item ? item->text : "none");
	}
	cr_assert(not(eq(ptr, (void *)og_path_denied(&only_root, "/"), NULL)));
	cr_assert(eq(ptr, (void *)og_path_denied(&only_root, "/srv"), NULL));
}
