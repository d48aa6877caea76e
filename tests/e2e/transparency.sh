#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# With the preset "permissive" whoever calls the runtime cannot tell ocigate from
# it. First a runtime that only writes down how it was called and what it
# inherited, then the real one. What may differ is this list, and no more:
#
#	environment	only PATH, to a fixed value; for callers that are not root
#			also HOME, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS;
#			LISTEN_* and NOTIFY_SOCKET as they came
#	arguments	--flag=value instead of --flag value, -- before the id, the
#			bundle written out
#	--process	a memfd or a file with the same bytes
#	stdio		/dev/null where the caller had closed 0, 1 or 2 (so does the
#			Go runtime of runc)
#	exit status	255 for an exec that is wrong before the runtime is called

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"

FAKE=$T/bin/fake/runc
PERMISSIVE='{ "version": 1, "extends": "permissive" }'

# ---- a runtime that writes down ---------------------------------------------

# Runs under the state that the caller has set up; $1 is direct or through.
fake() {
	local how=$1
	shift
	rm -f "$FAKE".{state,argv,config,process,resources}
	case $how in
	direct) "$FAKE" --root "$T/fake-root" "$@" ;;
	through) "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$FAKE" --root "$T/fake-root" "$@" ;;
	esac
}

# handed NAME COMMAND...: the command ends in "fake $how ARGUMENTS".
handed() {
	local name=$1 how rc
	shift
	for how in direct through; do
		rc=0
		rm -f "$FAKE".{state,argv}
		(exec 8>&-; "$@") >"$T/handed.out" 2>"$T/handed.err" || rc=$?
		{
			sed "s/pipe:\[[0-9]*\]/pipe/" "$FAKE.state" | grep -v '^env: '
			echo "status $rc"
			cat "$T/handed.out" "$T/handed.err"
		} >"$T/handed.$how"
		grep '^env: ' "$FAKE.state" >"$T/handed.$how.env"
		cp "$FAKE.argv" "$T/handed.$how.argv"
	done
	[ "${name#*no std}" = "$name" ] || sed -i '/^fd [012]: \/dev\/null /d' "$T/handed.direct" "$T/handed.through"
	same "handed on: $name" "$T/handed.direct" "$T/handed.through"
}

# Functions and builtins that set up a state and then call the runtime.
FAKE_ARGS=(kill c1 15)
call() { fake "$how" "${FAKE_ARGS[@]}" </dev/null; }
with_umask() { umask 0137; call; }
with_cwd() { cd /usr/share && call; }
with_limits() { ulimit -Sn 99; ulimit -c 0; ulimit -Su 500; ulimit -s 1024; call; }
with_stdin_pipe() { echo input | fake "$how" "${FAKE_ARGS[@]}"; }
without_stdin() { fake "$how" "${FAKE_ARGS[@]}" <&-; }
without_stdio() { fake "$how" "${FAKE_ARGS[@]}" <&- >&- 2>&-; }
with_descriptors() { fake "$how" "${FAKE_ARGS[@]}" </dev/null 3</etc/passwd 4>>"$T/append" 9<>"$T/both"; }
with_oom() { echo 300 >/proc/self/oom_score_adj && echo 300 >"/proc/$BASHPID/oom_score_adj"; call; }
with_coredump() { echo 0x7 >"/proc/$BASHPID/coredump_filter"; call; }

# Through a program that execs: the functions above are bash's own.
exec_fake() {
	case $how in
	direct) "$@" "$FAKE" --root "$T/fake-root" "${FAKE_ARGS[@]}" ;;
	through) "$@" "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$FAKE" --root "$T/fake-root" "${FAKE_ARGS[@]}" ;;
	esac </dev/null
}

