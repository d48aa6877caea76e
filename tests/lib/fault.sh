# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2086
#
# What the scripts of tests/fault share: a program under strace, of which every
# system call fails once with the errnos of errnos.txt, is interrupted by each
# signal once, and is the last one before kill -9 once; a fake runtime that
# records whether it was executed and what it was given; and what must hold each
# time. A script sources this, runs as its own /run (fault_begin), makes subjects
# and calls "every".
#
# Environment: BUILD, the build directory; OG_LONG or FAULT_LONG: every errno and
# signal at every call. Else one errno and one signal at each, the next ones of
# their rows each time.
set -u
export LC_ALL=C
umask 022

fault_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=${BUILD:-$fault_lib/../../build/default}
BUILD=$(readlink -f "$BUILD")
ocigate=$BUILD/ocigate
LONG=${OG_LONG:-}${FAULT_LONG:-}
SIGNALS="TERM INT HUP PIPE ALRM CHLD"

passed=0
failed=0
what=
pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	[ "$failed" -gt 40 ] || printf 'FAIL %s: %s\n' "$what" "$*"
}

fault_end() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

# Root: below a /run of its own, so that the host's records are out of sight.
fault_begin() {
	if [ "$(id -u)" -eq 0 ]; then
		if [ -z "${FAULT_INSIDE:-}" ]; then
			FAULT_INSIDE=1 exec unshare -m -n -p --fork --kill-child --mount-proc --propagation private -- "$0" "$@"
		fi
		mount -t tmpfs -o mode=755 tmpfs /run || exit 1
		# a host with AppArmor, whether this one has it or not
		mount -t tmpfs tmpfs /sys/module && mkdir -p /sys/module/apparmor/parameters || exit 1
		echo Y >/sys/module/apparmor/parameters/enabled
		if [ -d /sys/kernel/security ]; then
			mount -t tmpfs tmpfs /sys/kernel/security && mkdir /sys/kernel/security/apparmor || exit 1
			printf '%s\n' "other (complain)" "docker-default (enforce)" "site (enforce)" >/sys/kernel/security/apparmor/profiles
		fi
		dir=/run/fault
		records=/run/ocigate
	else
		dir=$BUILD/fault.$$
		trap 'rm -rf "$dir"' EXIT
		export XDG_RUNTIME_DIR=$dir/xdg
		records=$XDG_RUNTIME_DIR/ocigate
	fi
	mkdir -p "$dir/bundle/rootfs" "$dir/state" "${XDG_RUNTIME_DIR:-$dir/xdg}"
	chmod 700 "${XDG_RUNTIME_DIR:-$dir/xdg}"
	cd "$dir" || exit 1
	exec 9</dev/null
	fault_runtime
}

