# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A dockerd of the script's own, for scripts that have sourced e2e.sh: own data
# root, exec root, socket, pid file and configuration, inside the script's own
# mount, network and pid namespace. Policies are read per launch, so one daemon
# serves any number of them.

E2E_DOCKERD=${E2E_DOCKERD:-dockerd}
E2E_DOCKER_MAJOR=${E2E_DOCKER_MAJOR:-20} # what differs between versions is asked of this
if [ -z "${E2E_DOCKER:-}" ]; then
	E2E_DOCKER=/usr/bin/docker
	[ -x "$E2E_DOCKER" ] || E2E_DOCKER=docker
fi

# The client. Never the classic surprises of the caller's own configuration.
D() {
	env -u DOCKER_HOST -u DOCKER_CONTEXT DOCKER_CONFIG="$T/cli" DOCKER_BUILDKIT=0 \
		timeout "${D_TIMEOUT:-60}" "$E2E_DOCKER" -H "unix://$T/docker/sock" "$@" 8>&-
}

# dockerd_start DEFAULT-RUNTIME, with more members of daemon.json in E2E_DAEMON: the runtimes are "ocigate" (the one under
# test), "recorded" (the same behind the recorder), "explain" (the same by its
# other name), the stock runc, "able" (see dockerd_able), and $E2E_RUNTIMES (JSON
# members, each with a comma after it).
dockerd_start() {
	mkdir -p "$T/docker/data" "$T/cli" "$T/recorded"
	# In memory: most of a daemon's time goes by waiting for the disk.
	mountpoint -q "$T/docker/data" || mount -t tmpfs tmpfs "$T/docker/data" || e2e_die "no tmpfs for the daemon"
	dockerd_recorders
	dockerd_able
	ln -sfn "$RT" "$T/bin/ocigate-explain"
	cat >"$T/docker/daemon.json" <<-JSON
		{
		  "data-root": "$T/docker/data",
		  "exec-root": "$T/docker/exec",
		  "pidfile": "$T/docker/pid",
		  "hosts": ["unix://$T/docker/sock"],
		  "storage-driver": "${E2E_STORAGE:-overlay2}",
		  "shutdown-timeout": 2,${E2E_DAEMON:-}
		  "default-runtime": "$1",
		  "runtimes": {${E2E_RUNTIMES:-}
		    "ocigate": { "path": "$RT" },
		    "recorded": { "path": "$T/bin/front" },
		    "explain": { "path": "$T/bin/ocigate-explain" },
		    "able": { "path": "$T/bin/able" }
		  }
		}
	JSON
	env -u DOCKER_HOST PATH="${E2E_DOCKERD_PATH:-/usr/sbin:/usr/bin:/sbin:/bin}" \
		"$E2E_DOCKERD" --config-file "$T/docker/daemon.json" \
		>>"$T/docker/log" 2>&1 </dev/null 8>&- &
	DOCKERD=$!
	if ! wait_for "${E2E_DOCKERD_SECONDS:-40}" dockerd_up || dockerd_gone; then
		e2e_die "dockerd does not start" "$(tail -n 20 "$T/docker/log")"
	fi
}

# The client is no light program to ask with again and again.
dockerd_up() {
	dockerd_gone || { [ -S "$T/docker/sock" ] && D info; }
}

# The recorders keep config.json as the engine wrote it (front, before the
# runtime under test) and as the real runtime got it (back).
dockerd_recorders() {
	local side target
	for side in front back; do
		target=$REAL
		[ $side = back ] || target=$RT
		[ $side = back ] || [ -n "$IS_OCIGATE" ] || target=$T/bin/back
		cat >"$T/bin/$side" <<-SH
			#!/bin/sh
			# Keeps the bundle's config.json, then becomes the runtime.
			case " \$* " in
			*" create "*|*" --bundle="*|*" --bundle "*)
				b= ; prev=
				for a; do
					case \$a in --bundle=*) b=\${a#--bundle=} ;; esac
					[ "\$prev" != --bundle ] || b=\$a
					prev=\$a
					id=\$a
				done
				[ -z "\$b" ] || cp "\$b/config.json" "$T/recorded/\$id.$side.json"
			esac
			exec $target "\$@"
		SH
		chmod 755 "$T/bin/$side"
	done
}

# In order of their numbers.
CAPABILITIES="CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"

# Docker 20.10 asks for every capability for --privileged, and runc then fails
# where root lacks some. The runtime "able" is plain runc without those, so that
# the rest of --privileged can be shown to be open.
dockerd_able() {
	local c n=0 lacking=
	local -i bounding
	bounding=0x$(sed -n 's/^CapBnd:\t//p' /proc/self/status)
	for c in $CAPABILITIES; do
		((bounding >> n & 1)) || lacking="$lacking \"CAP_$c\","
		n=$((n + 1))
	done
	cat >"$T/bin/able.jq" <<-JQ
		[$lacking "none"] as \$lacking | (.process // .).capabilities |=
			map_values(. // [] | map(select(. as \$c | \$lacking | index(\$c) | not)))
	JQ
	cat >"$T/bin/able" <<-SH
		#!/bin/sh
		prev= ; f=
		for a; do
			case \$prev in
			--bundle) f=\$a/config.json ;;
			--process) f=\$a ;;
			esac
			prev=\$a
		done
		if [ -n "\$f" ]; then
			jq -f "$T/bin/able.jq" "\$f" >"\$f.able" && cat "\$f.able" >"\$f"
			rm "\$f.able"
		fi
		exec $REAL "\$@"
	SH
	chmod 755 "$T/bin/able"
}

# By pid, and everything that it started: containerd, shims, containers.
dockerd_stop() {
	local ids p
	[ -n "${DOCKERD:-}" ] || return 0
	ids=$(D ps -aq 2>/dev/null)
	# shellcheck disable=SC2086 # a list of ids
	[ -z "$ids" ] || D rm -f $ids >/dev/null 2>&1
	kill -TERM "$DOCKERD" 2>/dev/null
	if ! wait_for 20 dockerd_gone; then
		kill -KILL "$DOCKERD" 2>/dev/null
	fi
	wait "$DOCKERD" 2>/dev/null
	for p in $(dockerd_children); do
		kill -KILL "$p" 2>/dev/null
	done
	wait_for 10 dockerd_childless
	DOCKERD=
}

dockerd_gone() {
	! kill -0 "$DOCKERD"
}

dockerd_childless() {
	[ -z "$(dockerd_children)" ]
}

# Our pid namespace holds nothing but what this script started.
dockerd_children() {
	local p exe
	for p in /proc/[0-9]*; do
		exe=$(readlink "$p/exe" 2>/dev/null) || continue
		case ${exe##*/} in
		containerd | containerd-shim* | docker-proxy) echo "${p#/proc/}" ;;
		esac
	done
}

# image TAG [IMPORT-CHANGE...]: the test root file system as an image.
image() {
	local tag=$1 c
	local -a changes=()
	shift
	for c; do
		changes+=(--change "$c")
	done
	[ -d "$T/rootfs" ] || rootfs "$T/rootfs"
	tar -C "$T/rootfs" -c . | D import "${changes[@]}" - "$tag" >/dev/null ||
		e2e_die "cannot import the image $tag"
}

# d_pid CONTAINER
d_pid() {
	D inspect -f '{{.State.Pid}}' "$1"
}
