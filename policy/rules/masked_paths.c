/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masked-paths: the lists of masked and read-only paths are completed with what
 * the site wants in them. What is in them besides stays, in its order, unless a
 * read-only path would undo another.
 */
#include "ocigate/rule.h"

#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "policy/kernel_paths.h"
#include "policy/policy_internal.h"
#include "policy/rules_table.h"

/* What engines mask in a container that is not privileged; sorted. */
static const struct og_item engine_masked[] = {
	{ .text = "/proc/acpi" },
	{ .text = "/proc/asound" },
	{ .text = "/proc/interrupts" },
	{ .text = "/proc/kcore" },
	{ .text = "/proc/keys" },
	{ .text = "/proc/latency_stats" },
	{ .text = "/proc/sched_debug" },
	{ .text = "/proc/scsi" },
	{ .text = "/proc/timer_list" },
	{ .text = "/proc/timer_stats" },
	{ .text = "/sys/devices/virtual/powercap" },
	{ .text = "/sys/firmware" },
};
static const struct og_item engine_readonly[] = {
	{ .text = "/proc/bus" },	   { .text = "/proc/fs" },
	{ .text = "/proc/irq" },	   { .text = "/proc/sys" },
	{ .text = "/proc/sysrq-trigger" },
};
#define LIST(table)                                                                                \
	{                                                                                          \
		.items = (table), .n = sizeof(table) / sizeof((table)[0])                          \
	}
static const struct og_list default_masked = LIST(engine_masked);
static const struct og_list default_readonly = LIST(engine_readonly);

/* Mark in |found| the paths of |wanted| that the document's list |given| has. */
static void mark(const struct og_list *wanted, const struct og_node *given, bool *found)
{
	og_each (entry, given) {
		const char *path = og_str(entry);
		size_t lo = 0, hi = path ? wanted->n : 0;

		while (lo < hi) {
			size_t mid = (lo + hi) / 2;
			int c = strcmp(wanted->items[mid].text, path);

			if (c == 0)
				found[mid] = true;
			if (c < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
	}
}

/* The list |given| as received, with what is missing of |wanted| behind it. */
static char *complete(const struct og_node *given, const struct og_list *wanted, const bool *found)
{
	og_auto_buf struct og_buf out = { 0 };

	og_buf_puts(&out, "[");
	og_each (entry, given) {
		size_t len;
		const char *raw = og_raw(entry, &len);

		og_buf_puts(&out, out.len > 1 ? "," : "");
		og_buf_put(&out, raw, len);
	}
	for (size_t i = 0; i < wanted->n; i++) {
		if (found[i])
			continue;
		og_buf_puts(&out, out.len > 1 ? "," : "");
		og_buf_json(&out, wanted->items[i].text);
	}
	og_buf_puts(&out, "]");
	return og_buf_steal(&out);
}

/* ---- the order of read-only paths ---- */

struct path {
	const char *text;
	size_t order; /* its place in the list, from 1 */
};

struct paths {
	struct path *items; /* sorted */
	size_t n;
};

static int compare_paths(const void *a, const void *b)
{
	const struct path *x = a, *y = b;
	int c = strcmp(x->text, y->text);

	return c ? c : x->order < y->order ? -1 : x->order > y->order;
}

/* The list that it will be, as complete() writes it. */
static int sort_paths(const struct og_node *given, const struct og_list *wanted, const bool *found,
		      struct paths *ret)
{
	ret->items = calloc(og_count(given) + wanted->n + 1, sizeof(*ret->items));
	if (!ret->items)
		return -1;
	og_each (entry, given)
		if (og_str(entry)) {
			ret->items[ret->n] = (struct path){ og_str(entry), ret->n + 1 };
			ret->n++;
		}
	for (size_t i = 0; i < wanted->n; i++)
		if (!found[i]) {
			ret->items[ret->n] = (struct path){ wanted->items[i].text, ret->n + 1 };
			ret->n++;
		}
	og_sort(ret->items, ret->n, sizeof(*ret->items), compare_paths);
	return 0;
}

/* The last place of the first |len| bytes of |text| in the list; 0: none. */
static size_t place_of(const struct paths *paths, const char *text, size_t len)
{
	size_t lo = 0, hi = paths->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strncmp(paths->items[mid].text, text, len);

		if (c > 0 || (c == 0 && paths->items[mid].text[len] != '\0'))
			hi = mid;
		else
			lo = mid + 1;
	}
	/* what begins with |text| and goes on stands behind |lo| */
	return lo > 0 && strncmp(paths->items[lo - 1].text, text, len) == 0
		       ? paths->items[lo - 1].order
		       : 0;
}

/*
 * A path with a directory above it later in the list; NULL: there is none. crun
 * binds each onto itself with all below it, and what was read-only is not so in
 * that copy: ["/proc/sys/kernel", "/proc/sys"] leaves the former writable.
 */
static const char *find_undone(const struct paths *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *text = paths->items[i].text;

		/* an empty one lies in no directory, and its end is no place to look on from */
		for (const char *slash = text; *slash && (slash = strchr(slash + 1, '/'));)
			if (place_of(paths, text, (size_t)(slash - text)) > paths->items[i].order)
				return text;
	}
	return NULL;
}

