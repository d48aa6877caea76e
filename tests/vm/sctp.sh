# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2153,SC2154
#
# In the virtual machine: published ports of SCTP, as tests/e2e/ports.sh has them for
# TCP and UDP. plain is a container of plain runc, g1 one that only the host reaches, g2
# one that one more of the host's addresses leaves open.

# ask FROM ADDRESS:PORT...: yes or no for each, all at once, and in no hurry.
ask() {
	local from=$1 to words=()
	shift
	for to; do
		words+=(sctp "${to%:*}" "${to##*:}")
	done
	"$from" "${words[@]}" "$ASK_SECONDS"
}

from_g1() {
	nsenter -t "$(cat "$T/g1.pid")" -n -- "$REACH" "$@"
}

from_plain() {
	nsenter -t "$(cat "$T/plain.pid")" -n -- "$REACH" "$@"
}

# Everybody asks everything at the same time: most of it is to wait for no answer.
# Docker has the checksum of what comes from such a port "filled" as if it were TCP's, which
# breaks all that no NAT mends again: the ways straight to a container. A site that has
# taken that out, or a later Docker, has them open, so here they are.
sctp_asked() {
	local plain g1 g2 job jobs=()
	iptables -t mangle -F POSTROUTING
	plain=$(cat "$T/plain.ip") g1=$(cat "$T/g1.ip") g2=$(cat "$T/g2.ip")
	ask from_ext "$HOST4:8090" "$HOST6:8090" "$plain:80" \
		"$HOST4:8080" "$OTHER4:8080" "$HOST6:8080" 172.17.0.1:8080 "$g1:80" \
		"$HOST4:8081" "$OTHER4:8081" "$HOST6:8081" "$g2:80" >"$T/by.ext" &
	jobs+=($!)
	ask from_g1 "$HOST4:8090" 172.17.0.1:8090 "$plain:80" >"$T/by.g1" &
	jobs+=($!)
	ask from_plain "$HOST4:8080" 172.17.0.1:8080 "$g1:80" >"$T/by.plain" &
	jobs+=($!)
	ask from_host 127.0.0.1:8080 "$HOST4:8080" "$g1:80" 127.0.0.1:8081 "$HOST4:8081" "$g2:80" >"$T/by.host" &
	jobs+=($!)
	for job in "${jobs[@]}"; do
		wait "$job"
	done
}

# answers WHO FROM TO: of those that sctp_asked wrote down.
answers() {
	cut -d ' ' -f "$2-$3" "$T/by.$1"
}

sctp_plain() {
	is "plain runc: SCTP from outside, IPv4, IPv6, the container by a route" "$(answers ext 1 3)" "yes yes yes"
	is "plain runc: SCTP from a second container" "$(answers g1 1 3)" "yes yes yes"
}

sctp_guarded() {
	is "SCTP from outside: IPv4, another address, IPv6, the bridge's, the container by a route" \
		"$(answers ext 4 8)" "no no no no no"
	is "SCTP from a container: the host's address, the bridge's, its neighbour" "$(answers plain 1 3)" "no no yes"
	is "SCTP from the host: loopback, its own address, the container" "$(answers host 1 3)" "yes yes yes"
	has "ports list: closed" "$("$CTL" ports list)" 'closed +any sctp \. 8080'
}

sctp_allowed() {
	is "SCTP, an allowed address: from outside there, another, IPv6, the container by a route" \
		"$(answers ext 9 12)" "yes no no no"
	is "... from the host: loopback, its own address, the container" "$(answers host 4 6)" "yes yes yes"
}

sctp_gone() {
	gone g1 g2
	is "SCTP: nothing is left when the containers are gone" "$(guard)$(find "$T/run" -name '*.ports')" ""
}

# ---- without the userland proxy ---------------------------------------------------

# Until Docker 28 the proxy is what IPv6 from outside comes through, which was asked above.
# Without it all is NAT's, loopback too. The containerd that this dockerd did not start stays.
sctp_no_proxy() {
	gone plain
	kill "$DOCKERD"
	wait_for 60 dockerd_gone
	wait "$DOCKERD" 2>/dev/null
	E2E_DAEMON="$E2E_DAEMON \"userland-proxy\": false,"
	dockerd_start ocigate
	launch plain "$PLAIN" -p 8090:80/sctp
	site '"127.0.0.1", "::1"'
	launch g1 ocigate -p 8080:80/sctp
	hasnt "no proxy" "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n')" 'docker-proxy'
	sctp_no_proxy_asked
	is "no proxy, plain runc: SCTP from outside, IPv4, IPv6, the container by a route" "$(answers ext 1 3)" "yes no yes"
	is "no proxy, plain runc: SCTP from a second container" "$(answers g1 1 3)" "yes yes yes"
	is "no proxy: SCTP from outside: IPv4, another address, IPv6, the bridge's, the container by a route" \
		"$(answers ext 4 8)" "no no no no no"
	is "no proxy: SCTP from a container: the host's address, the bridge's, its neighbour" "$(answers plain 1 3)" "no no yes"
	is "no proxy: SCTP from the host: loopback, its own address, the container" "$(answers host 1 3)" "yes yes yes"
	gone g1
	is "no proxy: SCTP: nothing is left" "$(guard)$(find "$T/run" -name '*.ports')" ""
}

sctp_no_proxy_asked() {
	local plain g1 job jobs=()
	iptables -t mangle -F POSTROUTING
	plain=$(cat "$T/plain.ip") g1=$(cat "$T/g1.ip")
	ask from_ext "$HOST4:8090" "$HOST6:8090" "$plain:80" \
		"$HOST4:8080" "$OTHER4:8080" "$HOST6:8080" 172.17.0.1:8080 "$g1:80" >"$T/by.ext" &
	jobs+=($!)
	ask from_g1 "$HOST4:8090" 172.17.0.1:8090 "$plain:80" >"$T/by.g1" &
	jobs+=($!)
	ask from_plain "$HOST4:8080" 172.17.0.1:8080 "$g1:80" >"$T/by.plain" &
	jobs+=($!)
	ask from_host 127.0.0.1:8080 "$HOST4:8080" "$g1:80" >"$T/by.host" &
	jobs+=($!)
	for job in "${jobs[@]}"; do
		wait "$job"
	done
}
