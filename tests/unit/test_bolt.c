/* SPDX-License-Identifier: Apache-2.0 */
/* Bolt databases: whole ones of every shape, spoilt ones, and one that changes meanwhile. */
#include "shim/bolt.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bolt_file.h"
#include "ocigate/buf.h"
#include "ocigate/doc.h"

struct seen {
	char text[256];
	int fd;
	struct bolt_file *next; /* what the file becomes at the first value */
};

static int see(void *ctx, const char *value, size_t len, struct og_err *reterr)
{
	struct seen *seen = ctx;
	size_t at = strlen(seen->text);

	if (len == 4 && memcmp(value, "stop", len) == 0)
		return og_fail(reterr, OG_E_HOST, "stopped");
	snprintf(seen->text + at, sizeof(seen->text) - at, "%.*s ", (int)(len > 20 ? 20 : len),
		 value);
	if (seen->next)
		cr_assert(pwrite(seen->fd, seen->next->bytes, sizeof(seen->next->bytes), 0) > 0);
	seen->next = NULL;
	return 0;
}

/* What |bucket| has below "a/"; |len| bytes of the file are there. */
static int read_bucket(const struct bolt_file *file, size_t len, const char *bucket,
		       struct seen *seen, struct og_err *reterr)
{
	int fd = memfd_create("bolt", MFD_CLOEXEC), r;

	cr_assert(fd >= 0 && write(fd, file->bytes, len) == (ssize_t)len);
	seen->fd = fd;
	seen->text[0] = '\0';
	r = og_bolt_each(fd, bucket, "a/", see, seen, reterr);
	close(fd);
	return r;
}

static int read_cut(const struct bolt_file *file, size_t len, struct seen *seen,
		    struct og_err *reterr)
{
	return read_bucket(file, len, "libnetwork", seen, reterr);
}

static void expect(const struct bolt_file *file, const char *values)
{
	struct og_err err = { 0 };
	struct seen seen = { 0 };

	cr_expect(eq(int, read_cut(file, sizeof(file->bytes), &seen, &err), 0), "%s", err.msg);
	cr_expect_str_eq(seen.text, values);
}

static void expect_broken(const struct bolt_file *file, const char *why)
{
	struct og_err err = { 0 };
	struct seen seen = { 0 };

	cr_expect(eq(int, read_cut(file, sizeof(file->bytes), &seen, &err), -1), "%s", why);
	cr_expect(strstr(err.msg, why) != NULL, "%s, not: %s", err.msg, why);
}

/* Two levels of branches, keys of others around the prefix's, and a value of several pages. */
static void make_tree(struct bolt_file *file)
{
	static char large[2500];

	memset(large, 'L', sizeof(large) - 1);
	bolt_libnetwork(file);
	bolt_branch(file, 3,
		    (struct bolt_item[]){ { "Z", NULL, 4 }, { "a/3", NULL, 5 }, { "b", NULL, 6 } },
		    3);
	bolt_branch(file, 4,
		    (struct bolt_item[]){ { "Z", NULL, 7 }, { "a", NULL, 8 }, { "a/2", NULL, 9 } },
		    3);
	bolt_leaf(file, 5, 0, (struct bolt_item[]){ { "a/3", "three", 0 }, { "a/4", "four", 0 } },
		  2);
	/* what is read here was looked for in vain: only these have "a/" */
	bolt_leaf(file, 6, 0, (struct bolt_item[]){ { "b", "stop", 0 } }, 1);
	bolt_leaf(file, 7, 0, (struct bolt_item[]){ { "Z", "stop", 0 } }, 1);
	bolt_leaf(file, 8, 0, (struct bolt_item[]){ { "a", "stop", 0 }, { "a/1", "one", 0 } }, 2);
	bolt_leaf(file, 9, 2, (struct bolt_item[]){ { "a/2", large, 0 } }, 1);
}

Test(bolt, values_in_order_of_their_keys)
{
	static struct bolt_file file;

	make_tree(&file);
	expect(&file, "one LLLLLLLLLLLLLLLLLLLL three four ");
}

/* Pages of other keys are not even read: they can be broken. */
Test(bolt, other_keys_are_passed_by)
{
	static struct bolt_file file;

	make_tree(&file);
	memset(file.bytes + (size_t)6 * BOLT_PAGE, 0xff, BOLT_PAGE);
	memset(file.bytes + (size_t)7 * BOLT_PAGE, 0xff, BOLT_PAGE);
	expect(&file, "one LLLLLLLLLLLLLLLLLLLL three four ");
}

