#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers as nerdctl makes them, by a real containerd and real plugins of CNI, for
# nerdctl itself is in no Debian: its files, mounts, annotations and hooks are as those
# of nerdctl 2.1.3 (pkg/cmd/container/create.go, pkg/labels/labels.go, pkg/netutil), the
# hook's program is tests/lib/nerdctl_hook.sh. A published port is reached by the host only.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_outside.sh"
. "$(dirname "$0")/../lib/e2e_containerd.sh"
e2e_begin "$@"
need_ocigate "nerdctl" || e2e_end

STORE=/var/lib/cni/nerdctl/1935db59 # DATA-ROOT/ADDRESS-HASH, somewhere that is root's
I=example.com/srv:1

nerdctl_start() {
	mkdir -p "$STORE" "$T/ctr/networks"
	containerd_config "$NO_CRI"
	cat >"$T/ctr/networks/nerdctl-bridge.conflist" <<-JSON
		{ "cniVersion": "1.0.0", "name": "bridge", "nerdctlID": "17f29b073143d8cd97b5bbe492bdeffec1c5fee55cc1fe2112c8b9335f8b6121",
		  "nerdctlLabels": { "nerdctl/default-network": "true" }, "plugins": [
		  { "type": "bridge", "bridge": "nerdctl0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
		    "ipam": { "type": "host-local", "ranges": [[{ "gateway": "10.4.0.1", "subnet": "10.4.0.0/24" }]],
		      "routes": [{ "dst": "0.0.0.0/0" }] } },
		  { "type": "portmap", "capabilities": { "portMappings": true } },
		  { "type": "firewall", "ingressPolicy": "same-bridge" },
		  { "type": "tuning" } ] }
	JSON
	cat >"$T/ctr/networks/nerdctl-lan.conflist" <<-JSON
		{ "cniVersion": "1.0.0", "name": "lan", "nerdctlID": "27f29b073143d8cd97b5bbe492bdeffec1c5fee55cc1fe2112c8b9335f8b6121", "plugins": [
		  { "type": "macvlan", "master": "vhost", "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.97.0.0/24" }]] } } ] }
	JSON
	install -m 755 "$E2E_TREE/tests/lib/nerdctl_hook.sh" "$T/bin/nerdctl"
	containerd_run /usr/sbin:/usr/bin:/sbin:/bin
}

# mapping HOST-PORT CONTAINER-PORT [PROTOCOL [ADDRESS]]: as nerdctl writes it.
mapping() {
	jq -nc --argjson h "$1" --argjson c "$2" --arg p "${3:-tcp}" --arg a "${4:-0.0.0.0}" \
		'{ HostPort: $h, ContainerPort: $c, Protocol: $p, HostIP: $a }'
}