inherited() {
	FAKE_ARGS=("$@")
	handed "$1: as it is" call
	handed "$1: umask" with_umask
	handed "$1: limits" with_limits
	handed "$1: a pipe as stdin" with_stdin_pipe
	handed "$1: no stdin" without_stdin
	handed "$1: no stdio at all" without_stdio
	handed "$1: descriptors" with_descriptors
	handed "$1: oom score" with_oom
	handed "$1: core dump filter" with_coredump
	handed "$1: ignored and blocked signals" exec_fake env --ignore-signal=HUP,INT,TERM,CHLD,PIPE --block-signal=USR1,ALRM
	handed "$1: nice" exec_fake nice -n 7
	handed "$1: scheduler" exec_fake chrt --batch 0
	handed "$1: cpu" exec_fake taskset 1
	handed "$1: personality" exec_fake setarch -R
	handed "$1: session" exec_fake setsid -w
	handed "$1: no_new_privs" exec_fake setpriv --no-new-privs
	handed "$1: bounding set" exec_fake setpriv --bounding-set=-sys_time,-mknod
	handed "$1: ambient capabilities" exec_fake setpriv --inh-caps=+chown --ambient-caps=+chown
	handed "$1: securebits" exec_fake setpriv --securebits=+keep_caps_locked,+noroot
	handed "$1: groups" exec_fake setpriv --groups=0,5,2000
	handed "$1: death signal" exec_fake setpriv --pdeathsig=USR2
}

environment() {
	FAKE_ARGS=(kill c1 15)
	handed "environment" exec_fake env -i A=b SECRET=x LD_PRELOAD=/nonexistent.so PATH=/evil HOME=/h \
		OCIGATE_POLICY=/x GODEBUG=y _LIBCONTAINER_INITPIPE=3 XDG_RUNTIME_DIR=/run/x
	is "the environment of root: PATH alone" "$(cut -d= -f1 "$T/handed.through.env")" "env: PATH"
	hasnt "... and not the caller's" "$(cat "$T/handed.through.env")" evil
	handed "socket activation" exec_fake env -i LISTEN_FDS=1 LISTEN_PID=1 NOTIFY_SOCKET=/run/n
	is "LISTEN_* and NOTIFY_SOCKET, permitted" "$(grep -v PATH "$T/handed.through.env" | tr '\n' ' ')" \
		"env: LISTEN_FDS=1 env: LISTEN_PID=1 env: NOTIFY_SOCKET=/run/n "
	chmod 1777 "$T/bin/fake"
	mkdir -p "$T/rootless"
	chown 1000:1000 "$T/rootless"
	handed "not root" exec_fake setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all \
		env -i A=b HOME=/h XDG_RUNTIME_DIR="$T/rootless" DBUS_SESSION_BUS_ADDRESS=unix:x
	is "the environment of others" "$(cut -d= -f1 "$T/handed.through.env" | tr '\n' ' ')" \
		"env: DBUS_SESSION_BUS_ADDRESS env: HOME env: PATH env: XDG_RUNTIME_DIR "
	chmod 755 "$T/bin/fake"
	rm -f "$FAKE".*
}

# argued WANT ARGUMENTS...: the command line that the runtime gets.
argued() {
	local want=$1
	shift
	fake through "$@" </dev/null >/dev/null 2>"$T/argued.err" 8>&-
	is "arguments: $*" "$(tail -n +2 "$FAKE.argv" 2>/dev/null | tr '\n' ' ')$(head -n 1 "$T/argued.err")" \
		"--root=$T/fake-root $want "
}

arguments() {
	FAKE_ARGS=(kill c1 15)
	handed "argv" call
	is "argv[0] is the runtime's name" "$(basename "$(head -n 1 "$T/handed.through.argv")")" runc
	argued "kill -- c1 15" kill c1 15
	argued "kill --all -- c1 KILL" kill --all c1 KILL
	argued "kill --all -- c1 0" kill -a c1 0
	argued "--debug state -- c1" --debug state c1
	argued "--log=$T/l --log-format=json list --format=json" --log "$T/l" --log-format json list -f json
	argued "delete --force -- c1" delete --force c1
	argued "delete --force -- c1" delete -f c1
	argued "delete --force -- c1" delete c1 --force
	argued "ps --format=json -- c1" ps --format json c1
	argued "ps -- c1 -e -x" ps c1 -e -x
	argued "pause -- c1" pause c1
	argued "events --stats -- c1" events --stats c1
	argued "create --bundle=$T/work/b --pid-file=p -- c1" create --bundle "$T/work/b" --pid-file p c1
	argued "create --bundle=$T/work/b --pid-file=p -- c1" create -b "$T/work/b" --pid-file=p c1
	argued "run --bundle=$T/work/b --detach -- c1" run --bundle="$T/work/b" -d c1
	argued "run --bundle=$T/work/b --keep -- c1" run --bundle "$T/work/b" --keep c1
	argued "create --bundle=$T/work/b -- c1" create --bundle /nonexistent --bundle "$T/work/b" c1
	(cd "$T/work/b" && argued "create --bundle=$T/work/b -- c1" create c1 && save_counts)
	load_counts
}