/* The first value of a leaf becomes the inline bucket |inner|, of |len| bytes. */
static void put_inline(struct bolt_file *file, unsigned page, const struct bolt_file *inner,
		       size_t len)
{
	size_t at = (size_t)page * BOLT_PAGE + 16;
	uint32_t flags = 1, pos, key;

	memcpy(file->bytes + at, &flags, sizeof(flags));
	memcpy(&pos, file->bytes + at + 4, sizeof(pos));
	memcpy(&key, file->bytes + at + 8, sizeof(key));
	memset(file->bytes + at + pos + key, 0, 16);
	memcpy(file->bytes + at + pos + key + 16, inner->bytes, len);
}

/* A small bucket lies in the leaf that names it; one below it is no value. */
Test(bolt, inline_bucket)
{
	static struct bolt_file file, inner;
	char value[400] = { 0 };
	struct og_err err = { 0 };
	struct seen seen = { 0 };

	bolt_libnetwork(&file);
	bolt_leaf(&inner, 0, 0, (struct bolt_item[]){ { "a/1", "one", 0 }, { "a/2", NULL, 9 } }, 2);
	/* as a value of letters first, for its length; its bytes after that */
	memset(value, 'x', 300);
	bolt_leaf(&file, 2, 0, (struct bolt_item[]){ { "libnetwork", value, 0 } }, 1);
	put_inline(&file, 2, &inner, 284);
	cr_expect(eq(int, read_cut(&file, sizeof(file.bytes), &seen, &err), 0), "%s", err.msg);
	cr_expect_str_eq(seen.text, "one ");
}

/* Each within the one before: trees, and the last one inline. */
Test(bolt, bucket_in_a_bucket)
{
	static struct bolt_file file, inner;
	char value[300] = { 0 };
	struct og_err err = { 0 };
	struct seen seen = { 0 };

	make_tree(&file);
	bolt_leaf(&file, 2, 0,
		  (struct bolt_item[]){ { "a", "no", 0 }, { "top", NULL, 12 }, { "x", "no", 0 } },
		  3);
	bolt_leaf(&file, 12, 0, (struct bolt_item[]){ { "one", NULL, 3 }, { "oneself", "no", 0 } },
		  2);
	cr_expect(eq(int, read_bucket(&file, sizeof(file.bytes), "top/one", &seen, &err), 0), "%s",
		  err.msg);
	cr_expect_str_eq(seen.text, "one LLLLLLLLLLLLLLLLLLLL three four ");
	memset(value, 'x', sizeof(value) - 1);
	bolt_leaf(&inner, 0, 0, (struct bolt_item[]){ { "a/1", "in", 0 } }, 1);
	bolt_leaf(&file, 12, 0, (struct bolt_item[]){ { "one", value, 0 } }, 1);
	put_inline(&file, 12, &inner, 200);
	cr_expect(eq(int, read_bucket(&file, sizeof(file.bytes), "top/one", &seen, &err), 0), "%s",
		  err.msg);
	cr_expect_str_eq(seen.text, "in ");
	/* there is no such bucket: in a tree, in a page that lies inline, and it is a value */
	cr_expect(eq(int, read_bucket(&file, sizeof(file.bytes), "top/two", &seen, &err),
		     OG_BOLT_NO_BUCKET));
	cr_expect(eq(int, read_bucket(&file, sizeof(file.bytes), "top/one/a", &seen, &err),
		     OG_BOLT_NO_BUCKET));
	cr_expect(eq(int, read_bucket(&file, sizeof(file.bytes), "x", &seen, &err),
		     OG_BOLT_NO_BUCKET));
	cr_expect(strstr(err.msg, "its bucket is not there") != NULL, "%s", err.msg);
}

Test(bolt, the_meta_that_holds)
{
	static struct bolt_file file;

	bolt_libnetwork(&file);
	bolt_leaf(&file, 3, 0, (struct bolt_item[]){ { "a/1", "old", 0 } }, 1);
	bolt_leaf(&file, 4, 0, (struct bolt_item[]){ { "libnetwork", NULL, 5 } }, 1);
	bolt_leaf(&file, 5, 0, (struct bolt_item[]){ { "a/1", "new", 0 } }, 1);
	expect(&file, "old ");
	bolt_meta(&file, 1, 4, 11);
	expect(&file, "new ");
	/* the first is being written: the second is where a page ends */
	file.bytes[40]++;
	expect(&file, "new ");
	file.bytes[BOLT_PAGE + 40]++;
	expect_broken(&file, "neither of its metas is valid");
}

Test(bolt, changed_meanwhile)
{
	static struct bolt_file file, next;
	struct og_err err = { 0 };
	struct seen seen = { .next = &next };

	make_tree(&file);
	next = file;
	bolt_meta(&next, 1, 2, 11);
	cr_expect(eq(int, read_cut(&file, sizeof(file.bytes), &seen, &err), 1));
	/* and what looks broken for that */
	memset(next.bytes + (size_t)9 * BOLT_PAGE, 0xff, BOLT_PAGE);
	seen.next = &next;
	cr_expect(eq(int, read_cut(&file, sizeof(file.bytes), &seen, &err), 1));
}

