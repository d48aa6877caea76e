#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What users write must not get into the guard's rules as they wrote it: addresses that
# the API takes and the command line does not, and processes that only look like the
# daemon's. With a real dockerd, and nft(8) run as root by the guard's helper.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_outside.sh"
e2e_begin "$@"
need_ocigate "the port guard" || e2e_end

# api METHOD PATH [JSON, or @FILE]: what the daemon answers, its status first
api() {
	/usr/bin/python3 - "$T/docker/sock" "$@" <<-'PY'
		import http.client, socket, sys

		class Daemon(http.client.HTTPConnection):
		    def connect(self):
		        self.sock = socket.socket(socket.AF_UNIX)
		        self.sock.connect(sys.argv[1])

		body = sys.argv[4] if len(sys.argv) > 4 else None
		if body and body[0] == "@":
		    body = open(body[1:], "rb").read()
		daemon = Daemon("localhost")
		daemon.request(sys.argv[2], sys.argv[3], body,
		               {"Content-Type": "application/json"})
		answer = daemon.getresponse()
		print(answer.status, answer.read().decode())
	PY
}

# started NAME RUNTIME HOSTIP: published there on port 8080
started() {
	is "$1, $2: the API takes the address \"${3//$'\n'/ }\"" "$(api POST "/containers/create?name=$1" "$(jq -nc --arg runtime "$2" --arg ip "$3" \
		'{Image: "srv:1", ExposedPorts: {"80/tcp": {}}, HostConfig: {Runtime: $runtime, PortBindings: {"80/tcp": [{HostIp: $ip, HostPort: "8080"}]}}}')" |
		cut -d' ' -f1)" 201
	check "... and it starts" D start "$1"
	wait_for 5 sh -c "[ \"\$($REACH tcp $(addr "$1") 80)\" = yes ]"
}

reached() {
	echo "$(from_ext tcp "$HOST4" 8080 tcp "$HOST6" 8080) from $1: $(from_host tcp 127.0.0.1 8080)"
}

# What Go's net.ParseIP does not take, the daemon takes for no address: all of them.
addresses() {
	local evil='192.0.2.1 . tcp . 1 }; delete table inet site; flush chain inet ocigate prerouting; #' address
	local_only
	nft add table inet site
	for address in "$evil" "192.0.2.1 . tcp . 1 }
delete table inet site
#" localhost 010.0.0.1 nowhere.example ' 127.0.0.1'; do
		started plain "$PLAIN" "$address"
		is "... plain runc: published on all addresses" "$(reached host)" "yes yes from host: yes"
		gone plain
		started g1 ocigate "$address"
		is "... with ocigate: from the host only" "$(reached host)" "no no from host: yes"
		is "... the guard holds the port of all addresses" "$(grep -h 8080 "$T"/run/*.ports)" "any tcp . 8080"
		check "... another's table is there" nft list table inet site
		check "... sync has nothing to say" "$CTL" ports sync
		gone g1
	done
	nft delete table inet site
	is "nothing is left" "$(guard)" ""
}

# like_proxy COMMAND...: with the words of a proxy of g1's port on the host's port 22, until it is killed
like_proxy() {
	"$@" -proto tcp -host-ip 0.0.0.0 -host-port 22 -container-ip "$(addr g1)" -container-port 80 0<>"$T/work/never" >/dev/null 2>&1 8>&- &
	LIKE=$!
	wait_for 5 sh -c "tr '\\0' ' ' </proc/$(last_of $LIKE)/cmdline | grep -q docker-proxy"
}

# The last process of a chain: nsenter --pid and timeout(1) have one child.
last_of() {
	local child
	child=$(pgrep -P "$1" | head -n 1)
	if [ -n "$child" ]; then last_of "$child"; else echo "$1"; fi
}

not_taken() {
	local pid
	pid=$(last_of "$LIKE")
	is "$1: its process is root's, by its effective id" "$(stat -c %u "/proc/$pid")" 0
	has "... and called so" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" 'docker-proxy .*-host-port 22 '
	check "... sync" "$CTL" ports sync
	hasnt "... the host's port is nothing to the guard" "$("$CTL" ports list)" ' 22$'
	has "... the daemon's own is" "$("$CTL" ports list)" "any tcp . $PORT\$"
	kill "$pid" "$LIKE" 2>/dev/null
	wait "$LIKE" 2>/dev/null
}

