/* SPDX-License-Identifier: Apache-2.0 */
/* A document as text that people and diff(1) can read: one value per line. */
#include <string.h>

#include "ctl.h"

static void put_indent(struct og_buf *out, unsigned depth)
{
	og_buf_printf(out, "%*s", (int)depth * 2, "");
}

/* Lists of plain values that fit on one line stay on one. */
static bool is_short(const struct og_node *node)
{
	size_t total = 0, len;

	og_each (child, node) {
		if (og_type(child) == OG_ARRAY || og_type(child) == OG_OBJECT)
			return false;
		og_raw(child, &len);
		total += len + 2 + (og_key(child) ? strlen(og_key(child)) + 4 : 0);
	}
	return total <= 60;
}

static void put_node(const struct og_node *node, unsigned depth, struct og_buf *out)
{
	bool object = og_type(node) == OG_OBJECT, flat = is_short(node), first = true;
	size_t len;
	const char *raw;

	if (!object && og_type(node) != OG_ARRAY) {
		raw = og_raw(node, &len);
		og_buf_put(out, raw, len);
		return;
	}
	og_buf_puts(out, object ? "{" : "[");
	og_each (child, node) {
		og_buf_puts(out, first ? (flat ? "" : "\n") : flat ? ", " : ",\n");
		if (!flat)
			put_indent(out, depth + 1);
		if (object) {
			og_buf_json(out, og_key(child));
			og_buf_puts(out, ": ");
		}
		put_node(child, depth + 1, out);
		first = false;
	}
	if (!flat) {
		og_buf_puts(out, "\n");
		put_indent(out, depth);
	}
	og_buf_puts(out, object ? "}" : "]");
}

void og_ctl_pretty(const struct og_node *node, struct og_buf *out)
{
	put_node(node, 0, out);
	og_buf_puts(out, "\n");
}
