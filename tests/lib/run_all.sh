#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run_all.sh LOGDIR NAME=COMMAND...
#
# Runs every command, RUN_JOBS at a time (one), whatever became of the others, and
# adds up what they report: each "N passed, N failed" that stands alone on a line, or Criterion's
# summary. A command fails that reports nothing, ends with an error, runs longer
# than OG_TIMEOUT seconds, or reports a feature as absent ("not here: FEATURE
# (probe)") that tests/absent.txt does not list. V=1 shows the output of all of
# them; else that of the failing ones is shown. It decides nothing else.
set -uo pipefail

logdir=$1
shift
mkdir -p "$logdir"
absent_list=$(dirname "$0")/../absent.txt
passed=0
failed=0
bad=()
absences=$(mktemp)
trap 'rm -f "$absences"' EXIT

# Prints "passed failed reports" of the log on standard input.
tally() {
	sed 's/\x1b\[[0-9;]*m//g' | awk '
		/^([A-Za-z0-9_-]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
			sub(/^[A-Za-z0-9_-]+: /, ""); p += $1; f += $3; n++
		}
		/Synthesis: Tested: [0-9]+ \| Passing: / {
			for (i = 1; i < NF; i++) {
				if ($i == "Passing:") p += $(i + 1)
				if ($i == "Failing:" || $i == "Crashing:") f += $(i + 1)
			}
			n++
		}
		END { print p + 0, f + 0, n + 0 }'
}

# A tier's own lines never stand alone on a line of ours: they would be counted
# again by whoever adds up our output.
show() { sed 's,^,  | ,' -- "$1"; }

declare -A running=() started=()
stop() {
	[ ${#running[@]} -eq 0 ] || kill -TERM "${!running[@]}" 2>/dev/null
	wait
	exit 130
}
trap stop INT HUP TERM

# In a process group of its own, which timeout ends as a whole. Job control,
# because without it a background job would start with SIGINT ignored.
begin() {
	local log=$logdir/$1.log
	set -m
	timeout -k 30 "${OG_TIMEOUT:-1500}" bash -c "$2" </dev/null >"$log" 2>&1 &
	running[$!]=$1
	started[$!]=$SECONDS
	set +m
	[ -z "${V:-}" ] || tail -n +1 -f --pid="$!" "$log" | sed 's/^/  | /'
}

# One that has ended: what it reports is counted.
end() {
	local pid name log p f n note='' rc=0
	wait -n -p pid "${!running[@]}" || rc=$?
	name=${running[$pid]}
	log=$logdir/$name.log
	read -r p f n < <(tally <"$log")
	if [ "$n" -eq 0 ]; then
		note=" (reported nothing, exit status $rc)"
		f=1
	elif [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && ! grep -q '^not here: ' "$log"; then
		note=" (no test was run)"
		f=1
	elif [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		note=" (exit status $rc)"
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	printf '%6d s  %-24s %5d passed, %d failed%s\n' $((SECONDS - started[$pid])) "$name" "$p" "$f" "$note"
	if [ "$f" -ne 0 ]; then
		bad+=("$name")
		[ -n "${V:-}" ] || show "$log"
	fi
	sed -n 's/^\(  | \)*not here: //p' "$log" >>"$absences"
	unset "running[$pid]"
}

for arg in "$@"; do
	while [ ${#running[@]} -ge "${RUN_JOBS:-1}" ]; do end; done
	begin "${arg%%=*}" "${arg#*=}"
done
while [ ${#running[@]} -gt 0 ]; do end; done

while IFS= read -r line; do
	echo "not here: $line"
	if ! grep -v '^#' "$absent_list" | sed 's/[[:blank:]]*--.*//' | grep -qxF -- "${line%% (*}"; then
		echo "         ^ is not listed in tests/absent.txt"
		failed=$((failed + 1))
	fi
done < <(sort -u "$absences")

# Again at the very end: a CI that keeps only the last lines keeps these.
for name in "${bad[@]}"; do
	sed 's/\x1b\[[0-9;]*m//g; s/^\(  | \)*//' "$logdir/$name.log" |
		grep -aE -A3 '^not ok |^\[(FAIL|CRASH|----)\]' | cut -c 1-300 | head -n 20 | show -
done
[ ${#bad[@]} -eq 0 ] || echo "failed: ${bad[*]} (logs in $logdir)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
