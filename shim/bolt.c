/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a bolt database: metas, pages, and the trees that they are. */
#include "bolt.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"

#define MAGIC	   0xED0CDAEDU
#define VERSION	   2U
#define PAGE_LEAST 1024U
#define PAGE_MOST  65536U
#define SIZE_MOST  OG_DOC_MAX_BYTES /* of a page with those that continue it */
#define DEPTH_MOST 16U
#define PAGES_MOST 4096U /* in one reading: a tree that leads back to itself ends */

enum {
	PAGE_BRANCH = 0x01,
	PAGE_LEAF = 0x02,
	LEAF_BUCKET = 0x01,
};

struct header {
	uint64_t id;
	uint16_t flags, count;
	uint32_t overflow;
};

struct meta {
	uint32_t magic, version, page_size, flags;
	uint64_t root, sequence, freelist, pages, number, checksum;
};

/* Both kinds of page have elements of 16 bytes, and the place of a key counts from there. */
struct branch {
	uint32_t pos, key_len;
	uint64_t child;
};

struct leaf {
	uint32_t flags, pos, key_len, value_len;
};

struct bucket {
	uint64_t root, sequence; /* root 0: the page follows, inline */
};

_Static_assert(sizeof(struct header) == 16 && sizeof(struct meta) == 64 &&
		       sizeof(struct branch) == 16 && sizeof(struct leaf) == 16 &&
		       sizeof(struct bucket) == 16,
	       "no padding: these are the bytes of the file");

/* A page, or one that lies inline in a value. */
struct page {
	const char *bytes;
	size_t len;
};

struct bolt;
typedef int leaf_fn(struct bolt *bolt, const struct leaf *leaf, const char *value,
		    struct og_err *reterr);

/* A reading: of |prefix|'s values, each given to |found|. */
struct bolt {
	int fd;
	struct meta meta;
	unsigned visited;
	const char *prefix; /* of a bucket that is looked for: its name */
	size_t prefix_len;
	leaf_fn *found;

	bool there;
	struct bucket header; /* of the bucket that was come to, and its inline page */
	char *inlined;
	size_t inlined_len;

	og_bolt_fn *each;
	void *ctx;
};

static int broken(struct og_err *reterr, const char *what)
{
	return og_fail(reterr, OG_E_HOST, "no bolt database that can be read: %s", what);
}

/* ---- metas ---- */

/* FNV-1a of 64 bits, of all before the checksum. */
static uint64_t checksum(const struct meta *meta)
{
	const unsigned char *bytes = (const unsigned char *)meta;
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < offsetof(struct meta, checksum); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3U;
	return hash;
}

static bool read_meta(int fd, uint64_t page_size, struct meta *ret)
{
	size_t at = (size_t)page_size + sizeof(struct header);

	return pread(fd, ret, sizeof(*ret), (off_t)at) == (ssize_t)sizeof(*ret) &&
	       ret->magic == MAGIC && ret->version == VERSION && checksum(ret) == ret->checksum &&
	       ret->page_size >= PAGE_LEAST && ret->page_size <= PAGE_MOST &&
	       (ret->page_size & (ret->page_size - 1)) == 0;
}

/*
 * The meta that holds. The first may be half written: then the second is where a page
 * of some size ends.
 */
static bool find_meta(int fd, struct meta *ret)
{
	struct meta second;
	bool first = read_meta(fd, 0, ret);

	for (uint32_t size = first ? ret->page_size : PAGE_LEAST; size <= PAGE_MOST; size *= 2) {
		if (read_meta(fd, size, &second) && second.page_size == size) {
			if (!first || second.number > ret->number)
				*ret = second;
			return true;
		}
		if (first)
			break;
	}
	return first;
}

/* ---- pages ---- */

static int read_page(struct bolt *bolt, uint64_t id, char **ret, struct page *page,
		     struct og_err *reterr)
{
	size_t size = bolt->meta.page_size;
	struct header header;

	if (id < 2 || id >= bolt->meta.pages || bolt->visited++ >= PAGES_MOST)
		return broken(reterr, "a page is not in it");
	if (pread(bolt->fd, &header, sizeof(header), (off_t)(id * size)) !=
		    (ssize_t)sizeof(header) ||
	    header.id != id || header.overflow >= SIZE_MOST / size)
		return broken(reterr, "a page is none");
	page->len = size * (header.overflow + 1);
	*ret = malloc(page->len);
	if (!*ret)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	page->bytes = *ret;
	if (pread(bolt->fd, *ret, page->len, (off_t)(id * size)) != (ssize_t)page->len)
		return broken(reterr, "a page is cut short");
	return 0;
}

/* The element |i|; false: it is not in the page. */
static bool read_element(const struct page *page, size_t i, void *ret, size_t size)
{
	size_t at = sizeof(struct header) + i * size;

	if (at + size > page->len)
		return false;
	memcpy(ret, page->bytes + at, size);
	return true;
}

/* The bytes of the element |i|, of |size|, at |pos|; NULL: they are not in the page. */
static const char *bytes_of(const struct page *page, size_t i, size_t size, uint64_t pos,
			    uint64_t len)
{
	uint64_t at = sizeof(struct header) + i * size + pos;

	return len <= page->len && at <= page->len - len ? page->bytes + at : NULL;
}

/* Where a key is to those that begin with the prefix: before, among, after. */
static int compare(const struct bolt *bolt, const char *key, size_t len)
{
	size_t want = bolt->prefix_len;
	int r = memcmp(key, bolt->prefix, len < want ? len : want);

	return r ? r : len < want ? -1 : 0;
}

/* ---- trees ---- */

static int walk_page(struct bolt *bolt, uint64_t id, unsigned depth, struct og_err *reterr);