# Counting done in a subshell.
save_counts() {
	printf '%d %d %d\n' "$e2e_passed" "$e2e_failed" "$e2e_absent" >"$T/.sub"
}

load_counts() {
	read -r e2e_passed e2e_failed e2e_absent <"$T/.sub"
}

# What runtimes would read differently is refused in every mode.
unclear() {
	local rc=0
	rm -f "$FAKE.argv"
	fake through "$@" </dev/null >/dev/null 2>"$T/unclear.err" 8>&- || rc=$?
	is "refused, not guessed at: $*" "$([ "$rc" -ne 0 ] && [ ! -e "$FAKE.argv" ] && echo refused)" refused
}

unclear_all() {
	unclear kil c1 15
	unclear delete --for c1
	unclear delete -force c1
	unclear create --bundl "$T/work/b" c1
	unclear --roo x list
	unclear run -db "$T/work/b" c1
	unclear frobnicate
	unclear init
	unclear list --frobnicate
	unclear --frobnicate list
	unclear
}

statuses() {
	local s
	for s in 0 1 2 42 125 126 127 128 137 255; do
		printf '%d\nout %d\nno newline\0\2>error text\n' "$s" "$s" >"$FAKE.script"
		for FAKE_ARGS in kill create; do
			case $FAKE_ARGS in
			kill) FAKE_ARGS=(kill c1 15) ;;
			create) FAKE_ARGS=(create --bundle "$T/work/b" c1) ;;
			esac
			handed "status $s of ${FAKE_ARGS[0]}" call
			has "... is $s" "$(cat "$T/handed.through")" "^status $s\$"
		done
	done
	rm "$FAKE.script"
}

documents() {
	fake through create --bundle "$T/work/b" c1 </dev/null >/dev/null 2>&1 8>&-
	same "config.json as it was" "$T/work/b/config.json" "$FAKE.config"
	printf '{"args": [ "/bin/true" ],"cwd":"\\/" , "user":{"uid":0,"gid":0}, "env":["A=\\u00e9"], "x":18446744073709551615}\n' >"$T/process"
	fake through create --bundle "$T/work/b" c1 </dev/null >/dev/null 2>&1 8>&-
	fake through exec --process "$T/process" c1 </dev/null >/dev/null 2>&1 8>&-
	same "exec --process FILE: the same bytes" "$T/process" "$FAKE.process"
	fake through exec -p <(cat "$T/process") c1 </dev/null >/dev/null 2>&1 8>&-
	same "exec -p of a pipe: the same bytes" "$T/process" "$FAKE.process"
	printf '{ "memory" : {"limit":134217728, "x": 1e2},"pids":null }' >"$T/resources"
	fake through update --resources - c1 <"$T/resources" >/dev/null 2>&1 8>&-
	same "update --resources - of stdin: the same bytes" "$T/resources" "$FAKE.resources"
	fake through update -r "$T/resources" c1 </dev/null >/dev/null 2>&1 8>&-
	same "update -r FILE: the same bytes" "$T/resources" "$FAKE.resources"
	fake through delete --force c1 </dev/null >/dev/null 2>&1 8>&-
}

# ---- the real runtime -------------------------------------------------------

B=$T/work/bundle

