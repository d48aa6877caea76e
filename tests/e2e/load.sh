#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Many launches at once, through runc directly and through dockerd, while the policy is
# replaced and now and then broken, and the audit log renamed away as logrotate does; then
# with /run/ocigate or the log's file system full, and with few descriptors or processes.
# Each container reports its own uid: what was not judged would be root's. Audit records
# are counted over all files: whole, and one per launch. A short form; with OG_LONG
# minutes, and 64 at once.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"
need_ocigate "policies under load" || e2e_end

WORKERS=${OG_LONG:+64}
WORKERS=${WORKERS:-12}
SECONDS_RUNC=${OG_LONG:+180}
SECONDS_RUNC=${SECONDS_RUNC:-6}
ROUNDS_DOCKER=${OG_LONG:+5}
ROUNDS_DOCKER=${ROUNDS_DOCKER:-2}
LOG=$T/log/audit.jsonl
W=$T/work

# site UID [MORE]: a policy under which everybody is that user.
site() {
	cat <<-JSON
		{ "version": 1, "extends": "permissive", "audit": { "file": "$LOG", "complying": true, "required": true }, "rules": {
		"user": { "action": "rewrite", "uid": ["$1"], "gid": ["$1"], "groups": ["$1"], "to": "$1:$1" } ${2:-} } }
	JSON
}

site 65534 >"$W/65534.json"
site 65533 >"$W/65533.json"
echo '{ "version": 1, "extends": ' >"$W/broken.json"
BROKEN='^ocigate: .*/policy\.json:'

use() {
	cp "$W/$1.json" "$T/etc/.new.$BASHPID" && mv "$T/etc/.new.$BASHPID" "$POLICY"
}

# Until $W/end is there: one policy after the other, every fifth one broken.
replace() {
	local n=0
	while [ ! -e "$W/end" ]; do
		n=$((n + 1))
		case $((n % 10)) in
		4 | 9) use broken; sleep 0.05 ;;
		*[02468]) use 65534 ;;
		*) use 65533 ;;
		esac
		sleep 0.15
	done
	use 65534
	echo $n >"$W/replaced"
}

rotate() {
	local n=0
	while [ ! -e "$W/end" ]; do
		sleep 0.25
		[ ! -e "$LOG" ] || { n=$((n + 1)); mv "$LOG" "$LOG.$n"; }
	done
	echo $n >"$W/rotated"
}

# outcome FILE: what a launch came to, by what the container said or the refusal.
outcome() {
	local uid
	uid=$(awk '/^Uid:/ { print $2; exit }' "$1.out")
	case $uid in
	65534 | 65533) echo "launched $uid" ;;
	?*) echo "unjudged $uid" ;;
	*) if grep -Eq "${2:-$BROKEN}" "$1.err"; then echo refused; else echo "other $(head -c 300 "$1.err" | tr '\n' ' ')"; fi ;;
	esac
}

# worker N: launches until the time is over; "ID OUTCOME" per line. Every third one
# is left to run, and deleted.
worker() {
	local n=0 b=$W/b$1 id
	while [ $SECONDS -lt "$UNTIL" ]; do
		n=$((n + 1))
		id=l$1-$n
		if [ $((n % 3)) -eq 0 ]; then
			rt run -d --bundle "$b" $id >"$b.out" 2>"$b.err" </dev/null
			wait_for 10 grep -qE '^(Uid|ocigate):' "$b.out" "$b.err"
		else
			rt run --bundle "$b" $id >"$b.out" 2>"$b.err" </dev/null
		fi
		echo "$id $(outcome "$b")"
		rt delete --force $id >/dev/null 2>"$b.err" </dev/null || echo "$id undeleted $(head -c 200 "$b.err")"
	done >"$W/results.$1" 8>&-
}

logs() {
	cat "$LOG" "$LOG".[0-9]* 2>/dev/null
}

