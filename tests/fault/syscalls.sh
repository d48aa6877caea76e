#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every system call of the real program fails once, and is the last one before
# kill -9 once, while a fake runtime records whether it was executed and what it
# was given. What must hold each time: config.json is the old file or the
# complete new one; the runtime runs only after a complete verdict and sees what
# the verdict says; a failure says so and exits 1 (255 for exec); and after
# "delete" nothing of ocigate's is left. Whether verdicts are right is tested
# elsewhere.
#
# Environment: BUILD, the build directory; OG_LONG or FAULT_LONG: every errno
# of the list below instead of two.
set -u
export LC_ALL=C
umask 022

here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$here/../../build/default}
ocigate=$(readlink -f "$BUILD")/ocigate
errnos="EIO"
[ -z "${OG_LONG:-}${FAULT_LONG:-}" ] || errnos="EIO ENOENT EPERM EACCES ENOMEM ENOSPC EROFS EMFILE EINTR EEXIST"

# Root: below a /run of its own, so that the host's records are out of sight.
if [ "$(id -u)" -eq 0 ]; then
	if [ -z "${FAULT_INSIDE:-}" ]; then
		FAULT_INSIDE=1 exec unshare -m --propagation private -- "$0" "$@"
	fi
	mount -t tmpfs -o mode=755 tmpfs /run || exit 1
	dir=/run/fault
	records=/run/ocigate
else
	dir=$(readlink -f "$BUILD")/fault.$$
	trap 'rm -rf "$dir"' EXIT
	export XDG_RUNTIME_DIR=$dir/xdg
	records=$XDG_RUNTIME_DIR/ocigate
fi
mkdir -p "$dir/bundle/rootfs" "$dir/state" "${XDG_RUNTIME_DIR:-$dir/xdg}"
chmod 700 "${XDG_RUNTIME_DIR:-$dir/xdg}"
cd "$dir" || exit 1

passed=0
failed=0
pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	[ "$failed" -gt 40 ] || printf 'FAIL %s: %s\n' "$what" "$*"
}

# ---- the subject ------------------------------------------------------------

cat >old.json <<'JSON'
{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["/bin/true"],
"env":["PATH=/bin"],"cwd":"/","capabilities":{"bounding":["CAP_CHOWN","CAP_NET_BIND_SERVICE"],
"effective":["CAP_CHOWN","CAP_NET_BIND_SERVICE"],"permitted":["CAP_CHOWN","CAP_NET_BIND_SERVICE"]}},
"root":{"path":"rootfs","readonly":true},"hostname":"fault",
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]}],
"linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}]},"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
{"type":"mount"},{"type":"cgroup"}],"maskedPaths":[],"readonlyPaths":[]}}
JSON
cat >process.json <<'JSON'
{"terminal":false,"user":{"uid":0,"gid":0},"args":["/bin/id"],"env":["PATH=/bin"],"cwd":"/",
"capabilities":{"bounding":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"]}}
JSON
for preset in lab permissive; do
	echo "{\"version\":1,\"extends\":\"$preset\",\"audit\":{\"file\":\"$dir/audit.jsonl\",\"complying\":true,\"required\":true}}" >$preset.json
done

# Says that it ran, and keeps the document that it would have read.
cat >runtime <<'SH'
#!/bin/sh
dir=${0%/*}
echo "$*" >>"$dir/ran"
for word; do
	case $word in
	--process=*) cat "${word#--process=}" >"$dir/saw" ;;
	create) cat "$dir/bundle/config.json" >"$dir/saw" ;;
	esac
done
SH
chmod 755 runtime
runtime=$dir/runtime

# call POLICY COMMAND...: ocigate's command line in $argv.
call() {
	argv=("$ocigate" "--ocigate-policy=$dir/$1.json")
	shift
	[ "$1" != delete ] || argv=("$ocigate")
	argv+=("--ocigate-runtime=$runtime" --root "$dir/state" --log "$dir/log.json" --log-format json "$@")
}

remove() {
	call lab delete --force c1
	"${argv[@]}" >/dev/null 2>&1
}

# Back to before the launch.
reset() {
	cat old.json >bundle/config.json
	rm -f ran saw log.json audit.jsonl err trace
}

launch() {
	call "$1" create --bundle "$dir/bundle" c1
	"${argv[@]}" >/dev/null 2>err
}

# ---- what must hold ---------------------------------------------------------

is_clean() {
	local left
	remove
	left=$(find "$records" bundle -mindepth 1 -maxdepth 1 ! -name config.json ! -name rootfs -printf '%f ' 2>/dev/null)
	if [ -n "$left" ]; then
		fail "delete leaves behind: $left"
		rm -rf "${records:?}"/* bundle/.ocigate.* bundle/config.json.ocigate
	elif ! cmp -s bundle/config.json old.json; then
		fail "delete leaves a config.json that is not the original"
	else
		pass
	fi
}

# check STATUS FAILURE WANTED: WANTED is the document that the runtime must see.
check() {
	local status=$1 failure=$2 wanted=$3
	if ! cmp -s bundle/config.json old.json && ! cmp -s bundle/config.json new.json; then
		fail "config.json is neither the old file nor the new one"
	fi
	if [ -e ran ] && [ -n "$wanted" ] && ! cmp -s saw "$wanted"; then
		fail "the runtime saw something else than was decided"
	elif [ "$status" -eq 0 ] && [ ! -e ran ]; then
		fail "exit status 0, and the runtime did not run"
	elif [ "$status" -ne 0 ] && [ -e ran ]; then
		fail "the runtime ran, and the exit status is $status"
	elif [ "$status" -eq 137 ] || [ "$status" -eq 0 ]; then
		pass
	elif [ "$status" -ne "$failure" ]; then
		fail "exit status $status: $(head -c 300 err)"
	elif ! grep -Eqs '^ocigate: .{10}|"msg":"ocigate: .{10}' err log.json; then
		fail "no message"
	elif [ "$(wc -l <err)" -gt 1 ]; then
		fail "more than one line: $(head -c 300 err)"
	else
		pass
	fi
}

# ---- the loop ---------------------------------------------------------------

# inject SYSCALL WHAT N: run $argv once; its status in $status. False: that
# call was not made by ocigate (the runtime, after execve, is no subject).
inject() {
	# in a shell of its own, whose word on a killed program nobody wants
	(
		strace -o trace -e "trace=$1,execve" -e signal=none -e "inject=$1:$2:when=$3" -- "${argv[@]}" \
			>/dev/null 2>err
		exit $?
	) 2>/dev/null
	status=$?
	case $2 in
	signal=*) [ "$status" -eq 137 ] ;;
	*) sed "/^execve(\"${runtime//\//\\/}\".* = 0$/q" trace | grep -q INJECTED ;;
	esac
}

# System calls of ocigate's own, each with the number of calls before main and
# in all. Before main libc decides what a failure means.
list() {
	strace -o trace -- "${argv[@]}" >/dev/null 2>&1
	awk -v runtime="execve(\"$runtime\"" '
		{ name = $0; sub(/\(.*/, "", name) }
		name !~ /^[a-z0-9_]+$/ { next }
		index($0, "\"/dev/null\"") { main = 1 }
		{ all[name]++ }
		!main { early[name]++ }
		index($0, runtime) { exit }
		END { for (name in all) print name, early[name] + 0, all[name] }' trace | sort
}

