#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Published ports that only the host reaches, with a real dockerd: from outside (a
# network namespace behind a veth, with routes to the containers), from a second
# container, and from the host itself. Plain runc goes first and shows each port open.
# SCTP: tests/e2e/vm.sh, for few kernels of hosts have it.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_outside.sh"
. "$(dirname "$0")/../lib/e2e_modes.sh"
. "$(dirname "$0")/../lib/e2e_before.sh"
e2e_begin "$@"

# From the second container's namespace, with the host's python.
from_container() {
	nsenter -t "$NEIGHBOUR" -n -- "$REACH" "$@"
}

# ---- services -------------------------------------------------------------------

addr_on() {
	D inspect -f "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}" "$1"
}

port_of() {
	D port "$1" "$2" | head -n 1 | sed 's/.*://'
}

# serve NAME RUNTIME FLAGS... -- PROTO/PORT...
serve() {
	local name=$1 runtime=$2 flags=()
	shift 2
	while [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	shift
	capture D run -d --name "$name" --runtime "$runtime" "${flags[@]}" srv:1 listen "$@"
	[ "$rc" -eq 0 ] || note "$err"
	[ "$rc" -eq 0 ] && wait_for 5 sh -c "[ \"\$($REACH ${1%/*} $(addr "$name") ${1#*/})\" = yes ]"
}

# closed NAME PROTO PORT CONTAINER CPORT: from nowhere but the host.
closed() {
	local c
	c=$(addr "$4")
	is "$1: from outside, IPv4" "$(from_ext $2 $HOST4 $3)" no
	is "$1: from outside, another address" "$(from_ext $2 $OTHER4 $3)" no
	is "$1: from outside, IPv6" "$(from_ext $2 $HOST6 $3)" no
	is "$1: from outside, the container by a route" "$(from_ext $2 $c $5)" no
	is "$1: from outside, the bridge's address" "$(from_ext $2 172.17.0.1 $3)" no
	is "$1: from a container, the host's address" "$(from_container $2 $HOST4 $3)" no
	is "$1: from a container, the bridge's address" "$(from_container $2 172.17.0.1 $3)" no
	is "$1: from the host, 127.0.0.1" "$(from_host $2 127.0.0.1 $3)" yes
	is "$1: from the host, its own address" "$(from_host $2 $HOST4 $3)" yes
	is "$1: from the host, the container" "$(from_host $2 $c $5)" yes
	is "$1: from its neighbour on the bridge" "$(from_container $2 $c $5)" yes
}

# ---- what is open without -------------------------------------------------------

plain_open() {
	serve plain "$PLAIN" -p 8080:80 -p 8081:80/udp -p 127.0.0.1:8082:80 -- tcp/80 udp/80
	is "plain runc: from outside, IPv4" "$(from_ext tcp $HOST4 8080)" yes
	is "plain runc: from outside, UDP" "$(from_ext udp $HOST4 8081)" yes
	is "plain runc: from outside, IPv6" "$(from_ext tcp $HOST6 8080)" yes
	# Docker 28 drops what comes by a route itself.
	is "plain runc: from outside, the container by a route" "$(from_ext tcp "$(addr plain)" 80)" "$([ "$E2E_DOCKER_MAJOR" -ge 28 ] && echo no || echo yes)"
	is "plain runc: from a container, the host's address" "$(from_container tcp $HOST4 8080)" yes
	ext ip route add 127.0.0.8/29 via $HOST4 dev vext 2>/dev/null
	gone plain
}

# ---- what the guard closes ------------------------------------------------------

tcp_udp() {
	local_only
	serve g1 ocigate -p 8080:80 -p 8081:80/udp -p 0.0.0.0:8083:81 -- tcp/80 udp/80 tcp/81
	is "a published port is no reason to refuse" "$rc" 0
	closed "tcp" tcp 8080 g1 80
	closed "udp" udp 8081 g1 80
	closed "0.0.0.0" tcp 8083 g1 81
	is "what the container asks of the world is answered" \
		"$(nsenter -t "$(d_pid g1)" -n -- "$REACH" tcp 10.99.0.2 7777)" yes
	has "ports list: closed" "$("$CTL" ports list)" 'closed +any tcp \. 8080'
	hasnt "... no gap" "$("$CTL" ports list)" MISSING
	D restart -t 0 g1 >/dev/null
	wait_for 5 sh -c "[ \"\$($REACH tcp 127.0.0.1 8080)\" = yes ]"
	is "after docker restart: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp "$(addr g1)" 80)" "no no"
	is "... from the host" "$(from_host tcp 127.0.0.1 8080)" yes
	gone g1
	is "nothing is left when it is gone" "$(guard)$(find "$T/run" -name '*.ports')" ""
}

complying() {
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "'"$T"'/log/ports.jsonl", "complying": true },
		"rules": { "ports": { "action": "rewrite", "addresses": ["127.0.0.1", "::1"] } } }'
	serve g1 ocigate -p 127.0.0.1:8080:80 -- tcp/80
	is "on 127.0.0.1: from the host" "$(from_host tcp 127.0.0.1 8080)" yes
	is "... from outside" "$(from_ext tcp $HOST4 8080)" no
	is "... the container by a route" "$(from_ext tcp "$(addr g1)" 80)" no
	is "... is no finding" "$(jq -c '[.id, (.findings // [] | map(select(.rule == "ports")))]' "$T/log/ports.jsonl")" \
		"[\"$(D inspect -f '{{.Id}}' g1)\",[]]"
	gone g1
}

