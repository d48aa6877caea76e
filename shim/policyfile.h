/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy files: found, checked and read, with all that they extend; what they
 * say is for policy/ to judge.
 */
#ifndef OG_POLICYFILE_H
#define OG_POLICYFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocigate/err.h"
#include "ocigate/policy.h"

#define OG_POLICY_MAX_BYTES ((size_t)4 << 20)
#define OG_POLICY_MAX_FILES 8

struct og_policyfiles {
	struct og_policy_source sources[OG_POLICY_MAX_FILES];
	size_t n;
	char sha256[65]; /* of the files' bytes, in order */
};

/*
 * Where the policy is: |given| (--ocigate-policy) or /etc/ocigate/NAME.json,
 * |name| being "policy" or the NAME of ocigate-NAME; below $XDG_CONFIG_HOME when
 * not root. *ret owned by the caller, absolute.
 */
int og_policyfile_find(const char *given, const char *name, char **ret, struct og_err *reterr);

/*
 * Read |path| and what it extends, up to the preset. |draft|: owner and mode do
 * not matter, for the tool that looks at policies nobody launches by yet.
 */
int og_policyfile_read(const char *path, bool draft, struct og_policyfiles *ret,
		       struct og_err *reterr);
void og_policyfile_release(struct og_policyfiles *files);

#endif
