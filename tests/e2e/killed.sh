#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A container with a published port, while the port guard's helper, ocigate or dockerd is
# killed (SIGKILL) at one system call of theirs after the other. Whatever stage it was:
# the port is closed or nothing listens, the container can be removed, and nothing of
# the guard is left. A sample of the stages; with OG_LONG all of them.

# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_outside.sh"
e2e_begin "$@"
need_ocigate "the port guard" || e2e_end

HELPER=/usr/libexec/ocigate/ocigate-ports
STAGE=$T/work/stage # "COMMAND SYSCALL N": the next such command is killed there, once
TRACE=$T/work/trace
ROOT=$T/docker/exec/runtime-runc/moby # the runtime's containers

# front PROGRAM: a script that runs PROGRAM as $STAGE says. -D: its parent stays its parent.
front() {
	cat <<-SH
		#!/bin/sh
		if [ -e $STAGE ]; then
			read -r command call n <$STAGE
			case " \$* " in
			*" \$command "*)
				rm $STAGE
				[ "\$call" != all ] || exec strace -D -qq -o $TRACE $1 "\$@"
				exec strace -D -qq -o $TRACE -e trace=\$call -e inject=\$call:signal=KILL:when=\$n $1 "\$@"
				;;
			esac
		fi
		exec $1 "\$@"
	SH
}

launch() {
	capture D run -d --name g1 --runtime killed -p 8080:80 srv:1 listen tcp/80
}

# The stages of a command, from a run to its end: "SYSCALL N" for each call until the
# program becomes another one; every $1-th of them.
stages() {
	awk -v every="$1" '
		/^execve\(/ && ++programs == 2 { exit }
		match($0, /^[a-z0-9_]+\(/) {
			call = substr($0, 1, RLENGTH - 1)
			n[call]++
			if (call != "execve" && call != "exit_group" && ++all % every == 0) print call, n[call]
		}' "$TRACE"
}

# What must hold after any launch, whole or not; prints what does not.
after() {
	local c
	c=$(addr g1)
	[ "$(from_ext tcp $HOST4 8080)" = no ] || echo "open at the host's address"
	[ -z "$c" ] || [ "$(from_ext tcp "$c" 80)" = no ] || echo "open by a route"
}

cleaned() {
	local c
	gone g1
	[ -z "$(D ps -aq --filter name=g1)" ] || echo "the container cannot be removed"
	# Of a "start" that was killed, whoever's it was, dockerd forgets the container that waits for it.
	for c in $(ls "$ROOT" 2>/dev/null); do
		[ "$("$REAL" --root "$ROOT" state "$c" | jq -r .status)" != running ] || echo "it runs, unknown to dockerd"
		"$RT" --root "$ROOT" delete --force "$c" || echo "the runtime's container cannot be removed"
	done
	"$CTL" ports sync >/dev/null 2>&1 || echo "ports sync fails"
	[ -z "$(guard)$(find "$T/run" -name '*.ports')" ] || echo "the guard is left"
	[ "$(from_host tcp 127.0.0.1 8080)" = no ] || echo "something listens"
}

# killed_at WHO COMMAND EVERY: each stage of the command, of ocigate or of the helper.
killed_at() {
	local who=$1 command=$2 every=$3 n=0 hit=0 wrong="" said
	rm -f "$TRACE"
	echo "$command all 0" >"$STAGE"
	launch
	is "$who $command: traced, it runs" "$rc$(after)" 0
	said=$(cleaned)
	is "... and is taken down" "$said" ""
	wait_for 5 grep -qE '^(execve|exit_group|\+\+\+)' "$TRACE"
	[ -z "${OG_LONG:-}" ] || every=1
	stages "$every" >"$T/work/stages"
	while read -r stage; do
		n=$((n + 1))
		echo "$command $stage" >"$STAGE"
		rm -f "$TRACE"
		launch
		said=$(after; cleaned)
		rm -f "$STAGE"
		! grep -q 'killed by SIGKILL' "$TRACE" 2>/dev/null || hit=$((hit + 1))
		[ -z "$said" ] || wrong+="$stage: ${said//$'\n'/, }; "
	done <"$T/work/stages"
	note "$who $command: killed at $hit of $n stages"
	is "$who $command: closed or not there, and removed, whatever the stage" "$wrong" ""
	check "... and it was killed at nearly all" [ "$hit" -ge $((n * 8 / 10)) ]
	check "... which were some" [ "$n" -ge 4 ]
}

# The daemon, some time after a launch was asked for; another one finds what it left.
daemon_killed() {
	local wrong="" said delay
	for delay in 0.1 0.3 0.6 ${OG_LONG:+0.05 0.15 0.2 0.25 0.35 0.4 0.45 0.5 0.55 0.7 0.8 0.9 1.0}; do
		launch &
		sleep "$delay"
		kill -9 "$DOCKERD"
		wait "$DOCKERD" "$!" 2>/dev/null
		said=$([ "$(from_ext tcp $HOST4 8080)" = no ] || echo "open")
		dockerd_start ocigate
		said+=$(after; cleaned)
		[ -z "$said" ] || wrong+="$delay s: ${said//$'\n'/, }; "
	done
	is "dockerd is killed: closed or not there, and removed, whenever" "$wrong" ""
}

outside_make
local_only
front "$RT" >"$T/bin/killed"
mv "$HELPER" "$HELPER.real"
front "$HELPER.real" >"$HELPER"
chmod 755 "$T/bin/killed" "$HELPER"
E2E_RUNTIMES='"killed": { "path": "'$T'/bin/killed" },'
E2E_DAEMON=' "live-restore": true,'
dockerd_start ocigate
service_image
capture D run -d --name g1 --runtime runc -p 8080:80 srv:1 listen tcp/80
wait_for 5 sh -c "[ \"\$($REACH tcp 127.0.0.1 8080)\" = yes ]"
is "plain runc: from outside" "$(from_ext tcp $HOST4 8080)" yes
gone g1
killed_at ocigate create 20
killed_at ocigate start 8
killed_at ocigate delete 12
killed_at helper up 12
killed_at helper down 8
daemon_killed
dockerd_stop
kill $EXT 2>/dev/null
wait $EXT 2>/dev/null
e2e_end