chosen() {
	local p
	local_only
	serve g1 ocigate -p 80 -P -- tcp/80
	p=$(port_of g1 80)
	closed "a port that the engine chose" tcp "$p" g1 80
	gone g1
	serve g1 ocigate -p 9000-9003:80-83 -- tcp/80 tcp/83
	is "a range: from outside" "$(from_ext tcp $HOST4 9000) $(from_ext tcp $HOST4 9003)" "no no"
	is "a range: from the host" "$(from_host tcp 127.0.0.1 9000) $(from_host tcp 127.0.0.1 9003)" "yes yes"
	gone g1
	serve plain "$PLAIN" -p 9000:80 -- tcp/80
	serve g1 ocigate -p 9000-9005:80 -- tcp/80
	p=$(port_of g1 80)
	isnt "one of a range, of which the first is taken" "$p" 9000
	is "... from outside, from a container" "$(from_ext tcp $HOST4 "$p" tcp $HOST6 "$p") $(from_container tcp $HOST4 "$p")" "no no no"
	is "... from the host" "$(from_host tcp 127.0.0.1 "$p" tcp $HOST4 "$p")" "yes yes"
	is "... whoever has the first keeps it" "$(from_ext tcp $HOST4 9000)" yes
	gone g1 plain
}

# An address may be written in many ways: the daemon publishes on what it means.
spellings() {
	local all="tcp $HOST6 8080 tcp $HOST4 8081" host="tcp $HOST4 8081 tcp $HOST4 8082"
	local -a flags=(-p '[::0]:8080:80' -p '[::ffff:0.0.0.0]:8081:80' -p "[::ffff:$HOST4]:8082:80")
	local_only
	serve plain "$PLAIN" "${flags[@]}" -- tcp/80
	is "plain runc: other spellings of addresses, from outside, from a container" \
		"$(from_ext $all tcp $HOST4 8082) $(from_container $host)" "yes yes yes yes yes"
	gone plain
	serve g1 ocigate "${flags[@]}" -- tcp/80
	is "other spellings of addresses: from outside" "$(from_ext $all tcp $HOST4 8082)" "no no no"
	is "... from a container" "$(from_container $host)" "no no"
	is "... from the host" "$(from_host $all tcp $HOST4 8082)" "yes yes yes"
	gone g1
}