/* Directories come before what lies in them. */
static int put_sorted(struct og_pass *pass, const char *pointer, const struct paths *paths,
		      const char *undone)
{
	og_auto_buf struct og_buf out = { 0 };

	og_buf_puts(&out, "[");
	for (size_t i = 0; i < paths->n; i++) {
		og_buf_puts(&out, i ? "," : "");
		og_buf_json(&out, paths->items[i].text);
	}
	og_buf_puts(&out, "]");
	if (out.failed)
		return -1;
	return og_set(pass, pointer, out.data,
		      "%s would be writable under crun, because a read-only path above it comes "
		      "later: name that first",
		      OG_Q(undone));
}

/* 1: the list was written anew because of its order. */
static int judge_order(struct og_pass *pass, const char *pointer, const struct og_list *wanted,
		       const bool *found)
{
	struct paths paths = { 0 };
	const char *undone;
	int r = 0;

	if (sort_paths(og_at(pass, pointer), wanted, found, &paths) < 0)
		return -1;
	undone = find_undone(&paths);
	if (undone)
		r = put_sorted(pass, pointer, &paths, undone) < 0 ? -1 : 1;
	free(paths.items);
	return r;
}

/* A path that may lead anywhere may lead above one that the site wants read-only. */
static int judge_plain(struct og_pass *pass, const char *pointer)
{
	og_each (entry, og_at(pass, pointer)) {
		const char *path = og_str(entry);

		if (path && !og_path_is_of_kernel(path) &&
		    !og_opt_has(pass, OG_OPT_masked_paths_readonly, path) &&
		    og_reject(
			    pass, entry,
			    "the read-only path %s is no plain path in \"/proc\" or \"/sys\", and "
			    "crun could make others writable by it: leave it out",
			    OG_Q(path)) < 0)
			return -1;
	}
	return 0;
}

/* ---- */

/* Complete the list at |pointer| with what is not |found| in it. */
static int put_list(struct og_pass *pass, const char *pointer, const struct og_list *wanted,
		    const bool *found, const char *what)
{
	og_auto_free char *json = complete(og_at(pass, pointer), wanted, found);
	size_t missing = 0, first = 0;

	for (size_t i = wanted->n; i-- > 0;) {
		missing += !found[i];
		first = found[i] ? first : i;
	}
	if (!json)
		return -1;
	if (wanted->items[first].file)
		og_because(pass, &wanted->items[first]);
	return og_set(pass, pointer, json,
		      "%s%s %s %s: leave out --privileged and systempaths=unconfined",
		      OG_Q(wanted->items[first].text), missing > 1 ? " and other paths" : "",
		      missing > 1 ? "are" : "is", what);
}

/* |also|: of read-only paths, the list of the document in which a path is as good. */
static int check_list(struct og_pass *pass, const char *pointer, const struct og_list *wanted,
		      const char *also, const char *what)
{
	bool *found = calloc(wanted->n + 1, sizeof(*found));
	int r = 0;

	if (!found)
		return -1;
	mark(wanted, og_at(pass, pointer), found);
	if (also) {
		mark(wanted, og_at(pass, also), found);
		r = judge_order(pass, pointer, wanted, found);
	}
	found[wanted->n] = false; /* the search below ends here */
	if (r == 0 && (const bool *)memchr(found, 0, wanted->n + 1) != found + wanted->n)
		r = put_list(pass, pointer, wanted, found, what);
	free(found);
	return r < 0 ? -1 : 0;
}

/* Both sorted lists as one, owned by the caller; where both have a path, the site's item. */
static struct og_item *merge(const struct og_list *site, const struct og_list *engine, size_t *retn)
{
	struct og_item *all = calloc(site->n + engine->n + 1, sizeof(*all));
	size_t i = 0, j = 0, n = 0;

	while (all && (i < site->n || j < engine->n)) {
		int c = i == site->n	 ? 1
			: j == engine->n ? -1
					 : strcmp(site->items[i].text, engine->items[j].text);

		all[n++] = c <= 0 ? site->items[i] : engine->items[j];
		i += c <= 0;
		j += c >= 0;
	}
	*retn = n;
	return all;
}

static int check_both(struct og_pass *pass, enum og_option option, const struct og_list *engine,
		      const char *pointer, const char *also, const char *what)
{
	static const struct og_list none = { 0 };
	size_t n;
	struct og_item *items = merge(og_undoing(pass) ? &none : og_opt_list(pass, option),
				      og_deprivileged(pass) ? engine : &none, &n);
	const struct og_list wanted = { .items = items, .n = n };
	int r = items ? check_list(pass, pointer, &wanted, also, what) : -1;

	og_because(pass, NULL); /* it may be one of those */
	free(items);
	return r;
}

int og_rule_masked_paths(struct og_pass *pass)
{
	if (check_both(pass, OG_OPT_masked_paths_masked, &default_masked, "/linux/maskedPaths",
		       NULL, "not masked") < 0)
		return -1;
	if (!og_undoing(pass) && judge_plain(pass, "/linux/readonlyPaths") < 0)
		return -1;
	return check_both(pass, OG_OPT_masked_paths_readonly, &default_readonly,
			  "/linux/readonlyPaths", "/linux/maskedPaths", "not read-only");
}
