# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# For run.sh, which sources this: how the whole of a "create" grows with what it
# reads: the host's mount table, the policy's list of allowed mounts, the document.
# Of each group the first row is what the ratios refer to. The kernel hands out the
# mount table 4 kB at a time and only as a whole, so those reads must grow; a
# number of system calls that grows beside them is a failure. So is a time that grows
# faster than in proportion to the mounts of the document, as in growth.c, which does
# not see what a launch writes down.

MANY=${BENCH_MOUNTS:-10000}
site=/var/lib/site

# policy NAME PRESET ENTRIES: allowed are $site, to be read, and places that are not asked for
input_policy() {
	jq -nc --arg preset "$2" --arg site "$site" --argjson n "$3" '{version: 1, extends: $preset, rules: {mounts: {
		allow: ([{source: $site, access: "ro"}] + [range(1; $n) | {source: "/srv/d\(.)", access: "ro"}])}}}' \
		>"/run/bench/$1.json"
}

# config NAME BINDS VARIABLES
input_config() {
	jq -c --arg site "$site" --argjson binds "$2" --argjson variables "$3" '
		.mounts += [range($binds) | {destination: "/m/\(.)", type: "bind", source: "\($site)/d\(.)", options: ["rbind", "rprivate"]}] |
		.process.env += [range($variables) | "V\(.)=\("x" * 92)"]' "$config" >"/run/bench/$1.json"
}

inputs() {
	local i
	mkdir -p "$site" /run/bench/many
	for ((i = 0; i < 2000; i++)); do mkdir "$site/d$i"; done
	input_policy permissive-1 permissive 1
	input_policy lab-1 lab 1
	input_policy lab-1000 lab 1000
	input_policy lab-10000 lab 10000
	input_config bare 0 0
	input_config binds 5 0
	for i in 500 1000 2000; do input_config "binds-$i" "$i" 0; done
	input_config env 0 10000
}

# input POLICY CONFIG: sets command, and what the next reset puts in place
input() {
	command="$shim --ocigate-policy=/run/bench/$1.json $flags $create"
	ln -sfn "/run/bench/$2.json" /run/bench/input.json
}