# accounts NAME: what was launched against what was recorded: "ID UID", by the policy's digest.
accounts() {
	local a b torn
	a=$(sha256sum "$W/65534.json" | cut -d ' ' -f 1)
	b=$(sha256sum "$W/65533.json" | cut -d ' ' -f 1)
	logs >"$W/all"
	torn=$(while read -r line; do jq -e .verdict >/dev/null 2>&1 <<<"$line" || echo "$line"; done < <(
		# whole records of the usual form need no second look
		grep -Ev '^\{"time":"[^"]*","id":"[^"]*".*"duration_us":[0-9]+\}$' "$W/all"))
	is "$1: no torn record" "$torn" ""
	jq -r --arg a "$a" --arg b "$b" '.id + " launched " + ({($a): "65534", ($b): "65533"}[.policy.sha256] // "?")' \
		"$W/all" 2>&1 | sort >"$W/recorded"
	grep ' launched ' "$W/results" | sort >"$W/launched"
	is "$1: one record per launch, of the policy that it was judged by" \
		"$(diff "$W/launched" "$W/recorded" | head -n 20)" ""
	is "$1: nothing else came of a launch" "$(grep -Ev ' (launched [0-9]+|refused)$' "$W/results" | head -n 20)" ""
	note "$1: $(grep -c ' launched ' "$W/results") launched, $(grep -c ' refused' "$W/results") refused by a broken policy," \
		"$(wc -l <"$W/all") records, policy replaced $(cat "$W/replaced") times, log rotated $(cat "$W/rotated") times"
}

# with_trouble COMMAND...: while the policy and the log are replaced.
with_trouble() {
	local r p
	rm -f "$W/end" "$LOG"*
	use 65534
	replace &
	p=$!
	rotate &
	r=$!
	"$@"
	touch "$W/end"
	wait $p $r
}

many() {
	local i pids=
	UNTIL=$((SECONDS + SECONDS_RUNC))
	for ((i = 0; i < WORKERS; i++)); do
		worker $i &
		pids="$pids $!"
	done
	wait $pids
	cat "$W"/results.* >"$W/results"
}

runc_directly() {
	local i
	for ((i = 0; i < WORKERS; i++)); do
		bundle "$W/b$i" b$i '.process.args = ["/bin/probe", "state"] | del(.linux.cgroupsPath) | .process.user = {"uid": 0, "gid": 0}'
	done
	with_trouble many
	accounts "runc"
	check "runc: enough of them" [ "$(wc -l <"$W/launched")" -ge $((WORKERS * 2)) ]
	check "runc: some were refused" grep -q refused "$W/results"
	is "runc: no container is left" "$(real list -q)" ""
	is "runc: no record is left" "$(find "$T/run" -name '*.json')" ""
}

# ---- dockerd ----------------------------------------------------------------

client() {
	D run --rm --cidfile "$W/cid.$1" bb:1 probe state >"$W/d$1.out" 2>"$W/d$1.err"
	echo "$(cat "$W/cid.$1" 2>/dev/null) $(outcome "$W/d$1" 'ocigate: .*/policy\.json:')" >"$W/results.$1"
	rm -f "$W/cid.$1"
}

many_clients() {
	local i round pids
	rm -f "$W"/results*
	for ((round = 0; round < ROUNDS_DOCKER; round++)); do
		pids=
		for ((i = 0; i < WORKERS; i++)); do
			client $i &
			pids="$pids $!"
			# they create a container at the same moment otherwise, under the same policy
			sleep 0.1
		done
		wait $pids
		cat "$W"/results.* >>"$W/results"
	done
}

through_dockerd() {
	dockerd_start ocigate
	image bb:1
	D_TIMEOUT=600
	with_trouble many_clients
	accounts "dockerd"
	check "dockerd: enough of them" [ "$(wc -l <"$W/launched")" -ge $((WORKERS * ROUNDS_DOCKER / 6)) ]
	is "dockerd: no container is left" "$(D ps -aq)" ""
	is "dockerd: no record is left" "$(find "$T/run" -name '*.json')" ""
	dockerd_stop
}

# ---- full file systems ------------------------------------------------------

fill() {
	dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null
	true
}

B=$W/b0

# can_be_ended NAME: a container that runs can be stopped and deleted.
can_be_ended() {
	capture rt exec c1 /bin/probe hello
	is "$1: exec into one that runs" "$rc $out" "0 hello"
	capture rt kill c1 KILL
	is "$1: kill" "$rc" 0
	wait_for 5 sh -c "[ \"\$($REAL --root $RT_ROOT state c1 | jq -r .status)\" = stopped ]"
	capture rt delete c1
	is "$1: delete" "$rc$(real list -q)" 0
}

