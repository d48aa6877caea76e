/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting, writing and reading what a record says about binds; see binds.h. */
#include "binds.h"

#include <stdlib.h>
#include <string.h>

#include "mountinfo.h"
#include "sources.h"

/* One block, for free(): the binds, then what may be below them. */
static struct og_bind_id *alloc(size_t n, size_t nbelow, struct og_bind_below **retbelow,
				struct og_err *reterr)
{
	struct og_bind_id *ret = calloc(1, (n + 1) * sizeof(*ret) +
						   (nbelow + 1) * sizeof(struct og_bind_below));

	if (!ret)
		og_fail(reterr, OG_E_NOMEM, "out of memory");
	*retbelow = ret ? (struct og_bind_below *)(void *)(ret + n + 1) : NULL;
	return ret;
}

/* ---- collecting ---- */

struct collecting {
	const struct og_node *config;
	const char **own; /* what the document itself mounts or covers, sorted */
	size_t nown;
	struct og_bind_below *below; /* NULL: they are counted first */
	size_t nbelow;
};

static void put(struct collecting *c, struct og_bind_below below)
{
	if (c->below)
		c->below[c->nbelow] = below;
	c->nbelow++;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Where a mount on |destination| is. */
static const char *place_of(const struct og_facts *facts, const char *destination)
{
	const struct og_destfact *fact = og_fact_destination(facts, destination);

	return fact && fact->leads ? fact->leads : destination;
}

static void add_own(struct collecting *c, const char *path)
{
	if (path)
		c->own[c->nown++] = path;
}

/* Sorted, so that those below each of many binds are found without looking at all. */
static int list_own(struct collecting *c, const struct og_facts *facts, struct og_err *reterr)
{
	const struct og_node *mounts = og_member(c->config, "mounts");
	const struct og_node *masked = og_get(c->config, "/linux/maskedPaths");
	const struct og_node *readonly = og_get(c->config, "/linux/readonlyPaths");

	c->own = calloc(og_count(mounts) + og_count(masked) + og_count(readonly) + 1,
			sizeof(*c->own));
	if (!c->own)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	og_each (mount, mounts) {
		const char *destination = og_str(og_member(mount, "destination"));

		add_own(c, destination ? place_of(facts, destination) : NULL);
	}
	og_each (path, masked)
		add_own(c, og_str(path));
	og_each (path, readonly)
		add_own(c, og_str(path));
	qsort(c->own, c->nown, sizeof(*c->own), by_text);
	return 0;
}

/* What the document itself puts below |destination|. */
static void put_own(struct collecting *c, const char *destination)
{
	size_t len = strlen(destination), lo = 0, hi = c->nown;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(c->own[mid], destination) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* between "/a" and "/a/b" there may be "/a-b" */
	for (; lo < c->nown && strncmp(c->own[lo], destination, len) == 0; lo++)
		if (og_path_within(c->own[lo], destination) && c->own[lo][len])
			put(c, (struct og_bind_below){ .path = c->own[lo] + len });
}

static void collect_below(struct collecting *c, const struct og_source *source,
			  const char *destination)
{
	size_t len = strlen(source->resolved);

	for (size_t i = 0; i < source->nsubmounts; i++)
		if (og_path_within(source->submounts[i].path, source->resolved))
			put(c, (struct og_bind_below){ .path = source->submounts[i].path + len,
						       .root = source->submounts[i].root,
						       .dev = source->submounts[i].dev });
	put_own(c, destination);
}

static bool is_deep(const struct og_node *mount, const struct og_source *source)
{
	if (source->type != OG_FT_DIR || !source->resolved)
		return false;
	og_each (option, og_member(mount, "options"))
		if (og_str(option) && strcmp(og_str(option), "rbind") == 0)
			return true;
	return false;
}

/* Those binds, or with |ret| NULL their number. */
static size_t collect(struct collecting *c, const struct og_facts *facts, struct og_bind_id *ret)
{
	size_t n = 0;

	og_each (mount, og_member(c->config, "mounts")) {
		const char *text = og_str(og_member(mount, "source"));
		const char *destination = og_str(og_member(mount, "destination"));
		const struct og_source *source = text ? og_fact_source(facts, text) : NULL;
		size_t first = c->nbelow;

		if (!source || !destination || !og_fact_is_compared(facts, source, destination) ||
		    !og_mount_is_bind(mount))
			continue;
		destination = place_of(facts, destination);
		if (is_deep(mount, source))
			collect_below(c, source, destination);
		if (ret)
			ret[n] = (struct og_bind_id){ .source = text,
						      .destination = destination,
						      .dev = source->dev,
						      .ino = source->ino,
						      .birth = source->birth,
						      .readonly = source->readonly,
						      .deep = is_deep(mount, source),
						      .below = c->below + first,
						      .nbelow = c->nbelow - first };
		n++;
	}
	return n;
}

int og_binds_collect(const struct og_facts *facts, const struct og_node *config,
		     struct og_bind_id **ret, size_t *retn, struct og_err *reterr)
{
	struct collecting c = { .config = config };

	*ret = NULL;
	if (list_own(&c, facts, reterr) < 0)
		return -1;
	*retn = collect(&c, facts, NULL);
	*ret = alloc(*retn, c.nbelow, &c.below, reterr);
	c.nbelow = 0;
	if (*ret)
		collect(&c, facts, *ret);
	free((void *)c.own);
	return *ret ? 0 : -1;
}

/* ---- the record ---- */

static void put_below(struct og_buf *out, const struct og_bind_id *bind)
{
	og_buf_key(out, "below");
	og_buf_puts(out, "[");
	for (size_t i = 0; i < bind->nbelow; i++) {
		const struct og_bind_below *below = &bind->below[i];

		og_buf_puts(out, i ? ",{\"path\":" : "{\"path\":");
		og_buf_json(out, below->path);
		if (below->root) {
			og_buf_key(out, "root");
			og_buf_json(out, below->root);
			og_buf_key_u64(out, "dev", below->dev);
		}
		og_buf_puts(out, "}");
	}
	og_buf_puts(out, "]");
}

void og_binds_put(struct og_buf *out, const struct og_bind_id *binds, size_t n)
{
	if (n == 0)
		return;
	og_buf_key(out, "binds");
	og_buf_puts(out, "[");
	for (size_t i = 0; i < n; i++) {
		og_buf_puts(out, i ? ",{\"source\":" : "{\"source\":");
		og_buf_json(out, binds[i].source);
		og_buf_key(out, "destination");
		og_buf_json(out, binds[i].destination);
		og_buf_key_u64(out, "dev", binds[i].dev);
		og_buf_key_u64(out, "ino", binds[i].ino);
		og_buf_key_u64(out, "birth", binds[i].birth);
		og_buf_key_bool(out, "readonly", binds[i].readonly);
		if (binds[i].deep)
			put_below(out, &binds[i]);
		og_buf_puts(out, "}");
	}
	og_buf_puts(out, "]");
}

static bool read_below(const struct og_node *array, struct og_bind_below *ret)
{
	og_each (item, array) {
		ret->path = og_str(og_member(item, "path"));
		ret->root = og_str(og_member(item, "root"));
		if (!ret->path || (ret->root && og_u64(og_member(item, "dev"), &ret->dev) < 0))
			return false;
		ret++;
	}
	return true;
}

static bool read_bind(const struct og_node *item, struct og_bind_id *bind,
		      struct og_bind_below *below)
{
	const struct og_node *array = og_member(item, "below");

	bind->source = og_str(og_member(item, "source"));
	bind->destination = og_str(og_member(item, "destination"));
	bind->readonly = og_is_true(og_member(item, "readonly"));
	bind->deep = array;
	bind->below = below;
	bind->nbelow = og_count(array);
	return bind->source && bind->destination &&
	       og_u64(og_member(item, "dev"), &bind->dev) == 0 &&
	       og_u64(og_member(item, "ino"), &bind->ino) == 0 &&
	       og_u64(og_member(item, "birth"), &bind->birth) == 0 && read_below(array, below);
}

int og_binds_read(const struct og_node *array, struct og_bind_id **ret, size_t *retn,
		  struct og_err *reterr)
{
	struct og_bind_below *below;
	size_t nbelow = 0;

	*retn = 0;
	*ret = NULL;
	if (!array)
		return 0;
	og_each (item, array)
		nbelow += og_count(og_member(item, "below"));
	*ret = alloc(og_count(array), nbelow, &below, reterr);
	if (!*ret)
		return -1;
	og_each (item, array) {
		struct og_bind_id *bind = &(*ret)[(*retn)++];

		if (!read_bind(item, bind, below))
			return og_fail(reterr, OG_E_HOST,
				       "the launch record's binds cannot be understood");
		below += bind->nbelow;
	}
	return 0;
}