Test(bolt, a_reader_that_stops)
{
	static struct bolt_file file;

	bolt_libnetwork(&file);
	bolt_leaf(&file, 3, 0, (struct bolt_item[]){ { "a/1", "stop", 0 }, { "a/2", "two", 0 } },
		  2);
	expect_broken(&file, "stopped");
}

Test(bolt, no_such_bucket)
{
	static struct bolt_file file;
	struct og_err err = { 0 };
	struct seen seen = { 0 };

	make_tree(&file);
	file.bytes[2 * BOLT_PAGE + 16] = 0;
	cr_expect(eq(int, read_cut(&file, sizeof(file.bytes), &seen, &err), OG_BOLT_NO_BUCKET));
	cr_expect(strstr(err.msg, "its bucket is not there") != NULL, "%s", err.msg);
}

/* A byte at |at| of the page |page| becomes |value|. */
Test(bolt, broken)
{
	static const struct {
		unsigned page, at;
		unsigned char value;
		const char *why;
	} rows[] = {
		{ 3, 0, 9, "a page is none" },
		{ 3, 15, 1, "a page is none" },
		{ 3, 8, 4, "a page is neither branch nor leaf" },
		{ 3, 18, 9, "a key is cut short" },
		{ 3, 24, 40, "a page is not in it" },
		{ 3, 24, 1, "a page is not in it" },
		{ 3, 40, 3, "a tree has no end" },
		{ 5, 22, 9, "a value is cut short" },
		{ 5, 31, 0x7f, "a value is cut short" },
		{ 5, 27, 0xff, "a value is cut short" },
		{ 9, 12, 90, "a page is cut short" },
		{ 2, 28, 8, "a bucket is cut short" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct bolt_file file;

		make_tree(&file);
		file.bytes[rows[i].page * BOLT_PAGE + rows[i].at] = rows[i].value;
		expect_broken(&file, rows[i].why);
	}
}

/* One value of |size| bytes, in a page that others continue. */
static int read_large(uint32_t size, struct seen *seen, struct og_err *reterr)
{
	static struct bolt_file file;
	uint32_t pages = size / BOLT_PAGE + 1;
	int fd = memfd_create("bolt", MFD_CLOEXEC), r;

	bolt_libnetwork(&file);
	bolt_leaf(&file, 3, pages, (struct bolt_item[]){ { "a/1", "large", 0 } }, 1);
	memcpy(file.bytes + (size_t)3 * BOLT_PAGE + 16 + 12, &size, sizeof(size));
	cr_assert(fd >= 0 && write(fd, file.bytes, sizeof(file.bytes)) > 0);
	cr_assert(eq(int, ftruncate(fd, (off_t)(pages + 4) * BOLT_PAGE), 0));
	r = og_bolt_each(fd, "libnetwork", "a/", see, seen, reterr);
	close(fd);
	return r;
}

/* As large as what is parsed afterwards, and no larger. */
Test(bolt, large_value)
{
	struct og_err err = { 0 };
	struct seen seen = { 0 };

	cr_expect(eq(int, read_large(OG_DOC_MAX_BYTES - 4 * BOLT_PAGE, &seen, &err), 0), "%s",
		  err.msg);
	cr_expect(strncmp(seen.text, "large", 5) == 0, "%s", seen.text);
	cr_expect(eq(int, read_large(OG_DOC_MAX_BYTES, &seen, &err), -1));
	cr_expect_str_eq(err.msg, "no bolt database that can be read: a page is none");
}

/* More elements than have room, of either kind of page. */
Test(bolt, too_many_elements)
{
	static struct bolt_file file;

	for (unsigned char kind = 1; kind <= 2; kind++) {
		make_tree(&file);
		memset(file.bytes + (size_t)8 * BOLT_PAGE, 0, BOLT_PAGE);
		file.bytes[8 * BOLT_PAGE] = 8;
		file.bytes[8 * BOLT_PAGE + 8] = kind;
		file.bytes[8 * BOLT_PAGE + 10] = 64;
		expect_broken(&file, "an element is cut short");
	}
}

/* However short: an answer. */
Test(bolt, cut_short)
{
	static struct bolt_file file;
	struct og_err err = { 0 };
	struct seen seen = { 0 };

	make_tree(&file);
	for (size_t len = 0; len < sizeof(file.bytes); len += 37) {
		bool read = read_cut(&file, len, &seen, &err) == 0;

		cr_expect(read == (len >= (size_t)12 * BOLT_PAGE), "%zu", len);
	}
}
