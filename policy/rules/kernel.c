/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel: what a bundle may ask of the kernel that is no other rule's: whom the
 * scheduler and the disks serve first, other clocks, other memory, the caches of
 * the processor. No engine's default has any of it. What every process may do to
 * itself without a privilege, and what asks for nothing, stays.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/rules_table.h"

/* Whether |object| has the word |value| at |name|. */
static bool has_word(const struct og_node *object, const char *name, const char *value)
{
	const char *text = og_str(og_member(object, name));

	return text && !strcmp(text, value);
}

/* Whether |object| has nothing at |name|: absent, null, 0 or an empty list. */
static bool is_unset(const struct og_node *object, const char *name)
{
	const struct og_node *node = og_member(object, name);
	uint64_t number;

	if (og_type(node) == OG_ARRAY)
		return !og_first(node);
	return og_is_null(node) || (og_u64(node, &number) == 0 && number == 0);
}

/*
 * sched_setattr(2) refuses to raise the nice value and every class before these
 * without CAP_SYS_NICE.
 */
static bool harmless_scheduler(const struct og_node *scheduler)
{
	uint64_t nice;

	if (!has_word(scheduler, "policy", "SCHED_OTHER") &&
	    !has_word(scheduler, "policy", "SCHED_BATCH") &&
	    !has_word(scheduler, "policy", "SCHED_IDLE"))
		return false;
	if (!is_unset(scheduler, "nice") && og_u64(og_member(scheduler, "nice"), &nice) < 0)
		return false;
	return is_unset(scheduler, "priority") && is_unset(scheduler, "flags") &&
	       is_unset(scheduler, "runtime") && is_unset(scheduler, "deadline") &&
	       is_unset(scheduler, "period");
}

/* ioprio_set(2) wants CAP_SYS_ADMIN for the class of real time only. */
static bool harmless_io_priority(const struct og_node *io_priority)
{
	return has_word(io_priority, "class", "IOPRIO_CLASS_BE") ||
	       has_word(io_priority, "class", "IOPRIO_CLASS_IDLE");
}

/* What every process is without asking. */
static bool harmless_personality(const struct og_node *personality)
{
	return has_word(personality, "domain", "LINUX") && is_unset(personality, "flags");
}

static bool harmless_memory_policy(const struct og_node *policy)
{
	const char *nodes = og_str(og_member(policy, "nodes"));

	return has_word(policy, "mode", "MPOL_DEFAULT") && (!nodes || !*nodes) &&
	       is_unset(policy, "flags");
}

static bool is_empty(const struct og_node *object)
{
	return og_type(object) == OG_OBJECT && !og_first(object);
}

/* To runtimes an empty object asks for a class of the container's own. */
static bool harmless_intel_rdt(const struct og_node *intel_rdt)
{
	(void)intel_rdt;
	return false;
}

/* |name| is the word of the option "allow". */
static const struct {
	const char *name, *pointer;
	bool (*harmless)(const struct og_node *);
	const char *why;
} fields[] = {
	{ "scheduler", "/process/scheduler", harmless_scheduler,
	  "asks to run before others: use SCHED_OTHER, SCHED_BATCH or SCHED_IDLE with a nice value "
	  "of 0 or more and nothing else, or leave it out" },
	{ "ioPriority", "/process/ioPriority", harmless_io_priority,
	  "asks to read and write before others: use IOPRIO_CLASS_BE or IOPRIO_CLASS_IDLE, or "
	  "leave it out" },
	/* the first one holds before the process is in the container's cgroup */
	{ "execCPUAffinity", "/process/execCPUAffinity", is_empty,
	  "asks for CPUs past the container's own: leave it out" },
	{ "personality", "/linux/personality", harmless_personality,
	  "asks the kernel to behave like another one: use the domain LINUX without flags, or "
	  "leave it out" },
	{ "timeOffsets", "/linux/timeOffsets", is_empty,
	  "asks for clocks that differ from the host's: leave it out" },
	{ "memoryPolicy", "/linux/memoryPolicy", harmless_memory_policy,
	  "asks for the memory of certain nodes: use MPOL_DEFAULT without nodes and flags, or "
	  "leave it out" },
	/* classes are few, and the host's */
	{ "intelRdt", "/linux/intelRdt", harmless_intel_rdt,
	  "asks for a share of the processor's caches and memory bandwidth: leave it out" },
};

int og_rule_kernel(struct og_pass *pass)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct og_node *node = og_at(pass, fields[i].pointer);

		if (!node || fields[i].harmless(node) ||
		    og_opt_has(pass, OG_OPT_kernel_allow, fields[i].name))
			continue;
		if (og_remove(pass, node, "\"%s\" %s", fields[i].name, fields[i].why) < 0)
			return -1;
	}
	return 0;
}
