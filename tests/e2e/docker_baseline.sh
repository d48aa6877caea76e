#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Ordinary containers under the preset "baseline": with ocigate as the default
# runtime, and with ocigate named by --runtime, everything that people do with
# docker comes out as with plain runc, and the config.json that Docker wrote
# reaches the runtime byte for byte.
#
# Each scenario is a function s_NAME that prints what it sees. It runs with
# plain runc and through the runtime under test; the outputs must be equal, and
# plain runc's must show what the scenario is about (the ERE given with it).

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"

R=() # --runtime NAME, or nothing
N=   # prefix of names, own to scenario and mode

# ---- scenarios --------------------------------------------------------------

run() {
	D run --rm "${R[@]}" "$@"
}

# Output and status of a command that may fail. The client's two streams have
# no order; what it logs itself depends on timing.
status_of() {
	local rc=0
	"$@" 2>"$T/work/$N.err" || rc=$?
	grep -v 'error waiting for container' "$T/work/$N.err"
	echo "status $rc"
}

state_of() {
	D inspect -f "{{.State.$2}}" "$1"
}

is_state() {
	[ "$(state_of "$1" "$2")" = "$3" ]
}

s_root() {
	run bb:1 sh -c 'id; grep -E "^(Cap|NoNew|Seccomp:|Groups|Umask)" /proc/self/status
		echo text >/new; chown 1000:1000 /new; stat -c "%u:%g" /new; ping -c 1 127.0.0.1 | grep -c "1 packets received"'
}

s_user() {
	run -u 1000:2000 --group-add 65534 bb:1 sh -c 'id; touch /tmp/f && stat -c %u /tmp/f; touch /f'
	run -u user bb:1 id
	run bb:1 su user -s /bin/sh -c id
	run -u 4242 bb:1 id
}

s_reach() {
	run --hostname same bb:1 probe reach 2>&1 |
		sed -E 's/\[[0-9]+\]/[N]/; s/[0-9a-f]{64}/ID/g; s/(lowerdir|upperdir|workdir)=[^, ]*/\1/g
			s/master:[0-9]+/master:N/; s/overlay2\/[^ ]*/overlay2/'
}

s_init() {
	run --init bb:1 cat /proc/1/comm
	status_of run --init bb:1 sh -c 'exit 9'
}

s_readonly() {
	run --read-only --tmpfs /tmp bb:1 sh -c 'touch /x; touch /tmp/x && echo tmp is writable; grep -c "^overlay / overlay ro," /proc/mounts'
}

s_volume_named() {
	run -v "$N-vol:/data" bb:1 sh -c 'echo kept >/data/f'
	run -v "$N-vol:/data:ro" bb:1 sh -c 'cat /data/f; touch /data/g'
	run --mount "type=volume,source=$N-vol,target=/data" -u 1000 bb:1 cat /data/f
	D volume rm "$N-vol" | sed "s/$N/NAME/"
}

s_volume_anonymous() {
	D run -d --name "$N" "${R[@]}" -v /data bb:1 sh -c 'echo inside >/data/f; sleep 60' >/dev/null
	wait_for 5 D exec "$N" test -s /data/f
	run --volumes-from "$N" bb:1 sh -c 'cat /data/f; grep -c " /data " /proc/mounts'
	D rm -fv "$N" >/dev/null
}

s_tmpfs() {
	run --tmpfs /t:size=1m,mode=1770 --mount type=tmpfs,target=/u,tmpfs-size=2m bb:1 \
		sh -c 'grep -E " /[tu] " /proc/mounts; stat -c %a /t; dd if=/dev/zero of=/t/f bs=1k count=2000 2>&1 | grep -c "No space"'
}

s_ulimit() {
	run --ulimit core=-1 --ulimit nofile=1024:2048 bb:1 sh -c 'ulimit -c; ulimit -n; ulimit -Hn'
}

# A line per command, typed into a terminal of util-linux's script(1).
in_terminal() {
	local command
	printf -v command '%q ' env DOCKER_CONFIG="$T/cli" "$E2E_DOCKER" -H "unix://$T/docker/sock" "$@"
	TERM=dumb timeout 60 script -qec "stty rows 33 cols 77; $command" /dev/null 8>&- |
		tr -d '\r' | sed 's/\^@//g; /^$/d' # the end of input, echoed
}

# The client sets the size only after the start.
SIZED='i=0; until [ "$(stty size 2>&1)" = "33 77" ] || [ $i = 50 ]; do i=$((i + 1)); usleep 100000; done; stty size'

