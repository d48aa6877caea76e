#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A later crun than the distribution's as the runtime below.

. "$(dirname "$0")/../lib/newer.sh"
E2E_REAL=$(newer_path crun) || newer_absent crun
export E2E_REAL
exec bash "$(dirname "$0")/crun.sh"
