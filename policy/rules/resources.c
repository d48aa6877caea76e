/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources: memory, processes and CPU time that a container may use, at its
 * launch and when the limits are changed later. Device rules are the rule
 * devices'.
 *
 * What is not looked at grants nothing: reservation, swappiness and the kernel's
 * own memory lie within the memory limit; cpus, mems, hugepageLimits, rdma and
 * the rates of blockIO only restrict; weights of blockIO share what is idle; a
 * network class or priority means what the host's own rules make of it.
 */
#include "ocigate/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/rules_table.h"

#define NO_LIMIT UINT64_MAX

/* The kernel's own: without a quota's period, and without shares. */
#define DEFAULT_PERIOD UINT64_C(100000)
#define LONGEST_PERIOD UINT64_C(1000000)
#define DEFAULT_SHARES UINT64_C(1024)
#define MILLICPUS_MAX  UINT64_C(1000000000)

struct limit {
	const char *name, *pointer, *what, *flag;
};

static const struct limit memory = { "memory", "/linux/resources/memory/limit", "memory limit",
				     "--memory" };
static const struct limit both = { "memory-swap", "/linux/resources/memory/swap",
				   "limit of memory and swap together", "--memory-swap" };
static const struct limit pids = { "pids", "/linux/resources/pids/limit", "limit of processes",
				   "--pids-limit" };
static const struct limit shares = { "cpu-shares", "/linux/resources/cpu/shares",
				     "number of CPU shares", "--cpu-shares" };
static const struct limit quota = { "millicpus", "/linux/resources/cpu/quota", "CPU limit",
				    "--cpus" };

static const char period_at[] = "/linux/resources/cpu/period";
static const char burst_at[] = "/linux/resources/cpu/burst";

/* What the policy says of a limit; |item| NULL: nothing. */
struct range {
	const struct og_item *item;
	uint64_t lo, hi; /* hi NO_LIMIT: any */
	bool required;
};

/* What the document says. 0 is "as it is" to runc, and nothing lifts a limit by it. */
struct amount {
	enum { ABSENT, UNLIMITED, GIVEN } kind;
	uint64_t n;
};

static bool is_update(const struct og_pass *pass)
{
	return og_cmd(pass) == OG_CMD_UPDATE;
}

static struct range range_of(const struct og_pass *pass, const char *name, uint64_t largest)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_resources_limits);
	struct range range = { .hi = NO_LIMIT };

	for (size_t i = 0; i < list->n; i++) {
		const struct og_item *item = &list->items[i];

		if (strcmp(item->text, name))
			continue;
		range.item = item;
		range.required = item->required;
		/* what no document can say is no limit */
		range.hi = item->hi > largest ? NO_LIMIT : item->hi;
		range.lo = item->lo > largest ? largest : item->lo;
	}
	return range;
}

/* A value that is no number was rejected by the rule document. */
static struct amount amount_of(const struct og_pass *pass, const char *pointer)
{
	const struct og_node *node = og_at(pass, pointer);
	struct amount amount = { .kind = ABSENT };
	int64_t number;

	if (og_u64(node, &amount.n) == 0)
		amount.kind = amount.n ? GIVEN : ABSENT;
	else if (og_i64(node, &number) == 0)
		amount.kind = UNLIMITED;
	return amount;
}

/*
 * The value to set instead; 0: none, it complies. NO_LIMIT: one is required and
 * the policy names none. In an update what is absent stays as it is.
 */
static uint64_t wanted(const struct range *range, const struct amount *amount, bool update)
{
	if (amount->kind == GIVEN)
		return amount->n > range->hi ? range->hi : amount->n < range->lo ? range->lo : 0;
	if (range->required && !(update && amount->kind == ABSENT))
		return range->hi;
	return amount->kind == UNLIMITED && range->hi != NO_LIMIT ? range->hi : 0;
}

static int set_number(struct og_pass *pass, const char *pointer, uint64_t n, const char *why)
{
	char json[24];

	snprintf(json, sizeof(json), "%" PRIu64, n);
	return og_set(pass, pointer, json, "%s", why);
}