s_terminal() {
	in_terminal run --rm -it "${R[@]}" bb:1 sh -c 'tty; '"$SIZED"'; test -t 0 && test -t 2 && echo all are terminals; stat -c "%U %a" $(tty)' </dev/null
	(sleep 1; echo 'echo "sum $((40 + 2))"'; sleep 0.5; echo 'exit 3') |
		in_terminal run --rm -it "${R[@]}" bb:1 sh | grep -c '^sum 42'
}

s_detach_keys() {
	(sleep 1.5; printf '\001a'; sleep 0.5) |
		in_terminal run -it --name "$N" "${R[@]}" --detach-keys ctrl-a,a bb:1 sleep 60 >/dev/null
	state_of "$N" Running
	D rm -f "$N" >/dev/null
}

s_attach() {
	D run -d -i --name "$N" "${R[@]}" bb:1 sh >/dev/null
	printf 'echo typed; exit 5\n' | status_of D attach "$N" | tail -n 1
	printf 'echo again; exit 6\n' | status_of D start -ai "$N" | tail -n 1
	D logs "$N" # the client may end before it has read the last output
	D rm -f "$N" >/dev/null
}

s_stdin() {
	seq 1 20000 | run -i bb:1 md5sum
	run bb:1 seq 1 20000 | md5sum
}

s_network_container() {
	D run -d --name "$N" "${R[@]}" bb:1 sh -c 'echo page >/tmp/index.html; httpd -f -p 8000 -h /tmp' >/dev/null
	wait_for 5 D exec "$N" wget -qO- http://127.0.0.1:8000/
	run --network "container:$N" bb:1 wget -qO- http://127.0.0.1:8000/
	run --network "container:$N" bb:1 hostname | sed -E 's/[0-9a-f]{12}/ID/'
	D rm -f "$N" >/dev/null
}

s_pid_ipc_container() {
	D run -d --name "$N" --ipc shareable "${R[@]}" bb:1 sleep 600 >/dev/null
	run --pid "container:$N" bb:1 sh -c 'ps -o args | grep -c "^sleep 600"'
	run --ipc "container:$N" bb:1 sh -c 'readlink /proc/self/ns/ipc >/dev/null && echo joined; echo x >/dev/shm/f'
	D exec "$N" cat /dev/shm/f
	D rm -f "$N" >/dev/null
}

s_network_none() {
	run --network none bb:1 sh -c 'ip -o link | cut -d: -f2; cat /sys/class/net/lo/operstate'
}

s_network_user() {
	D network create "$N" >/dev/null
	D run -d --name "$N" --network "$N" --network-alias web "${R[@]}" bb:1 \
		sh -c 'echo named >/tmp/index.html; httpd -f -p 80 -h /tmp' >/dev/null
	run --network "$N" bb:1 sh -c 'for i in 1 2 3 4 5 6; do wget -qO- http://web/ && break; sleep 0.5; done' 2>/dev/null
	D rm -f "$N" >/dev/null
	D network rm "$N" | sed "s/$N/NAME/"
}

s_publish() {
	local at
	D run -d --name "$N" -p 127.0.0.1::80 "${R[@]}" bb:1 \
		sh -c 'echo published >/tmp/index.html; httpd -f -p 80 -h /tmp' >/dev/null
	at=$(D port "$N" 80/tcp)
	echo "${at%:*}"
	wait_for 5 busybox wget -qO- "http://$at/"
	busybox wget -qO- "http://$at/"
	D rm -f "$N" >/dev/null
}

s_names() {
	run --hostname inside --add-host other:192.0.2.1 --dns 192.0.2.53 -e A=b -w /var/tmp -l label=x bb:1 \
		sh -c 'hostname; grep other /etc/hosts; grep nameserver /etc/resolv.conf; echo $A; pwd; touch /etc/hosts && echo hosts is writable'
}

s_environment() {
	run -e SECRET=s3 -e EMPTY= bb:1 env | grep -v HOSTNAME | sort
}

s_health() {
	D run -d --name "$N" --health-cmd 'id -u' --health-interval 1s "${R[@]}" bb:1 sleep 60 >/dev/null
	wait_for 20 is_state "$N" Health.Status healthy
	state_of "$N" Health.Status
	D inspect -f '{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}' "$N"
	D rm -f "$N" >/dev/null
}

