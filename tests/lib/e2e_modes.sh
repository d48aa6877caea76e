# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2086,SC2154
#
# Networks of Docker 28 in the gateway modes by which others reach a container's own address,
# for tests/e2e/ports.sh: under other names, in each mode, and exchanged meanwhile.

# by_other_names MODE: the daemon takes a network's id, and its beginning, for its name, and
# for the second one keeps what was given; and JSON does not write every name as it is.
by_other_names() {
	local id
	id=$(D network inspect -f '{{.Id}}' mode)
	D network create named >/dev/null
	D network create -o com.docker.network.bridge.gateway_mode_ipv4="$1" 'm"<&' >/dev/null
	capture D run --rm --runtime ocigate --network 'm"<&' srv:1 true
	has "... a name that JSON escapes" "$err" "rejected: network-host: the network .* has the gateway mode .*$1"
	capture D run --rm --runtime ocigate --network named --network "$id" srv:1 true
	has "... the second of two, by its id" "$err" "rejected: network-host: the network .*$id.* has the gateway mode .*$1"
	capture D run --rm --runtime ocigate --network named --network "${id:0:12}" srv:1 true
	has "... and by the beginning of it" "$err" "rejected: network-host: of what kind the network .*${id:0:12}.* is cannot be read"
	python3 - "$T/docker/sock" "$id" <<-'PY'
		import http.client, json, socket, sys
		docker = http.client.HTTPConnection("docker")
		docker.sock = socket.socket(socket.AF_UNIX)
		docker.sock.connect(sys.argv[1])
		docker.request("POST", "/containers/create?name=g1", json.dumps({"Image": "srv:1", "Cmd": ["true"],
		    "HostConfig": {"Runtime": "ocigate", "NetworkMode": "named"},
		    "NetworkingConfig": {"EndpointsConfig": {"named": {"NetworkID": sys.argv[2]}}}}),
		    {"Content-Type": "application/json"})
		docker.getresponse()
	PY
	capture D start g1
	has "... under the name of another" "$err" "rejected: network-host: the network .*named.* has the gateway mode .*$1"
	gone g1
	D network rm named 'm"<&' >/dev/null
}

# by_mode MODE WHAT-PLAIN-SHOWS UNPUBLISHED: Docker 28, a bridge whose containers are reached by their own addresses,
# of either family: from outside, from a container of Docker's own bridge, from one of another bridge of the kind.
# Refused; and where the daemon's database is not to be believed, closed.
by_mode() {
	local mode=$1 want=$2 unpublished=$3 a six
	D network create --ipv6 --subnet 10.61.0.0/24 --subnet fd61::/64 -o com.docker.network.bridge.gateway_mode_ipv4="$mode" \
		-o com.docker.network.bridge.gateway_mode_ipv6="$mode" mode >/dev/null
	serve plain "$PLAIN" --network mode -p 8080:80 -- tcp/80
	a=$(addr plain) six=$(addr6 plain)
	wait_for 5 sh -c "[ \"\$($REACH tcp $six 80)\" = yes ]" # an address of IPv6 is no good at once
	is "plain runc, a $mode bridge: from outside, from a container, from another such bridge" \
		"$(ways from_ext "$a" "$six")|$(ways from_container "$a" "$six")|$(ways from_peer "$a" "$six")" "$want"
	gone plain
	serve plain "$PLAIN" --network mode -- tcp/80
	is "... nothing published, from outside" "$(from_ext tcp "$(addr plain)" 80)" "$unpublished"
	gone plain
	capture D run --rm --runtime ocigate --network mode -p 8080:80 srv:1 true
	isnt "a $mode bridge, with a port: refused" "$rc" 0
	has "... the user is told" "$err" "rejected: ports: on the network .*mode.*, which is .*$mode"
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "drivers": ["routed"] } } }'
	capture D run --rm --runtime ocigate --network mode srv:1 true
	has "... and without one, where the policy says so" "$err" "rejected: network-host: the network .*mode.* has the gateway mode .*$mode"
	D create --name g1 --runtime ocigate srv:1 listen tcp/80 >/dev/null
	D network connect mode g1
	capture D start g1
	has "... also connected before the start" "$err" "rejected: network-host: the network .*mode.* has the gateway mode .*$mode"
	gone g1
	by_other_names "$mode"
	capture D run --rm --runtime ocigate srv:1 true
	is "... the default bridge is not" "$rc" 0
	chmod 666 "$DATABASE"
	capture D run --rm --runtime ocigate --network mode srv:1 true
	has "... the database is not to be believed: refused" "$err" "network-host: of what kind the network .*mode.* is cannot be read"
	local_only
	serve g1 ocigate --network mode -p 8080:80 -- tcp/80
	a=$(addr g1) six=$(addr6 g1)
	wait_for 5 sh -c "[ \"\$($REACH tcp $six 80)\" = yes ]"
	is "a $mode bridge: from outside, from a container, from another such bridge" \
		"$(ways from_ext "$a" "$six")|$(ways from_container "$a" "$six")|$(ways from_peer "$a" "$six")" "no no no no no|no no no no no|no no no no no"
	is "... from the host" "$(from_host tcp "$a" 80 tcp "$six" 80)" "yes yes"
	D run -d --name beside --network mode --runtime "$PLAIN" srv:1 listen tcp/1 >/dev/null
	is "... from its neighbour" "$(nsenter -t "$(d_pid beside)" -n -- "$REACH" tcp "$a" 80 tcp "$six" 80)" "yes yes"
	D restart -t 0 g1 >/dev/null
	a=$(addr g1) six=$(addr6 g1)
	wait_for 5 sh -c "[ \"\$($REACH tcp $six 80)\" = yes ]"
	is "... restarted" "$(ways from_ext "$a" "$six")" "no no no no no"
	chmod 644 "$DATABASE"
	gone g1 beside
	D network rm mode >/dev/null
}

