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