several() {
	local_only
	serve g1 ocigate -p 8080:80 -- tcp/80
	serve g2 ocigate -p 8090:80 -- tcp/80
	is "two containers: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp $HOST4 8090)" "no no"
	gone g1
	is "one is gone: the other stays closed" "$(from_ext tcp $HOST4 8090) $(from_ext tcp "$(addr g2)" 80)" "no no"
	is "... and reachable from the host" "$(from_host tcp 127.0.0.1 8090)" yes
	serve plain "$PLAIN" -p 8080:80 -- tcp/80
	is "a container of plain runc is not touched" "$(from_ext tcp $HOST4 8080)" yes
	gone g2 plain
	is "nothing is left" "$(guard)" ""
}

addresses() {
	rules '"addresses": ["127.0.0.1", "'$HOST4'"]'
	serve g1 ocigate -p 8080:80 -- tcp/80
	is "an allowed address: from outside" "$(from_ext tcp $HOST4 8080)" yes
	is "... another of the host's" "$(from_ext tcp $OTHER4 8080)" no
	is "... IPv6" "$(from_ext tcp $HOST6 8080)" no
	is "... the container by a route" "$(from_ext tcp "$(addr g1)" 80)" no
	is "... from the host" "$(from_host tcp 127.0.0.1 8080) $(from_host tcp $HOST4 8080)" "yes yes"
	gone g1
	serve g1 ocigate -p $HOST4:8080:80 -p $OTHER4:8081:80 -- tcp/80
	is "published on it: from outside" "$(from_ext tcp $HOST4 8080)" yes
	is "published on another" "$(from_ext tcp $OTHER4 8081)" no
	is "... from the host" "$(from_host tcp $OTHER4 8081)" yes
	gone g1
}

networks() {
	local_only
	D network create n1 >/dev/null
	D network create n2 >/dev/null
	serve g1 ocigate --network n1 -p 8080:80 -- tcp/80
	is "a network of the user's: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp "$(addr g1)" 80)" "no no"
	is "... from another network's container" "$(from_container tcp $HOST4 8080)" no
	is "... from the host" "$(from_host tcp 127.0.0.1 8080) $(from_host tcp $HOST4 8080)" "yes yes"
	D network connect n2 g1
	is "connected later: from outside, by a route" "$(from_ext tcp "$(addr_on g1 n2)" 80)" no
	is "... from outside" "$(from_ext tcp $HOST4 8080)" no
	is "... from the host" "$(from_host tcp "$(addr_on g1 n2)" 80)" yes
	D run -d --name n2b --network n2 --runtime "$PLAIN" srv:1 listen tcp/1 >/dev/null
	is "... from a neighbour there" "$(nsenter -t "$(d_pid n2b)" -n -- "$REACH" tcp "$(addr_on g1 n2)" 80)" yes
	gone g1 n2b
	D network rm n1 n2 >/dev/null
}

# ---- gaps -------------------------------------------------------------------------

gaps() {
	local_only
	serve g1 ocigate -p 8080:80 -- tcp/80
	nft delete table inet ocigate
	is "somebody flushes the tables: the host's port is still closed inside, but for the proxy" \
		"$(from_ext tcp $HOST6 8080)" yes
	has "... ports list says so" "$("$CTL" ports list)" 'MISSING +any tcp \. 8080'
	check "... ports sync puts it back" "$CTL" ports sync
	is "... from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp $HOST6 8080)" "no no"
	hasnt "... no gap" "$("$CTL" ports list)" MISSING
	nft add table inet mine
	D rm -f g1 >/dev/null
	has "tables of others stay" "$(nft list tables)" 'inet mine'
	nft delete table inet mine
}