# create NAME RUNTIME NETWORK-CONFIG ANNOTATION COMMAND...: "nerdctl create"; its id in $K, its directory in $DIR. An
# empty NETWORK-CONFIG: no such file; an empty ANNOTATION: no annotation of ports. On the network $NETWORK.
create() {
	local name=$1 runtime=$2 config=$3 ports=$4 spec
	shift 4
	K=$(printf %s "$name" | sha256sum | cut -d ' ' -f 1)
	DIR=$STORE/containers/default/$K
	mkdir -p "$DIR" "$STORE/etchosts/default/$K"
	echo "nameserver 192.0.2.1" >"$DIR/resolv.conf"
	echo "${K:0:12}" >"$DIR/hostname"
	echo "127.0.0.1 localhost" >"$STORE/etchosts/default/$K/hosts"
	[ -z "$config" ] || printf %s "$config" >"$DIR/network-config.json"
	spec=$(C oci spec | jq -c --arg id "$K" --arg name "$name" --arg dir "$DIR" --arg hosts "$STORE/etchosts/default/$K/hosts" \
		--arg ports "$ports" --arg hook "${HOOK:-$T/bin/nerdctl}" --arg top "$T" --arg network "${NETWORK:-bridge}" '
		def file($from; $to): { destination: $to, type: "bind", source: $from, options: ["bind", "rprivate"] };
		["--data-root=/var/lib/cni/nerdctl", "--address=\($top)/ctr/sock", "--cni-path=/usr/lib/cni", "--cni-netconfpath=\($top)/ctr/networks",
			"internal", "oci-hook"] as $words |
		def hook($event): [{ path: $hook, args: ([$hook] + $words + [$event]), env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"] }];
		.process.args = $ARGS.positional | .process.env = ["PATH=/bin:/sbin", "HOSTNAME=\($id[:12])"] | .hostname = $id[:12] |
		.process.noNewPrivileges = false | .root.path = "rootfs" | .linux.cgroupsPath = "/default/\($id)" |
		.mounts += [file($dir + "/resolv.conf"; "/etc/resolv.conf"), file($dir + "/hostname"; "/etc/hostname"), file($hosts; "/etc/hosts")] |
		.hooks = { createRuntime: hook("createRuntime"), poststop: hook("postStop") } |
		.annotations = ({ "nerdctl/namespace": "default", "nerdctl/name": $name, "nerdctl/hostname": $id[:12], "nerdctl/extraHosts": "[]",
			"nerdctl/state-dir": $dir, "nerdctl/networks": ([$network] | tojson), "nerdctl/platform": "linux/amd64" } +
			if $ports == "" then { } else { "nerdctl/ports": $ports } end)' --args -- "$@")
	"$E2E_TREE/tests/e2e/cri.py" "$T/ctr/sock" /containerd.services.containers.v1.Containers/Create \
		"$(jq -nc --arg id "$K" --arg image "$I" --arg runtime "$runtime" --arg spec "$spec" '{ "1": { "1": $id, "3": $image,
			"4": { "1": "io.containerd.runc.v2", "2": { "1": "containerd.runc.v1.Options", "2": { "6": $runtime } } },
			"5": { "1": "types.containerd.io/opencontainers/runtime-spec/1/Spec", "2": $spec }, "6": "native", "7": $id } }')" >/dev/null 8>&- &&
		C snapshots --snapshotter native prepare "$K" "$LAYER" >/dev/null
}

start() {
	capture C task start -d --null-io "$K"
}

# run NAME RUNTIME NETWORK-CONFIG ANNOTATION
run() {
	create "$@" listen tcp/80 udp/80 && start
	[ "$rc" -ne 0 ] || wait_for 5 sh -c "[ \"\$($REACH tcp $(address) 80)\" = yes ]"
}

address() {
	jq -r '.ips[0].address | sub("/.*"; "")' "$DIR/result"
}

pid_of() {
	C task ls | awk -v k="$K" '$1 == k { print $2 }'
}

stop() {
	C task kill -s KILL "$K" >/dev/null 2>&1
	wait_for 5 stopped && C task delete "$K" >/dev/null 2>&1
}

stopped() {
	! C task ls | grep -q "^$K .*RUNNING"
}

# "nerdctl rm -f"
remove() {
	stop
	C containers delete "$K"
	rm -rf "$DIR" "$STORE/etchosts/default/$K"
}

# What a container that is gone must not leave: tasks, the guard, records, the plugins' rules and addresses.
left() {
	C task ls -q
	guard
	find "$T/run" -mindepth 1 ! -type d ! -name '*lock*'
	iptables-save -t nat | grep -e '-j DNAT'
	find /var/lib/cni/networks -name '10.4.*'
}

# closed NAME
closed() {
	local a
	a=$(address)
	is "$1: from outside: TCP, UDP, another address, the bridge's, the container by a route" \
		"$(from_ext tcp $HOST4 8080 udp $HOST4 8081 tcp $OTHER4 8080 tcp 10.4.0.1 8080 tcp $a 80 udp $a 80)" "no no no no no no"
	is "... from a second container: the host's address, the bridge's, its neighbour" \
		"$(nsenter -t "$NEIGHBOUR" -n -- "$REACH" tcp $HOST4 8080 tcp 10.4.0.1 8080 tcp $a 80)" "no no yes"
	is "... from the host" "$(from_host tcp 127.0.0.1 8080 tcp $HOST4 8080 tcp $a 80 udp $a 80)" "yes yes yes yes"
}

plain_open() {
	run plain "$REAL" "$CONFIG" ""
	is "plain runc: a port, from outside" "$(from_ext tcp $HOST4 8080 udp $HOST4 8081)" "yes yes"
	is "... the container by a route" "$(from_ext tcp "$(address)" 80)" yes
	remove
	is "... and what it left" "$(left | grep -v "$NEIGHBOUR_ID")" "$BEFORE"
}

guarded() {
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "'"$T"'/log/audit.jsonl" },
		"rules": { "ports": { "action": "rewrite", "addresses": ["127.0.0.1"] } } }'
	run web "$RT" "$CONFIG" ""
	is "nerdctl's hooks and annotations, no exception: it starts" "$rc $err" "0 "
	has "... nerdctl is what launched it" "$(cat "$T/log/audit.jsonl")" '"engine":"nerdctl"'
	has "... the guard has its port" "$("$CTL" ports list)" 'closed +any tcp \. 8080'
	closed "nerdctl"
	stop
	is "it has ended: the guard is gone" "$(guard)" ""
	start
	wait_for 5 sh -c "[ \"\$($REACH tcp $(address) 80)\" = yes ]"
	is "started again: from outside, from the host" "$(from_ext tcp $HOST4 8080) $(from_ext tcp "$(address)" 80) $(from_host tcp $HOST4 8080)" "no no yes"
	remove
	is "... nothing is left when it is gone" "$(left | grep -v "$NEIGHBOUR_ID")" "$BEFORE"
}

