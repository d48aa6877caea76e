/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy is meant where none is given. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../file.h"
#include "../policyfile.h"
#include "ctl.h"

int og_ctl_find_policy(const char *given, char **ret, struct og_err *reterr)
{
	struct og_err own = { 0 };
	int r = og_policyfile_find(given, "policy", ret, &own);
	bool none = r < 0 ? own.code != OG_E_NOMEM
			  : access(*ret, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);

	/* where there is neither, his own is what a launch would miss */
	if (given || !none || !og_is_rootless() || access(OG_HOSTS_POLICY, F_OK) < 0) {
		if (r < 0)
			*reterr = own;
		return r;
	}
	free(*ret);
	*ret = strdup(OG_HOSTS_POLICY);
	return *ret ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}
