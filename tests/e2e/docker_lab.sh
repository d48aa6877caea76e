#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The preset "lab" with an allowed directory: what it brings into line and what
# it refuses, checked from inside the container by what the kernel says, and by
# the text that reaches whoever typed the command. Plain runc goes first each
# time and shows the hole open, so that a test that sees nothing would fail.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"

ALLOWED=$T/allowed
REFUSED='docker: Error response from daemon: .*OCI runtime create failed: ocigate: rejected: '
MESSAGE='Ask ops@lab\.example for an exception\.'

lab() {
	policy '{ "version": 1, "extends": "lab", "message": "Ask ops@lab.example for an exception.",
		"rules": { "mounts": { "allow": [ { "source": "'"$ALLOWED"'", "access": "ro" } ] }, "ports": { "action": "reject" } } }'
}

plain() {
	D run --rm --runtime "$PLAIN" "$@"
}

run() {
	D run --rm --runtime ocigate "$@"
}

# What differs between two containers of the same kind, taken out.
normal() {
	sed -E 's/\[[0-9]+\]/[N]/; s/[0-9a-f]{64}/ID/g; s/master:[0-9]+/master:N/
		s/(lowerdir|upperdir|workdir)=[^, ]*/\1/g; s/overlay2\/[^ ]*/overlay2/'
}

# reach NAME COMMAND...: everything that a process can see and do, in $T/NAME.
reach() {
	local name=$1
	shift
	"$@" >"$T/$name.raw" 2>&1 || echo "status $?" >>"$T/$name.raw"
	normal <"$T/$name.raw" >"$T/$name"
}

# open NAME ERE FLAGS...: with plain runc the probe's output shows the hole.
open() {
	local name=$1 ere=$2 text
	shift 2
	text=$(plain "$@" bb:1 probe reach 2>&1)
	has "open with plain runc: $name" "$text" "$ere"
}

# What --privileged opened is masked by the list of later engines, which is longer
# than 20.10's own by these.
masked_by_version() {
	[ "$E2E_DOCKER_MAJOR" -lt 28 ] || return 0
	sed -i -E '/^mount .* \/proc\/(interrupts|asound) /d; /^mount .* \/sys\/devices\/virtual\/powercap /d
		/^open \/proc\/interrupts /d' "$@"
}

# as_masked_for FLAGS...: the ordinary launch to compare with. The site's list of masked
# paths, which is put in place of systempaths=unconfined, is shorter than Docker 28's own.
as_masked_for() {
	local file=$T/ordinary
	case $E2E_DOCKER_MAJOR:"$*" in
	2[89]:*systempaths*)
		sed -E '/^mount .* \/proc\/(interrupts|asound) /d; /^mount .* \/sys\/devices\/virtual\/powercap /d' "$file" >"$file.site"
		echo "$file.site"
		;;
	*) echo "$file" ;;
	esac
}

# confined NAME FLAGS...: the launch is brought down to an ordinary one.
confined() {
	local name=$1
	shift
	reach confined run --hostname same "$@" bb:1 probe reach
	masked_by_version "$T/confined"
	same "confined as an ordinary container: $name" "$(as_masked_for "$@")" "$T/confined"
}

# Docker's default system call profile changed with its versions; the one that
# is put in has the later answers where 20.10's own has others.
by_version() {
	sed -i -E 's/^call (io_uring|socket_vsock|socket_alg): (ok|EAFNOSUPPORT|ENOSYS|EPERM)$/call \1: by version/
		s/^call process_vm_readv: (ok|EPERM)$/call process_vm_readv: by version/' "$@"
}

confined_by_version() {
	local name=$1
	shift
	reach confined run --hostname same "$@" bb:1 probe reach
	masked_by_version "$T/confined"
	by_version "$T/ordinary" "$T/confined"
	same "confined as an ordinary container: $name" "$(as_masked_for "$@")" "$T/confined"
}

# refused NAME ERE FLAGS...: the launch is refused, and the text says why.
refused() {
	local name=$1 ere=$2
	shift 2
	capture run --name refused "$@" bb:1 echo it ran
	has "refused: $name" "$err" "$REFUSED$ere"
	has "... ending with the site's message" "$err" "$MESSAGE"
	is "... with status 125, and nothing ran" "$rc $out" "125 "
	D rm -f refused >/dev/null 2>&1
}