# Sets calls, and of them reads of the mount table and their bytes, and others that
# may differ: what only gets memory (qsort(3) asks sysinfo(2) first), and reads of the
# host's table of sockets, which others fill.
count_calls() {
	"$bin/reset"
	# shellcheck disable=SC2086
	strace -y -o "$out/input.strace" -- $command >/dev/null 2>&1 || return 1
	read -r calls reads bytes others <<<"$(awk 'index($0, "execve(") == 1 && NR > 1 { exit }
		{ n++ } /^read\([0-9]+<\/proc\/[0-9a-z]+\/mountinfo>/ { reads++; bytes += $NF }
		/^read\([0-9]+<\/proc\/[0-9a-z]+\/net\/unix>/ { others++ }
		/^(brk|mmap|munmap|mremap|sysinfo)\(/ { others++ }
		END { print n - 1, reads + 0, bytes + 0, others + 0 }' "$out/input.strace")"
}

# input_row NAME POLICY CONFIG [FIRST]: FIRST begins a group
input_row() {
	input "$2" "$3"
	row "$1" "${4:-}"
}

# row NAME [FIRST]: of $command
row() {
	local calls reads bytes others peak faults median
	"$bin/reset"
	# shellcheck disable=SC2086
	hyperfine -N -w 5 -r "$input_runs" --prepare "$bin/reset" --export-json "$out/input.json" --style none "$command" \
		>/dev/null 2>"$out/hyperfine.log" || { cat "$out/hyperfine.log" >&2; return 1; }
	read -r median least <<<"$(jq -r '.results[0] | "\(.median) \(.min)"' "$out/input.json")"
	read -r peak faults <<<"$(memory "$command")"
	count_calls || return 1
	[ -z "${2:-}" ] || { median0=$median least0=$least peak0=$peak; }
	awk -v name="$1" -v m="$median" -v l="$least" -v m0="$median0" -v l0="$least0" -v peak="$peak" -v peak0="$peak0" \
		-v calls="$calls" -v reads="$reads" -v bytes="$bytes" 'BEGIN {
		printf "%-39s %7.3f ms %7.3f ms %6.2f %6.2f  %8d %6.2f  %8d %8d %9d\n", name, m * 1000, l * 1000,
			m / m0, l / l0, peak, peak / peak0, calls, reads, bytes }'
}

# in_proportion LEAST: twice as much may take 2.2 times as long
in_proportion() {
	awk -v now="$least" -v half="$1" 'BEGIN { exit !(now > half * 2.2) }' || return 0
	echo "TOO MUCH: more than 2.2 times as long for twice as many"
	return 1
}

input_table() {
	local what half least
	printf '%-39s %10s %10s %6s %6s  %8s %6s  %8s %8s %9s\n' "create" "median" "least" "ratio" "ratio" "peak kB" "ratio" \
		"syscalls" "table:" "bytes"
	for what in "1 lab-1" "1,000 lab-1000" "10,000 lab-10000"; do
		input_row "lab, ${what% *} allowed mounts" "${what#* }" binds "$([ "${what% *}" != 1 ] || echo first)" || return 1
	done
	input_row "lab, as dockerd wrote it" lab-1 bare first || return 1
	input_row "... and 1 MB of environment" lab-1 env || return 1
	for what in 500 1000 2000; do
		half=$least
		input_row "... and $what mounts" lab-1 "binds-$what" || return 1
		[ "$what" = 500 ] || in_proportion "$half" || grown=$((grown + 1))
	done
}

# Before the mounts are made, and after: the rows of one are compared with those of the other.
table_rows() {
	local preset binds key
	for preset in permissive lab; do
		for binds in bare binds; do
			key=$preset-$binds
			if [ -n "${1:-}" ]; then
				input_row "$preset, $([ $binds = bare ] || echo "5 mounts, ")$1 in the table" $preset-1 $binds first || return 1
				before[$key]="$median0 $least0 $peak0"
			else
				read -r median0 least0 peak0 <<<"${before[$key]}"
				input_row "$preset, $([ $binds = bare ] || echo "5 mounts, ")$there in the table" $preset-1 $binds || return 1
			fi
		done
	done
}

# What no program can save that must know the table.
floor_row() {
	command=$bin/mounts
	row "only to read the table of $there" first
}

# Up to 60 first: as many as a host has that runs a few containers.
growth_of_create() {
	local -A before=()
	local command median0=0 least0=0 peak0=0 there grown=0 least=0
	local input_runs=$((runs / 5 + 5))
	input_table || return 1
	there=$("$bin/mounts" 60 /run/bench/many) || return 1
	table_rows "$there" || return 1
	umount -l /run/bench/many
	there=$("$bin/mounts" "$MANY" /run/bench/many) || return 1
	table_rows || return 1
	floor_row || return 1
	umount -l /run/bench/many
	return "$grown"
}

# calls_of POLICY CONFIG: those that are neither reads of the mount table nor such
calls_of() {
	local calls reads bytes others
	input "$1" "$2"
	if count_calls; then echo $((calls - reads - others)); else echo 0; fi
}

# steady NAME COUNT COUNT
steady() {
	echo "$1: $2 and $3 system calls"
	if [ "$2" -gt 0 ] && [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$1: the number of system calls is to be the same"
	fi
}

# Counts alone, which every machine has the same: with little, and with much.
steady_calls() {
	local preset config
	local -A calls_with=()
	for preset in permissive lab; do
		for config in bare binds; do
			calls_with[$preset-$config]=$(calls_of "$preset-1" $config)
		done
	done
	steady "lab, binds, with 10,000 entries in the policy" "${calls_with[lab-binds]}" "$(calls_of lab-10000 binds)"
	"$bin/mounts" 2000 /run/bench/many >/dev/null || return 1
	for preset in permissive lab; do
		for config in bare binds; do
			steady "$preset, $config, with 2,000 mounts in the table" "${calls_with[$preset-$config]}" \
				"$(calls_of "$preset-1" $config)"
		done
	done
	umount -l /run/bench/many
}
