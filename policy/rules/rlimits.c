/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rlimits: the limits of setrlimit(2) that a process starts with. Both the hard
 * and the soft one are brought between the least and the largest value that the
 * policy names for the type. Types that nobody knows, and the same one twice, are
 * the rule document's.
 *
 * A limit that is not in the list is the engine's own, usually none: whatever
 * must hold has to be "required". In an exec runc takes the container's list when
 * the process has none, and none of it when there is one; crun takes what the
 * process has. So each exec gets what is required.
 */
#include "ocigate/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/names.h"
#include "policy/rules_table.h"

static const char list_at[] = "/process/rlimits";

/* "RLIMIT_NOFILE" as --ulimit spells it: "nofile". */
struct flag {
	char name[32];
};

static struct flag flag_of(const char *type)
{
	struct flag flag = { "" };

	for (size_t i = 0; i + 1 < sizeof(flag.name) && type[sizeof("RLIMIT_") - 1 + i]; i++)
		flag.name[i] = (char)(type[sizeof("RLIMIT_") - 1 + i] | 0x20);
	return flag;
}

/* What the policy says of |type|; NULL: nothing. */
static const struct og_item *find(const struct og_pass *pass, const char *type)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_rlimits_limits);

	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i].text, type))
			return &list->items[i];
	return NULL;
}

/*
 * One of the two numbers, |name|, of |entry|. 0: it complies; 1: it did not, and
 * that was answered.
 */
static int check_number(struct og_pass *pass, const struct og_node *entry,
			const struct og_item *item, const char *name)
{
	const struct og_node *node = og_member(entry, name);
	uint64_t has = 0, want; /* absent and null are 0 to every runtime */
	struct flag flag = flag_of(item->text);
	char json[24], is[24], why[256];

	if (!og_is_null(node) && og_u64(node, &has) < 0) /* the rule document has said so */
		return 0;
	want = has > item->hi ? item->hi : has < item->lo ? item->lo : has;
	if (want == has)
		return 0;
	og_because(pass, item);
	snprintf(json, sizeof(json), "%" PRIu64, want);
	snprintf(is, sizeof(is), "%" PRIu64, has);
	snprintf(why, sizeof(why),
		 "the %s limit of %s, %s, is %s %" PRIu64 ": ask for %s with --ulimit "
		 "%s=SOFT:HARD",
		 name, item->text, has == UINT64_MAX ? "unlimited" : is,
		 has > want ? "above" : "below", want, has > want ? "less" : "more", flag.name);
	if ((node ? og_replace(pass, node, json, "%s", why)
		  : og_add(pass, entry, name, json, "%s", why)) < 0)
		return -1;
	return 1;
}

static int check_entry(struct og_pass *pass, const struct og_node *entry,
		       const struct og_item *item)
{
	int r = check_number(pass, entry, item, "hard");

	/* said once is enough where nothing is edited */
	if (r == 0 || (r > 0 && og_action(pass) == OG_REWRITE))
		r = check_number(pass, entry, item, "soft");
	return r < 0 ? -1 : 0;
}

/* A required limit that is not there: the largest that is allowed, else the least. */
static int add(struct og_pass *pass, const struct og_item *item)
{
	uint64_t value = item->hi == UINT64_MAX ? item->lo : item->hi;
	struct flag flag = flag_of(item->text);
	char json[128];

	og_because(pass, item);
	if (item->hi == UINT64_MAX && item->lo == 0)
		return og_reject_at(pass, list_at,
				    "there is no %s, and the policy has none to set: add --ulimit "
				    "%s=SOFT:HARD",
				    item->text, flag.name);
	snprintf(json, sizeof(json), "{\"type\":\"%s\",\"hard\":%" PRIu64 ",\"soft\":%" PRIu64 "}",
		 item->text, value, value);
	return og_set(pass, "/process/rlimits/-", json, "there is no %s: add --ulimit %s=%" PRIu64,
		      item->text, flag.name, value);
}

int og_rule_rlimits(struct og_pass *pass)
{
	const struct og_list *limits = og_opt_list(pass, OG_OPT_rlimits_limits);
	unsigned found = 0; /* by number */

	og_each (entry, og_at(pass, list_at)) {
		const char *type = og_str(og_member(entry, "type"));
		int number = type ? og_rlimit_exact(type) : -1;
		const struct og_item *item = number < 0 ? NULL : find(pass, type);

		found |= number < 0 ? 0 : 1u << number;
		if (item && check_entry(pass, entry, item) < 0)
			return -1;
	}
	for (size_t i = 0; i < limits->n; i++) {
		const struct og_item *item = &limits->items[i];

		if (item->required && !(found & 1u << og_rlimit_exact(item->text)) &&
		    add(pass, item) < 0)
			return -1;
	}
	return 0;
}