/* Answer with |want| from wanted(). */
static int bring(struct og_pass *pass, const struct limit *limit, const struct range *range,
		 const struct amount *amount, uint64_t want)
{
	char why[256];

	if (want == 0)
		return 0;
	og_because(pass, range->item);
	if (want == NO_LIMIT)
		return og_reject_at(pass, limit->pointer,
				    "there is no %s, and the policy has none to set: add %s",
				    limit->what, limit->flag);
	if (amount->kind == ABSENT)
		snprintf(why, sizeof(why), "there is no %s: add %s %" PRIu64, limit->what,
			 limit->flag, want);
	else if (amount->kind == UNLIMITED)
		snprintf(why, sizeof(why), "the %s is lifted: ask for at most %" PRIu64 " with %s",
			 limit->what, want, limit->flag);
	else
		snprintf(why, sizeof(why),
			 "the %s, %" PRIu64 ", is %s %" PRIu64 ": ask for %s with %s", limit->what,
			 amount->n, amount->n > want ? "above" : "below", want,
			 amount->n > want ? "less" : "more", limit->flag);
	return set_number(pass, limit->pointer, want, why);
}

/* ---- processes, CPU shares ---- */

static int check_pids(struct og_pass *pass)
{
	const struct range range = range_of(pass, pids.name, INT64_MAX);
	const struct amount amount = amount_of(pass, pids.pointer);

	return bring(pass, &pids, &range, &amount, wanted(&range, &amount, is_update(pass)));
}

/* Shares are a weight: without any a container has the kernel's 1024 of them. */
static int check_shares(struct og_pass *pass)
{
	const struct range range = range_of(pass, shares.name, INT64_MAX);
	const struct amount amount = amount_of(pass, shares.pointer);
	const struct amount usual = { GIVEN, DEFAULT_SHARES };
	uint64_t want;

	if (amount.kind == GIVEN || is_update(pass)) {
		want = wanted(&range, &amount, is_update(pass));
	} else {
		want = wanted(&range, &usual, false);
		if (want == 0 && range.required)
			want = DEFAULT_SHARES;
	}
	return bring(pass, &shares, &range, &amount, want);
}

/* ---- memory, and memory with swap ---- */

struct pair {
	struct range memory, both;
	struct amount limit, swap;
	uint64_t want_limit, want_swap; /* as from wanted() */
	uint64_t raised;		/* both, because memory has become as much; 0: no */
};

/* What will be there: what is wanted instead, or else what is given; 0: nothing. */
static uint64_t outcome(uint64_t want, const struct amount *amount)
{
	if (want != 0)
		return want == NO_LIMIT ? 0 : want;
	return amount->kind == GIVEN ? amount->n : 0;
}

/*
 * What holds for both together holds for memory alone, and to the kernel a limit
 * for both is none without one for memory.
 */
static void bind_memory(struct pair *pair, bool update)
{
	if (pair->both.hi < pair->memory.hi) {
		pair->memory.hi = pair->both.hi;
		pair->memory.item = pair->both.item;
	}
	if (pair->memory.lo > pair->memory.hi)
		pair->memory.lo = pair->memory.hi;
	if (!update && pair->want_swap != 0)
		pair->memory.required = true;
}

/* What is wanted of the two, which the kernel takes only with memory as the smaller. */
static void settle(struct pair *pair, bool update, bool cgroup_v2)
{
	uint64_t limit, swap;

	pair->want_swap = wanted(&pair->both, &pair->swap, update);
	bind_memory(pair, update);
	pair->want_limit = wanted(&pair->memory, &pair->limit, update);
	limit = outcome(pair->want_limit, &pair->limit);
	/* cgroup v2 keeps what swap is besides memory: with more memory both are more */
	if (update && limit && pair->swap.kind == ABSENT && pair->both.hi != NO_LIMIT && cgroup_v2)
		pair->want_swap = pair->both.hi;
	swap = outcome(pair->want_swap, &pair->swap);
	if (swap == 0 || swap >= limit || !(pair->want_limit || pair->want_swap))
		return;
	/* no more than was asked for, if that is enough */
	if (pair->limit.kind != GIVEN && swap >= pair->memory.lo)
		pair->want_limit = swap;
	else
		pair->raised = limit;
}

static int check_memory(struct og_pass *pass)
{
	struct pair pair = {
		.memory = range_of(pass, memory.name, INT64_MAX),
		.both = range_of(pass, both.name, INT64_MAX),
		.limit = amount_of(pass, memory.pointer),
		.swap = amount_of(pass, both.pointer),
	};

	settle(&pair, is_update(pass), og_facts(pass)->cgroup_v2);
	if (bring(pass, &memory, &pair.memory, &pair.limit, pair.want_limit) < 0)
		return -1;
	if (!pair.raised)
		return bring(pass, &both, &pair.both, &pair.swap, pair.want_swap);
	og_because(pass, pair.memory.item);
	return set_number(pass, both.pointer, pair.raised,
			  "memory and swap together cannot be less than the memory limit: ask for "
			  "more with --memory-swap");
}

