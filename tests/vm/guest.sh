#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What runs in the virtual machine of tests/e2e/vm.sh, which counts what this reports.
# The machine is all theirs, so the scripts' namespaces are not needed.

# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_outside.sh"
. "$(dirname "$0")/sctp.sh"
. "$(dirname "$0")/host.sh"
. "$(dirname "$0")/units.sh"

ASK_SECONDS=8

# Here systemd is the tests' own.
e2e_no_systemd() {
	:
}

guest_begin() {
	E2E_TMP=/var/lib/guest
	mkdir -p "$E2E_TMP" && mount -t tmpfs -o mode=755 tmpfs "$E2E_TMP" && cp -a /var/lib/given/. "$E2E_TMP" || exit 1
	# shellcheck disable=SC2086 # words
	mkdir -p "$E2E_TMP/bin" $E2E_POINTS
	e2e_save
	{ e2e_copy_binaries && e2e_mounts; } || e2e_die "cannot set up the guest"
	e2e_runtime
	modprobe sctp || e2e_die "no SCTP in the guest"
}

# dockerd gives one of its own some seconds only, and then up.
containerd_start() {
	cat >"$T/containerd.toml" <<-TOML
		version = 2
		root = "$T/containerd/root"
		state = "$T/containerd/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
			"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
		[grpc]
		address = "$T/containerd.sock"
	TOML
	containerd --config "$T/containerd.toml" >"$T/containerd.log" 2>&1 &
	wait_for 240 [ -S "$T/containerd.sock" ] || e2e_die "containerd does not start" "$(tail -n 20 "$T/containerd.log")"
	E2E_DAEMON=" \"containerd\": \"$T/containerd.sock\","
}

# launch NAME RUNTIME FLAGS...: a service of SCTP without a profile and with the host's cgroup namespace.
launch() {
	local name=$1 runtime=$2 pid ip
	shift 2
	capture D run -d --name "$name" --runtime "$runtime" --security-opt apparmor=unconfined --cgroupns host "$@" srv:1 listen sctp/80
	is "$name runs" "$rc $err" "0 "
	read -r pid ip < <(D inspect -f '{{.State.Pid}} {{.NetworkSettings.IPAddress}}' "$name")
	echo "$pid" >"$T/$name.pid"
	echo "$ip" >"$T/$name.ip"
}

# site ADDRESSES
site() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "rewrite", "addresses": ['"$1"'] },
		"resources": { "action": "rewrite", "limits": { "pids": { "max": 64, "required": true } } } } }'
}

# What a kernel of a host may lack: refused by the network's kind before anything runs, and,
# where the daemon's database is not to be believed, by the interface that there is at the start.
ipvlan() {
	local database=$T/docker/data/network/files/local-kv.db
	{ modprobe ipvlan && D network create -d ipvlan -o parent=vhost --subnet 10.98.0.0/24 other >/dev/null; } || e2e_die "no ipvlan in the guest"
	site '"127.0.0.1"'
	capture D run --rm --runtime ocigate --cgroupns host --security-opt apparmor=unconfined --network other -p 8082:80 srv:1 sh -c :
	has "ipvlan: refused" "$rc $err" '^[^0].*rejected: ports: on the network .*other.*, which is .*ipvlan'
	chmod 666 "$database"
	capture D run --rm --runtime ocigate --cgroupns host --security-opt apparmor=unconfined --network other -p 8082:80 srv:1 sh -c :
	has "... also by its interface" "$rc $err" '^[^0].*is a[n]? ipvlan, whose traffic goes past the host'
	chmod 644 "$database"
	D network rm other >/dev/null
}

took() {
	note "$(date +%T) up $(cut -d . -f 1 /proc/uptime) s: $1"
}

PLAIN=runc
took "begin"
guest_begin
default_unloaded
outside_make
containerd_start
dockerd_start ocigate
took "dockerd"
image srv:1
launch plain "$PLAIN" -p 8090:80/sctp
site '"127.0.0.1", "::1"'
launch g1 ocigate -p 8080:80/sctp
site '"127.0.0.1", "'$HOST4'"'
real_is "$(command -v crun)"
launch g2 ocigate -p 8081:80/sctp
took "three containers"
sctp_asked
sctp_plain
sctp_guarded
sctp_allowed
took "SCTP"
ipvlan
took "ipvlan"
host_rules
default_loaded
profiles
unified
took "rules"
units_nftables
units_timer
took "units"
if [ -n "${OG_LONG:-}" ]; then
	units_firewalld
fi
sctp_gone
sctp_no_proxy
took "end"
echo "the guest has ended"