# every NAME FAILURE WANTED PREPARE COMMAND...: PREPARE is run before each try.
every() {
	local name=$1 failure=$2 wanted=$3 prepare=$4 syscall early all kind n tries=$((passed + failed))
	shift 4
	$prepare
	call "$@"
	list >"calls.$name"
	remove
	while read -r syscall early all <&3; do
		for kind in $errnos kill; do
			n=$((early + 1))
			[ "$kind" != kill ] || n=1
			# brk(2) does not return errors, uname(2) has none for a good address, and
			# credentials(7) are always there
			case $syscall:$kind in exit_group:* | brk:E* | uname:E* | get*id:E*) continue ;; esac
			# to delete, "there is none" is an answer: nothing was kept
			[ "$name:$kind" != delete:ENOENT ] || continue
			for (( ; n <= all; n++)); do
				what="$name: $syscall $n $kind"
				$prepare
				call "$@"
				case $kind in
				kill) inject "$syscall" signal=KILL "$n" ;;
				*) inject "$syscall" "error=$kind" "$n" ;;
				esac || { remove; continue; }
				check "$status" "$failure" "$wanted"
				is_clean
			done
		done
	done 3<"calls.$name"
	printf '%s: %d system calls, %d checks\n' "$name" "$(awk '{ n += $3 } END { print n }' "calls.$name")" \
		$((passed + failed - tries))
}

prepare_exec() {
	reset
	launch lab
	rm -f ran saw log.json err
}

# What comes out undisturbed.
what=undisturbed
reset
if launch lab && [ -e ran ] && cp saw new.json && grep -q '"uid":65534' new.json; then
	pass
else
	fail "lab does not rewrite the launch: $(cat err) $(cat new.json)"
fi
is_clean
prepare_exec
call lab exec --process "$dir/process.json" c1
if "${argv[@]}" 2>err && cp saw new-process.json && grep -q '"uid":65534' new-process.json; then
	pass
else
	fail "lab does not rewrite exec: $(cat err)"
fi
is_clean

every create 1 new.json reset lab create --bundle "$dir/bundle" c1
every permissive 1 old.json reset permissive create --bundle "$dir/bundle" c1
every exec 255 new-process.json prepare_exec lab exec --process "$dir/process.json" c1
every delete 1 "" prepare_exec lab delete c1
every state 1 "" reset lab state c1

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
