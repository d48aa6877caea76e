#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# podman's networks with ocigate as its runtime: which ones a container may join, of
# what kind they are, and the ports that are published: known by podman's record, or
# else by what podman hands down, and closed by the guard.

# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh" # the recorders
. "$(dirname "$0")/../lib/e2e_outside.sh"
. "$(dirname "$0")/../lib/e2e_podman.sh"
E2E_POINTS="$E2E_POINTS /var/lib/containers"
e2e_begin "$@"

R=(ocigate) # the runtime by its name in containers.conf

# ---- networks ---------------------------------------------------------------

# podman joins whatever it is told to. The container's own is the one that podman made
# for it: by its record or, without that, by the kind of name and because nobody is in it.
others_networks() {
	local db=$T/pod/root/libpod/bolt_state.db like=/run/netns/netns-01234567-89ab-cdef-0123-456789abcdef mode ns
	ip netns add vpn && ip netns add "${like##*/}"
	(R=(plain) && P run -d --name foreign bb:1 sleep 600 >/dev/null)
	ns=$(P inspect -f '{{.NetworkSettings.SandboxKey}}' foreign)
	open "a network of the host's" '^1: lo' --network ns:/run/netns/vpn bb:1 ip -o link
	open "... of a container by its path" ' eth0' --network "ns:$ns" bb:1 ip -o link
	for mode in 600 666; do
		chmod $mode "$db"
		refused "a network of the host's (record $mode)" 'network-host: .* of another container' --network ns:/run/netns/vpn bb:1 true
		refused "... of a container by its path" 'network-host: .* of another container' --network "ns:$ns" bb:1 true
		capture run bb:1 echo it ran
		is "... podman's own runs" "$rc $out" "0 it ran"
	done
	chmod 600 "$db"
	refused "... an empty one of the host's with a name like podman's" 'network-host: .* of another container' \
		--network "ns:$like" bb:1 true
	touch /run/netns/ipc && mount --bind "/proc/$(P inspect -f '{{.State.Pid}}' foreign)/ns/ipc" /run/netns/ipc
	refused "... a namespace of another kind that lies there" 'namespaces: .*/run/netns/ipc' --ipc ns:/run/netns/ipc bb:1 true
	umount /run/netns/ipc && rm /run/netns/ipc
	P rm -f -t 0 foreign >/dev/null
	ip netns del vpn && ip netns del "${like##*/}"
}

# What kind a network is, podman says to nobody: its interface does, once it is there.
networks() {
	ip link add lan type veth peer name lan0 && ip link set lan up
	P network create -d macvlan -o parent=lan --subnet 10.97.0.0/24 lan >/dev/null
	open "a macvlan" '10\.97\.0\.' --network lan bb:1 ip -o addr show eth0
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "drivers": ["macvlan", "ipvlan"] } } }'
	capture P run --name refused --network lan bb:1 echo it ran
	has "refused: a macvlan" "$err" 'rejected: network-host: the container.s interface eth0 is a macvlan'
	isnt "... and nothing ran" "$rc $out" "0 it ran"
	P rm -f refused >/dev/null 2>&1
	P network create -d macvlan -o parent=lan --ipam-driver none bare >/dev/null
	hasnt "a macvlan without an address has none" "$(R=(plain) && run --network bare bb:1 ip -o addr)" eth0
	capture P run --name refused --network bare bb:1 echo it ran
	has "... and is refused too" "$err" 'rejected: network-host: the container.s interface eth0 is a macvlan'
	P rm -f refused >/dev/null 2>&1
	capture run bb:1 echo it ran
	is "... podman's own bridge is not" "$rc $out" "0 it ran"
	capture run --network none bb:1 echo it ran
	is "... nor none" "$rc $out" "0 it ran"
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "network": false, "drivers": ["macvlan", "ipvlan"] } } }'
	capture run --network host bb:1 echo it ran
	is "... nor the host's network, where that is allowed" "$rc $out" "0 it ran"
	capture run --network slirp4netns:allow_host_loopback=true bb:1 echo it ran
	is "... nor what leads to its loopback" "$rc $out" "0 it ran"
	policy '{ "version": 1, "extends": "baseline" }'
	refused "a network that leads to the host's loopback" "network-host: .*slirp4netns.* leads to what listens on the host's loopback" \
		--network slirp4netns:allow_host_loopback=true bb:1 true
	capture run --network slirp4netns bb:1 echo it ran
	is "... without that it is launched" "$rc $out" "0 it ran"
	P network rm lan bare >/dev/null
	ip link del lan
}

