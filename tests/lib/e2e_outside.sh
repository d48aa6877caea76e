# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For scripts about published ports: an outside world (a network namespace behind a
# veth), who reaches what from where, and the guard's policy. After e2e_docker.sh.

# shellcheck disable=SC2034,SC2154
REACH=$E2E_TREE/tests/e2e/reach.py
HOST4=10.99.0.1 HOST6=fd99::1 OTHER4=10.99.7.1

# ---- the outside world --------------------------------------------------------

outside_make() {
	unshare -n sleep 100000 &
	EXT=$!
	wait_for 5 sh -c "[ \$(readlink /proc/$EXT/ns/net) != $(readlink /proc/self/ns/net) ]"
	ip link add vhost type veth peer name vext netns $EXT
	ip addr add $HOST4/24 dev vhost
	ip addr add $OTHER4/32 dev vhost
	ip -6 addr add $HOST6/64 dev vhost nodad
	ip link set vhost up
	ext ip link set lo up
	ext ip addr add 10.99.0.2/24 dev vext
	ext ip -6 addr add fd99::2/64 dev vext nodad
	ext ip link set vext up
	ext ip route add default via $HOST4
	# 127.0.0.1 of somebody else, through the same link
	ext sysctl -qw net.ipv4.conf.all.route_localnet=1
	sysctl -qw net.ipv4.ip_forward=1
}

ext() {
	nsenter -t "$EXT" -n -- "$@"
}

# from_ext, from_host, from_container [PROTO] ADDRESS PORT: yes or no.
from_ext() {
	ext "$REACH" "$@"
}

from_host() {
	"$REACH" "$@"
}

# The address of a container on its first network.
addr() {
	D inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$1" | awk '{print $1}'
}

# ---- the guard ------------------------------------------------------------------

gone() {
	D rm -f "$@" >/dev/null 2>&1
}

guard() {
	nft list table inet ocigate 2>/dev/null
}

rules() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "rewrite", '"$1"' } } }'
}

local_only() {
	rules '"addresses": ["127.0.0.1", "::1"]'
}

# In the tree that images are made of: a program that listens on what it is told to.
service_program() {
	[ -d "$T/rootfs" ] || rootfs "$T/rootfs"
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -s -static -o "$T/rootfs/bin/listen" "$E2E_TREE/tests/e2e/listen.c" ||
		e2e_die "cannot compile listen.c"
}

service_image() {
	service_program
	image srv:1 'CMD ["listen", "tcp/80"]'
}