# An id in use is ocigate's to refuse, in the runtime's words: its record is made first.
timeless() {
	sed -E 's/^(time=.* msg="runc create failed|ocigate): container with given ID already exists.*/ID exists/
		s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)/TIME/g; s/pid":[0-9]+/pid":N/; s/"pid": [0-9]+/"pid": N/; s/process[0-9]+/processN/
		s/^(c1 +)[0-9]+ /\1N /; s/ +/ /g; s/\[[0-9]+\]/[N]/g; s/:\[[0-9]+\]/:[N]/'
}

# both NAME COMMAND...: with "$R" as the runtime; status, stdout and stderr.
both() {
	local name=$1 way rc
	shift
	for way in real rt; do
		R=$way
		rc=0
		(exec 8>&-; "$@") >"$T/both.out" 2>"$T/both.err" </dev/null || rc=$?
		{ echo "status $rc"; timeless <"$T/both.out"; echo "--"; timeless <"$T/both.err"; } >"$T/both.$way"
	done
	same "the same: $name" "$T/both.real" "$T/both.rt"
	BOTH=$(cat "$T/both.rt")
}

fresh() {
	rt delete --force c1 >/dev/null 2>&1 </dev/null 8>&-
	rm -rf "$B"
	bundle "$B" c1 "${1:-.}"
}

