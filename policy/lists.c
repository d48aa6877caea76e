/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists as options have them: sorted, every element once. Making one of what a
 * file says, with the complaints about duplicates and about elements that others
 * cover; and the changes that layers and exceptions make to one.
 */
#include "policy/policy_internal.h"

#include <stdio.h>
#include <string.h>

int og_item_compare(enum og_opt_type type, const struct og_item *a, const struct og_item *b)
{
	if (type != OG_T_IDS)
		return strcmp(a->text, b->text);
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->hi < b->hi ? -1 : a->hi > b->hi;
}

static int by_place(const struct og_draft *a, const struct og_draft *b)
{
	int order = (a->line > b->line) - (a->line < b->line);

	return order ? order : (a->col > b->col) - (a->col < b->col);
}

static int draft_by_text(const void *a, const void *b)
{
	const struct og_draft *x = *(struct og_draft *const *)a, *y = *(struct og_draft *const *)b;
	int order = strcmp(x->item.text, y->item.text);

	return order ? order : by_place(x, y);
}

static int draft_by_range(const void *a, const void *b)
{
	const struct og_draft *x = *(struct og_draft *const *)a, *y = *(struct og_draft *const *)b;
	int order = og_item_compare(OG_T_IDS, &x->item, &y->item);

	return order ? order : by_place(x, y);
}

/* The index of |key| in |list|; -1: not there. */
static ptrdiff_t find(enum og_opt_type type, const struct og_list *list, const struct og_item *key)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = og_item_compare(type, key, &list->items[middle]);

		if (!order)
			return (ptrdiff_t)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

const struct og_item *og_list_find(enum og_opt_type type, const struct og_list *list,
				   const struct og_item *key)
{
	ptrdiff_t at = find(type, list, key);

	return at < 0 ? NULL : &list->items[at];
}

/* ---- elements that another covers: warnings ---- */

#define COVER_STEPS 64 /* so many prefixes are looked up: names of people are shorter */

static void warn_covered(const struct og_reader *reader, const struct og_change *change, size_t i,
			 const struct og_item *by)
{
	const struct og_item *item = &change->value.raw.items[i];

	og_problem_at(reader, true, change->places[2 * i], change->places[2 * i + 1],
		      "%s %s %s of line %u", OG_Q(item->text),
		      item->hi > by->hi ? "overlaps with" : "is covered by", OG_Q(by->text),
		      by->line);
}

static const struct og_item *find_prefix(const struct og_list *list, const char *text, size_t len,
					 const char *end)
{
	char prefix[OG_TEXT_MAX + 2];
	struct og_item key = { .text = prefix };

	snprintf(prefix, sizeof(prefix), "%.*s%s", (int)len, text, end);
	return og_list_find(OG_T_STRINGS, list, &key);
}

/*
 * The nearest entry for a directory above decides for what is not listed itself;
 * but "/" stands for the root directory alone.
 */
static const struct og_item *covering_path(const struct og_list *list, const struct og_item *item)
{
	const struct og_item *above = NULL;
	size_t len = strcspn(item->text, "*");

	for (unsigned steps = 0; steps < COVER_STEPS && !above; steps++) {
		while (item->text[len - 1] != '/') /* a path begins with one */
			len--;
		if (len <= 1)
			break;
		above = find_prefix(list, item->text, --len, "");
	}
	if (!above || above->access != item->access || above->accept_setuid != item->accept_setuid)
		return NULL;
	return above;
}

static const struct og_item *covering_glob(const struct og_list *list, const struct og_item *item)
{
	size_t len = strlen(item->text);
	const struct og_item *above = NULL;
	unsigned steps = 0;

	if (item->text[len - 1] == '*') /* none is empty */
		len--;			/* not itself */
	for (size_t n = 0; n < len && steps < COVER_STEPS && !above; n++) {
		if (n && !strchr("./-_", item->text[n - 1]))
			continue;
		above = find_prefix(list, item->text, n, "*");
		steps++;
	}
	return above;
}

static void warn_ranges(const struct og_reader *reader, const struct og_change *change)
{
	const struct og_list *list = &change->value.raw;
	const struct og_item *widest = NULL;

	for (size_t i = 0; i < list->n; i++) {
		if (widest && list->items[i].lo <= widest->hi)
			warn_covered(reader, change, i, widest);
		if (!widest || list->items[i].hi > widest->hi)
			widest = &list->items[i];
	}
}

/* Ids that useradd(8) gives to people (UID_MIN, UID_MAX of login.defs). */
#define LOGIN_MIN 1000
#define LOGIN_MAX 60000

static void warn_login(const struct og_reader *reader, const struct og_change *change)
{
	for (size_t i = 0; i < change->value.raw.n; i++) {
		const struct og_item *item = &change->value.raw.items[i];

		if (item->lo <= LOGIN_MAX && item->hi >= LOGIN_MIN)
			og_problem_at(reader, true, change->places[2 * i],
				      change->places[2 * i + 1],
				      "%s holds ids of people on the host: whoever may use the "
				      "engine can act as them on every file that is mounted",
				      OG_Q(item->text));
	}
}

static void warn_about(const struct og_reader *reader, enum og_option option,
		       const struct og_change *change)
{
	const struct og_constraint *constraint = og_option_constraint(option);
	enum og_opt_type type = og_options[option].type;
	const struct og_list *list = &change->value.raw;

	if (reader->preset || reader->problems->quiet || change->how == OG_HOW_DEL)
		return;
	if (constraint->login)
		warn_login(reader, change);
	if (type == OG_T_IDS) {
		warn_ranges(reader, change);
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		const struct og_item *by = NULL;

		if (type == OG_T_SOURCES || constraint->below)
			by = covering_path(list, &list->items[i]);
		else if (type == OG_T_GLOBS)
			by = covering_glob(list, &list->items[i]);
		if (by)
			warn_covered(reader, change, i, by);
	}
}