# ---- the holes, and that they are open with plain runc ----------------------

hole_privileged() {
	open "--privileged: capabilities" '^CapEff:.0000(003f|01ff)f[ef]ffffff' --privileged
	open "--privileged: system call filter" '^Seccomp:.0' --privileged
	open "--privileged: mount(2)" '^call mount_tmpfs: ok' --privileged
	open "--privileged: kernel settings" '^open /proc/sys/kernel/core_pattern w: ok' --privileged
	open "--privileged: device nodes" '^call mknod_kmsg: ok' --privileged
	open "--privileged: sysfs" '^mount / /sys rw' --privileged
	open "--cap-add SYS_ADMIN" '^call mount_bind: ok' --cap-add SYS_ADMIN
	open "--cap-add ALL" '^CapBnd:.0000(003f|01ff)f[ef]ffffff' --cap-add ALL
	open "seccomp=unconfined" '^call unshare_user: ok' --security-opt seccomp=unconfined
	open "systempaths=unconfined" '^open /proc/sys/kernel/core_pattern w: ok' --security-opt systempaths=unconfined
	open "root" '^Uid:.0.0.0.0' -u 0
	open "group 0" '^Groups:.*\b0 ' -u 65534:65534 --group-add 0
	open "the host's processes" '^processes in sight: ([3-9]|[1-9][0-9]+)' --pid host
	open "the host's network" '^link docker0' --network host
	open "a device of the host" '^open /dev/fuse w: (ok|ENXIO|ENODEV)' --device "$T/fuse:/dev/fuse"
	open "a device rule" '^call mknod_fuse: ok' --device-cgroup-rule 'c 10:229 rwm'
}

hole_mounts() {
	has "open with plain runc: /etc" "$(plain -v /etc:/x bb:1 cat /x/shadow 2>&1)" '^root:'
	has "open with plain runc: /etc by a link" "$(plain -v "$ALLOWED/link:/x" bb:1 cat /x/shadow 2>&1)" '^root:'
	has "open with plain runc: /etc as a volume" "$(plain -v evil:/x bb:1 cat /x/shadow 2>&1)" '^root:'
	has "open with plain runc: docker.sock" "$(plain -v "$T/docker/sock:/s" bb:1 test -S /s && echo socket)" socket
	has "open with plain runc: allowed directory, written" \
		"$(plain -v "$ALLOWED:/x" bb:1 sh -c 'echo 1 >/x/plain && echo 2 >/x/sub/plain && echo written' 2>&1)" written
}

# ---- confined ---------------------------------------------------------------

# What lab promises of every container, whatever was asked for.
ordinary() {
	local text
	reach ordinary run --hostname same bb:1 probe reach
	text=$(cat "$T/ordinary")
	is "uid" "$(grep ^Uid: "$T/ordinary" | tr '\t' ' ')" "Uid: 65534 65534 65534 65534"
	is "gid" "$(grep ^Gid: "$T/ordinary" | tr '\t' ' ')" "Gid: 65534 65534 65534 65534"
	hasnt "no group 0" "$text" '^Groups:(.*[[:blank:]])?0[[:blank:]]'
	is "no effective capabilities" "$(grep ^CapEff: "$T/ordinary" | cut -f 2)" 0000000000000000
	has "NET_BIND_SERVICE at most in the bounding set" "$text" '^CapBnd:.0000000000000(4|0)00$'
	has "no new privileges" "$text" '^NoNewPrivs:.1'
	has "system call filter" "$text" '^Seccomp:.2'
	has "umask" "$text" '^Umask:.00[2367][2367]'
	has "core_pattern is not writable" "$text" '^open /proc/sys/kernel/core_pattern w: E'
	hasnt "no mount(2), namespace, key, bpf, module, device" "$text" \
		'^call (mount_.*|unshare_.*|clone_user|setns|keyctl|add_key|bpf|perf_event|init_module|mknod_.*|setuid_0|setgid_0|handle_at): ok'
}

