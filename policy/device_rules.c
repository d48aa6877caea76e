/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default devices, and one reading of device rules for all runtimes. runc on
 * cgroup v1 lets type "a" reset everything whatever else the entry says, takes
 * an exception away only by an entry of the same numbers, and its filter on v2
 * differs in overlapping wildcards; crun on v2 lets the last match win. So an
 * allowing entry counts in full, and only a complete "deny all" takes away.
 */
#include "device_rules.h"

#include <stdlib.h>
#include <string.h>

/*
 * What runc (specconv.AllowedDevices) and crun add to every list: the nodes of
 * the specification, consoles, and making any node. 10:200 (tun) is in crun's
 * list and in runc's up to 1.1: a document cannot widen anything by naming it.
 */
static const struct {
	struct og_devices devices;
	const char *node; /* of every container; /dev/console is a terminal's there. NULL: none */
} defaults[] = {
	{ { 'c', 1, 3, OG_DEV_ALL }, "/dev/null" },
	{ { 'c', 1, 5, OG_DEV_ALL }, "/dev/zero" },
	{ { 'c', 1, 7, OG_DEV_ALL }, "/dev/full" },
	{ { 'c', 1, 8, OG_DEV_ALL }, "/dev/random" },
	{ { 'c', 1, 9, OG_DEV_ALL }, "/dev/urandom" },
	{ { 'c', 5, 0, OG_DEV_ALL }, "/dev/tty" },
	{ { 'c', 5, 1, OG_DEV_ALL }, NULL }, /* console */
	{ { 'c', 5, 2, OG_DEV_ALL }, "/dev/ptmx" },
	{ { 'c', 136, -1, OG_DEV_ALL }, NULL }, /* pts */
	{ { 'c', 10, 200, OG_DEV_ALL }, NULL }, /* tun */
	{ { 'c', -1, -1, OG_DEV_MKNOD }, NULL },
	{ { 'b', -1, -1, OG_DEV_MKNOD }, NULL },
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Absent, null and negative numbers are wildcards. */
static int64_t number(const struct og_node *node)
{
	int64_t value;

	return og_i64(node, &value) == 0 && value >= 0 ? value : -1;
}

static unsigned perms_of(const char *access)
{
	static const char letters[] = "rwm";
	unsigned perms = 0;

	if (!access)
		return OG_DEV_ALL;
	for (; *access; access++) {
		const char *letter = strchr(letters, *access);

		perms |= letter ? 1u << (letter - letters) : OG_DEV_ALL + 1;
	}
	return perms;
}

/* 'a' for an absent type: every runtime reads it so. */
static char type_of(const struct og_node *node)
{
	const char *type = og_str(node);

	if (og_is_null(node))
		return 'a';
	return type && type[0] && !type[1] && strchr("abc", type[0]) ? type[0] : 0;
}

bool og_device_rule_read(const struct og_node *rule, struct og_devices *ret)
{
	*ret = (struct og_devices){ .type = type_of(og_member(rule, "type")),
				    .major = number(og_member(rule, "major")),
				    .minor = number(og_member(rule, "minor")),
				    .perms = perms_of(og_str(og_member(rule, "access"))) };
	if (ret->type == 'a') {
		ret->major = ret->minor = -1;
		ret->perms = OG_DEV_ALL;
	}
	return og_is_true(og_member(rule, "allow"));
}

static bool is_wildcard(const struct og_node *node)
{
	int64_t value;

	return og_is_null(node) || (og_i64(node, &value) == 0 && value == -1);
}

/* |rule| denies everything to every reader. */
static bool denies_all(const struct og_node *rule)
{
	const char *access = og_str(og_member(rule, "access"));

	return !og_is_true(og_member(rule, "allow")) && type_of(og_member(rule, "type")) == 'a' &&
	       is_wildcard(og_member(rule, "major")) && is_wildcard(og_member(rule, "minor")) &&
	       access && perms_of(access) == OG_DEV_ALL;
}

const struct og_node *og_device_rules_base(const struct og_node *rules)
{
	const struct og_node *base = NULL;

	og_each (rule, rules) {
		if (denies_all(rule))
			base = rule;
	}
	return base;
}

bool og_device_rules_allow_all(const struct og_node *rules)
{
	const struct og_node *base = og_device_rules_base(rules);
	struct og_devices devices;

	for (const struct og_node *rule = base ? base : og_first(rules); rule; rule = og_next(rule))
		if (og_device_rule_read(rule, &devices) && devices.type == 'a')
			return true;
	return false;
}

/* Whether everything in |some| is in |all|. */
static bool within(const struct og_devices *some, const struct og_devices *all)
{
	return some->type && some->type == all->type && !(some->perms & ~all->perms) &&
	       (all->major < 0 || all->major == some->major) &&
	       (all->minor < 0 || all->minor == some->minor);
}

bool og_devices_default(const struct og_devices *some)
{
	for (size_t i = 0; i < COUNT(defaults); i++)
		if (within(some, &defaults[i].devices))
			return true;
	return false;
}

const char *og_device_node_default(char type, int64_t major, int64_t minor)
{
	for (size_t i = 0; i < COUNT(defaults); i++)
		if (defaults[i].node && defaults[i].devices.type == type &&
		    defaults[i].devices.major == major && defaults[i].devices.minor == minor)
			return defaults[i].node;
	return NULL;
}

void og_device_set_release(struct og_device_set *set)
{
	free(set->entries);
	*set = (struct og_device_set){ 0 };
}

int og_device_set_add(struct og_device_set *set, const struct og_devices *devices)
{
	const bool both = devices->type == 'a';

	if (set->n + 2 > set->cap) {
		size_t cap = set->cap ? set->cap * 2 : 16;
		struct og_devices *grown = realloc(set->entries, cap * sizeof(*grown));

		if (!grown)
			return -1;
		set->entries = grown;
		set->cap = cap;
	}
	set->entries[set->n++] = *devices;
	if (!both)
		return 0;
	set->entries[set->n - 1].type = 'b';
	set->entries[set->n] = *devices;
	set->entries[set->n++].type = 'c';
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct og_devices *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor < y->minor ? -1 : x->minor > y->minor;
}

/* Entries with the same numbers become one, which may what any of them may. */
void og_device_set_sort(struct og_device_set *set)
{
	size_t kept = 0;

	if (set->n)
		qsort(set->entries, set->n, sizeof(*set->entries), compare);
	for (size_t i = 0; i < set->n; i++) {
		if (kept && compare(&set->entries[kept - 1], &set->entries[i]) == 0)
			set->entries[kept - 1].perms |= set->entries[i].perms;
		else
			set->entries[kept++] = set->entries[i];
	}
	set->n = kept;
}

/* What may be done with exactly these numbers. */
static unsigned perms_at(const struct og_device_set *set, char type, int64_t major, int64_t minor)
{
	const struct og_devices key = { .type = type, .major = major, .minor = minor };
	const struct og_devices *found = set->n ? bsearch(&key, set->entries, set->n, sizeof(key),
							  compare)
						: NULL;

	return found ? found->perms : 0;
}

unsigned og_device_set_perms(const struct og_device_set *set, const struct og_devices *some)
{
	unsigned perms = 0;

	if (some->type == 'a')
		return perms_at(set, 'b', -1, -1) & perms_at(set, 'c', -1, -1);
	for (int i = 0; i < 4; i++)
		perms |= perms_at(set, some->type, i & 1 ? -1 : some->major,
				  i & 2 ? -1 : some->minor);
	return perms;
}

bool og_device_set_has(const struct og_device_set *set, const struct og_devices *some)
{
	unsigned perms = og_device_set_perms(set, some);

	return perms && !(some->perms & ~perms);
}