/* ---- CPU time ---- */

/* |n| thousandths of a CPU, with a period that makes the quota one that the kernel takes. */
static int set_cpu(struct og_pass *pass, uint64_t n, const char *why)
{
	const uint64_t period = n < 10 ? LONGEST_PERIOD : DEFAULT_PERIOD;
	const uint64_t us = n * (period / 1000);
	const struct amount every = amount_of(pass, period_at);
	const struct amount burst = amount_of(pass, burst_at);

	if (set_number(pass, quota.pointer, us, why) < 0)
		return -1;
	/* said once is enough where nothing is edited */
	if (og_action(pass) != OG_REWRITE)
		return 0;
	if ((every.kind != GIVEN || every.n != period) &&
	    set_number(pass, period_at, period, "the period that goes with the quota") < 0)
		return -1;
	if (burst.kind == GIVEN && burst.n > us)
		return set_number(pass, burst_at, us,
				  "the kernel takes no burst that is larger than the quota");
	return 0;
}

/* Less than, equal to or more than 0, as |us| of each |period| is to |n| thousandths. */
static int compare_cpu(uint64_t us, uint64_t period, uint64_t n)
{
	uint64_t is, may;

	if (__builtin_mul_overflow(us, UINT64_C(1000), &is))
		return 1;
	if (__builtin_mul_overflow(period, n, &may))
		return -1;
	return (is > may) - (is < may);
}

/*
 * An update may give one of quota and period, and the runtime puts it beside the
 * other as it is: a tenth of the period is ten times the CPU.
 */
static int check_half(struct og_pass *pass, const struct range *range, bool has_quota)
{
	if (range->hi == NO_LIMIT)
		return og_reject_at(pass, has_quota ? period_at : quota.pointer,
				    "--cpu-quota and --cpu-period mean nothing without each other: "
				    "give both");
	if (has_quota)
		return set_number(pass, period_at, DEFAULT_PERIOD,
				  "a quota means nothing without its period: give --cpu-period "
				  "with --cpu-quota");
	return set_cpu(pass, range->hi,
		       "a period changes what the quota is worth: give --cpu-quota with "
		       "--cpu-period");
}

static int check_cpu(struct og_pass *pass)
{
	const struct range range = range_of(pass, quota.name, MILLICPUS_MAX);
	const struct amount us = amount_of(pass, quota.pointer);
	struct amount period = amount_of(pass, period_at);
	const bool policed = range.hi != NO_LIMIT || range.lo > 0;
	const bool half = is_update(pass) && us.kind != UNLIMITED && us.kind != period.kind;
	uint64_t n = period.kind == GIVEN ? period.n : DEFAULT_PERIOD, want;

	og_because(pass, range.item);
	if (us.kind != GIVEN)
		want = half ? 0 : wanted(&range, &us, is_update(pass));
	else
		want = compare_cpu(us.n, n, range.hi) > 0   ? range.hi
		       : compare_cpu(us.n, n, range.lo) < 0 ? range.lo
							    : 0;
	if (want == NO_LIMIT)
		return og_reject_at(pass, quota.pointer,
				    "there is no CPU limit, and the policy has none to set: add "
				    "--cpus");
	if (want != 0)
		return set_cpu(pass, want,
			       us.kind != GIVEN ? "there is no CPU limit: ask for one with --cpus"
			       : want == range.hi
				       ? "the CPU limit is too high: ask for less with --cpus"
				       : "the CPU limit is too low: ask for more with --cpus");
	return half && policed ? check_half(pass, &range, us.kind == GIVEN) : 0;
}

/*
 * Real-time processes run before all others of the host, for as long as they are
 * given.
 */
static int check_realtime(struct og_pass *pass)
{
	static const char *const places[] = { "/linux/resources/cpu/realtimeRuntime",
					      "/linux/resources/cpu/realtimePeriod" };

	if (og_opt_bool(pass, OG_OPT_resources_realtime))
		return 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (amount_of(pass, places[i]).kind != ABSENT &&
		    og_remove(pass, og_at(pass, places[i]),
			      "time for real-time processes is not given out: leave out "
			      "--cpu-rt-runtime and --cpu-rt-period") < 0)
			return -1;
	return 0;
}

