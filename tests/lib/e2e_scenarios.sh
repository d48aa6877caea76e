# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Scenarios that must come out the same in several modes, for scripts that have
# sourced e2e.sh. The script gives
#
#	SCENARIOS	lines "NAME ERE": the function s_NAME prints what it sees;
#			in the first mode that must match the ERE, so that a
#			scenario that sees nothing fails
#	mode_is MODE	a function that sets up a mode for one scenario
#
# $N is a name that no other scenario and mode has.

N=

# Output and status of a command that may fail.
status_of() {
	local rc=0
	"$@" 2>"$T/work/$N.err" || rc=$?
	cat "$T/work/$N.err"
	echo "status $rc"
}

# In the background; the output goes to $T/res/NAME.MODE
scenario() {
	mode_is "$2"
	N=${1//_/-}-$2
	"s_$1" >"$T/res/$1.$2" 2>"$T/res/$1.$2.err" </dev/null
	# what a client says that lets go of a container before its own wait has ended
	grep -v 'error waiting for container: context canceled' "$T/res/$1.$2.err" >>"$T/res/$1.$2"
}

# scenarios MODE...: all of them in every mode, five at a time: they wait more
# than they compute. Jobs that ran before are left alone.
scenarios() {
	local name ere mode before
	before=$(jobs -rp | wc -l)
	mkdir -p "$T/res"
	while read -r name ere; do
		[ -n "$name" ] || continue
		for mode; do
			while [ "$(jobs -rp | wc -l)" -ge $((before + ${SCENARIO_JOBS:-5})) ]; do
				wait -n
			done
			scenario "$name" "$mode" &
		done
	done <<<"$SCENARIOS"
	while [ "$(jobs -rp | wc -l)" -gt "$before" ]; do
		wait -n
	done
	while read -r name ere; do
		[ -n "$name" ] || continue
		has "$1: $name" "$(cat "$T/res/$name.$1")" "$ere"
		for mode in "${@:2}"; do
			same "$mode: $name as in $1" "$T/res/$name.$1" "$T/res/$name.$mode"
		done
	done <<<"$SCENARIOS"
}