static int walk_leaf(struct bolt *bolt, const struct page *page, size_t count,
		     struct og_err *reterr)
{
	struct leaf leaf;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *key;

		if (!read_element(page, i, &leaf, sizeof(leaf)))
			return broken(reterr, "an element is cut short");
		key = bytes_of(page, i, sizeof(leaf), leaf.pos,
			       (uint64_t)leaf.key_len + leaf.value_len);
		if (!key)
			return broken(reterr, "a value is cut short");
		if (compare(bolt, key, leaf.key_len) == 0)
			r = bolt->found(bolt, &leaf, key + leaf.key_len, reterr);
	}
	return r;
}

/* A child has the keys from its own up to that of the next. */
static int walk_branch(struct bolt *bolt, const struct page *page, size_t count, unsigned depth,
		       struct og_err *reterr)
{
	struct branch branch;
	uint64_t child = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *key;
		int where;

		if (!read_element(page, i, &branch, sizeof(branch)))
			return broken(reterr, "an element is cut short");
		key = bytes_of(page, i, sizeof(branch), branch.pos, branch.key_len);
		if (!key)
			return broken(reterr, "a key is cut short");
		where = compare(bolt, key, branch.key_len);
		if (i > 0 && where >= 0)
			r = walk_page(bolt, child, depth + 1, reterr);
		if (i > 0 && where > 0)
			return r;
		child = branch.child;
	}
	return r == 0 && count > 0 ? walk_page(bolt, child, depth + 1, reterr) : r;
}

static int walk(struct bolt *bolt, const struct page *page, unsigned depth, struct og_err *reterr)
{
	struct header header;

	if (page->len < sizeof(header) || depth > DEPTH_MOST)
		return broken(reterr, "a tree has no end");
	memcpy(&header, page->bytes, sizeof(header));
	if (header.flags & PAGE_LEAF)
		return walk_leaf(bolt, page, header.count, reterr);
	if (header.flags & PAGE_BRANCH)
		return walk_branch(bolt, page, header.count, depth, reterr);
	return broken(reterr, "a page is neither branch nor leaf");
}

static int walk_page(struct bolt *bolt, uint64_t id, unsigned depth, struct og_err *reterr)
{
	og_auto_free char *bytes = NULL;
	struct page page;

	return read_page(bolt, id, &bytes, &page, reterr) < 0 ? -1
							      : walk(bolt, &page, depth, reterr);
}

/* ---- buckets ---- */

static int found_bucket(struct bolt *bolt, const struct leaf *leaf, const char *value,
			struct og_err *reterr)
{
	if (leaf->key_len != bolt->prefix_len || !(leaf->flags & LEAF_BUCKET) || bolt->there)
		return 0;
	if (leaf->value_len < sizeof(bolt->header))
		return broken(reterr, "a bucket is cut short");
	bolt->there = true;
	memcpy(&bolt->header, value, sizeof(bolt->header));
	if (bolt->header.root)
		return 0;
	bolt->inlined_len = leaf->value_len - sizeof(bolt->header);
	bolt->inlined = malloc(bolt->inlined_len + 1);
	if (!bolt->inlined)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	memcpy(bolt->inlined, value + sizeof(bolt->header), bolt->inlined_len);
	return 0;
}

static int found_value(struct bolt *bolt, const struct leaf *leaf, const char *value,
		       struct og_err *reterr)
{
	return leaf->flags & LEAF_BUCKET ? 0
					 : bolt->each(bolt->ctx, value, leaf->value_len, reterr);
}

/* Of a bucket: its tree, or the page that it is. */
static int walk_bucket(struct bolt *bolt, uint64_t root, const struct page *inlined,
		       struct og_err *reterr)
{
	return root ? walk_page(bolt, root, 0, reterr) : walk(bolt, inlined, 0, reterr);
}

/* Come to the bucket |name| within the one that was come to. */
static int enter(struct bolt *bolt, const char *name, size_t len, struct og_err *reterr)
{
	og_auto_free char *outer = bolt->inlined;
	const struct page page = { outer, bolt->inlined_len };

	bolt->inlined = NULL;
	bolt->prefix = name;
	bolt->prefix_len = len;
	bolt->found = found_bucket;
	bolt->there = false;
	if (walk_bucket(bolt, bolt->header.root, &page, reterr) < 0)
		return -1;
	if (bolt->there)
		return 0;
	broken(reterr, "its bucket is not there");
	return OG_BOLT_NO_BUCKET;
}

static int read_bucket(struct bolt *bolt, const char *path, const char *prefix,
		       struct og_err *reterr)
{
	bolt->header.root = bolt->meta.root;
	for (size_t len; *path; path += len + (path[len] == '/')) {
		int r;

		len = strcspn(path, "/");
		r = enter(bolt, path, len, reterr);
		if (r < 0)
			return r;
	}
	bolt->prefix = prefix;
	bolt->prefix_len = strlen(prefix);
	bolt->found = found_value;
	return walk_bucket(bolt, bolt->header.root,
			   &(struct page){ bolt->inlined, bolt->inlined_len }, reterr);
}

int og_bolt_each(int fd, const char *bucket, const char *prefix, og_bolt_fn *each, void *ctx,
		 struct og_err *reterr)
{
	struct bolt bolt = { .fd = fd, .each = each, .ctx = ctx };
	struct meta after;
	int r;

	if (!find_meta(fd, &bolt.meta))
		return broken(reterr, "neither of its metas is valid");
	r = read_bucket(&bolt, bucket, prefix, reterr);
	free(bolt.inlined);
	return find_meta(fd, &after) && after.number == bolt.meta.number ? r : 1;
}
