/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sorted list of strings is a trie: all that share a prefix stand together.
 * The search walks it byte by byte along the path, and where the list has a
 * star it goes on behind it as well.
 */
#include "policy/sources.h"

#include <string.h>

#include "policy/glob.h"

struct range {
	size_t lo, hi;
};

struct search {
	const struct og_list *list;
	const char *path;
	const struct og_item *best;
	size_t weight;
};

/* The first of |in|, whose items share |at| bytes, with a byte there that is at least |c|. */
static size_t lower_bound(const struct og_list *list, struct range in, size_t at, unsigned c)
{
	while (in.lo < in.hi) {
		size_t mid = in.lo + (in.hi - in.lo) / 2;

		if ((unsigned char)list->items[mid].text[at] < c)
			in.lo = mid + 1;
		else
			in.hi = mid;
	}
	return in.lo;
}

/* Those of |in| with the byte |c| at |at|; where none has, an empty range at its place. */
static struct range narrow(const struct og_list *list, struct range in, size_t at, unsigned char c)
{
	size_t lo = lower_bound(list, in, at, c);
	struct range rest = { lo, in.hi };

	return (struct range){ lo, lower_bound(list, rest, at, c + 1u) };
}

static size_t literal_bytes(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text != '*';
	return n;
}

/* Ordered by what they permit. */
static int leniency(const struct og_item *item)
{
	return item->access == OG_RO ? 0 : item->accept_setuid ? 2 : 1;
}

static void consider(struct search *search, const struct og_item *item)
{
	size_t weight = literal_bytes(item->text);

	if (search->best && (weight < search->weight || (weight == search->weight &&
							 leniency(item) >= leniency(search->best))))
		return;
	search->best = item;
	search->weight = weight;
}

static void consider_range(struct search *search, struct range in)
{
	for (size_t i = in.lo; i < in.hi; i++)
		consider(search, &search->list->items[i]);
}

/* A star with more than a slash behind it: nothing to walk along, so one by one. */
static void try_range(struct search *search, struct range in)
{
	for (size_t i = in.lo; i < in.hi; i++)
		if (og_glob_covers(search->list->items[i].text, search->path))
			consider(search, &search->list->items[i]);
}

static void walk(struct search *search, struct range in, size_t at, const char *p);

/* |in| has two stars before |at|: what is behind them may begin at any slash from |p| on. */
static void walk_stars(struct search *search, struct range in, size_t at, const char *p)
{
	struct range end = narrow(search->list, in, at, '\0');
	struct range slash = narrow(search->list, in, at, '/');

	consider_range(search, end);
	try_range(search, (struct range){ end.hi, slash.lo });
	try_range(search, (struct range){ slash.hi, in.hi });
	if (slash.lo == slash.hi)
		return;
	for (p = strchr(p, '/'); p; p = strchr(p + 1, '/'))
		walk(search, slash, at, p);
}

/* |in| has a star before |at|, in the component of the path where |p| stands. */
static void walk_star(struct search *search, struct range in, size_t at, const char *p)
{
	struct range end = narrow(search->list, in, at, '\0');
	struct range star = narrow(search->list, in, at, '*');
	struct range slash = narrow(search->list, in, at, '/');

	consider_range(search, end);
	if (star.lo < star.hi)
		walk_stars(search, star, at + 1, p);
	try_range(search, (struct range){ star.hi, slash.lo });
	try_range(search, (struct range){ slash.hi, in.hi });
	if (slash.lo < slash.hi)
		walk(search, slash, at, p + strcspn(p, "/"));
}

/* |in| are the items whose first |at| bytes match the path up to |p|. */
static void walk(struct search *search, struct range in, size_t at, const char *p)
{
	while (in.lo < in.hi) {
		/* behind a slash only "/" itself ends */
		if (!*p || *p == '/' || p[-1] == '/')
			consider_range(search, narrow(search->list, in, at, '\0'));
		walk_star(search, narrow(search->list, in, at, '*'), at + 1, p);
		if (!*p || *p == '*')
			return;
		in = narrow(search->list, in, at++, (unsigned char)*p++);
	}
}

const struct og_item *og_source_find(const struct og_list *list, const char *path)
{
	struct search search = { .list = list, .path = path };
	struct range all = { 0, list->n };

	if (path[0] != '/')
		return NULL;
	/* no star matches nothing at all, so that a glob never means the root directory */
	if (path[1] == '\0')
		consider_range(&search, narrow(list, narrow(list, all, 0, '/'), 1, '\0'));
	else
		walk(&search, all, 0, path);
	return search.best;
}

const struct og_item *og_path_denied(const struct og_list *list, const char *path)
{
	struct range in = { 0, list->n };
	size_t at = 0;

	for (const char *p = path; in.lo < in.hi; p++, at++) {
		bool whole = !*p && at > 1;
		struct range end = narrow(list, in, at, '\0');
		/* what the path contains: all of it for "/", else what goes on with a slash */
		struct range below = !*p && at == 1 ? in : narrow(list, in, at, '/');

		if ((*p == '/' || whole) && at > 1 && end.lo < end.hi)
			return &list->items[end.lo];
		if (!*p)
			return below.lo < below.hi ? &list->items[below.lo] : NULL;
		in = narrow(list, in, at, (unsigned char)*p);
	}
	return NULL;
}
