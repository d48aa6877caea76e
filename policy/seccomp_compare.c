/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a given profile permits, next to the site's. Exact where libseccomp is:
 * conditions are compared as sets of values, once for 64 bits and once for the
 * 32 bits that it looks at on the smaller ABIs.
 */
#include "policy/seccomp_compare.h"

#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "policy/names.h"

#define MAX_CONDS 6 /* system call arguments; crun reads no further conditions */

/* ---- sets of values ---- */

enum truth { OPEN, HOLDS, FAILS };

/* What a condition has come to after the upper bits of a value; [0] is the covered one. */
struct state {
	enum truth truth[1 + OG_SCMP_CONDS];
};

struct cover {
	const struct og_scmp_cond *conds[1 + OG_SCMP_CONDS];
	size_t n;
};

static enum truth truth_of(bool holds)
{
	return holds ? HOLDS : FAILS;
}

/* The value and the condition's differ for the first time: it is less, or greater. */
static enum truth decide(enum og_scmp_op op, bool less)
{
	switch (op) {
	case OG_SCMP_NE:
		return HOLDS;
	case OG_SCMP_LT:
	case OG_SCMP_LE:
		return truth_of(less);
	case OG_SCMP_GE:
	case OG_SCMP_GT:
		return truth_of(!less);
	case OG_SCMP_EQ:
	case OG_SCMP_MASKED_EQ:
		break;
	}
	return FAILS;
}

/* No bit differed. */
static enum truth decide_equal(enum og_scmp_op op)
{
	return truth_of(op != OG_SCMP_NE && op != OG_SCMP_LT && op != OG_SCMP_GT);
}

/*
 * |cond|, open so far, after the value's bit number |bit|. Bits of a masked
 * condition's datum outside its mask, by which it could never hold, are not
 * looked at: libseccomp does so by halves.
 */
static enum truth step(const struct og_scmp_cond *cond, unsigned bit, bool one)
{
	uint64_t place = UINT64_C(1) << bit;
	bool masked = cond->op == OG_SCMP_MASKED_EQ;
	uint64_t value = masked ? cond->two : cond->value;

	if ((!masked || cond->value & place) && one != ((value & place) != 0))
		return decide(cond->op, !one);
	if (masked && (cond->value & (place - 1)) == 0)
		return HOLDS;
	return bit == 0 ? decide_equal(cond->op) : OPEN;
}

static struct state advance(const struct cover *cover, struct state state, unsigned bit, bool one)
{
	for (size_t i = 0; i < cover->n; i++)
		if (state.truth[i] == OPEN)
			state.truth[i] = step(cover->conds[i], bit, one);
	return state;
}

/*
 * Whether some value with these upper bits meets the first condition and none
 * of the others. Each comparison is open along one path only and a masked one
 * branches only at its bits, so this stays at some thousand steps.
 */
static bool escapes(const struct cover *cover, const struct state *state, unsigned bits)
{
	bool open = false;
	struct state zero, one;

	if (state->truth[0] == FAILS)
		return false;
	for (size_t i = 1; i < cover->n; i++) {
		if (state->truth[i] == HOLDS)
			return false;
		open = open || state->truth[i] == OPEN;
	}
	if (!open && state->truth[0] == HOLDS)
		return true;
	zero = advance(cover, *state, bits - 1, false);
	if (escapes(cover, &zero, bits - 1))
		return true;
	one = advance(cover, *state, bits - 1, true);
	return memcmp(&zero, &one, sizeof(one)) != 0 && escapes(cover, &one, bits - 1);
}

