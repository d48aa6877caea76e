/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's seccomp profile: which system calls a container may make, by its
 * capabilities, the architecture and the kernel. Data and its JSON; comparing
 * another profile with it is seccomp_compare.h's business.
 */
#ifndef OG_SECCOMP_PROFILE_H
#define OG_SECCOMP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/buf.h"
#include "ocigate/doc.h"

enum og_scmp_op {
	OG_SCMP_NE,
	OG_SCMP_LT,
	OG_SCMP_LE,
	OG_SCMP_EQ,
	OG_SCMP_GE,
	OG_SCMP_GT,
	OG_SCMP_MASKED_EQ, /* (argument & value) == two */
};
/* As profiles spell them: "SCMP_CMP_NE" is OG_SCMP_NE. Ends at a NULL. */
extern const char *const og_scmp_ops[];

/* A condition on one argument, compared unsigned. */
struct og_scmp_cond {
	unsigned index; /* 0 ... 5 */
	enum og_scmp_op op;
	uint64_t value, two;
};

/* The ABIs of a kernel: the native one first, then the 32-bit ones beside it. */
#define OG_SCMP_ABIS 3
struct og_scmp_abi {
	const char *name; /* "SCMP_ARCH_X86_64"; NULL: none */
	uint32_t token;	  /* libseccomp's number of it */
};
struct og_scmp_arch {
	struct og_scmp_abi abis[OG_SCMP_ABIS];
	unsigned groups; /* which of the table's architecture groups it has */
};

/* What the profile is a function of. */
struct og_scmp_site {
	const struct og_scmp_arch *arch; /* never NULL */
	uint64_t kernel;		 /* major * 1000 + minor */
	uint64_t caps;			 /* granted capabilities, one bit each */
};

/* |arch|: "SCMP_ARCH_X86_64"; NULL or unknown: nothing that belongs to an architecture. */
struct og_scmp_site og_scmp_site(const char *arch, uint64_t kernel, uint64_t caps);

/* What the site permits of a system call. */
struct og_scmp_grant {
	unsigned id; /* of the name, below OG_SCMP_IDS */
	bool all;    /* with any arguments */
	/* otherwise with those for which one of these holds, all on one argument; none: never */
	const struct og_scmp_cond *conds;
	size_t nconds;
	int lacking; /* a capability, not granted, that would permit more; -1: none */
};
#define OG_SCMP_IDS 1024

/*
 * The most that is not "wider": what the site's profile permits, and what the
 * default profile of an older Docker still permits besides. False: the table
 * does not have |name|; then it is permitted to nobody. Profiles list names in
 * order, so |guess|, the id behind that of the last one found, is looked at first.
 */
bool og_scmp_lookup(const struct og_scmp_site *site, const char *name, unsigned guess,
		    struct og_scmp_grant *ret);
/* A system call that kernels have and libseccomp 2.5 does not know, for nobody. */
bool og_scmp_is_newer(const char *name);

/* The profile as JSON. */
void og_scmp_write(const struct og_scmp_site *site, struct og_buf *out);

#endif