lab_confined() {
	confined "--privileged" --privileged
	confined "--privileged -u 0" --privileged -u 0
	confined "--cap-add SYS_ADMIN" --cap-add SYS_ADMIN
	confined "--cap-add ALL" --cap-add ALL
	confined "seccomp=unconfined" --security-opt seccomp=unconfined
	confined "systempaths=unconfined" --security-opt systempaths=unconfined
	confined "root" -u 0
	confined "root, group 0" -u 0:0 --group-add 0
	confined "uid 1000, the host's groups" -u 1000:1000 --group-add 4 --group-add 6
	confined "all of these" -u 0 --group-add 0 --cap-add ALL --security-opt seccomp=unconfined \
		--security-opt systempaths=unconfined --security-opt apparmor=unconfined
}

# A root process sees more: here --privileged is undone, and nothing else.
root_confined() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "privileged": { "action": "rewrite" },
		"seccomp": { "wider": true } } }'
	reach ordinary run --hostname same bb:1 probe reach
	is "root is allowed here" "$(grep ^Uid: "$T/ordinary" | tr '\t' ' ')" "Uid: 0 0 0 0"
	confined_by_version "--privileged, as root" --privileged
	confined_by_version "seccomp=unconfined and --cap-add SYS_ADMIN, as root" --security-opt seccomp=unconfined --cap-add SYS_ADMIN
	confined_by_version "systempaths=unconfined, as root" --security-opt systempaths=unconfined
	reach ordinary plain --hostname same bb:1 probe reach
	confined_by_version "as with plain runc" --privileged
	lab
}

allowed_directory() {
	capture run -v "$ALLOWED:/x" bb:1 sh -c 'cat /x/file /x/sub/file; touch /x/new; touch /x/sub/new; grep " /x" /proc/self/mountinfo'
	has "allowed directory is readable" "$out" '^readable$'
	has "... and what is mounted below it" "$out" '^below$'
	has "... and read-only" "$err" '/x/new: Read-only file system'
	has "... also what is mounted below it" "$err" '/x/sub/new: Read-only file system'
	is "... both nosuid and nodev" "$(grep -Ec ' /x(/sub)? ro,([^ ]*,)?nosuid,nodev' <<<"$out")" 2
	is "... nothing was written" "$(cd "$ALLOWED" && find . -name new)" ""
	capture run -v "$ALLOWED:/x:rw" bb:1 touch /x/new
	has "rw does not help" "$err" 'Read-only file system'
	capture run -v "$ALLOWED/sub:/x" bb:1 cat /x/file
	is "a path below it" "$out" below
	capture run --privileged -v "$ALLOWED:/x" bb:1 touch /x/new
	has "nor does --privileged" "$err" 'Read-only file system'
	capture run -v plain:/v bb:1 sh -c 'grep " /v " /proc/self/mountinfo'
	has "volumes are nosuid, nodev" "$out" ' /v rw,([^ ]*,)?nosuid,nodev'
}

# ---- refused ----------------------------------------------------------------

lab_refused() {
	refused "/etc" 'mounts: "/etc" ' -v /etc:/x
	refused "/etc, read-only" 'mounts: "/etc" ' -v /etc:/x:ro
	refused "the whole host" 'mounts: "/" ' -v /:/x
	refused "/etc by a link" 'mounts: .*"/etc"' -v "$ALLOWED/link:/x"
	refused "/proc/self/root" 'mounts: ' -v /proc/self/root:/x
	refused "a sibling of the allowed directory" 'mounts: ' -v "$ALLOWED-not:/x"
	refused "docker.sock" 'mounts: ' -v "$T/docker/sock:/s"
	refused "a directory with docker.sock" 'mounts: ' -v "$T/docker:/s"
	refused "docker.sock in the allowed directory" 'mounts: ' -v "$ALLOWED/sock:/s"
	refused "a volume that is /etc" 'mounts: .*"/etc"' -v evil:/x
	refused "a volume of another type" 'mounts: ' -v overlay:/x
	refused "a device node as a mount" 'mounts: ' -v /dev/kmsg:/x
	refused "all addresses" 'ports: .*127\.0\.0\.1:8080:80' -p 8080:80
	refused "another address" 'ports: ' -p 127.0.0.2:8081:80 -p 0.0.0.0:8082:80
	refused "a port that the engine chooses" 'ports: ' -p 80
	refused "every exposed port" 'ports: ' --expose 80 -P
	refused "the host's processes" 'namespaces: ' --pid host
	refused "the host's ipc" '.*namespaces: ' --ipc host
	refused "the host's name" 'namespaces: ' --uts host
	refused "the host's network" 'network-host: ' --network host
	refused "a device" 'devices: ' --device "$T/fuse:/dev/fuse"
	refused "the host's console" 'devices: .*c 5:1' --device "$T/console:/dev/console"
	refused "a device rule" 'devices: ' --device-cgroup-rule 'c 10:229 rwm'
	refused "a cgroup elsewhere" 'cgroup: ' --cgroup-parent /elsewhere
	refused "a descriptor of the host as the working directory" 'command: .* lies in /proc' -w /proc/self/fd/8
	plain -v fds:/v bb:1 ln -s /proc/self/fd /v/fds
	refused "... by a link in a volume" 'command: .* leads by a symbolic link to "/proc/self", ' -v fds:/v -w /v/fds/8
}