s_exec() {
	D run -d --name "$N" -u 1000 "${R[@]}" bb:1 sleep 60 >/dev/null
	D exec "$N" sh -c 'id; grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'
	D exec -u 0 "$N" sh -c 'id; grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'
	D exec -u 0:2000 -w /tmp -e A=b "$N" sh -c 'id -g; pwd; echo $A'
	status_of D exec "$N" sh -c 'exit 42'
	status_of D exec "$N" /nonexistent | sed -E 's/[0-9a-f]{64}/ID/'
	echo input | D exec -i "$N" cat
	D exec -d "$N" sh -c 'echo background >/tmp/f'
	wait_for 5 D exec "$N" test -s /tmp/f
	D exec "$N" cat /tmp/f
	in_terminal exec -it "$N" sh -c "tty; $SIZED" </dev/null
	D rm -f "$N" >/dev/null
}

s_restart() {
	D run -d --name "$N" "${R[@]}" bb:1 sh -c 'echo started >>/tmp/log; exec sleep 60' >/dev/null
	D restart -t 0 "$N" >/dev/null
	D exec "$N" sh -c 'wc -l </tmp/log; id -u'
	D stop -t 0 "$N" >/dev/null
	D start "$N" >/dev/null
	D exec "$N" sh -c 'wc -l </tmp/log'
	D rm -f "$N" >/dev/null
}

s_restart_policy() {
	D run -d --name "$N" --restart on-failure:2 "${R[@]}" bb:1 sh -c 'echo try; exit 3' >/dev/null
	wait_for 20 restarted_twice
	D logs "$N"
	state_of "$N" ExitCode
	D rm -f "$N" >/dev/null
}

restarted_twice() {
	[ "$(D inspect -f '{{.RestartCount}} {{.State.Status}}' "$N")" = "2 exited" ]
}

s_create_start() {
	D create --name "$N" "${R[@]}" bb:1 sh -c 'echo made, then started' >/dev/null
	status_of D start -a "$N"
	status_of D start -a "$N"
	D rm "$N" >/dev/null
}

s_logs() {
	D run -d --name "$N" "${R[@]}" bb:1 probe exit 4 >/dev/null
	D wait "$N"
	echo "out: $(D logs "$N" 2>/dev/null)"
	echo "err: $(D logs "$N" 2>&1 >/dev/null)"
	D rm "$N" >/dev/null
}

s_cp() {
	echo brought >"$T/work/$N"
	D run -d --name "$N" "${R[@]}" bb:1 sleep 60 >/dev/null
	D cp "$T/work/$N" "$N:/tmp/f" 2>/dev/null
	D exec "$N" cat /tmp/f
	D cp "$N:/etc/group" - | tar -xO | head -n 1
	D rm -f "$N" >/dev/null
}

s_top_stats() {
	D run -d --name "$N" "${R[@]}" bb:1 sh -c 'sleep 60 & sleep 60; :' >/dev/null
	wait_for 5 three_processes
	D top "$N" -o pid,comm | awk '{ print $2 }' | sort
	D stats --no-stream --format '{{.Name}} {{.PIDs}}' "$N" | sed "s/$N/NAME/"
	D rm -f "$N" >/dev/null
}

three_processes() {
	[ "$(D top "$N" | wc -l)" -eq 4 ]
}

s_pause() {
	D run -d --name "$N" "${R[@]}" bb:1 sleep 60 >/dev/null
	D pause "$N" >/dev/null
	state_of "$N" Paused
	status_of D exec "$N" true | sed "s/$N/NAME/; s/[0-9a-f]\{64\}/ID/"
	D unpause "$N" >/dev/null
	state_of "$N" Status
	D exec "$N" echo thawed
	D rm -f "$N" >/dev/null
}

s_update() {
	D run -d --name "$N" --memory 128m --memory-swap 128m "${R[@]}" bb:1 sleep 60 >/dev/null
	D update --memory 64m --memory-swap 64m --cpu-shares 512 --pids-limit 77 "$N" 2>&1 | sed "s/$N/NAME/"
	D inspect -f '{{.HostConfig.Memory}} {{.HostConfig.CpuShares}} {{.HostConfig.PidsLimit}}' "$N"
	D exec "$N" sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/pids/pids.max 2>/dev/null ||
		cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.weight /sys/fs/cgroup/pids.max'
	status_of D update --memory 4 "$N" 2>&1 | tail -n 1
	D update --restart no "$N" | sed "s/$N/NAME/"
	D rm -f "$N" >/dev/null
}

s_limits() {
	run --memory 64m --pids-limit 50 --cpus 0.5 --cpuset-cpus 0 --oom-score-adj 100 bb:1 sh -c '
		cat /proc/self/oom_score_adj; grep Cpus_allowed_list /proc/self/status
		cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null ||
		cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max'
}