static uint64_t all_ones(unsigned bits)
{
	return bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

static struct og_scmp_cond cut(const struct og_scmp_cond *cond, unsigned bits)
{
	uint64_t all = all_ones(bits);
	struct og_scmp_cond ret = *cond;

	ret.value &= all;
	ret.two &= all;
	return ret;
}

bool og_scmp_covered(const struct og_scmp_cond *cond, const struct og_scmp_cond *conds, size_t n,
		     unsigned bits)
{
	struct og_scmp_cond copies[1 + OG_SCMP_CONDS];
	struct cover cover = { .n = 1 + n };
	struct state state = { 0 };

	if (n > OG_SCMP_CONDS)
		return false;
	/* most conditions of a profile are the site's own */
	for (size_t i = 0; i < n; i++)
		if (conds[i].op == cond->op && conds[i].value == cond->value &&
		    conds[i].two == cond->two)
			return true;
	for (size_t i = 0; i <= n; i++) {
		copies[i] = cut(i == 0 ? cond : &conds[i - 1], bits);
		cover.conds[i] = &copies[i];
		if (copies[i].op == OG_SCMP_MASKED_EQ && copies[i].value == 0)
			state.truth[i] = HOLDS;
	}
	return !escapes(&cover, &state, bits);
}

/* ---- reading ---- */

enum act { ACT_DENY, ACT_PERMIT, ACT_NOTIFY, ACT_UNKNOWN };

static const struct {
	const char *name;
	enum act act;
} actions[] = {
	{ "SCMP_ACT_ALLOW", ACT_PERMIT },     { "SCMP_ACT_ERRNO", ACT_DENY },
	{ "SCMP_ACT_KILL", ACT_DENY },	      { "SCMP_ACT_KILL_PROCESS", ACT_DENY },
	{ "SCMP_ACT_KILL_THREAD", ACT_DENY }, { "SCMP_ACT_LOG", ACT_PERMIT },
	{ "SCMP_ACT_NOTIFY", ACT_NOTIFY },    { "SCMP_ACT_TRACE", ACT_PERMIT },
	{ "SCMP_ACT_TRAP", ACT_DENY },
};
#define NACTIONS (sizeof(actions) / sizeof(actions[0]))

static size_t find_action(const struct og_node *node)
{
	const char *name = og_str(node);
	size_t i = 0;

	while (i < NACTIONS && (!name || strcmp(actions[i].name, name) != 0))
		i++;
	return i;
}

static enum act read_action(const struct og_node *node)
{
	size_t i = find_action(node);

	return i < NACTIONS ? actions[i].act : ACT_UNKNOWN;
}

/* An absent number is 0. */
static bool read_number(const struct og_node *object, const char *key, uint64_t *ret)
{
	const struct og_node *node = og_member(object, key);

	*ret = 0;
	return og_is_null(node) || og_u64(node, ret) == 0;
}

static bool read_cond(const struct og_node *node, struct og_scmp_cond *ret)
{
	const char *name = og_str(og_member(node, "op"));
	uint64_t index;
	int op = 0;

	while (name && og_scmp_ops[op] && strcmp(og_scmp_ops[op], name) != 0)
		op++;
	if (!name || !og_scmp_ops[op] || !read_number(node, "index", &index) ||
	    index >= MAX_CONDS || !read_number(node, "value", &ret->value) ||
	    !read_number(node, "valueTwo", &ret->two))
		return false;
	ret->index = (unsigned)index;
	ret->op = (enum og_scmp_op)op;
	return true;
}

static bool is_list(const struct og_node *node)
{
	return og_is_null(node) || og_type(node) == OG_ARRAY;
}

/* Every entry must be one that can be judged. */
static bool readable(const struct og_node *entry)
{
	const struct og_node *names = og_member(entry, "names"), *args = og_member(entry, "args");
	struct og_scmp_cond cond;

	if (og_type(entry) != OG_OBJECT || !is_list(names) || !is_list(args) ||
	    read_action(og_member(entry, "action")) == ACT_UNKNOWN)
		return false;
	og_each (name, names) {
		if (!og_str(name))
			return false;
	}
	og_each (arg, args) {
		if (!read_cond(arg, &cond))
			return false;
	}
	return true;
}

#define SAY(why, ...) (snprintf((why)->text, sizeof((why)->text), __VA_ARGS__) >= 0)

bool og_scmp_permissive(const struct og_node *profile, struct og_scmp_why *why)
{
	const struct og_node *standard = og_member(profile, "defaultAction");
	const struct og_node *syscalls = og_member(profile, "syscalls");
	enum act act = read_action(standard);

	if (act == ACT_UNKNOWN || !is_list(syscalls))
		return SAY(why,
			   "the seccomp profile has no valid %s: use the engine's default "
			   "profile",
			   act == ACT_UNKNOWN ? "defaultAction" : "list of system calls");
	if (act != ACT_DENY)
		return SAY(why,
			   "the seccomp profile permits what it does not list (%s): list what is "
			   "needed and make SCMP_ACT_ERRNO the defaultAction",
			   OG_Q(og_str(standard)));
	if (!og_is_null(og_member(profile, "listenerPath")) ||
	    !og_is_null(og_member(profile, "listenerMetadata")))
		return SAY(why, "the seccomp profile hands system calls to a listener: leave out "
				"listenerPath and listenerMetadata");
	og_each (entry, syscalls) {
		if (!readable(entry))
			return SAY(why, "the seccomp profile has an entry with an unknown action, "
					"operator or argument: use the engine's default profile");
		if (read_action(og_member(entry, "action")) == ACT_NOTIFY)
			return SAY(why, "the seccomp profile hands system calls to a listener: use "
					"no SCMP_ACT_NOTIFY");
	}
	return false;
}

/* ---- comparing ---- */

struct entry {
	struct og_scmp_cond conds[MAX_CONDS];
	size_t n;
	bool too_many, either; /* either: two conditions on one argument, so any of them will do */
	bool permits;
	unsigned action; /* a bit for each row of actions[] */
	unsigned number; /* from 1 */
};

struct reader {
	const struct og_scmp_site *site;
	enum og_scmp_scope scope;
	bool small; /* it also filters for an ABI of 32 bits */
	struct og_scmp_why *why;
	unsigned guess; /* the id that the next name may have */
	struct {
		unsigned actions; /* seen so far, as entry.action */
		unsigned entry;	  /* the last one that was compared */
	} seen[OG_SCMP_IDS];
};

static void read_entry(const struct og_node *node, struct entry *ret)
{
	size_t action = find_action(og_member(node, "action"));
	unsigned indices = 0;

	ret->action = 1U << action;
	ret->permits = actions[action].act == ACT_PERMIT;
	og_each (arg, og_member(node, "args")) {
		if (ret->n == MAX_CONDS) {
			ret->too_many = true;
			return;
		}
		read_cond(arg, &ret->conds[ret->n]);
		ret->either = ret->either || indices & 1U << ret->conds[ret->n].index;
		indices |= 1U << ret->conds[ret->n++].index;
	}
}

/* A masked one is always met: see step() for the bits that are not looked at. */
bool og_scmp_empty(const struct og_scmp_cond *cond, unsigned bits)
{
	uint64_t all = all_ones(bits), value = cond->value & all;

	return (cond->op == OG_SCMP_LT && value == 0) || (cond->op == OG_SCMP_GT && value == all);
}

/* Whether what meets all of |conds| is within |grant|, which looks at one argument. */
static bool within(const struct og_scmp_cond *conds, size_t n, const struct og_scmp_grant *grant,
		   unsigned bits)
{
	struct og_scmp_cond on = { .op = OG_SCMP_GE };

	if (grant->nconds > 0)
		on.index = grant->conds[0].index;
	for (size_t i = 0; i < n; i++) {
		if (og_scmp_empty(&conds[i], bits))
			return true;
		if (conds[i].index == on.index)
			on = conds[i];
	}
	return og_scmp_covered(&on, grant->conds, grant->nconds, bits);
}

static bool entry_within(const struct entry *entry, const struct og_scmp_grant *grant,
			 unsigned bits)
{
	if (!entry->either)
		return within(entry->conds, entry->n, grant, bits);
	for (size_t i = 0; i < entry->n; i++)
		if (!within(&entry->conds[i], 1, grant, bits))
			return false;
	return true;
}

/* Whether libseccomp knows |name| as a system call of this ABI; -1 is "no such name". */
static bool exists(uint32_t token, const char *name)
{
	/* below: what some other architecture has; between: parts of socketcall and ipc */
	const int elsewhere = -10000;
	int nr = token ? seccomp_syscall_resolve_name_arch(token, name)
		       : seccomp_syscall_resolve_name(name);

	return nr != __NR_SCMP_ERROR && nr > elsewhere;
}

enum { NATIVE = 1 << 0, SMALL = 1 << 1 };

/* For which kinds of ABI |name| means something; 0: runtimes ignore it. */
static unsigned kinds(const struct reader *reader, const char *name, bool in_table)
{
	const struct og_scmp_abi *abis = reader->site->arch->abis;
	unsigned ret = exists(abis[0].token, name) ? NATIVE : 0;

	/* newer than our libseccomp: the runtime's may know it */
	if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
		return in_table || og_scmp_is_newer(name) ? NATIVE | SMALL : 0;
	for (size_t i = 1; reader->small && i < OG_SCMP_ABIS && abis[i].name; i++)
		if (exists(abis[i].token, name))
			ret |= SMALL;
	return ret;
}

static bool say_wider(struct reader *reader, const char *name, const struct og_scmp_grant *grant)
{
	if (grant->lacking >= 0)
		return SAY(reader->why,
			   "the seccomp profile permits %s, which takes %s: leave it out, the "
			   "container does not have that capability",
			   OG_Q(name), og_caps[grant->lacking]);
	return SAY(reader->why,
		   "the seccomp profile permits %s%s, which the site's does not: use the engine's "
		   "default profile or leave it out",
		   OG_Q(name), grant->nconds > 0 ? " with more arguments" : "");
}

static bool name_wider(struct reader *reader, const struct entry *entry, const char *name)
{
	struct og_scmp_grant grant;
	bool in_table = og_scmp_lookup(reader->site, name, reader->guess, &grant);
	bool clash = in_table && (reader->seen[grant.id].actions | entry->action) != entry->action;
	if (grant.all)
		reader->guess = grant.id + 1;
	/* what is permitted anyhow is looked up only if something else is odd about it */
	unsigned where = grant.all && !clash && !entry->too_many ? NATIVE
								 : kinds(reader, name, in_table);

	if (where == 0 || (reader->scope == OG_SCMP_LACKING && grant.lacking < 0))
		return false;
	if (in_table) {
		reader->seen[grant.id].actions |= entry->action;
		if (reader->seen[grant.id].actions != entry->action)
			return SAY(reader->why,
				   "the seccomp profile has two actions for %s: give one",
				   OG_Q(name));
		if (reader->seen[grant.id].entry == entry->number)
			return false;
		reader->seen[grant.id].entry = entry->number;
	}
	if (entry->too_many)
		return SAY(
			reader->why,
			"the seccomp profile has more than six conditions for %s, which runtimes "
			"read differently: use several entries",
			OG_Q(name));
	if (!entry->permits || grant.all)
		return false;
	if ((!(where & NATIVE) || entry_within(entry, &grant, 64)) &&
	    (!(where & SMALL) || !reader->small || entry_within(entry, &grant, 32)))
		return false;
	return say_wider(reader, name, &grant);
}

static bool arches_wider(struct reader *reader, const struct og_node *arches)
{
	const struct og_scmp_abi *abis = reader->site->arch->abis;

	og_each (arch, arches) {
		const char *name = og_str(arch);
		size_t i = 0;

		while (i < OG_SCMP_ABIS && (!name || !abis[i].name || strcmp(abis[i].name, name)))
			i++;
		if (i == OG_SCMP_ABIS)
			return SAY(reader->why,
				   "the seccomp profile is for %s too, which is none of this "
				   "host's: leave it out of \"architectures\"",
				   OG_Q(name ? name : ""));
		reader->small = reader->small || i > 0;
	}
	return false;
}

bool og_scmp_wider(const struct og_node *profile, const struct og_scmp_site *site,
		   enum og_scmp_scope scope, struct og_scmp_why *why)
{
	struct reader reader = { .site = site, .scope = scope, .why = why };
	unsigned number = 0;

	if (arches_wider(&reader, og_member(profile, "architectures")) &&
	    scope == OG_SCMP_EVERYTHING)
		return true;
	og_each (node, og_member(profile, "syscalls")) {
		struct entry entry = { .number = ++number };

		read_entry(node, &entry);
		og_each (name, og_member(node, "names")) {
			if (name_wider(&reader, &entry, og_str(name)))
				return true;
		}
	}
	return false;
}