# Which port the daemon chose, only its proxy's command line tells.
proxies() {
	local pid
	local_only
	capture D run -d --name g1 --runtime ocigate -p 80 srv:1 listen tcp/80
	is "a port that the engine chooses" "$rc" 0
	PORT=$(D port g1 80/tcp | head -n 1 | sed 's/.*://')
	wait_for 5 sh -c "[ \"\$($REACH tcp 127.0.0.1 $PORT)\" = yes ]"
	is "... from outside, from the host" "$(from_ext tcp "$HOST4" "$PORT") $(from_host tcp 127.0.0.1 "$PORT")" "no yes"
	mkfifo -m 666 "$T/work/never"
	chmod 755 "$T" "$T/work"
	like_proxy setpriv --reuid 12345 --regid 12345 --clear-groups bash -c 'exec -a docker-proxy su -- root "$@"' su
	not_taken "a user of the host's, as su(1) that waits for a password"
	cp "$(readlink -f "$(command -v sh)")" "$T/work/docker-proxy"
	pid=$(d_pid g1)
	like_proxy nsenter -t "$pid" -n -p -- "$T/work/docker-proxy" -c 'read -r _; exit' sh
	not_taken "root in a container"
	like_proxy nsenter -t "$pid" -p -- "$T/work/docker-proxy" -c 'read -r _; exit' sh
	not_taken "... that has the host's network"
	like_proxy bash -c 'exec -a docker-proxy sh -c "read -r _; exit" sh "$@"' sh
	not_taken "another program of root's"
	gone g1
	is "nothing is left" "$(guard)" ""
}

# The record names ports also where the daemon publishes none.
of_others() {
	local service network
	local_only
	"$T/rootfs/bin/listen" tcp/2049 >/dev/null 2>&1 8>&- &
	service=$!
	wait_for 5 sh -c "[ \"\$($REACH tcp 127.0.0.1 2049)\" = yes ]"
	is "a service of the host's: from outside" "$(from_ext tcp "$HOST4" 2049)" yes
	D network create --internal inner >/dev/null
	for network in none inner; do
		capture D run --rm --network "$network" --runtime ocigate -p 2049:80 srv:1 true
		isnt "its port, of a container on the network $network: refused" "$rc" 0
		has "... the user is told" "$err" "the host's port 2049/tcp is another program's"
		is "... and the service is still reached" "$(from_ext tcp "$HOST4" 2049)" yes
		capture D run --rm --network "$network" --runtime ocigate -p 2050:80 srv:1 true
		is "... another port: runs" "$rc$err" 0
	done
	D network rm inner >/dev/null
	kill "$service"
	wait "$service" 2>/dev/null
	is "nothing is left" "$(guard)" ""
}

# bound N: a container with so many bindings, that the daemon does nothing about
bound() {
	jq -nc --argjson n "$1" '{Image: "srv:1", HostConfig: {Runtime: "ocigate", NetworkMode: "none",
		PortBindings: {"80/tcp": [range($n) | {HostIp: "127.0.0.1", HostPort: "\(10000 + . % 50000)"}]}}}' >"$T/work/bound"
	is "$1 bindings: the API takes them" "$(api POST "/containers/create?name=g1" "@$T/work/bound" | cut -d' ' -f1)" 201
}

# Ports by the ten thousand are one user's; the guard's lock, memory and /run are everybody's.
many() {
	local before during
	local_only
	bound 40000
	before=$(date +%s%N)
	check "... it starts" D start g1
	during=$(($(date +%s%N) - before))
	note "a container with 40,000 bindings starts in $((during / 1000000)) ms"
	is "... within 15 s" "$((during < 15000000000))" 1
	check "... sync has nothing to say" "$CTL" ports sync
	gone g1
	bound 300000
	capture D start g1
	has "... are refused: no record is written that cannot be read" "$err" 'the launch record would have [0-9]+ bytes'
	gone g1
	is "nothing is left" "$(guard)$(find "$T/run" -mindepth 1 ! -type d)" ""
}

PLAIN=runc
outside_make
dockerd_start ocigate
service_image
addresses
proxies
of_others
many
dockerd_stop
kill "$EXT" 2>/dev/null
wait "$EXT" 2>/dev/null
is "no record is left of containers that are gone" "$(find "$T/run" -mindepth 1 ! -type d)" ""
e2e_end
