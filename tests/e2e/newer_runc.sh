#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A later runc than the distribution's as the runtime below; in the long form also what
# depends on how it mounts.

. "$(dirname "$0")/../lib/newer.sh"
E2E_REAL=$(newer_path runc) || newer_absent runc
export E2E_REAL
rc=0
for script in plain_runc ${OG_LONG:+race mounts}; do
	bash "$(dirname "$0")/$script.sh" || rc=1
done
exit $rc
