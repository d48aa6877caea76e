#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a user notices: "docker run --rm IMAGE true", end to end, with plain runc
# and with ocigate, under permissive and under lab, in one dockerd of its own.
# "again" is plain runc under a second name: what it seems to cost is chance.
# Then which commands the engine calls the runtime with, and what ocigate takes of
# each, measured inside such launches (stamp.c). Whether it is within the bar is a
# figure, not a test; a launch that fails is a failure.
#
# Environment: that of tests/lib/e2e.sh; BENCH_PAIRS, how many of each (100, with
# OG_LONG 300). Figures also go to $BUILD/bench/.

# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"
need_ocigate "what ocigate costs" || e2e_end

HERE=$E2E_TREE/tests/bench
PAIRS=${BENCH_PAIRS:-${OG_LONG:+300}}
PAIRS=${PAIRS:-100}
WARMUP=5
OUT=$BUILD/bench

# stamp PATH TARGET
stamp() {
	mkdir -p "${1%/*}"
	cp "$T/bin/stamp" "$1"
	printf '%s\n' "$2" "$T/stamps" >"$1.to"
}

subjects() {
	local preset
	mkdir -p "$OUT"
	${CC:-cc} -O2 -fPIE -static-pie -o "$T/bin/stamp" "$HERE/stamp.c" || e2e_die "cannot compile stamp.c"
	stamp "$T/bin/below/runc" "$REAL"
	stamp "$T/bin/stamp-plain" "$T/bin/below/runc"
	for preset in permissive lab; do
		echo "{ \"version\": 1, \"extends\": \"$preset\" }" >"$T/etc/$preset.json"
		ln -s ocigate "$T/bin/ocigate-$preset"
		stamp "$T/bin/stamp-$preset" "$T/bin/ocigate-$preset"
		E2E_RUNTIMES+="\"$preset\": { \"path\": \"$T/bin/ocigate-$preset\" },"
		E2E_RUNTIMES+="\"stamp-$preset\": { \"path\": \"$T/bin/stamp-$preset\" },"
	done
	E2E_RUNTIMES+="\"stamp-plain\": { \"path\": \"$T/bin/stamp-plain\" },\"again\": { \"path\": \"$REAL\" },"
}

# rounds NUMBER WARMUP FILE NAME...: one client for all; what starts it must be light.
rounds() {
	local number=$1 warmup=$2 file=$3
	shift 3
	env -u DOCKER_HOST -u DOCKER_CONTEXT DOCKER_CONFIG="$T/cli" python3 "$HERE/pairs.py" run "$number" "$warmup" "$file" "$@" \
		-- "$E2E_DOCKER" -H "unix://$T/docker/sock" run --rm --runtime "{}" bb:1 true 8>&-
}

# Before anything is measured: that each is what it is called.
judged() {
	local text
	text=$(D run --rm --runtime runc bb:1 cat /proc/self/status)
	has "plain runc leaves new privileges open" "$text" "^NoNewPrivs:.0"
	is "... and so does permissive" "$(D run --rm --runtime permissive bb:1 cat /proc/self/status | grep NoNewPrivs)" \
		"$(grep NoNewPrivs <<<"$text")"
	has "lab does not" "$(D run --rm --runtime lab bb:1 cat /proc/self/status)" "^NoNewPrivs:.1"
}

pairs() {
	note "$PAIRS of each, order drawn anew each time, after a warm-up of $WARMUP"
	rounds "$PAIRS" "$WARMUP" "$OUT/docker-times.txt" runc again permissive lab >"$OUT/docker.txt"
}

calls() {
	local number=$((PAIRS / 4 + 1))
	real_is "$T/bin/below/runc"
	rounds 2 0 "$T/warm" stamp-plain stamp-permissive stamp-lab >"$T/warm.txt" || return 1
	rm -f "$T/stamps"
	rounds "$number" 0 "$T/stamped" stamp-plain stamp-permissive stamp-lab >"$T/stamped.txt" || return 1
	cp "$T/stamps" "$OUT/docker-stamps.txt"
	python3 "$HERE/pairs.py" calls "$T/stamps" >"$OUT/docker-calls.txt"
}

subjects
real_is "$REAL"
dockerd_start runc
image bb:1
judged
check "$PAIRS launches with each runtime" pairs
cat "$OUT/docker.txt"
check "each command of a launch, stamped" calls
cat "$OUT/docker-calls.txt"
e2e_end