# Says that it ran, keeps the document that it would have read, and says whether
# it was given the descriptor 9, which all that is run here inherits.
fault_runtime() {
	cat >runtime <<-'SH'
		#!/bin/sh
		dir=${0%/*}
		echo "$*" >>"$dir/ran"
		[ ! -e /proc/self/fd/9 ] || echo "descriptor 9" >>"$dir/given"
		for word; do
			case $word in
			--process=*) cat "${word#--process=}" >"$dir/saw" ;;
			--bundle=*) bundle=${word#--bundle=} ;;
			create) create=1 ;;
			esac
		done
		[ -z "$create" ] || cat "$bundle/config.json" >"$dir/saw"
	SH
	chmod 755 runtime
	runtime=$dir/runtime
	state=$dir/state
	bundle=$dir/bundle
	id=c1
}

# call POLICY COMMAND...: ocigate's command line in $argv.
call() {
	argv=("$ocigate" "--ocigate-policy=$dir/$1.json")
	shift
	[ "$1" != delete ] || argv=("$ocigate")
	argv+=("--ocigate-runtime=$runtime" --root "$state" --log "$dir/log.json" --log-format json "$@")
}

remove() {
	call lab delete --force $id
	"${argv[@]}" >/dev/null 2>&1
}

# Back to before the launch.
reset() {
	cat old.json >"$bundle/config.json"
	rm -f ran saw given log.json audit.jsonl err trace
}

launch() {
	call "$1" create --bundle "$bundle" $id
	"${argv[@]}" >/dev/null 2>err
}

# The records, without what differs from one process to the next.
records() {
	cat "$records"/*.json 2>/dev/null | sed -E 's/"writer(-start)?":[0-9]+,?//g'
}

# ---- a launch under lab, for several scripts --------------------------------

lab_subject() {
cat >old.json <<'JSON'
{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["/bin/true"],
"env":["PATH=/bin"],"cwd":"/","apparmorProfile":"site","capabilities":{"bounding":["CAP_CHOWN","CAP_NET_BIND_SERVICE"],
"effective":["CAP_CHOWN","CAP_NET_BIND_SERVICE"],"permitted":["CAP_CHOWN","CAP_NET_BIND_SERVICE"]}},
"root":{"path":"rootfs","readonly":true},"hostname":"fault",
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]}],
"linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}]},"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
{"type":"mount"},{"type":"cgroup"}],"maskedPaths":[],"readonlyPaths":[]}}
JSON
cat >process.json <<'JSON'
{"terminal":false,"user":{"uid":0,"gid":0},"args":["/bin/id"],"env":["PATH=/bin"],"cwd":"/","apparmorProfile":"site",
"capabilities":{"bounding":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"]}}
JSON
for preset in lab permissive; do
	echo "{\"version\":1,\"extends\":\"$preset\",\"audit\":{\"file\":\"$dir/audit.jsonl\",\"complying\":true,\"required\":true}}" >$preset.json
done
}

# A container that was launched, for exec and delete.
prepare_exec() {
	reset
	launch lab
	rm -f ran saw given log.json err
}

# ---- what must hold ---------------------------------------------------------

is_clean() {
	local left places=("$records" "$bundle")
	remove
	[ "$kept" = yes ] || places=("$records")
	left=$(find "${places[@]}" -mindepth 1 -maxdepth 1 ! -name config.json ! -name rootfs -printf '%f ' 2>/dev/null)
	if [ -n "$left" ]; then
		fail "delete leaves behind: $left"
		rm -rf "${records:?}"/* "${records:?}"/.ocigate.* "$bundle"/.ocigate.* "$bundle/config.json.ocigate"
	elif [ "$kept" = yes ] && ! cmp -s "$bundle/config.json" old.json; then
		fail "delete leaves a config.json that is not the original"
	else
		pass
	fi
}

# Whether a failure is written to the runtime's --log as well.
in_log() {
	[[ " ${argv[*]} " == *" --log "* ]]
}

# The subject's own oracle: prints what is wrong. $status is the exit status.
also=:

# judge FAILURE WANTED: WANTED is the document that the runtime must see.
judge() {
	local failure=$1 wanted=$2 wrong=
	case " $lies " in
	*" $kind "*) wanted= ;;
	*) wrong=$($also) ;;
	esac
	if [ -n "$wanted" ] && ! cmp -s "$bundle/config.json" old.json && ! cmp -s "$bundle/config.json" new.json; then
		fail "config.json is neither the old file nor the new one"
	fi
	if [ -n "$wrong" ]; then
		fail "$wrong"
	elif [ -e ran ] && [ -n "$wanted" ] && ! cmp -s saw "$wanted"; then
		fail "the runtime saw something else than was decided"
	elif [ "$status" -eq 0 ] && [ ! -e ran ] && [ "$runs" = yes ]; then
		fail "exit status 0, and the runtime did not run"
	elif [ "$status" -ne 0 ] && [ -e ran ]; then
		fail "the runtime ran, and the exit status is $status"
	elif [ "$status" -eq 0 ]; then
		pass
	elif [ "$status" -gt 128 ] && [ "$status" -ne 255 ]; then
		case $kind in kill | [A-Z]*) pass ;; *) fail "killed, status $status" ;; esac
	elif [ "$status" -ne "$failure" ]; then
		fail "exit status $status: $(head -c 300 err)"
	elif [ "$syscall" = write ] && [ ! -s err ] && ! in_log; then
		pass # it could not be said
	elif ! grep -Eqs '^ocigate(-ports)?: .{10}|"msg":"ocigate: .{10}' err log.json; then
		fail "no message"
	elif [ "$(wc -l <err)" -gt 1 ]; then
		fail "more than one line: $(head -c 300 err)"
	else
		pass
	fi
}

# ---- the loop ---------------------------------------------------------------

# inject SYSCALL N: run $argv once as $kind says; its status in $status. False: that
# call was not made by the program (the runtime, after execve, is no subject).
inject() {
	local how
	case $kind in
	kill) how=signal=KILL ;;
	E*) how=error=$kind ;;
	*) how=signal=$kind ;;
	esac
	# in a shell of its own, whose word on a killed program nobody wants
	(
		strace -o trace -e "trace=$1,execve" -e signal=none -e "inject=$1:$how:when=$2" -- "${argv[@]}" \
			>/dev/null 2>err
		exit $?
	) <"${input:-/dev/null}" 2>/dev/null 3<&-
	status=$?
	case $kind in
	kill) [ "$status" -eq 137 ] ;;
	E*) [ -e trace ] || fail "no trace: $(head -c 300 err)"
		sed "/^execve(\"${runtime//\//\\/}\".* = 0$/q" trace | grep -q INJECTED ;;
	esac
}

# System calls of the program's own, each with the number of calls before main (whose
# first is $begins) and in all. Before main libc decides what a failure means.
list() {
	strace -o trace -- "${argv[@]}" <"${input:-/dev/null}" >/dev/null 2>err
	status=$?
	[ "$status" -eq "$undisturbed" ] || fail "undisturbed, exit status $status: $(cat err)" >&2
	grep -qF -- "$begins" trace || fail "no call has $begins: no telling where main begins" >&2
	awk -v runtime="execve(\"$runtime\"" -v begins="$begins" '
		{ name = $0; sub(/\(.*/, "", name) }
		name !~ /^[a-z0-9_]+$/ { next }
		index($0, begins) { main = 1 }
		{ all[name]++ }
		!main { early[name]++ }
		index($0, runtime) { exit }
		END { for (name in all) print name, early[name] + 0, all[name] }' trace | sort
}
begins='poll([{fd=0'
undisturbed=0 # the exit status when nothing fails
runs=yes # a status of 0 means that the runtime was executed