several() {
	capture run -v /etc:/x --pid host --network host bb:1 true
	has "several reasons at once: mounts" "$err" 'mounts: '
	has "several reasons at once: namespaces" "$err" 'namespaces: '
	has "several reasons at once: network-host" "$err" 'network-host: '
	is "... in one line" "$(grep -c 'ocigate: \|: mounts: \|: namespaces: ' <<<"$err")" 1
}

permitted() {
	capture run -p 127.0.0.1:8090:80 bb:1 echo ran
	is "published on 127.0.0.1" "$rc $out" "0 ran"
	capture run --read-only --tmpfs /tmp --memory 64m --init bb:1 echo ran
	is "harmless flags" "$rc $out" "0 ran"
	capture run --cap-drop ALL --security-opt no-new-privileges -u 100000:100000 bb:1 id -u
	is "a uid of no account is kept" "$rc $out" "0 100000"
}

# ---- exec, restart ----------------------------------------------------------

lab_exec() {
	D run -d --name up --runtime ocigate bb:1 sleep 300 >/dev/null
	D run -d --name plain-up -u 65534 --runtime "$PLAIN" bb:1 sleep 300 >/dev/null
	has "open with plain runc: exec -u 0" "$(D exec -u 0 plain-up probe state)" '^Uid:.0.0.0.0'
	has "open with plain runc: exec --privileged" "$(D exec -u 0 --privileged plain-up probe state)" '^CapEff:.0000(003f|01ff)f[ef]ffffff'
	reach ordinary D exec up probe reach
	has "exec: uid" "$(cat "$T/ordinary")" '^Uid:.65534.65534.65534.65534'
	has "exec: no new privileges" "$(cat "$T/ordinary")" '^NoNewPrivs:.1'
	has "exec: no capabilities" "$(cat "$T/ordinary")" '^CapEff:.0000000000000000'
	same_exec "-u 0" -u 0
	same_exec "--privileged" --privileged
	same_exec "--privileged -u 0:0" --privileged -u 0:0
	same_exec "-u 1000" -u 1000
	capture D exec up sh -c 'exit 42'
	is "exec: exit status" "$rc" 42
	policy '{ "version": 1, "extends": "baseline" }'
	D run -d --name root-up --runtime ocigate bb:1 sleep 300 >/dev/null
	capture D exec --privileged root-up true
	has "exec --privileged refused under baseline" "$out$err" 'OCI runtime exec failed: ocigate: rejected: privileged: '
	is "... with docker's status" "$rc" "$([ "$E2E_DOCKER_MAJOR" -ge 28 ] && echo 128 || echo 126)"
	lab
	D rm -f up plain-up root-up >/dev/null
}

same_exec() {
	local name=$1
	shift
	reach confined D exec "$@" up probe reach
	same "exec $name: as an ordinary exec" "$T/ordinary" "$T/confined"
}

# A launch is judged by the policy of its day, an exec by today's.
policy_changes() {
	policy '{ "version": 1, "extends": "permissive" }'
	D run -d --name old --runtime ocigate bb:1 sleep 300 >/dev/null
	is "permissive: root" "$(D exec old id -u)" 0
	lab
	is "after a change of policy, exec" "$(D exec old id -u)" 65534
	is "... the container itself is as it was" "$(D top old -o pid,uid | awk 'NR == 2 { print $2 }')" 0
	D restart -t 0 old >/dev/null
	is "... and after a restart it is not" "$(D top old -o pid,uid | awk 'NR == 2 { print $2 }')" 65534
	printf '{ "version": 1, ' >"$POLICY"
	capture run bb:1 true
	has "broken policy: nothing is launched" "$err" 'OCI runtime create failed: ocigate: '
	has "... and it says where" "$err" 'policy\.json'
	capture D exec old true
	isnt "... nothing is run in a container" "$rc" 0
	capture D stop -t 1 old
	is "... and it can be stopped" "$rc" 0
	is "... and has stopped" "$(D inspect -f '{{.State.Status}}' old)" exited
	capture D rm old
	is "... and removed" "$rc" 0
	lab
}

