#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What comes after "create", with every system call failing, interrupted or killed
# (tests/lib/fault.sh): "start" with and without a port guard, "start" and the hook of
# "run" where a bind or a joined namespace was exchanged, "delete" of a container that runs, and a launch of
# Docker's, whose facts are in the daemon's files. A fake runtime and a fake guard
# record that they were executed; the processes and mounts are real.

# shellcheck source-path=SCRIPTDIR disable=SC1007,SC2115,SC2015,SC2034,SC2086,SC2154,SC2206,SC2317
. "$(dirname "$0")/../lib/fault.sh"
if [ "$(id -u)" -ne 0 ]; then
	echo "started.sh: must be run as root" >&2
	exit 1
fi
fault_begin "$@"
sleepers=
sleeper=
bound=
trap 'kill $sleepers 2>/dev/null' EXIT

# ---- the subjects -----------------------------------------------------------

mkdir -p movable/src movable/other at bundle/rootfs"$dir"/at
chown -R 1000 movable
cat >plain.json <<JSON
{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["/bin/true"],"env":["PATH=/bin"],"cwd":"/"},
"root":{"path":"rootfs","readonly":true},"hostname":"fault",
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
{"destination":"$dir/at","type":"bind","source":"$dir/movable/src","options":["rbind"]}],
"linux":{"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts","path":"$dir/uts"},{"type":"mount"},{"type":"cgroup"}]}}
JSON
cp plain.json old.json
cat >lab.json <<JSON
{"version":1,"extends":"permissive","audit":{"file":"$dir/audit.jsonl","required":true},"rules":{
"namespaces":{"action":"rewrite","required":["uts"],"join":true},
"mounts":{"action":"rewrite","outside":"reject","allow":[{"source":"$dir/movable","access":"ro"}]}}}
JSON
mount -t tmpfs -o mode=755 tmpfs /usr/libexec && mkdir /usr/libexec/ocigate || exit 1
cat >/usr/libexec/ocigate/ocigate-ports <<SH2
#!/bin/sh
echo "\$1" >>$dir/guard
[ ! -e $dir/guard-fails ] || { echo "ocigate-ports: as the test wants"; exit 1; }
SH2
chmod 755 /usr/libexec/ocigate/ocigate-ports

for uts in uts other-uts; do
	: >$uts
	unshare --uts="$dir/$uts" true || exit 1
done

# A process with a mount namespace of its own, in which movable/$1 is bound at the destination, and
# the uts namespace $2; its id in $sleeper. It waits as the first process of a container does.
sleeper() {
	rm -f ready
	mkfifo ready
	# shellcheck disable=SC2016 # for the other shell
	nsenter --uts="$dir/$2" unshare -m --propagation private -- sh -c 'for at in "$2/at" "$2/bundle/rootfs$2/at"; do
		mount --bind "$1" "$at" && mount -o remount,bind,ro,nosuid,nodev "$at"; done
		echo >ready; exec sleep 1000' - "$dir/movable/$1" "$dir" 9<&- 3<&- </dev/null >/dev/null 2>&1 &
	sleeper=$!
	bound=$1:$2
	sleepers="$sleepers $sleeper"
	disown
	read -r _ <ready
}

end_sleeper() {
	[ -z "$sleeper" ] || kill -9 "$sleeper" 2>/dev/null
	sleepers=${sleepers% "$sleeper"}
	sleeper=
}

# The runtime's state of the container: created, or with "running".
state() {
	mkdir -p "$state/$id"
	printf '{"init_process_pid":%d,"init_process_start":%d}\n' "$sleeper" \
		"$(sed 's/.*) //' "/proc/$sleeper/stat" | cut -d ' ' -f 20)" >"$state/$id/state.json"
	rm -f "$state/$id/exec.fifo"
	[ -n "${1:-}" ] || mkfifo "$state/$id/exec.fifo"
}

launched() {
	rm -rf "$state/$id" guard
	reset
	launch lab
	rm -f ran saw given log.json err
}

