/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device numbers and the device rules of cgroups, read as the most permissive
 * of the runtimes reads them. What is allowed is the rules' business.
 */
#ifndef OG_DEVICE_RULES_H
#define OG_DEVICE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/doc.h"

enum { OG_DEV_READ = 1, OG_DEV_WRITE = 2, OG_DEV_MKNOD = 4, OG_DEV_ALL = 7 };

/* Devices of a kind and what may be done with them. */
struct og_devices {
	char type;	      /* 'c', 'b', 'a' for both; 0: something else */
	int64_t major, minor; /* -1: all */
	unsigned perms;	      /* OG_DEV_*; more bits: letters that mean nothing */
};

/* One entry of linux.resources.devices, if it allows something; false: it denies. */
bool og_device_rule_read(const struct og_node *rule, struct og_devices *ret);

/*
 * The last entry that takes everything away in every runtime's reading; NULL:
 * there is none. Only entries after it are in force.
 */
const struct og_node *og_device_rules_base(const struct og_node *rules);

/* Whether the list leaves every device open, as the last entry of --privileged does. */
bool og_device_rules_allow_all(const struct og_node *rules);

/* Whether runtimes allow |some| by themselves, whatever the document says. */
bool og_devices_default(const struct og_devices *some);

/* The path of the node with these numbers that every container has; NULL: none has one. */
const char *og_device_node_default(char type, int64_t major, int64_t minor);

/* Devices to look up in. Zero-initialise; add, sort once, then ask. */
struct og_device_set {
	struct og_devices *entries; /* owned by the set */
	size_t n, cap;
};

void og_device_set_release(struct og_device_set *set);
/* Type 'a' is added as both 'c' and 'b'. -1: out of memory. */
int og_device_set_add(struct og_device_set *set, const struct og_devices *devices);
void og_device_set_sort(struct og_device_set *set);
/* What the set lets be done with all that has these numbers; 0: nothing. O(log n). */
unsigned og_device_set_perms(const struct og_device_set *set, const struct og_devices *some);
/* Whether everything in |some| is in the set. */
bool og_device_set_has(const struct og_device_set *set, const struct og_devices *some);

#endif