b_version() { $R --version && $R -v && $R features; }
b_help() { $R --help | sed 's/^ *VERSION//'; $R kill --help; }
b_run() { $R run --bundle "$B" c1; local rc=$?; rt delete --force c1 >/dev/null 2>&1; return $rc; }
b_run_input() { echo "typed" | $R run --bundle "$B" c1; rt delete --force c1; }
b_here() { cd "$B" && $R --log log.out run --pid-file pid.txt c1 && test -e log.out && cat pid.txt | tr '0-9' N | tr -s N; rt delete --force c1 >/dev/null 2>&1; rm -f log.out pid.txt; }
b_root_here() { cd "$T/work" && "$R"_root . run --bundle "$B" c1; "$R"_root . list; rt_root . delete --force c1 >/dev/null 2>&1; }
real_root() { local r=$1; shift; "$REAL" --root "$r" "$@"; }
rt_root() {
	local r=$1
	shift
	if [ -n "$IS_OCIGATE" ]; then
		"$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" --root "$r" "$@"
	else
		"$RT" --root "$r" "$@"
	fi
}
b_life() {
	$R create --bundle "$B" --pid-file "$T/pid" c1 </dev/null >"$T/life.out" 2>&1
	[ "$(cat "$T/pid")" = "$($R state c1 | jq .pid)" ] && echo pid file is the pid
	$R list
	$R start c1
	$R state c1
	$R exec c1 /bin/probe exit 1
	echo "exec: $?"
	$R exec c1 /bin/probe exit 42
	echo "exec: $?"
	$R exec c1 /bin/sh -c 'echo "$0" "$@"' -- --user x -d --
	$R exec --user 1000:1000 --additional-gids 2000 --cwd /tmp -e A=b -e C=d c1 /bin/sh -c 'id; pwd; echo $A $C'
	$R exec --cap CAP_SYS_ADMIN c1 grep Cap /proc/self/status
	$R exec c1 /nonexistent
	echo "missing binary: $?"
	$R exec --pid-file /nonexistent/x c1 /bin/true
	echo "bad pid file: $?"
	$R exec -p <(printf '{"user":{"uid":1000,"gid":1000},"args":["/bin/id"],"cwd":"/","env":["PATH=/bin"]}') c1
	echo "exec -p: $?"
	printf '{"memory":{"limit":67108864}}' | $R update -r - c1
	echo "update: $?"
	$R exec c1 cat /sys/fs/cgroup/memory/memory.limit_in_bytes
	$R update c1 --memory 134217728
	echo "update: $?"
	$R exec c1 cat /sys/fs/cgroup/memory/memory.limit_in_bytes
	$R ps c1 -e -o comm= | sort -u | grep probe
	$R pause c1
	$R exec c1 /bin/true
	echo "paused: $?"
	$R resume c1
	$R delete c1
	echo "delete of a running container: $?"
	$R create --bundle "$B" c1 </dev/null >/dev/null
	echo "create twice: $?"
	$R kill c1 TERM
	wait_for 5 stopped
	cat "$T/life.out"
	$R kill -a c1 0
	echo "kill -a of a stopped container: $?"
	$R start c1
	echo "start of a stopped container: $?"
	$R exec c1 /bin/true
	echo "exec in a stopped container: $?"
	$R delete c1
	echo "delete: $?"
	rt delete --force c1
}
stopped() { [ "$(real state c1 2>/dev/null | jq -r .status)" = stopped ]; }
b_unknown() {
	local c
	for c in state start delete pause resume ps; do
		$R $c nobody
		echo "$c: $?"
	done
	$R kill nobody KILL
	echo "kill: $?"
	$R exec nobody /bin/true
	echo "exec: $?"
	$R delete --force nobody
	echo "delete --force: $?"
	$R update --memory 67108864 nobody
	echo "update: $?"
}
# Whose text it is does not matter here.
b_missing() {
	local c
	for c in state start delete pause resume ps "kill KILL" exec "create --bundle $B" "run --bundle $B"; do
		# shellcheck disable=SC2086 # words
		$R $c >/dev/null 2>&1 || echo "$c: failed"
	done
}
b_log() {
	rm -f "$T/b.log"
	$R --debug --log "$T/b.log" run --bundle "$B" c1
	echo "stderr ends"
	grep -c level=debug "$T/b.log" | sed 's/^[1-9][0-9]*$/debug lines/'
	rm -f "$T/b.log"
	$R --log "$T/b.log" --log-format json start nobody
	cat "$T/b.log"
	rt delete --force c1
}
b_descriptors() {
	$R run --preserve-fds=2 --bundle "$B" c1 3<"$B/config.json" 4<<<"by descriptor 4"
	rt delete --force c1
}
# The process that the caller started has become the runtime: same pid.
b_signal() {
	local p
	: >"$T/signal.out"
	"exec_$R" run --bundle "$B" c1 >"$T/signal.out" &
	p=$!
	wait_for 5 grep -q waiting "$T/signal.out"
	readlink "/proc/$p/exe"
	kill -TERM "$p"
	wait "$p"
	echo "status $?"
	cat "$T/signal.out"
	rt delete --force c1
}
exec_real() { exec "$REAL" --root "$RT_ROOT" "$@"; }
exec_rt() {
	if [ -n "$IS_OCIGATE" ]; then
		exec "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" --root "$RT_ROOT" "$@"
	else
		exec "$RT" --root "$RT_ROOT" "$@"
	fi
}
b_hooks() {
	rm -f "$T/hooks"
	$R run --bundle "$B" c1
	rt delete --force c1
	cat "$T/hooks"
}
b_state_inside() {
	(ulimit -Sn 77; umask 027; ulimit -c 0; exec 7</etc/passwd; $R run --bundle "$B" c1)
	rt delete --force c1
}
b_checkpoint() { $R checkpoint nobody; }
b_spec() { rm -rf "$T/spec"; mkdir "$T/spec"; cd "$T/spec" && $R spec && md5sum config.json; $R spec; }
b_terminal() {
	{ declare -f real rt; declare -p RT REAL POLICY RT_ROOT IS_OCIGATE B; echo "stty rows 31 cols 71; $R run --bundle \"\$B\" c1"; } >"$T/terminal.sh"
	TERM=dumb script -qec "bash $T/terminal.sh" /dev/null | tr -d '\r' | sed 's/\^@//g'
	rt delete --force c1
}
b_console_socket() {
	python3 - "$T/console.sock" >"$T/console.out" <<-'PYTHON' &
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1]); s.listen(1); s.settimeout(10)
		c, _ = s.accept()
		fd = socket.recv_fds(c, 256, 1)[1][0]
		text = b""
		try:
		    while chunk := os.read(fd, 4096):
		        text += chunk
		except OSError:
		    pass
		sys.stdout.write(text.decode())
	PYTHON
	wait_for 5 test -S "$T/console.sock"
	$R run -d --console-socket "$T/console.sock" --bundle "$B" c1
	echo "status $?"
	wait
	cat "$T/console.out"
	rm -f "$T/console.sock"
	rt delete --force c1
}
b_detached() {
	$R run -d --bundle "$B" c1 </dev/null >/dev/null 2>&1
	for p in /proc/[0-9]*; do
		case $(readlink "$p/exe") in
		"$RT" | "$REAL") echo "still there: $(tr '\0' ' ' <"$p/cmdline")" ;;
		esac
	done
	rt delete --force c1
}