guarded() {
	matching
	sed -i 's/"guarded":false/"guarded":true/' "$records"/*.json
}

# exchanged, strayed, matching: the bind is another file than was allowed, or the namespace is
# another, or both are as they were.
exchanged() {
	end_sleeper
	launched
	sleeper other uts
	state
}

strayed() {
	end_sleeper
	launched
	sleeper src other-uts
	state
}

matching() {
	launched
	waiting
	state
}

running() {
	guarded
	state running
}

# A process with the right bind; that of the try before, if it is one and lives.
waiting() {
	if [ "$bound" != src:uts ] || ! kill -0 "$sleeper" 2>/dev/null; then
		end_sleeper
		sleeper src uts
	fi
}

# ---- what must hold ---------------------------------------------------------

guard_first() {
	[ ! -e ran ] || grep -qsx up guard || echo "started without its guard"
}

never_started() {
	[ ! -e ran ] || echo "what was exchanged was started"
}

never_let_through() {
	[ "$status" -ne 0 ] || echo "the hook lets pass what was exchanged"
}

still_guarded() {
	[ ! -e guard ] || echo "the guard of a running container was called: $(cat guard)"
	[ -n "$(records)" ] || echo "the record of a running container is gone"
}

# undisturbed NAME STATUS TEXT PREPARE COMMAND...: what is done when nothing fails.
undisturbed() {
	local wanted=$2 text=$3
	what="undisturbed $1"
	$4
	shift 4
	"$@"
	"${argv[@]}" <"${input:-/dev/null}" >out 2>err
	status=$?
	if [ "$status" -eq "$wanted" ] && { [ -z "$text" ] || cat out err ran guard 2>/dev/null | grep -q "$text"; }; then
		pass
	else
		fail "status $status, wanted $wanted and $text: $(cat out err ran guard 2>/dev/null)"
	fi
	is_clean
}

hook() {
	printf '{"id":"%s","pid":%d}\n' $id "$sleeper" >told
	input=$dir/told
	argv=("$ocigate" --ocigate-verify "$state" $id)
}

what=undisturbed
reset
launch lab && [ -e ran ] && cp saw new.json && pass || fail "$(cat err)"
grep -q '"binds":\[{' "$records"/*.json && pass || fail "no bind is to be compared: $(records)"
is_clean
undisturbed "guarded start" 0 up guarded call lab start $id
touch guard-fails
undisturbed "start, the guard fails" 1 "as the test wants" guarded call lab start $id
rm guard-fails
undisturbed "start" 0 start matching call lab start $id
undisturbed "start, and no state of it" 1 "cannot be found" launched call lab start $id
undisturbed "exchanged start" 1 "was exchanged" exchanged call lab start $id
undisturbed "start in another namespace" 1 "uts namespace was exchanged" strayed call lab start $id
undisturbed "delete of a running container" 0 delete running call lab delete $id
undisturbed "the hook" 0 "" matching hook
undisturbed "the hook, exchanged" 1 "was exchanged" exchanged hook
undisturbed "the hook, another namespace" 1 "uts namespace was exchanged" strayed hook
input=

also=guard_first
# without a record the policy judges, and this one lets it start
lies=ENOENT
every guarded 1 "" guarded call lab start $id
also=:
lies=
stride=2
every matching 1 "" matching call lab start $id
# that there is no record is an answer
answers=ENOENT
also=never_started
undisturbed=1
every nowhere 1 "" launched call lab start $id
# each try waits until the process has ended
stride=6
every exchanged 1 "" exchanged call lab start $id
stride=9
every strayed 1 "" strayed call lab start $id
stride=2
undisturbed=0
also=still_guarded
every running 1 "" running call lab delete $id
answers=
also=never_let_through
runs=no
undisturbed=1
begins=/run/ocigate
# its caller gets what it says from standard error alone
every hook 1 "" exchanged hook
stride=7
every hook-strayed 1 "" strayed hook
fault_end