# ways FROM ADDRESS ADDRESS6: the host's addresses of both families, a bridge's, and the container's.
ways() {
	"$1" tcp $HOST4 8080 tcp $HOST6 8080 tcp 172.17.0.1 8080 tcp "$2" 80 tcp "$3" 80
}

from_peer() {
	nsenter -t "$PEER" -n -- "$REACH" "$@"
}

addr6() {
	D inspect -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}} {{end}}' "$1" | awk '{print $1}'
}

# Docker 28 looks a network up by its name after "create" has returned: by then it is another.
by_exchange() {
	local create='D network create web'
	cat >"$T/bin/exchange" <<-SH
		#!/bin/sh
		case " \$* " in *" create "*) ;; *) exec $RT "\$@" ;; esac
		$RT "\$@" || exit
		D="env DOCKER_CONFIG=$T/cli $E2E_DOCKER -H unix://$T/docker/sock"
		\$D network rm web && \$D network create web -o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected
		exit 0
	SH
	chmod 755 "$T/bin/exchange"
	policy '{ "version": 1, "extends": "baseline", "rules": { "network-host": { "drivers": ["routed"] } } }'
	$create >/dev/null
	capture D run --rm --runtime exchange --network web srv:1 echo it ran
	has "a network that is exchanged after create: refused" "$rc $err" '^[^0].*rejected: network-host: the network .*web.* is no longer the one that was judged'
	hasnt "... and nothing ran" "$out" 'it ran'
	D network rm web >/dev/null
	$create >/dev/null
	capture D run --rm --runtime ocigate --network web srv:1 echo it ran
	is "... one that stays is not" "$rc $out" "0 it ran"
	D network rm web >/dev/null
	local_only
}

by_modes() {
	[ "$E2E_DOCKER_MAJOR" -ge 28 ] || return 0
	local_only
	sysctl -qw net.ipv6.conf.all.forwarding=1
	ext ip -6 route add default via $HOST6
	D network create --ipv6 --subnet 10.62.0.0/24 --subnet fd62::/64 -o com.docker.network.bridge.gateway_mode_ipv4=routed \
		-o com.docker.network.bridge.gateway_mode_ipv6=routed peers >/dev/null
	D run -d --name peer --network peers --runtime "$PLAIN" srv:1 listen tcp/1 >/dev/null
	PEER=$(d_pid peer)
	by_exchange
	by_mode routed "no no no yes yes|no no no yes no|no no no yes yes" no
	by_mode nat-unprotected "yes yes yes yes yes|yes no yes no no|yes yes yes no no" yes
	gone peer
	D network rm peers >/dev/null
	ext ip -6 route del default
}