real_runtime() {
	fresh
	both "--version, -v, features" b_version
	both "--help" b_help
	both "run" b_run
	has "... ran" "$BOTH" '^hello'
	fresh '.process.args = ["/bin/probe", "exit", "42"]'
	both "run: the command's status" b_run
	fresh '.process.args = ["/bin/probe", "cat"]'
	both "run: stdin" b_run_input
	has "... arrives" "$BOTH" '^typed'
	fresh '.process.args = ["/nonexistent"]'
	both "run of a missing program" b_run
	has "... fails with 1" "$BOTH" '^status 1'
	fresh '.linux.namespaces += [{"type": "bogus"}]'
	[ -n "$IS_OCIGATE" ] || both "run: bad namespace" b_run
	fresh
	rmdir "$B/rootfs/proc" && ln -s /tmp "$B/rootfs/proc"
	both "the runtime's own error" b_run
	has "... is its text" "$BOTH" 'must be mounted on ordinary directory'
	fresh
	both "relative --log and --pid-file, the working directory as bundle" b_here
	has "... ran" "$BOTH" '^hello'
	both "--root ." b_root_here
	has "... ran" "$BOTH" '^hello'
	both "--debug and --log" b_log
	both "spec" b_spec
	both "checkpoint" b_checkpoint
	both "unknown containers" b_unknown
	both "missing arguments" b_missing
	fresh '.process.args = ["/bin/probe", "wait"]'
	both "the life of a container" b_life
	has "... exec: 42" "$BOTH" '^exec: 42'
	has "... exec in a paused container" "$BOTH" 'cannot exec in a paused container'
	both "no process stays behind" b_detached
	both "signals reach the runtime" b_signal
	has "... and the container" "$BOTH" '^got TERM'
	has "... whose status it is" "$BOTH" '^status 7'
	fresh '.process.args = ["/bin/sh", "-c", "cat <&4"]'
	both "--preserve-fds" b_descriptors
	has "... arrive" "$BOTH" '^by descriptor 4'
	fresh '.process.args = ["/bin/probe", "state"]'
	both "what a container's process inherits" b_state_inside
	has "... limits" "$BOTH" '^Max core file size +0 +0 '
	fresh ".hooks = {prestart: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo a >>$T/hooks\"]}, {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo b >>$T/hooks\"]}],
		createRuntime: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo c >>$T/hooks\"]}], poststop: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo d >>$T/hooks\"]}]}"
	both "hooks in their order" b_hooks
	has "... ran" "$(tr '\n' ' ' <"$T/hooks")" '^a b c d $'
	fresh '.process.terminal = true | .process.args = ["/bin/sh", "-c", "tty; i=0; until s=$(stty size 2>/dev/null) || [ $i = 30 ]; do i=$((i + 1)); usleep 100000; done; echo $s; test -t 1 && echo terminal"]'
	both "a terminal" b_terminal
	has "... it is one" "$BOTH" '^terminal'
	both "--console-socket" b_console_socket
	has "... it is one" "$BOTH" '^terminal'
	fresh '.annotations = {"org.example.unknown": "x", "bundle": "y"}'
	both "unknown annotations" b_run
	fresh
}

policy "$PERMISSIVE"
mkdir -p "$T/bin/fake"
probe_make
cp "$T/bin/probe" "$FAKE"
bundle "$T/work/b" c1 '.root.path = "rootfs"'
if need_ocigate "a command line and documents handed on"; then
	inherited kill c1 15
	inherited create --bundle "$T/work/b" c1
	environment
	arguments
	unclear_all
	statuses
	documents
	capture "$RT" --ocigate-version
	has "--ocigate-version is ours" "$rc $out" '^0 ocigate '
fi
rm -rf "$T/work/b"
real_runtime
rt delete --force c1 >/dev/null 2>&1
e2e_end
