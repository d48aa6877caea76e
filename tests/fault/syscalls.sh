#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every system call of the real program fails once, is interrupted once, and is the
# last one before kill -9 once, while a fake runtime records whether it was executed
# and what it was given. What must hold each time: config.json is the old file or
# the complete new one; the runtime runs only after a complete verdict and sees what
# the verdict says; a failure says so and exits 1 (255 for exec); and after "delete"
# nothing of ocigate's is left. Whether verdicts are right is tested elsewhere.

# shellcheck source-path=SCRIPTDIR disable=SC1007,SC2015,SC2034,SC2086,SC2154,SC2206,SC2317
. "$(dirname "$0")/../lib/fault.sh"
fault_begin "$@"

lab_subject

# What the record says is what the verdict was about; what lab takes away is not handed on.
same_record() {
	[ ! -e given ] || echo "the runtime was given $(cat given)"
	[ ! -e ran ] || [ "$(records)" = "$(cat record)" ] || diff <(records | tr , "\n") <(tr , "\n" <record)
}

# What comes out undisturbed.
what=undisturbed
reset
if launch lab && [ -e ran ] && cp saw new.json && grep -q '"uid":65534' new.json; then
	pass
else
	fail "lab does not rewrite the launch: $(cat err) $(cat new.json)"
fi
records >record
grep -q '"kept":true' record && pass || fail "no record: $(cat record)"
is_clean
prepare_exec
call lab exec --process "$dir/process.json" c1
if "${argv[@]}" 2>err && cp saw new-process.json && grep -q '"uid":65534' new-process.json; then
	pass
else
	fail "lab does not rewrite exec: $(cat err)"
fi
is_clean

also=same_record
# that the host has no AppArmor, a container no files: another verdict
lies=ENOENT
every create 1 new.json reset call lab create --bundle "$bundle" c1
also=:
stride=2
every permissive 1 old.json reset call permissive create --bundle "$bundle" c1
stride=1
every exec 255 new-process.json prepare_exec call lab exec --process "$dir/process.json" c1
# that nothing was kept is an answer
answers=ENOENT
every delete 1 "" prepare_exec call lab delete c1
answers=
every state 1 "" reset call lab state c1
fault_end
