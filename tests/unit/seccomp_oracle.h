/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel would really do with a seccomp profile: it is handed to
 * libseccomp in the way runc and crun do, and the program that comes out is
 * run here, one system call at a time. Knows nothing of policy/seccomp_*.
 */
#ifndef OG_TEST_SECCOMP_ORACLE_H
#define OG_TEST_SECCOMP_ORACLE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "ocigate/doc.h"

enum oracle_reader { ORACLE_RUNC, ORACLE_CRUN };

struct oracle {
	struct sock_filter *code;
	size_t n;
};

/* False: the runtime would fail on this profile, and not start the container. */
bool oracle_compile(const struct og_node *profile, enum oracle_reader reader, struct oracle *ret);
void oracle_release(struct oracle *oracle);

/*
 * |token|: libseccomp's name of the ABI; |nr|: as in its table. Is the call
 * carried out? *looked is set when that hung on an argument; it may be NULL.
 */
bool oracle_permits(const struct oracle *oracle, uint32_t token, int nr, const uint64_t args[6],
		    bool *looked);

#endif