/* ---- making a list ---- */

void og_list_make(const struct og_reader *reader, enum og_option option, struct og_draft *drafts,
		  size_t n, struct og_change *ret)
{
	enum og_opt_type type = og_options[option].type;
	struct og_pool *pool = &reader->policy->pool;
	struct og_draft **order = og_pool_alloc(pool, n, sizeof(struct og_draft *));
	struct og_item *items = og_pool_alloc(pool, n, sizeof(*items));
	unsigned *places = og_pool_alloc(pool, n, 2 * sizeof(*places));
	size_t kept = 0;

	if (!order || !items || !places)
		return;
	for (size_t i = 0; i < n; i++)
		order[i] = &drafts[i];
	og_sort(order, n, sizeof(struct og_draft *),
		type == OG_T_IDS ? draft_by_range : draft_by_text);
	for (size_t i = 0; i < n; i++) {
		const struct og_draft *draft = order[i];

		if (kept && !og_item_compare(type, &items[kept - 1], &draft->item)) {
			og_problem_at(reader, false, draft->line, draft->col,
				      "%s is in this list already, on line %u",
				      OG_Q(draft->item.text), places[2 * (kept - 1)]);
			continue;
		}
		items[kept] = draft->item;
		places[2 * kept] = draft->line;
		places[2 * kept + 1] = draft->col;
		kept++;
	}
	ret->value.raw = (struct og_list){ items, kept };
	ret->places = places;
	warn_about(reader, option, ret);
	og_list_finish(pool, type, &ret->value.raw, &ret->value.list);
}

bool og_list_finish(struct og_pool *pool, enum og_opt_type type, const struct og_list *raw,
		    struct og_list *ret)
{
	struct og_item *items;
	size_t n = 0;

	*ret = *raw;
	if (type != OG_T_IDS || raw->n < 2)
		return true;
	items = og_pool_alloc(pool, raw->n, sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < raw->n; i++) {
		struct og_item item = raw->items[i];

		if (n && item.hi <= items[n - 1].hi)
			continue;
		if (n && item.lo <= items[n - 1].hi)
			item.lo = items[n - 1].hi + 1;
		items[n++] = item;
	}
	*ret = (struct og_list){ items, n };
	return true;
}

/* ---- changing a list ---- */

/* An element that is added or taken away, and the how-manieth change says so. */
struct event {
	const struct og_item *item;
	size_t order;
	bool del;
};

static int event_order(const struct event *x, const struct event *y)
{
	return (x->order > y->order) - (x->order < y->order);
}

static int event_by_text(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int order = strcmp(x->item->text, y->item->text);

	return order ? order : event_order(x, y);
}

static int event_by_range(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int order = og_item_compare(OG_T_IDS, x->item, y->item);

	return order ? order : event_order(x, y);
}

/*
 * What two entries for the same thing come to. Two that permit: the stricter
 * (product rule for equally specific ones). A limit: the later.
 */
static void combine(enum og_opt_type type, struct og_item *have, const struct og_item *also)
{
	bool wider = also->access > have->access;

	if (type == OG_T_LIMITS) {
		*have = *also;
	} else if (type == OG_T_SOURCES) {
		bool accept = have->accept_setuid && also->accept_setuid;

		if (!wider)
			*have = *also;
		have->accept_setuid = accept;
	} else if (type == OG_T_DEVICES) {
		have->perms &= also->perms;
		if (have->devtype != also->devtype || have->major != also->major ||
		    have->minor != also->minor)
			have->perms = 0; /* one name for two devices: neither */
	}
}

static struct event *collect(struct og_pool *pool, enum og_opt_type type,
			     const struct og_change *const *changes, size_t n, size_t *retn)
{
	struct event *events;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		total += changes[i]->value.raw.n;
	events = og_pool_alloc(pool, total, sizeof(*events));
	if (!events)
		return NULL;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < changes[i]->value.raw.n; j++)
			events[at++] = (struct event){ &changes[i]->value.raw.items[j], i,
						       changes[i]->how == OG_HOW_DEL };
	og_sort(events, total, sizeof(*events), type == OG_T_IDS ? event_by_range : event_by_text);
	*retn = total;
	return events;
}

bool og_list_merge(struct og_pool *pool, enum og_opt_type type, const struct og_list *base,
		   const struct og_change *const *changes, size_t n, struct og_list *ret)
{
	size_t total = 0, from = 0, at = 0, kept = 0;
	struct event *events = collect(pool, type, changes, n, &total);
	struct og_item *items = og_pool_alloc(pool, base->n + total, sizeof(*items));

	if (!events || !items)
		return false;
	while (from < base->n || at < total) {
		int order = at == total ? -1
			    : from == base->n
				    ? 1
				    : og_item_compare(type, &base->items[from], events[at].item);
		bool there = order <= 0;
		size_t first = at;

		if (there)
			items[kept] = base->items[from++];
		for (; order >= 0 && at < total &&
		       !og_item_compare(type, events[at].item, events[first].item);
		     at++) {
			if (!events[at].del && there)
				combine(type, &items[kept], events[at].item);
			else if (!events[at].del)
				items[kept] = *events[at].item;
			there = !events[at].del;
		}
		kept += there;
	}
	*ret = (struct og_list){ items, kept };
	return true;
}