explain() {
	capture D run --rm --runtime explain bb:1 true
	has "explain: an ordinary launch" "$err" 'OCI runtime create failed: .*(rewritten|complies)'
	capture D run --rm --runtime explain -v /etc:/x bb:1 true
	has "explain: one that would be refused" "$err" 'mounts: "/etc" '
	isnt "... and neither is launched" "$rc" 0
}

# ---- ports as the preset has them: not reachable, refused or guarded --------

from_outside() {
	nsenter --net="/proc/$OUTSIDE/ns/net" timeout 3 busybox wget -qO- "http://10.99.7.1:$1/" 2>&1
}

outside_host() {
	unshare --net sleep 600 8>&- &
	OUTSIDE=$!
	wait_for 5 other_network
	ip link add v7 type veth peer name o7 netns "$OUTSIDE"
	ip address add 10.99.7.1/24 dev v7
	ip link set v7 up
	nsenter --net="/proc/$OUTSIDE/ns/net" ip address add 10.99.7.2/24 dev o7
	nsenter --net="/proc/$OUTSIDE/ns/net" ip link set o7 up
}

other_network() {
	[ "$(readlink "/proc/$OUTSIDE/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

web() {
	D run -d "$@" bb:1 sh -c 'echo page >/tmp/index.html; httpd -f -p 8000 -h /tmp' 2>&1
}

preset_ports() {
	local said
	policy '{ "version": 1, "extends": "lab" }'
	outside_host
	web --name plain-web --runtime runc -p 8095:8000 >/dev/null
	wait_for 5 from_outside 8095
	is "open with plain runc: reachable from the network" "$(from_outside 8095)" page
	if need_ocigate "published ports"; then
		said=$(web --name web --runtime ocigate -p 8096:8000)
		if [ "$(D inspect -f '{{.State.Running}}' web)" = true ]; then
			wait_for 5 busybox wget -qO- http://127.0.0.1:8096/
			is "the preset: reachable from the host" "$(busybox wget -qO- http://127.0.0.1:8096/)" page
		else
			has "the preset: refused" "$said" "OCI runtime (create|start) failed: ocigate: rejected: ports: "
		fi
		isnt "the preset: not reachable from the network" "$(from_outside 8096)" page
	fi
	D rm -f plain-web web >/dev/null 2>&1
	kill "$OUTSIDE"
	lab
}

# ---- all of it --------------------------------------------------------------

mkdir -p "$ALLOWED/sub" "$ALLOWED-not"
chmod 755 "$ALLOWED"
mount -t tmpfs -o nosuid,nodev tmpfs "$ALLOWED/sub"
echo readable >"$ALLOWED/file"
echo below >"$ALLOWED/sub/file"
ln -s /etc "$ALLOWED/link"
mknod "$T/fuse" c 10 229
mknod "$T/console" c 5 1
policy '{ "version": 1, "extends": "permissive" }'
real_is "$REAL"
dockerd_start ocigate
ln "$T/docker/sock" "$ALLOWED/sock"
PLAIN=runc
image bb:1 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/sbin'
D volume create -d local -o type=none -o o=bind -o device=/etc evil >/dev/null
mkdir "$T/lower2"
plain --privileged bb:1 true 2>/dev/null || PLAIN=able
note "plain runc for what is privileged: $PLAIN"
D volume create -d local -o type=overlay -o o="lowerdir=/etc:$T/lower2" -o device=overlay overlay >/dev/null
hole_privileged
hole_mounts
if need_ocigate "the policy lab"; then
	lab
	ordinary
	lab_confined
	root_confined
	allowed_directory
	lab_refused
	several
	permitted
	lab_exec
	policy_changes
	explain
fi
preset_ports
dockerd_stop
if need_ocigate "records of containers"; then
	is "no record is left of containers that are gone" "$(find "$T/run" -mindepth 1 ! -type d)" ""
fi
e2e_end
