/* SPDX-License-Identifier: Apache-2.0 */
/* A document as text that people and diff(1) can read: one value per line. */
#include <string.h>

#include "ctl.h"

static bool is_container(const struct og_node *node)
{
	return og_type(node) == OG_ARRAY || og_type(node) == OG_OBJECT;
}

static bool holds_containers(const struct og_node *node)
{
	og_each (child, node)
		if (is_container(child))
			return true;
	return false;
}

/* Columns that a plain value takes, with its key, a comma and a blank. */
static size_t width_of(const struct og_node *node)
{
	size_t len;

	og_raw(node, &len);
	return len + 2 + (og_key(node) ? strlen(og_key(node)) + 4 : 0);
}

static bool fits_a_line(const struct og_node *node)
{
	size_t total = 0;

	if (holds_containers(node))
		return false;
	og_each (child, node)
		total += width_of(child);
	return total <= 60;
}

static void put_node(const struct og_node *node, unsigned depth, struct og_buf *out);

static void put_member(const struct og_node *node, unsigned depth, struct og_buf *out)
{
	if (og_key(node)) {
		og_buf_json(out, og_key(node));
		og_buf_puts(out, ": ");
	}
	put_node(node, depth, out);
}

/* Long lists of plain values are filled like text, so that a diff stays readable. */
static void put_lines(const struct og_node *node, unsigned depth, struct og_buf *out)
{
	bool fill = og_type(node) == OG_ARRAY && !holds_containers(node);
	size_t column = 0;

	og_each (child, node) {
		bool same_line = fill && column && column + width_of(child) <= 90;

		if (child != og_first(node))
			og_buf_puts(out, same_line ? ", " : ",");
		if (!same_line) {
			og_buf_printf(out, "\n%*s", (int)(depth + 1) * 2, "");
			column = (depth + 1) * 2;
		}
		column += width_of(child);
		put_member(child, depth + 1, out);
	}
	og_buf_printf(out, "\n%*s", (int)depth * 2, "");
}

static void put_node(const struct og_node *node, unsigned depth, struct og_buf *out)
{
	bool object = og_type(node) == OG_OBJECT;
	size_t len;
	const char *raw = og_raw(node, &len);

	if (!is_container(node)) {
		og_buf_put(out, raw, len);
		return;
	}
	og_buf_puts(out, object ? "{" : "[");
	if (!fits_a_line(node)) {
		put_lines(node, depth, out);
	} else {
		og_each (child, node) {
			og_buf_puts(out, child == og_first(node) ? "" : ", ");
			put_member(child, depth, out);
		}
	}
	og_buf_puts(out, object ? "}" : "]");
}

void og_ctl_pretty(const struct og_node *node, struct og_buf *out)
{
	put_node(node, 0, out);
	og_buf_puts(out, "\n");
}
