#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every allocation of the whole program fails, once and for good, with the oracle of
# syscalls.sh: ocigate's launch, exec, delete and state; then ocigatectl's subcommands,
# which give what they give otherwise, or say that memory is short. Each loop ends when a
# run needed fewer allocations. Without OG_LONG: some of them.

# shellcheck source-path=SCRIPTDIR disable=SC1007,SC2015,SC2034,SC2086,SC2154,SC2206,SC2317
. "$(dirname "$0")/../lib/fault.sh"
fault_begin "$@"
ocigate=$BUILD/alloc/ocigate
ctl=$BUILD/alloc/ocigatectl
lab_subject
kind=alloc
syscall=

usual=0 # the exit status when nothing fails

# starved N FOR-GOOD: $argv without its n-th allocation. False: there was no such one.
starved() {
	rm -f injected
	OG_FAULT_NTH=$1 OG_FAULT_FILE=$dir/injected ${2:+env OG_FAULT_FOR_GOOD=1} "${argv[@]}" \
		</dev/null >out 2>err
	status=$?
	[ -e injected ]
}

# each NAME STEP: $prepare, $command and $after around each try; the loop of both parts.
each() {
	local name=$1 step=$2 n good tries=0
	[ -z "$LONG" ] || step=1
	for good in "" 1; do
		n=1
		while what="$name: allocation $n${good:+ and all after it}" && $prepare && "${command[@]}" && starved $n "$good"; do
			$after
			tries=$((tries + 1))
			n=$((n + step))
		done
		[ "$status" -eq "$usual" ] && [ "$n" -gt 1 ] && pass || fail "the last run: status $status: $(head -c 300 err)"
		remove
	done
	printf '%s: %d of %d allocations, twice\n' "$name" $((tries / 2)) "$n"
}

launched() {
	# before the command line is understood nobody knows that it is "exec"
	[ "$status:$failure:$n" != 1:255:1 ] || status=255
	judge "$failure" "$wanted"
	is_clean
}

given() {
	argv=("$@")
}

told() {
	if [ "$status" -eq "$usual" ] && cmp -s out usual; then
		pass
	elif [ "$status" -gt 128 ]; then
		fail "killed, status $status"
	elif [ "$status" -eq 0 ] || ! grep -q memory err; then
		fail "status $status: $(head -c 200 err) $(diff out usual | head -n 3)"
	else
		pass
	fi
}

what=undisturbed
reset
launch lab && cp saw new.json && pass || fail "$(cat err)"
records >record
is_clean
prepare_exec
call lab exec --process "$dir/process.json" c1
"${argv[@]}" 2>err && cp saw new-process.json && pass || fail "$(cat err)"
is_clean

after=launched
failure=1 wanted=new.json prepare=reset command=(call lab create --bundle "$bundle" c1)
each create 9
failure=255 wanted=new-process.json prepare=prepare_exec command=(call lab exec --process "$dir/process.json" c1)
each exec 13
failure=1 wanted= prepare=prepare_exec command=(call lab delete c1)
each delete 5
command=(call lab start c1)
each start 5

# what NAME and STEP ARGUMENTS... of ocigatectl give otherwise is in the file "usual"
subcommand() {
	local name=$1 step=$2
	shift 2
	command=(given "$ctl" "$@")
	given "$ctl" "$@"
	"${argv[@]}" </dev/null >usual 2>err
	usual=$?
	[ -s usual ] && pass || fail "ocigatectl $*: $(cat err)"
	each "ctl $name" "$step"
}
prepare=: after=told
reset
launch lab
cp audit.jsonl log.jsonl
is_clean
subcommand check 17 check lab.json
subcommand show 31 show lab.json
subcommand rule 1 rule mounts
subcommand schema 101 schema
subcommand report 11 report log.jsonl
subcommand suggest 17 suggest log.jsonl
subcommand dry-run 41 dry-run --policy lab.json --format json bundle
fault_end