/* ---- the rest ---- */

/* A process that hangs for want of memory instead of ending holds it for good. */
static int check_oom_killer(struct og_pass *pass)
{
	const struct og_node *disable = og_at(pass, "/linux/resources/memory/disableOOMKiller");

	if (!og_is_true(disable) || og_opt_bool(pass, OG_OPT_resources_oom_kill_disable))
		return 0;
	return og_replace(pass, disable, "false",
			  "the OOM killer may not be switched off: leave out --oom-kill-disable");
}

/*
 * Files of cgroup v2 that say the same as a limit; they are written last, and win. A limit
 * of memory and swap together is one of memory, too.
 */
static const struct {
	const char *file;
	const struct limit *limit;
} unified[] = {
	{ "memory.max", &memory }, { "memory.max", &both },	 { "memory.high", &memory },
	{ "memory.high", &both },  { "memory.swap.max", &both }, { "memory.swap.high", &both },
	{ "pids.max", &pids },	   { "cpu.weight", &shares },	 { "cpu.weight.nice", &shares },
	{ "cpu.idle", &shares },   { "cpu.max", &quota },	 { "cpu.max.burst", &quota },
};

static const struct limit *limit_of(const struct og_pass *pass, const char *file)
{
	for (size_t i = 0; i < sizeof(unified) / sizeof(unified[0]); i++)
		if (!strcmp(unified[i].file, file) &&
		    range_of(pass, unified[i].limit->name, INT64_MAX).item)
			return unified[i].limit;
	return NULL;
}

static bool is_listed(const struct og_pass *pass, const char *file)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_resources_unified);

	for (size_t i = 0; i < list->n; i++)
		if (og_glob_text(list->items[i].text, file))
			return true;
	return false;
}

static int check_unified(struct og_pass *pass)
{
	const struct og_node *next;

	for (const struct og_node *file = og_first(og_at(pass, "/linux/resources/unified")); file;
	     file = next) {
		const char *name = og_key(file);
		const struct limit *limit = name ? limit_of(pass, name) : NULL;

		next = og_next(file); /* |file| may be removed */
		if (!name || (!limit && is_listed(pass, name)))
			continue;
		if ((limit ? og_remove(pass, file, "%s is what the limit \"%s\" is about: use %s",
				       OG_Q(name), limit->name, limit->flag)
			   : og_remove(pass, file,
				       "the cgroup file %s is not on the list of those that may be "
				       "set: leave it out",
				       OG_Q(name))) < 0)
			return -1;
	}
	return 0;
}

/*
 * Flags of "update" that no resources document can say: they put the container
 * into another share of the processor's caches. At a launch linux.intelRdt does
 * that, and the option "allow" of the rule kernel is asked about it.
 */
static int check_flags(struct og_pass *pass)
{
	static const char *const flags[] = { "l3-cache-schema", "mem-bw-schema" };

	if (!is_update(pass) || og_opt_has(pass, OG_OPT_kernel_allow, "intelRdt"))
		return 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (og_fact_flag(og_facts(pass), flags[i]) &&
		    og_reject_at(pass, "",
				 "--%s shares out the processor's caches anew: run without it",
				 flags[i]) < 0)
			return -1;
	return 0;
}

/* The engine starts it again: what always fails must not do so for ever. Noted, it is no limit of
 * ours. */
static int check_restarts(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);
	uint64_t most = og_opt_u64(pass, OG_OPT_resources_restarts);
	bool counted;

	if (is_update(pass) || !most || !facts->restart_policy || !*facts->restart_policy ||
	    !strcmp(facts->restart_policy, "no"))
		return 0;
	counted = !strcmp(facts->restart_policy, "on-failure") && facts->restart_retries;
	if (counted && facts->restart_retries <= most)
		return 0;
	return og_note(
		pass, NULL,
		"the engine would restart the container %s: use --restart on-failure:%" PRIu64,
		counted ? "more often than the policy says" : "without end", most);
}

int og_rule_resources(struct og_pass *pass)
{
	int (*const checks[])(struct og_pass *) = { check_memory,  check_pids,	   check_shares,
						    check_cpu,	   check_realtime, check_oom_killer,
						    check_unified, check_flags,	   check_restarts };

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		og_because(pass, NULL);
		if (checks[i](pass) < 0)
			return -1;
	}
	return 0;
}
