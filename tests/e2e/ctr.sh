#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# containerd without an engine above it: ctr names ocigate as the runtime, and
# ocigate stands under the name runc first in containerd's PATH. Ordinary
# containers come out as with plain runc, what reaches for the host is refused
# with the reason, exec is judged, and tasks can be ended.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh" # the recorders
. "$(dirname "$0")/../lib/e2e_scenarios.sh"
. "$(dirname "$0")/../lib/e2e_containerd.sh"
e2e_begin "$@"

I=example.com/bb:1
R=()
REFUSED='^ctr: failed to create shim task: OCI runtime create failed: ocigate: rejected: (.*; )?'

run() {
	C run --rm "${R[@]}" "$@"
}

# containerd_start PATH
containerd_start() {
	mkdir -p "$T/recorded"
	containerd_config "$NO_CRI"
	containerd_run "$1"
}

# ---- scenarios: as with plain runc ------------------------------------------

# The preset puts a filter where ctr sets none: ordinary is a container with one.
mode_is() {
	case $1 in
	plain) R=(--runc-binary "$REAL" --seccomp) ;;
	named) R=(--runc-binary "$RT" --seccomp) ;;
	esac
}

s_root() {
	run $I "$N" sh -c 'id; grep -E "^(Cap|NoNew|Seccomp:|Groups)" /proc/self/status; echo x >/new; chown 1000 /new; stat -c %u /new'
}

s_reach() {
	run $I "$N" probe reach 2>&1 | sed -E 's/\[[0-9]+\]/[N]/; s/(lowerdir|upperdir|workdir)=[^, ]*/\1/g
		s/master:[0-9]+/master:N/; s/'"$N"'/NAME/g; s/^(mount .* \/run [^ ]*),nodev/\1/'
}

s_options() {
	run --env A=b --cwd /tmp --read-only --label x=y --memory-limit 67108864 $I "$N" sh -c 'echo $A; pwd; touch /x'
}

s_cap_drop() {
	run --cap-drop CAP_CHOWN --mount type=tmpfs,src=tmpfs,dst=/t,options=nosuid:nodev $I "$N" sh -c 'chown 1000 /t; grep -c " /t " /proc/mounts'
}

s_statuses() {
	local s
	for s in 0 1 42 255; do
		# ctr does not always wait for the last output of a container that has ended
		status_of run $I "$N-$s" sh -c "probe exit $s; r=\$?; sleep 0.3; exit \$r"
	done
	status_of run $I "$N-n" /nonexistent
}

s_task() {
	C run -d "${R[@]}" $I "$N" probe wait >/dev/null
	C task ls | awk -v n="$N" '$1 == n { print $3 }'
	C task exec --exec-id e1 "$N" sh -c 'id -u; exit 7'
	echo "status $?"
	C task exec --exec-id e2 --user 1000 --cwd /tmp "$N" sh -c 'id -u; pwd'
	C task pause "$N"
	C task ls | awk -v n="$N" '$1 == n { print $3 }'
	C task resume "$N"
	C task ps "$N" | wc -l
	C task kill -s TERM "$N"
	wait_for 5 stopped
	C task ls | awk -v n="$N" '$1 == n { print $3 }'
	C task delete "$N" 2>&1 | sed 's/time="[^"]*"//; s/'"$N"'/NAME/'
	C containers delete "$N"
	C containers ls -q | grep -c "^$N\$"
}

stopped() {
	[ "$(C task ls | awk -v n="$N" '$1 == n { print $3 }')" = STOPPED ]
}

SCENARIOS='
root            ^uid=0\(root\)
reach           ^Seccomp:.2
options         ^/tmp
cap_drop        ^1
statuses        ^status 42
task            ^PAUSED
'

# ---- refused ----------------------------------------------------------------

# refused NAME ERE OPTIONS...
refused() {
	local name=$1 ere=$2
	shift 2
	capture run "$@" $I refused echo it ran
	has "refused: $name" "$err" "$REFUSED$ere"
	is "... with status 1, and nothing ran" "$rc $out" "1 "
	is "... and nothing is left" "$(C task ls -q)$(C containers ls -q)$(find "$T/run" -mindepth 1 ! -type d ! -name '*lock*')" ""
}

# open NAME ERE OPTIONS... -- COMMAND...: with plain runc the hole is open.
open() {
	local name=$1 ere=$2
	local -a options=()
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	mode_is plain
	capture run "${options[@]}" $I opened "$@"
	mode_is named
	has "open with plain runc: $name" "$out$err" "$ere"
}

