/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy as it applies to one launch: the merged layers, which are ready,
 * and on top of them the exceptions that match. A list that no exception
 * touches is the policy's own; one that some touch is merged once.
 */
#include "policy/policy_internal.h"

#include <stdlib.h>
#include <string.h>

struct og_effective {
	struct og_pool pool;
	const struct og_origin *actions; /* the policy's own, until an exception changes some */
	const struct og_value *values;
	struct og_origin *own_actions;
	struct og_value *own_values;
	const char **applied, **expired;
	size_t napplied, nexpired;
};

bool og_value_change(struct og_pool *pool, enum og_option option, struct og_value *value,
		     const struct og_change *const *changes, size_t n)
{
	enum og_opt_type type = og_options[option].type;
	struct og_value base = *value;
	size_t from = 0;

	for (size_t i = 0; i < n; i++)
		if (changes[i]->how == OG_HOW_SET) {
			base = changes[i]->value;
			from = i + 1;
		}
	*value = base;
	if (from == n)
		return true;
	*value = changes[n - 1]->value; /* the place; the lists follow */
	return og_list_merge(pool, type, &base.raw, changes + from, n - from, &value->raw) &&
	       og_list_finish(pool, type, &value->raw, &value->list);
}

/* ---- exceptions ---- */

/* The changes of all exceptions that apply, by option, each in order. */
struct pending {
	const struct og_change **list;
	size_t starts[OG_NOPTIONS + 1]; /* of each option's in |list| */
};

static void count_changes(const struct og_exception *exception, struct pending *pending)
{
	for (size_t i = 0; i < exception->changes.n; i++)
		if (exception->changes.list[i].what < OG_NOPTIONS)
			pending->starts[exception->changes.list[i].what + 1]++;
}

static void place_changes(struct og_effective *effective, const struct og_exception *exception,
			  struct pending *pending, size_t *next)
{
	for (size_t i = 0; i < exception->changes.n; i++) {
		const struct og_change *change = &exception->changes.list[i];

		if (change->what < OG_NOPTIONS)
			pending->list[next[change->what]++] = change;
		else
			effective->own_actions[change->what - OG_NOPTIONS] = (struct og_origin){
				(enum og_action)change->value.num,
				change->value.file,
				change->value.line,
			};
	}
}

static bool own(struct og_effective *effective)
{
	struct og_pool *pool = &effective->pool;

	effective->own_actions = og_pool_alloc(pool, OG_NRULES, sizeof(*effective->actions));
	effective->own_values = og_pool_alloc(pool, OG_NOPTIONS, sizeof(*effective->values));
	if (!effective->own_actions || !effective->own_values)
		return false;
	memcpy(effective->own_actions, effective->actions, OG_NRULES * sizeof(*effective->actions));
	memcpy(effective->own_values, effective->values, OG_NOPTIONS * sizeof(*effective->values));
	effective->actions = effective->own_actions;
	effective->values = effective->own_values;
	return true;
}

static bool apply_changes(struct og_effective *effective, const struct og_exception *const *list)
{
	struct pending pending = { 0 };
	size_t next[OG_NOPTIONS], total;

	for (size_t i = 0; i < effective->napplied; i++)
		count_changes(list[i], &pending);
	for (size_t i = 0; i < OG_NOPTIONS; i++) {
		pending.starts[i + 1] += pending.starts[i];
		next[i] = pending.starts[i];
	}
	total = pending.starts[OG_NOPTIONS];
	pending.list = og_pool_alloc(&effective->pool, total, sizeof(*pending.list));
	if (!pending.list)
		return false;
	for (size_t i = 0; i < effective->napplied; i++)
		place_changes(effective, list[i], &pending, next);
	for (size_t i = 0; i < OG_NOPTIONS; i++) {
		size_t start = pending.starts[i], n = pending.starts[i + 1] - start;

		if (n && !og_value_change(&effective->pool, (enum og_option)i,
					  &effective->own_values[i], pending.list + start, n))
			return false;
	}
	return true;
}

static bool apply_exceptions(struct og_effective *effective, const struct og_policy *policy,
			     const struct og_facts *facts)
{
	struct og_pool *pool = &effective->pool;
	size_t n = policy->nexceptions;
	const struct og_exception **list;

	list = og_pool_alloc(pool, n, sizeof(*list));
	effective->applied = og_pool_alloc(pool, n, sizeof(*effective->applied));
	effective->expired = og_pool_alloc(pool, n, sizeof(*effective->expired));
	if (!list || !effective->applied || !effective->expired)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct og_exception *exception = &policy->exceptions[i];

		if (!og_exception_matches(exception, facts))
			continue;
		if (og_exception_expired(exception, facts->today)) {
			effective->expired[effective->nexpired++] = exception->name;
			continue;
		}
		list[effective->napplied] = exception;
		effective->applied[effective->napplied++] = exception->name;
	}
	return effective->napplied == 0 || (own(effective) && apply_changes(effective, list));
}

int og_policy_effective(const struct og_policy *policy, const struct og_facts *facts,
			struct og_effective **ret, struct og_err *reterr)
{
	struct og_effective *effective = calloc(1, sizeof(*effective));

	if (!effective)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	effective->actions = policy->actions;
	effective->values = policy->values;
	if (!apply_exceptions(effective, policy, facts)) {
		og_effective_free(effective);
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	}
	*ret = effective;
	return 0;
}

void og_effective_free(struct og_effective *effective)
{
	if (!effective)
		return;
	og_pool_release(&effective->pool);
	free(effective);
}

/* ---- asking ---- */

enum og_action og_effective_action(const struct og_effective *effective, enum og_rule_id rule)
{
	return effective->actions[rule].action;
}

/*
 * The site's own line, when it has one about the rule: people look for what to
 * change in their file, not in a preset.
 */
void og_effective_origin(const struct og_effective *effective, enum og_rule_id rule,
			 const char **retfile, unsigned *retline)
{
	*retfile = effective->actions[rule].file;
	*retline = effective->actions[rule].line;
	for (size_t i = 0; *retline == 0 && i < OG_NOPTIONS; i++) {
		if (og_options[i].rule != rule || effective->values[i].line == 0)
			continue;
		*retfile = effective->values[i].file;
		*retline = effective->values[i].line;
	}
}

size_t og_effective_exceptions(const struct og_effective *effective, const char *const **ret)
{
	*ret = effective->applied;
	return effective->napplied;
}

size_t og_effective_expired(const struct og_effective *effective, const char *const **ret)
{
	*ret = effective->expired;
	return effective->nexpired;
}

bool og_effective_bool(const struct og_effective *effective, enum og_option option)
{
	return effective->values[option].num != 0;
}

uint64_t og_effective_u64(const struct og_effective *effective, enum og_option option)
{
	return effective->values[option].num;
}

const char *og_effective_str(const struct og_effective *effective, enum og_option option)
{
	return effective->values[option].str;
}

const struct og_list *og_effective_list(const struct og_effective *effective, enum og_option option)
{
	return &effective->values[option].list;
}

void og_effective_option_origin(const struct og_effective *effective, enum og_option option,
				const char **retfile, unsigned *retline)
{
	*retfile = effective->values[option].file;
	*retline = effective->values[option].line;
}