# A container that nobody deletes, and a helper that dies.
crashes() {
	local_only
	serve g1 ocigate -p 8080:80 -- tcp/80
	rm -f "$T"/run/*.json # as a crash of the host leaves it: no record, a book
	check "ports sync without a record" "$CTL" ports sync
	is "... takes out what was left" "$(guard)$(find "$T/run" -name '*.ports')" ""
	gone g1
	mv /usr/libexec/ocigate/ocigate-ports /usr/libexec/ocigate/away
	capture D run -d --name g1 --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	isnt "no helper: no container" "$rc" 0
	has "... and the user is told" "$err" 'ocigate: published ports cannot be guarded'
	is "... nothing listens" "$(from_host tcp 127.0.0.1 8080)" no
	gone g1
	printf '#!/bin/sh\nkill -9 $$\n' >/usr/libexec/ocigate/ocigate-ports
	chmod 755 /usr/libexec/ocigate/ocigate-ports
	capture D run -d --name g1 --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	isnt "the helper is killed: no container" "$rc" 0
	gone g1
	mv /usr/libexec/ocigate/away /usr/libexec/ocigate/ocigate-ports
}

refused() {
	rules '"addresses": ["127.0.0.1"]'
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "reject", "addresses": ["127.0.0.1"] } } }'
	capture D run --rm --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	has "reject names the port and what to write" "$err" 'port 80/tcp is published on all addresses: write -p 127\.0\.0\.1:8080:80'
	policy '{ "version": 1, "extends": "baseline", "mode": "explain", "rules": { "ports": { "action": "rewrite", "addresses": ["127.0.0.1"] } } }'
	capture D run --rm --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	has "explain: a finding on the port" "$err" 'port 80/tcp is published on all addresses'
}

# ---- what the guard cannot do -------------------------------------------------

# Nothing need be published there: the network's name is a user's, and tells nothing.
by_kind_unpublished() {
	serve plain "$PLAIN" --network other -- tcp/80
	is "plain runc, $1, nothing published: it runs" "$(D inspect -f '{{.State.Running}}' plain)" true
	gone plain
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "drivers": ["macvlan", "ipvlan"] } } }'
	capture D run -d --name g1 --network other --runtime ocigate srv:1 listen tcp/80
	isnt "$1, nothing published: refused" "$rc" 0
	has "... the user is told" "$err" "rejected: network-host: the network .*other.* is of the driver .*$1"
	gone g1
	D create --name g1 --runtime ocigate srv:1 listen tcp/80 >/dev/null
	D network connect other g1
	capture D start g1
	has "... also connected between create and start" "$err" "rejected: network-host: the network .*other.* is of the driver .*$1"
	gone g1
	# by the kinds of its interfaces, once there are any
	chmod 666 "$DATABASE"
	capture D run -d --name g1 --network other --runtime ocigate srv:1 listen tcp/80
	has "... also where the daemon's database is not to be believed" "$err" "network-host: the container.s interface eth0 is a[n]? $1"
	gone g1
	local_only
	capture D run -d --name g1 --network other --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	has "... and with a port" "$err" "is a[n]? $1, whose traffic goes past the host"
	gone g1
	chmod 644 "$DATABASE"
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "drivers": ["macvlan", "ipvlan"] } } }'
	D network create named >/dev/null
	capture D run --rm --network named --runtime ocigate srv:1 true
	is "a bridge of a user's: runs" "$rc$err" 0
	D network rm named >/dev/null
	is "... and nothing is guarded" "$(guard)" ""
	local_only
}

# by_kind macvlan|ipvlan: frames go past the host's filter.
by_kind() {
	local_only
	if ! ip link add probe link vhost type "$1" 2>/dev/null; then
		not_here "$1" "ip link add type $1"
		return
	fi
	ip link del probe
	D network create -d "$1" -o parent=vhost --subnet 10.98.0.0/24 other >/dev/null
	capture D run -d --name g1 --network other --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	isnt "$1: refused" "$rc" 0
	has "... the user is told" "$err" "ports: on the network .*other.*, which is .*$1"
	gone g1
	by_kind_unpublished "$1"
	is "... and nothing is left" "$(guard)" ""
	serve g1 ocigate -p 8080:80 -- tcp/80
	check "$1: connected later, which nothing of ours sees" D network connect other g1
	check_fails "... the next sync says so" "$CTL" ports sync
	has "... and ports list" "$("$CTL" ports list)" "OPEN +the container.s interface eth1 is a[n]? $1"
	has "... and status" "$("$CTL" status)" 'hole: guard-passed'
	is "... on its bridge it stays closed" "$(from_ext tcp $HOST4 8080)" no
	check "... disconnected" D network disconnect other g1
	check "... sync has nothing to say" "$CTL" ports sync
	hasnt "... nor has ports list" "$("$CTL" ports list)" 'OPEN|MISSING'
	gone g1
	D network rm other >/dev/null
}

# A bridge of the host's own, for its virtual machines or because its network is on it: who
# is behind an interface in it is the container's neighbour, and the guard lets those pass.
by_bridge() {
	local_only
	if ! { ip link add lan type bridge && ip tuntap add dev tap9 mode tap; }; then
		not_here "tap interfaces" "ip tuntap add mode tap"
		return
	fi
	ip address add 10.97.0.1/24 dev lan
	ip link set lan up
	ip link set tap9 master lan
	D network create -o com.docker.network.bridge.name=lan --subnet 10.97.0.0/24 --gateway 10.97.0.1 other >/dev/null
	serve plain "$PLAIN" --network other -- tcp/80
	is "plain runc, a bridge of the host's: it runs" "$(D inspect -f '{{.State.Running}}' plain)" true
	gone plain
	capture D run -d --name g1 --network other --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	isnt "a bridge of the host's, with a port: refused" "$rc" 0
	has "... the user is told" "$err" 'is on the bridge lan, and so is the host.s interface tap9'
	gone g1
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "drivers": ["macvlan"] } } }'
	capture D run --rm --network other --runtime ocigate srv:1 true
	has "... nothing published" "$err" 'is on the bridge lan, and so is the host.s interface tap9'
	# the user says which address the bridge has: none, and it is found all the same
	D network rm other >/dev/null
	ip address flush dev lan
	D network create -o com.docker.network.bridge.name=lan -o com.docker.network.bridge.inhibit_ipv4=true --subnet 10.97.0.0/24 other >/dev/null
	capture D run --rm --network other --runtime ocigate srv:1 true
	has "... without an address on the bridge" "$err" 'is on the bridge lan, and so is the host.s interface tap9'
	ip link set tap9 nomaster
	capture D run --rm --network other --runtime ocigate srv:1 true
	is "... without the interface in it: runs" "$rc$err" 0
	D network rm other >/dev/null
	ip link delete tap9
	ip link delete lan
	is "... and nothing is left" "$(guard)" ""
}

# The host's network has no ports of the container's to keep.
by_host() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "action": "off" },
		"ports": { "action": "rewrite", "addresses": ["127.0.0.1"] } } }'
	capture D run -d --name g1 --network host --runtime ocigate -p 8080:80 srv:1 listen tcp/80
	isnt "the host's network, with a port: refused" "$rc" 0
	has "... the user is told" "$err" "the container is in the host's network namespace"
	gone g1
}

# Without the userland proxy, and across a restart of the daemon that containers survive.
without_proxy() {
	local_only
	serve plain "$PLAIN" -p 8080:80 -- tcp/80
	is "no proxy, plain runc: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp "$(addr plain)" 80)" "yes $([ "$E2E_DOCKER_MAJOR" -ge 28 ] && echo no || echo yes)"
	gone plain
	serve g1 ocigate -p 8080:80 -p 8081:80/udp -p 81 -- tcp/80 udp/80 tcp/81
	is "no proxy: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext udp $HOST4 8081) $(from_ext tcp "$(addr g1)" 80)" "no no no"
	is "no proxy: a port that the engine chose" "$(from_ext tcp $HOST4 "$(port_of g1 81)") $(from_ext tcp "$(addr g1)" 81)" "no no"
	is "no proxy: from a container" "$(from_container tcp $HOST4 8080)" no
	is "no proxy: from the host" "$(from_host tcp 127.0.0.1 8080) $(from_host tcp $HOST4 8080)" "yes yes"
	kill -9 "$DOCKERD"
	wait "$DOCKERD" 2>/dev/null
	is "dockerd is killed: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp "$(addr_of_guard)" 80)" "no no"
	dockerd_start ocigate
	is "dockerd is back, the container ran on: from outside" "$(from_ext tcp $HOST4 8080)" no
	is "... from the host" "$(from_host tcp 127.0.0.1 8080)" yes
	NEIGHBOUR=$(d_pid neighbour)
	D restart -t 0 g1 >/dev/null
	wait_for 5 sh -c "[ \"\$($REACH tcp 127.0.0.1 8080)\" = yes ]"
	is "... and after docker restart" "$(from_ext tcp $HOST4 8080) $(from_host tcp 127.0.0.1 8080)" "no yes"
	gone g1
}

# The address of the one container that is guarded.
addr_of_guard() {
	guard | grep -o '172\.17\.[0-9.]*' | head -n 1
}

# A restart policy is a launch like any other.
restarts() {
	local_only
	capture D run -d --name g1 --restart always --runtime ocigate -p 8080:80 srv:1 sh -c 'listen tcp/80 & sleep 1; kill $!; exit 1'
	sleep 2.5
	isnt "a restart policy: it was launched again" "$(D inspect -f '{{.RestartCount}}' g1)" 0
	wait_for 5 sh -c "[ \"\$($REACH tcp 127.0.0.1 8080)\" = yes ]"
	is "... from outside" "$(from_ext tcp $HOST4 8080)" no
	gone g1
}

# Many containers: what a launch costs does not grow with them.
many() {
	local i n=${OG_LONG:+200} first last
	n=${n:-12}
	local_only
	for ((i = 1; i <= n; i++)); do
		[ $i -ne 1 ] || first=$(date +%s%N)
		D run -d --name "m$i" --runtime ocigate -p $((20000 + i)):80 -p $((30000 + i)):81 srv:1 listen tcp/80 >/dev/null
		[ $i -ne 5 ] || first=$((($(date +%s%N) - first) / 5000000))
		[ $i -ne $((n - 5)) ] || last=$(date +%s%N)
	done
	last=$((($(date +%s%N) - last) / 5000000))
	note "$n guarded containers: the first five launches took $first ms each, the last five $last ms each"
	is "$n containers: from outside" "$(from_ext tcp $HOST4 20001) $(from_ext tcp $HOST4 $((20000 + n)))" "no no"
	is "$n containers: from the host" "$(from_host tcp 127.0.0.1 20001) $(from_host tcp 127.0.0.1 $((20000 + n)))" "yes yes"
	check "the last launches take no longer than three of the first" [ "$last" -lt $((first * 3)) ]
	for ((i = 1; i <= n; i++)); do
		echo "m$i"
	done | xargs -n 20 env D_TIMEOUT=600 "$E2E_DOCKER" -H "unix://$T/docker/sock" rm -f >/dev/null 2>&1
	is "... and nothing is left" "$(guard)$(find "$T/run" -name '*.ports')" ""
}

# The daemon's "ip", and a network's own: a port without an address complies.
by_daemon_ip() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "reject", "addresses": ["127.0.0.1"] } } }'
	serve g1 ocigate -p 8080:80 -p 81 -- tcp/80 tcp/81
	is "the daemon's ip: a port without an address is let through" "$rc" 0
	is "... from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp $HOST6 8080) $(from_ext tcp $HOST4 "$(port_of g1 81)")" "no no no"
	is "... from the host" "$(from_host tcp 127.0.0.1 8080)" yes
	D network create another >/dev/null # by its name the first of the two
	D network connect another g1
	has "... on another network later: published anew" "$(D port g1 80)" '0.0.0.0:8080'
	is "... from outside" "$(from_ext tcp $HOST4 8080) $(from_ext tcp $HOST6 8080)" "no no"
	gone g1
	D network rm another >/dev/null
	capture D run --rm --runtime ocigate -p 0.0.0.0:8080:80 srv:1 true
	has "... with one that is all of them it is not" "$err" 'port 80/tcp is published on all addresses'
	D network create own -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 >/dev/null
	D network create plain >/dev/null
	capture D run --rm --runtime ocigate --network own -p 8080:80 srv:1 true
	is "a network's own address for ports: let through" "$rc" 0
	capture D run --rm --runtime ocigate --network plain -p 8080:80 srv:1 true
	has "... another network has none" "$err" 'port 80/tcp is published on all addresses'
	D network rm own plain >/dev/null
}

# A network that lies within the one of the host's link.
overlapping() {
	local_only
	D network create --subnet 10.99.0.128/25 within >/dev/null
	serve g1 ocigate --network within -p 8080:80 -- tcp/80
	D network connect within neighbour
	is "a network within a link's: from outside" "$(from_ext tcp $HOST4 8080)" no
	is "... from the container's own network, and the host" "$(from_container tcp "$(addr g1)" 80) $(from_host tcp 127.0.0.1 8080)" "yes yes"
	has "... its bridge is not the link" "$(guard | tr -d '\n\t')" "set bridge4 [{][^}]*elements = [{] \"br-[0-9a-f]+\" . $(addr g1)"
	D network disconnect within neighbour
	gone g1
	D network rm within >/dev/null
}

# A daemon that makes no rules: what it publishes, its proxy does.
without_iptables() {
	local_only
	serve plain "$PLAIN" -p 8080:80 -- tcp/80
	is "no iptables, plain runc: from outside" "$(from_ext tcp $HOST4 8080)" yes
	gone plain
	serve g1 ocigate -p 8080:80 -p 8081:81/udp -- tcp/80 udp/81
	is "no iptables: from outside, the host and the container" "$(from_ext tcp $HOST4 8080 udp $HOST4 8081 tcp "$(addr g1)" 80)" "no no no"
	is "... from a container" "$(from_container tcp $HOST4 8080)" no
	is "... from the host" "$(from_host tcp 127.0.0.1 8080 tcp "$(addr g1)" 80)" "yes yes"
	gone g1
	is "... and nothing is left" "$(guard)" ""
}

# again MEMBERS: the daemon with others of daemon.json, and its neighbour.
again() {
	dockerd_stop
	E2E_DAEMON=$1
	dockerd_start ocigate
	D run -d --name neighbour --runtime "$PLAIN" srv:1 listen tcp/80 >/dev/null
	NEIGHBOUR=$(d_pid neighbour)
}

PLAIN=runc
E2E_RUNTIMES='"exchange": { "path": "'$T/bin/exchange'" }, "early": { "path": "'$T/bin/early'" },'
outside_make
early_runtime
ext python3 -c '
import socket
s = socket.create_server(("", 7777))
while True:
    c, _ = s.accept()
    c.sendall(b"hi")
    c.close()' &
WORLD=$!
dockerd_start ocigate
DATABASE=$T/docker/data/network/files/local-kv.db # where the daemon keeps the kinds of networks
service_image
D run -d --name neighbour --runtime "$PLAIN" srv:1 listen tcp/80 >/dev/null
NEIGHBOUR=$(d_pid neighbour)
if need_ocigate "the port guard"; then
	plain_open
	tcp_udp
	complying
	chosen
	spellings
	several
	addresses
	networks
	gaps
	crashes
	refused
	by_kind macvlan
	by_kind ipvlan
	by_bridge
	by_host
	by_modes
	asked_by_all
	untracked
	asked_early ""
	asked_meanwhile
	own_connections
	overlapping
	restarts
	many
	gone neighbour
	again ' "userland-proxy": false, "live-restore": true,'
	without_proxy
	gone neighbour
	again ' "ip": "127.0.0.1",'
	by_daemon_ip
	gone neighbour
	again ' "iptables": false, "ip6tables": false,'
	without_iptables
	untracked_inside
	asked_early "no iptables, "
fi
gone neighbour
dockerd_stop
kill $EXT $WORLD 2>/dev/null
wait $EXT $WORLD 2>/dev/null
is "no record is left of containers that are gone" "$(find "$T/run" -mindepth 1 ! -type d)" ""
e2e_end