# What a user writes into podman's record must not make it unreadable to the rule.
unreadable_record() {
	local loopback="network-host: .* leads to what listens on the host's loopback" i
	local unread="network-host: podman's record of the container cannot be read"
	local -a large=()
	for i in {1..12}; do
		large+=(--label "l$i=$(printf '%0100000d' 0)")
	done
	printf 'x=\0\n' >"$T/nul"
	refused "to the host's loopback, with large labels" "$loopback" "${large[@]}" --network slirp4netns:allow_host_loopback=true bb:1 true
	capture run "${large[@]}" bb:1 echo it ran
	is "... these alone are launched" "$rc $out" "0 it ran"
	refused "to the host's loopback, with a label that has NUL" "$unread" --label-file "$T/nul" \
		--network slirp4netns:allow_host_loopback=true bb:1 true
	refused "... that label alone, for nobody can tell" "$unread" --label-file "$T/nul" bb:1 true
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "network": false } } }'
	capture run --label-file "$T/nul" bb:1 echo it ran
	is "... where the host's network is allowed it is launched" "$rc $out" "0 it ran"
	policy '{ "version": 1, "extends": "baseline" }'
	capture run --label x=1 --health-cmd true --health-interval 5s --name x bb:1 echo it ran
	is "... an ordinary label and a health check" "$rc $out" "0 it ran"
}

# ---- ports ------------------------------------------------------------------

ports() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "reject",
		"addresses": ["127.0.0.1", "::1"] } } }'
	refused "published on all addresses" 'ports: .*8081' -p 8081:80 bb:1 true
	ip address add 192.0.2.10/32 dev lo
	refused "published on one" 'ports: .*192\.0\.2\.10.*8082' -p 192.0.2.10:8082:80 bb:1 true
	refused "published, UDP" 'ports: .*8083' -p 8083:80/udp bb:1 true
	refused "published, by podman's choice" 'ports: ' -p 80 bb:1 true
	refused "one of several" 'ports: .*8085' -p 127.0.0.1:8084:80 -p 8085:81 bb:1 true
	refused "all that the image exposes" 'ports: ' -P exposed:1 true
	refused "published, SCTP" 'ports: .*80/sctp.*-p 127\.0\.0\.1:8088:80/sctp' -p 8088:80/sctp bb:1 true
	refused "one of a range" 'ports: .*82/tcp.*127\.0\.0\.1:8092:82 ' -p 8090-8092:80-82 bb:1 true
	podman_conf enable_port_reservation=false
	refused "published, and podman reserves nothing" 'ports: .*8089' -p 8089:80 bb:1 true
	podman_conf
	check "published on 127.0.0.1" run -p 127.0.0.1:8086:80 -p 127.0.0.1:8086:80/udp bb:1 true
	check "not published" run exposed:1 true
	R=(able-ocigate)
	capture P pod create --name refused -p 8087:80
	capture P run --rm --pod refused bb:1 echo it ran
	isnt "published for a pod: refused" "$rc" 0
	is "... and nothing ran" "$out" ""
	has "... with the reason" "$err" 'ocigate: rejected: (.*; )?ports: .*8087'
	P pod rm -f -t 0 refused >/dev/null
	R=(ocigate)
	policy '{ "version": 1, "extends": "baseline" }'
}

# podman_conf [LINE]: in containers.conf, of the engine
podman_conf() {
	sed -i '/^enable_port_reservation/d' "$T/pod/containers.conf"
	[ $# -eq 0 ] || sed -i "/^\[engine\]/a $1" "$T/pod/containers.conf"
}

# A record that is not root's alone is not read: as where podman has another kind of database.
# Then what podman reserved is seen; and what was not is closed, whatever the action.
no_record() {
	local db=$T/pod/root/libpod/bolt_state.db
	chmod 666 "$db"
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "reject",
		"addresses": ["127.0.0.1", "::1"] } } }'
	refused "no record: published, by the socket" 'ports: .*8081' -p 8081:80 bb:1 true
	capture run --network none bb:1 echo it ran
	is "... no network" "$rc $out" "0 it ran"
	capture run --network container:other bb:1 echo it ran
	is "... another container's" "$rc $out" "0 it ran"
	podman_conf enable_port_reservation=false
	listening -p 8080:80 -p 8081:81/udp
	podman_conf
	only_host "no record, nothing reserved: closed"
	is "... and it reaches others" "$(P exec g1 ping -c 1 $HOST4 | grep -c '1 packets received')" 1
	P rm -f -t 0 g1 >/dev/null
	is "... and nothing is left" "$(guard)$(find "$T/run" -name '*.ports')" ""
	listening -p 127.0.0.1:8080:80 -p 8081:81/sctp
	has "no record, one is reserved, SCTP is not: all are closed" "$(nft list set inet ocigate whole4)" "$ADDRESS"
	is "... from outside and from the host" "$(from_ext tcp $ADDRESS 80) $(from_host tcp 127.0.0.1 8080)" "no yes"
	P rm -f -t 0 g1 >/dev/null
	policy '{ "version": 1, "extends": "baseline" }'
	capture run -p 8081:80 bb:1 echo it ran
	is "... where any port will do: runs" "$rc $out" "0 it ran"
	chmod 600 "$db"
}

