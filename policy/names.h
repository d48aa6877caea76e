/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the kernel's that documents and policies use: capabilities,
 * namespaces, resource limits. Tables of our own: libcap-ng has the same names,
 * but its constructor opens a file in every process that links it.
 */
#ifndef OG_NAMES_H
#define OG_NAMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The largest id that a process may have: Docker's own limit, and all that fits into
 * runc's "int" on 32 bits. 4294967295 means "no change" to setresuid(2): crun stays root.
 */
#define OG_ID_MAX UINT32_C(2147483647)

/* Capabilities by number, as the specification spells them: "CAP_CHOWN" is 0. */
extern const char *const og_caps[];
extern const size_t og_ncaps;
/* Longest name, with the NUL: "CAP_CHECKPOINT_RESTORE". */
#define OG_CAP_NAME_MAX 24
#define OG_CAPS_MAX	64 /* a set of capabilities is one uint64_t */

/* The number of |name|, spelled exactly as in the specification; -1: no such capability. */
int og_cap_exact(const char *name);
/* As og_cap_exact(), but with or without "CAP_" and in either case: for policies. */
int og_cap_parse(const char *name);

struct og_nsname {
	const char *type; /* as in linux.namespaces: "mount" */
	const char *proc; /* as in /proc/PID/ns: "mnt" */
	unsigned long clone_flag;
};

extern const struct og_nsname og_namespaces[];
extern const size_t og_nnamespaces;
/* By type ("mount") or by name in /proc ("mnt"); NULL: no such namespace. */
const struct og_nsname *og_namespace_type(const char *type);
const struct og_nsname *og_namespace_proc(const char *proc);

/* The first entry of |list|, linux.namespaces of a document, of that type; NULL: none. */
struct og_node;
const struct og_node *og_namespace_entry(const struct og_node *list, const char *type);

/* Resource limits by number, as the specification spells them: "RLIMIT_CPU" is 0. */
extern const char *const og_rlimits[];
extern const size_t og_nrlimits;
int og_rlimit_exact(const char *name);
/* As og_rlimit_exact(), but with or without "RLIMIT_" and in either case. */
int og_rlimit_parse(const char *name);

#endif