run_full() {
	local what=$1 options=$2 i=0
	bundle "$W/c1" c1 '.process.args = ["/bin/probe", "wait"] | del(.linux.cgroupsPath)'
	mount -t tmpfs -o "mode=700,$options" tmpfs /run/ocigate
	# what it says is not what "capture" waits for
	rt run -d --bundle "$W/c1" c1 >"$W/c1.out" 2>&1 8>&- </dev/null
	is "$what: a container runs" "$?" 0
	[ "$what" = inodes ] || fill /run/ocigate
	[ "$what" != inodes ] || while touch /run/ocigate/filler.$i 2>/dev/null; do i=$((i + 1)); done
	capture rt run --bundle "$B" full
	is "$what: a launch is refused" "$rc $out" "1 "
	has "... and says why" "$err" '^ocigate: .*(record|ocigate).*(No space|space left)'
	is "... and there is no container" "$(real list -q)" c1
	can_be_ended "$what"
	rm -f /run/ocigate/filler*
	rt run --bundle "$B" full >"$B.out" 2>"$B.err" 8>&- </dev/null
	is "$what: with room again it is launched" "$(outcome "$B")" "launched 65534"
	rt delete --force full
	is "... and nothing is left" "$(ls -A /run/ocigate)" ""
	umount /run/ocigate
}

# The log ends in the middle of a page, and there is no other: the next record does not fit.
log_full() {
	local i size
	mkdir -p "$W/small"
	mount -t tmpfs -o size=128k tmpfs "$W/small"
	sed "s|$LOG|$W/small/audit.jsonl|" "$W/65534.json" >"$POLICY"
	rt run --bundle "$B" log0 >"$B.out" 2>"$B.err" 8>&- </dev/null
	is "log: room" "$(outcome "$B")" "launched 65534"
	size=$(stat -c %s "$W/small/audit.jsonl")
	# a line of a length that leaves 100 bytes of the page
	printf '{"verdict":"%0*d"}\n' $((4096 - 100 - size % 4096 - 15)) 0 >>"$W/small/audit.jsonl"
	is "log: 100 bytes are left of its page" "$(($(stat -c %s "$W/small/audit.jsonl") % 4096))" 3996
	fill "$W/small"
	rt run --bundle "$B" log1 >"$B.out" 2>"$B.err" 8>&- </dev/null
	is "log: no room, refused" "$(outcome "$B" 'ocigate: the audit log .*(cut|written)')" refused
	rm "$W/small/filler"
	for i in 2 3; do
		rt run --bundle "$B" log$i >"$B.out" 2>"$B.err" 8>&- </dev/null
		is "log: room again" "$(outcome "$B")" "launched 65534"
	done
	is "log: every record is whole" "$(jq -r .id "$W/small/audit.jsonl" 2>&1 | tr '\n' ' ')" "log0 null log2 log3 "
	has "... also for the report" "$("$CTL" report "$W/small/audit.jsonl" 2>&1)" .
	for i in 0 1 2 3; do rt delete --force log$i 8>&-; done
	umount "$W/small"
	use 65534
}

# ---- limits -----------------------------------------------------------------

# limited NAME COMMAND...: runs a launch under each of the limits 0 to 32, by COMMAND N.
# A runc that can have no more threads sometimes waits for one for ever: it is ended,
# and must not have launched anything.
limited() {
	local name=$1 n wrong="" launched=0 waited=0 said rc
	shift
	for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 14 16 20 24 32; do
		"$@" $n >"$B.out" 2>"$B.err" 8>&- </dev/null
		rc=$?
		said=$(outcome "$B" '.{10}')
		if [ $rc -ge 124 ] && [ ! -s "$B.out" ]; then
			waited=$((waited + 1))
			said=refused
		fi
		case $said in
		"launched 65534") launched=$((launched + 1)) ;;
		refused) ;;
		*) wrong+="$n: $said; " ;;
		esac
		rt delete --force limited >/dev/null 2>&1 8>&-
	done
	is "$name: judged, or refused with a message" "$wrong" ""
	note "$name: $launched of 18 launched, $waited ended after waiting"
}

descriptors() {
	timeout -k 1 10 bash -c 'ulimit -n $1 && shift && exec "$@"' bash $1 "$RT" --ocigate-policy="$POLICY" \
		--ocigate-runtime="$REAL" --root "$RT_ROOT" run --bundle "$B" limited
}

# A process of its own, so that the group's limit holds for it alone.
processes() {
	echo $1 >"$PIDS/pids.max"
	timeout -k 1 10 sh -c 'echo $$ >'"$PIDS"'/cgroup.procs && exec "$@"' sh "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" \
		--root "$RT_ROOT" run --bundle "$B" limited
}

limits() {
	limited "descriptors" descriptors
	PIDS=/sys/fs/cgroup/pids/${T##*/}
	[ -d /sys/fs/cgroup/pids ] || PIDS=/sys/fs/cgroup/${T##*/}
	mkdir "$PIDS"
	limited "processes" processes
	rmdir "$PIDS"
}

mkdir -p "$W"
runc_directly
use 65534
run_full space size=16k
run_full inodes size=1m,nr_inodes=6
log_full
limits
through_dockerd
e2e_end