# listening FLAGS...: a container g1 that listens on tcp/80 and udp/81, and its address
listening() {
	capture P run -d --name g1 "$@" srv:1 listen tcp/80 udp/81
	[ "$rc" -eq 0 ] || note "$err"
	ADDRESS=$(P inspect -f '{{.NetworkSettings.IPAddress}}' g1)
	wait_for 5 sh -c "[ \"\$($REACH tcp $ADDRESS 80)\" = yes ]"
}

# only_host NAME: from nowhere but the host, as 8080 and 8081 are published.
only_host() {
	is "$1: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext udp $HOST4 8081) $(from_ext tcp $OTHER4 8080)" "no no no"
	is "$1: from outside, the container by a route" "$(from_ext tcp $ADDRESS 80) $(from_ext udp $ADDRESS 81)" "no no"
	is "$1: from another container, the host's address" "$(nsenter -t "$OTHER" -n -- "$REACH" tcp $HOST4 8080)" no
	is "$1: from the host" "$(from_host tcp 127.0.0.1 8080) $(from_host tcp $HOST4 8080) $(from_host tcp $ADDRESS 80)" "yes yes yes"
}

# The port guard: netavark sets podman's ports up, conmon holds them open.
guarded() {
	local port
	outside_make
	service_program
	p_image srv:1 'ENV PATH=/bin:/sbin'
	OTHER=$(P inspect -f '{{.State.Pid}}' other)
	local_only
	R=(plain)
	listening -p 8080:80 -p 8081:81/udp
	is "plain runc: published ports from outside" "$(from_ext tcp $HOST4 8080) $(from_ext udp $HOST4 8081)" "yes yes"
	P rm -f -t 0 g1 >/dev/null
	R=(ocigate)
	listening -p 8080:80 -p 8081:81/udp
	only_host "published ports, guarded"
	P restart -t 0 g1 >/dev/null
	ADDRESS=$(P inspect -f '{{.NetworkSettings.IPAddress}}' g1)
	wait_for 5 sh -c "[ \"\$($REACH tcp $ADDRESS 80)\" = yes ]"
	only_host "... and after podman restart"
	P rm -f -t 0 g1 >/dev/null
	is "... and nothing is left" "$(guard)$(find "$T/run" -name '*.ports')" ""
	listening -p 80
	port=$(P port g1 80/tcp | sed 's/.*://')
	is "a port that podman chose: from outside and from the host" "$(from_ext tcp $HOST4 $port) $(from_host tcp 127.0.0.1 $port)" "no yes"
	P rm -f -t 0 g1 >/dev/null
	rules '"addresses": ["127.0.0.1", "'$OTHER4'"]'
	listening -p 8080:80
	is "an address that is allowed, and one that is not" "$(from_ext tcp $OTHER4 8080) $(from_ext tcp $HOST4 8080)" "yes no"
	P rm -f -t 0 g1 >/dev/null
	R=(able-ocigate)
	local_only
	P pod create --name g2 -p 8080:80 >/dev/null
	P run -d --pod g2 --name g1 srv:1 listen tcp/80 >/dev/null
	wait_for 5 sh -c "[ \"\$($REACH tcp 127.0.0.1 8080)\" = yes ]"
	is "a pod's port: from outside and from the host" "$(from_ext tcp $HOST4 8080) $(from_host tcp 127.0.0.1 8080)" "no yes"
	P pod rm -f -t 0 g2 >/dev/null
	R=(ocigate)
	is "... and nothing is left" "$(guard)$(find "$T/run" -name '*.ports')" ""
	no_record
	kill $EXT
}

# ---- running them -----------------------------------------------------------

if ! command -v podman >/dev/null || ! [ -x /usr/lib/podman/netavark ]; then
	not_here "podman" "command -v podman, /usr/lib/podman/netavark"
	e2e_end
fi
need_ocigate "podman: networks" || e2e_end
podman_setup
policy '{ "version": 1, "extends": "baseline" }'
real_is "$REAL"
p_image bb:1 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/sbin'
p_image exposed:1 'EXPOSE 80' 'ENV PATH=/bin:/sbin'
P run -d --name other bb:1 sleep 600 >/dev/null
others_networks
networks
unreadable_record
ports
guarded
P rm -f -t 0 other >/dev/null
is "no record is left of containers that are gone" "$(find /run/ocigate -mindepth 1 ! -type d ! -name '*lock*')" ""
e2e_end
