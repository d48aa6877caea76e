/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masked-paths: the lists of masked and read-only paths are completed with what
 * the site wants in them. What is in them besides stays, in its order.
 */
#include "ocigate/rule.h"

#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
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

/* |also|: another list of the document in which a path is as good. */
static int check_list(struct og_pass *pass, const char *pointer, const struct og_list *wanted,
		      const char *also, const char *what)
{
	bool *found = calloc(wanted->n + 1, sizeof(*found));
	int r = 0;

	if (!found)
		return -1;
	mark(wanted, og_at(pass, pointer), found);
	if (also)
		mark(wanted, og_at(pass, also), found);
	found[wanted->n] = false; /* the search below ends here */
	if ((const bool *)memchr(found, 0, wanted->n + 1) != found + wanted->n)
		r = put_list(pass, pointer, wanted, found, what);
	free(found);
	return r;
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

	free(items);
	return r;
}

int og_rule_masked_paths(struct og_pass *pass)
{
	if (check_both(pass, OG_OPT_masked_paths_masked, &default_masked, "/linux/maskedPaths",
		       NULL, "not masked") < 0)
		return -1;
	return check_both(pass, OG_OPT_masked_paths_readonly, &default_readonly,
			  "/linux/readonlyPaths", "/linux/maskedPaths", "not read-only");
}