# The errnos of a call, in $errnos.
errnos_of() {
	errnos=$(sed -n "s/^$1 //p" "$fault_lib/errnos.txt")
	[ -n "$errnos" ] || fail "the system call $1 has no row in errnos.txt"
	errnos=${errnos//+/}
	errnos=${errnos/#none/}
}

# The next word of a list, each time another one; $turn counts.
turn=0
next() {
	# shellcheck disable=SC2206 # a list of words
	local words=($1)
	[ "${#words[@]}" -gt 0 ] || return
	[ -z "$LONG" ] || { printf '%s' "$1"; return; }
	printf '%s' "${words[$((turn % ${#words[@]}))]}"
}

# What is done to the n-th of $early + ... calls of a name.
kinds() {
	local syscall=$1 n=$2 early=$3
	[ "$n" -le "$early" ] || next "$errnos"
	# A signal comes between two calls: where one is often made the same moment comes often.
	if [ -n "$LONG" ] || [ $((turn % 2)) -eq 0 ]; then
		printf ' '
		next "$SIGNALS"
	fi
	printf ' kill'
}

# The subject is run undisturbed first: what it must do then is the caller's to say.
# every NAME FAILURE WANTED PREPARE COMMAND...: PREPARE is run before each try, COMMAND
# sets $argv.
every() {
	local name=$1 failure=$2 wanted=$3 prepare=$4 syscall early all n errnos tries=$((passed + failed))
	local first=$SECONDS
	shift 4
	what=$name
	$prepare
	"$@"
	list >"calls.$name"
	remove
	while read -r syscall early all <&3; do
		errnos_of "$syscall"
		[ "$syscall" != exit_group ] || continue
		for ((n = 1; n <= all; n++)); do
			turn=$((turn + 1))
			[ -n "$LONG" ] || [ $((turn % stride)) -eq 0 ] || continue
			for kind in $(kinds "$syscall" "$n" "$early"); do
				# to some, "there is none" is an answer
				case " $answers " in *" $kind "*) continue ;; esac
				what="$name: $syscall $n $kind"
				$prepare
				"$@"
				inject "$syscall" "$n" || { remove; continue; }
				judge "$failure" "$wanted"
				is_clean
			done
		done
	done 3<"calls.$name"
	printf '%s: %d system calls, %d checks, %d s\n' "$name" "$(awk '{ n += $3 } END { print n }' "calls.$name")" \
		$((passed + failed - tries)) $((SECONDS - first))
}
answers=
lies= # with these another verdict is the right one
kept=yes # "delete" puts the bundle back
stride=1 # without OG_LONG: every n-th call only