# Before 2.1.3, and "nerdctl run --annotation nerdctl/ports=...", which its hook obeys.
annotated() {
	run web "$RT" "" "[$(mapping 8080 80), $(mapping 8081 80 udp)]"
	is "ports of the annotation: it starts" "$rc $err" "0 "
	closed "no file"
	remove
	run web "$RT" '{}' "[$(mapping 8080 80), $(mapping 8081 80 udp)]"
	is "a file without ports: from outside, the container by a route" \
		"$(from_ext tcp $HOST4 8080 udp $HOST4 8081 tcp "$(address)" 80)" "no no no"
	is "... from the host" "$(from_host tcp $HOST4 8080)" yes
	remove
	is "... nothing is left" "$(left | grep -v "$NEIGHBOUR_ID")" "$BEFORE"
	run web "$RT" '{}' ""
	is "no ports: it starts without a guard" "$rc $err$(guard)" "0 "
	remove
}

# refused NAME ERE
refused() {
	isnt "$1: no container" "$rc" 0
	has "... the reason" "$err" "$2"
	remove
	is "... nothing is left" "$(left | grep -v "$NEIGHBOUR_ID")" "$BEFORE"
}

rejected() {
	run web "$RT" '[]' "[$(mapping 8080 80)]"
	refused "a file that nerdctl did not write so" 'ports: the engine.s record of published ports cannot be read'
	HOOK=$T/bin/other
	cp "$T/bin/nerdctl" "$HOOK"
	run web "$RT" "$CONFIG" ""
	HOOK=
	refused "a hook of somebody else's" 'hooks: the createRuntime hook .* is not the engine.s own'
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "reject", "addresses": ["127.0.0.1"] } } }'
	run web "$RT" "$CONFIG" ""
	refused "reject" 'port 80/tcp is published on all addresses: write -p 127\.0\.0\.1:8080:80'
	run web "$RT" "{\"portMappings\":[$(mapping 8080 80 tcp 127.0.0.1)]}" ""
	is "reject: a port on 127.0.0.1 is none" "$rc $err" "0 "
	remove
}

# A network of a user's that goes past the host's filters, with nothing published.
macvlan() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "drivers": ["macvlan", "ipvlan"] } } }'
	NETWORK=lan
	run plain "$REAL" '{}' ""
	is "plain runc, a macvlan: it starts" "$rc $err $(address | cut -d . -f 1-3)" "0  10.97.0"
	remove
	run web "$RT" '{}' ""
	NETWORK=
	refused "a macvlan" 'network-host: the container.s interface eth0 is a macvlan'
	run web "$RT" '{}' ""
	is "... a bridge is none" "$rc $err" "0 "
	remove
}

mkdir -p "$T/work" "$T/ctr"
{ mount -t tmpfs tmpfs "$T/ctr" && e2e_own_run && mount -t tmpfs -o mode=755 tmpfs /var/lib/cni; } || e2e_die "cannot set up directories"
real_is "$REAL"
outside_make
service_program
archive $I >"$T/ctr/image.tar"
LAYER=sha256:$(sha256sum <"$T/ctr/image/layer.tar" | cut -d ' ' -f 1)
nerdctl_start
C image import --snapshotter native "$T/ctr/image.tar" >/dev/null 2>&1 || e2e_die "cannot import the image"
CONFIG="{\"portMappings\":[$(mapping 8080 80),$(mapping 8081 80 udp)]}"
run neighbour "$REAL" '{}' ""
NEIGHBOUR=$(pid_of) NEIGHBOUR_ID=$K
BEFORE=$(left | grep -v "$NEIGHBOUR_ID")
plain_open
guarded
annotated
rejected
macvlan
K=$NEIGHBOUR_ID DIR=$STORE/containers/default/$K
remove
containerd_stop
kill "$EXT" 2>/dev/null
e2e_end