s_hardened() {
	run --cap-drop ALL --cap-add CHOWN --security-opt no-new-privileges --read-only -u 1000 bb:1 \
		grep -E '^(Cap|NoNew|Seccomp:|Uid)' /proc/self/status
}

s_sysctl() {
	run --sysctl net.ipv4.ip_local_port_range='2000 3000' bb:1 cat /proc/sys/net/ipv4/ip_local_port_range
}

s_devices() {
	run bb:1 sh -c 'ls /dev; echo x >/dev/null; head -c 4 /dev/urandom | wc -c; mknod /tmp/null c 1 3 && echo x >/tmp/null && echo node made'
}

s_build() {
	mkdir "$T/work/$N"
	cat >"$T/work/$N/Dockerfile" <<-'DOCKERFILE'
		FROM bb:1
		COPY file /file
		RUN id -u >/who && chown 1000 /file && mkdir -p /opt/x
		USER 1000
		RUN id -u >/tmp/who2
		CMD ["cat", "/who", "/tmp/who2", "/file"]
	DOCKERFILE
	echo copied >"$T/work/$N/file"
	D build -q -t "$N" "$T/work/$N" | sed -E 's/[0-9a-f]{64}/ID/'
	run "$N"
	printf 'FROM bb:1\nRUN exit 5\n' >"$T/work/$N/Dockerfile"
	status_of D build -q "$T/work/$N" | grep -Eo 'returned a non-zero code: [0-9]+|status [0-9]+'
	D rmi "$N" >/dev/null
}

s_stop_signals() {
	D run -d --name "$N" "${R[@]}" bb:1 probe wait >/dev/null
	wait_for 5 waiting
	D stop -t 20 "$N" >/dev/null
	D logs "$N"
	state_of "$N" ExitCode
	D rm "$N" >/dev/null
	D run -d --name "$N" --stop-signal USR1 "${R[@]}" bb:1 probe wait >/dev/null
	wait_for 5 waiting
	D stop -t 20 "$N" >/dev/null
	state_of "$N" ExitCode
	D start "$N" >/dev/null
	D kill "$N" >/dev/null
	D wait "$N"
	D rm "$N" >/dev/null
}

waiting() {
	[ "$(D logs "$N")" = waiting ]
}

s_statuses() {
	local s
	for s in 0 1 42 125 126 127 255; do
		status_of run bb:1 probe exit $s
	done
	status_of run bb:1 /etc/passwd | sed -E 's/[0-9a-f]{64}/ID/'
	status_of run bb:1 /nonexistent | sed -E 's/[0-9a-f]{64}/ID/'
	status_of run -w /etc/passwd bb:1 true | sed -E 's/[0-9a-f]{64}/ID/'
	D create --name "$N" bb:1 true >/dev/null
	status_of run --name "$N" bb:1 true | tail -n 1
	D rm "$N" >/dev/null
	status_of run bb:1 sh -c 'exec 2>/dev/null; sleep 9 & kill -9 $!; wait $!'
}

s_wait() {
	D run -d --name "$N" "${R[@]}" bb:1 sh -c 'sleep 1; exit 17' >/dev/null
	D wait "$N"
	D rm "$N" >/dev/null
	D run -d --rm --name "$N" "${R[@]}" bb:1 sleep 60 >/dev/null
	D stop -t 0 "$N" >/dev/null
	wait_for 5 gone && echo removed itself
}

gone() {
	! D inspect "$N"
}

# NAME and what plain runc's output must show.
SCENARIOS='
root            ^uid=0\(root\)
user            ^uid=1000\(user\) gid=2000
reach           ^Seccomp:.2
init            ^(docker-init|tini)
readonly        ^tmp is writable
volume_named    ^kept
volume_anonymous ^inside
tmpfs           size=1024k
ulimit          ^unlimited
terminal        ^/dev/pts/0
detach_keys     ^true
attach          ^again
stdin           ^[0-9a-f]{32}
network_container ^page
pid_ipc_container ^joined
network_none    ^ lo
network_user    ^named
publish         ^published
names           ^hosts is writable
environment     ^SECRET=s3
health          ^healthy
exec            ^background
restart         ^2
restart_policy  ^3
create_start    ^made, then started
logs            ^err: to stderr
cp              ^brought
top_stats       ^NAME 3
pause           ^thawed
update          ^67108864
limits          ^67108864
hardened        ^NoNewPrivs:.1
sysctl          ^2000
devices         ^node made
build           ^copied
stop_signals    ^got TERM
statuses        ^status 42
wait            ^17
'

# ---- running them -----------------------------------------------------------