holes() {
	open "a source of the host" '^root:' --mount type=bind,src=/etc,dst=/x,options=rbind:ro -- cat /x/shadow
	open "the host's network" ': outside@' --net-host -- ip -o link
	open "the host's processes" 'containerd' --with-ns pid:/proc/1/ns/pid -- ps
	refused "--privileged" '(privileged|devices): .*--privileged' --privileged
	refused "a source of the host" 'mounts: "/etc" is not an allowed source' --mount type=bind,src=/etc,dst=/x,options=rbind:ro
	refused "containerd's socket" 'mounts: ' --mount "type=bind,src=$T/ctr/sock,dst=/x,options=rbind:ro"
	refused "--net-host" 'network-host: ' --net-host
	refused "the host's network by path" 'network-host: ' --with-ns network:/proc/1/ns/net
	refused "the host's processes" 'namespaces: ' --with-ns pid:/proc/1/ns/pid
	refused "a device" 'devices: ' --device /dev/net/tun
	refused "a cgroup" 'cgroup: ' --cgroup /elsewhere
	refused "a proc elsewhere" 'mounts: ' --mount type=proc,src=proc,dst=/p
}

document() {
	rm -f "$T"/recorded/*
	real_is "$T/bin/back"
	R=(--runc-binary "$T/bin/front" --seccomp)
	# containerd's own tmpfs on /run has no nodev: that is all that is added.
	is "recorded" "$(run $I recorded echo it ran)" "it ran"
	jq -S '.mounts |= map(if .destination == "/run" then .options |= (. - ["nodev"] + ["nodev"]) else . end)' \
		"$T/recorded/recorded.front.json" >"$T/work/front"
	jq -S . "$T/recorded/recorded.back.json" >"$T/work/back"
	same "the document, but for nodev on /run, reaches the runtime as it was" "$T/work/front" "$T/work/back"
	real_is "$REAL"
	mode_is named
}

exec_judged() {
	C run -d "${R[@]}" $I judged sleep 600 >/dev/null
	policy '{ "version": 1, "extends": "restricted" }'
	capture C task exec --exec-id e1 judged echo it ran
	has "exec as root: refused under the policy as it is now" "$err" 'OCI runtime exec failed: ocigate: rejected: user: '
	is "... and nothing ran" "$out" ""
	capture C task exec --exec-id e2 --user 1000 judged sh -c 'id -u; grep ^NoNewPrivs /proc/self/status'
	is "exec as another user, brought into line" "$(tr '\n\t' '  ' <<<"$out")" "1000 NoNewPrivs: 1 "
	rm "$POLICY"
	capture C task exec --exec-id e3 --user 1000 judged echo it ran
	is "exec without a policy: refused" "$out" ""
	check "kill without a policy" C task kill -s KILL judged
	N=judged
	check "... it is stopped" wait_for 5 stopped
	C task delete judged >/dev/null 2>&1
	check "delete without a policy" C containers delete judged
	is "... and nothing is left" "$(C task ls -q)$(find "$T/run" -mindepth 1 ! -type d ! -name '*lock*')" ""
	policy '{ "version": 1, "extends": "baseline" }'
}

# Under the name runc, whatever the client asks for.
by_name() {
	R=()
	is "no --runc-binary: an ordinary container" "$(run $I named id -u)" 0
	has "... with the filter that ctr leaves out" "$(run $I named cat /proc/self/status)" '^Seccomp:.2'
	refused "no --runc-binary: a source of the host" 'mounts: ' --mount type=bind,src=/etc,dst=/x,options=rbind:ro
	# ctr 1.6 forgets --runc-binary when it is given --no-pivot.
	refused "--no-pivot" 'invocation: ' --no-pivot
	refused "--no-pivot, a runtime named" 'invocation: ' --no-pivot --runc-binary "$REAL"
}

# ---- running them -----------------------------------------------------------

mkdir -p "$T/work" "$T/door" "$T/ctr"
cp "$RT" "$T/door/runc"
rootfs "$T/rootfs"
archive $I >"$T/ctr/image.tar"
policy '{ "version": 1, "extends": "baseline" }'
real_is "$REAL"
dockerd_recorders
ip link add outside type veth peer name other
containerd_start /usr/sbin:/usr/bin:/sbin:/bin
C image import "$T/ctr/image.tar" >/dev/null 2>&1 || e2e_die "cannot import the image"
scenarios plain named
if need_ocigate "ctr: policies"; then
	mode_is named
	holes
	document
	exec_judged
	containerd_stop
	containerd_start "$T/door:/usr/sbin:/usr/bin:/sbin:/bin"
	by_name
fi
containerd_stop
e2e_end