# job NAME MODE: in the background; the output goes to $T/res/NAME.MODE
job() {
	local try
	case $2 in
	plain) R=(--runtime runc) ;;
	default) R=() ;;
	named) R=(--runtime ocigate) ;;
	esac
	N=$1-$2
	N=${N//_/-}
	# a client may let go of a container before its own wait for it ends: what it had to print is lost
	for try in 1 2 3; do
		"s_$1" >"$T/res/$1.$2" 2>"$T/res/$1.$2.err"
		grep -q 'error waiting for container: context canceled' "$T/res/$1.$2.err" || break
		D rm -fv "$N" >/dev/null 2>&1
	done
	grep -v 'error waiting for container: context canceled' "$T/res/$1.$2.err" >>"$T/res/$1.$2"
}

# batch MODE...: every scenario in every mode, five at a time: they wait more
# than they compute.
batch() {
	local name ere mode
	while read -r name ere; do
		[ -n "$name" ] || continue
		for mode; do
			while [ "$(jobs -rp | wc -l)" -ge 6 ]; do # one is dockerd
				wait -n
			done
			job "$name" "$mode" &
		done
	done <<<"$SCENARIOS"
	while [ "$(jobs -rp | wc -l)" -gt 1 ]; do
		wait -n
	done
}

# again MODE: what differs from plain runc's is run once more in both modes, and alone. With
# five at a time Docker 28 loses all that a short container printed: of 500 "docker run
# --network container:X hostname" each, 3 with plain runc and 4 with ocigate.
again() {
	local name ere
	while read -r name ere; do
		[ -n "$name" ] || continue
		cmp -s "$T/res/$name.plain" "$T/res/$name.$1" && grep -qE "$ere" "$T/res/$name.plain" && continue
		echo "# once more, alone: $name"
		diff "$T/res/$name.plain" "$T/res/$name.$1" | sed 's/^/#   /'
		job "$name" plain </dev/null
		job "$name" "$1" </dev/null
	done <<<"$SCENARIOS"
}

judge() {
	local name ere mode
	while read -r name ere; do
		[ -n "$name" ] || continue
		for mode; do
			if [ "$mode" = plain ]; then
				has "plain runc: $name" "$(cat "$T/res/$name.plain")" "$ere"
			else
				same "$mode: $name as with plain runc" "$T/res/$name.plain" "$T/res/$name.$mode"
			fi
		done
	done <<<"$SCENARIOS"
}

# Between the two recorders is the runtime under test.
untouched() {
	local name=$1 id
	shift
	rm -f "$T"/recorded/*
	status_of D run --rm --runtime recorded "$@" >"$T/.untouched"
	id=$(cd "$T/recorded" && ls | head -n 1)
	id=${id%%.*}
	same "config.json untouched: $name" "$T/recorded/$id.front.json" "$T/recorded/$id.back.json"
	has "... and it ran" "$(cat "$T/.untouched")" '^status 0$'
}

records() {
	find "$T/run" -mindepth 1 ! -type d
}

mkdir "$T/res"
policy '{ "version": 1, "extends": "baseline" }'
real_is "$REAL"
dockerd_start ocigate
image bb:1 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/sbin'
is "ocigate is the default runtime" "$(D info -f '{{.DefaultRuntime}}')" ocigate
batch plain default
again default
judge plain default

real_is "$T/bin/back"
untouched "plain" bb:1 true
untouched "user" -u 1000 bb:1 true
untouched "init" --init bb:1 true
untouched "read-only, tmpfs" --read-only --tmpfs /tmp bb:1 true
untouched "volumes" -v named:/n -v /anonymous bb:1 true
untouched "ulimit core=-1" --ulimit core=-1 bb:1 true
untouched "published on 127.0.0.1" -p 127.0.0.1:8099:80 bb:1 true
untouched "no network" --network none bb:1 true
untouched "limits" --memory 64m --cpus 0.5 --pids-limit 9 bb:1 true
untouched "no capabilities" --cap-drop ALL --security-opt no-new-privileges bb:1 true
untouched "ipc shareable" --ipc shareable bb:1 true
untouched "names" --hostname x --add-host a:192.0.2.1 -e "A=<&>\"é" -l a=b bb:1 true
real_is "$REAL"

dockerd_stop
dockerd_start runc
is "runc is the default runtime" "$(D info -f '{{.DefaultRuntime}}')" runc
batch named
again named
judge named
dockerd_stop
if need_ocigate "records of containers"; then
	is "no record is left of containers that are gone" "$(records)" ""
fi
e2e_end
