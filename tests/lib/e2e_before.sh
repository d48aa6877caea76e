# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2086,SC2154
#
# For tests/e2e/ports.sh: who comes to a guarded port otherwise than by a new connection to
# an address of the host's: to one of many, past connection tracking, before the guard was
# there. And connections of the host's own, which a guard must not cut.

EARLY=$E2E_TREE/tests/e2e/early.py

# ticking PID: in its network namespace, a service on port 7778 that says something again and again.
ticking() {
	nsenter -t "$1" -n -- python3 -c '
import socket, threading, time
def tick(c):
    try:
        while True:
            c.sendall(b"tick")
            time.sleep(0.2)
    except OSError:
        pass
s = socket.create_server(("::", 7778), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    threading.Thread(target=tick, args=(s.accept()[0],), daemon=True).start()' &
	TICKING=$!
	wait_for 5 sh -c "[ \"\$(nsenter -t $1 -n -- $REACH tcp 127.0.0.1 7778)\" = yes ]"
}

# ---- addresses of many, and what is not tracked -----------------------------------

# Docker 28's proxy answers from the address that was asked, which none of these but the last can be.
asked_by_all() {
	local sent="udp 10.99.0.255 8081 udp 255.255.255.255%vext 8081 udp 224.0.0.1%vext 8081 udp ff02::1%vext 8081 udp fd99:: 8081"
	sysctl -qw net.ipv6.conf.all.forwarding=1 # a router answers by its subnet's address
	local_only
	serve plain "$PLAIN" -p 8081:80/udp -- udp/80
	is "plain runc: broadcast, multicast and anycast" "$(ext "$EARLY" 1 "$T/work/asked" $sent)" \
		"$([ "$E2E_DOCKER_MAJOR" -ge 28 ] && echo no no no no yes || echo yes yes yes yes yes)"
	gone plain
	serve g1 ocigate -p 8081:80/udp -- udp/80
	is "broadcast, multicast and anycast" "$(ext "$EARLY" 1 "$T/work/asked" $sent)" "no no no no no"
	gone g1
	sysctl -qw net.ipv6.conf.all.forwarding=0
}

untracked() {
	local whom="tcp $HOST4 8080 tcp $HOST6 8080 udp $HOST4 8081 udp $HOST6 8081"
	nft -f - <<-'NFT'
		table inet other {
			chain pre {
				type filter hook prerouting priority raw; policy accept;
				th dport { 8080, 8081, 80 } notrack
			}
			chain out {
				type filter hook output priority raw; policy accept;
				th sport { 8080, 8081, 80 } notrack
			}
		}
	NFT
	local_only
	serve plain "$PLAIN" -p 8080:80 -p 8081:80/udp -- tcp/80 udp/80
	is "plain runc, not tracked: from outside" "$(from_ext $whom)" "yes yes yes yes"
	gone plain
	serve g1 ocigate -p 8080:80 -p 8081:80/udp -- tcp/80 udp/80
	is "not tracked: from outside" "$(from_ext $whom)" "no no no no"
	is "... the container by a route" "$(from_ext tcp "$(addr g1)" 80 udp "$(addr g1)" 80)" "no no"
	is "... from a container" "$(from_container $whom)" "no no no no"
	is "... from the host" "$(from_host $whom)" "yes yes yes yes"
	gone g1
	nft delete table inet other
}

# In the container's own namespace, by a network of later, of which the host's table knows nothing.
untracked_inside() {
	serve g1 ocigate -p 8080:80 -- tcp/80
	D network create later >/dev/null
	D network connect later g1
	is "on a network of later: from outside" "$(from_ext tcp "$(addr_on g1 later)" 80)" no
	nsenter -t "$(d_pid g1)" -n -- nft -f - <<-'NFT'
		table inet other {
			chain pre {
				type filter hook prerouting priority raw; policy accept;
				tcp dport 80 notrack
			}
			chain out {
				type filter hook output priority raw; policy accept;
				tcp sport 80 notrack
			}
		}
	NFT
	is "... not tracked there" "$(from_ext tcp "$(addr_on g1 later)" 80)" no
	is "... from the host" "$(from_host tcp "$(addr_on g1 later)" 80)" yes
	gone g1
	D network rm later >/dev/null
}

# ---- before the guard ---------------------------------------------------------------

# The runtime "early": someone outside asks while "create" is still to come. Until Docker 28 the
# engine's proxy listens by then, and the container's link is not up: what is for it waits there.
# Docker 28 opens ports before "start", when whoever asks is refused at once.
early_runtime() {
	local when=create
	[ "$E2E_DOCKER_MAJOR" -lt 28 ] || when=start
	cat >"$T/bin/early" <<-SH
		#!/bin/sh
		case " \$* " in
		*" $when "*)
			ip neigh flush all # what is sent waits for the link, and is not lost
			nsenter -t $EXT -n -- $EARLY 5 $T/work/asked \$(cat $T/work/whom) >$T/work/answers 2>&1 &
			for i in 1 2 3 4 5 6 7 8 9 10; do [ -e $T/work/asked ] || sleep 0.1; done
			;;
		esac
		exec \$(cat $T/work/runtime) "\$@"
	SH
	chmod 755 "$T/bin/early"
}

# early RUNTIME TARGETS...: who is answered that asked too early.
early() {
	rm -f "$T/work/asked" "$T/work/answers"
	echo "$1" >"$T/work/runtime"
	shift
	echo "$*" >"$T/work/whom"
	D run -d --name g1 --runtime early -p 8080:80 -p 8081:80/udp srv:1 listen tcp/80 udp/80 >/dev/null
	wait_for 9 test -s "$T/work/answers"
	cat "$T/work/answers"
	gone g1
}

# asked_early PREFIX
asked_early() {
	local whom="tcp $HOST4 8080 tcp $OTHER4 8080 tcp $HOST6 8080 udp $HOST4 8081 udp $OTHER4 8081 udp $HOST6 8081"
	[ "$E2E_DOCKER_MAJOR" -ge 28 ] || is "$1plain runc: who asked before the start is answered" \
		"$(early "$REAL" $whom)" "yes yes yes yes yes yes"
	local_only
	is "$1who asked before the start is not" "$(early "$RT" $whom)" "no no no no no no"
	[ -z "$1" ] || return 0 # a proxy answers from what address it likes, also from the allowed one
	rules '"addresses": ["127.0.0.1", "'$HOST4'"]'
	is "... at one that is not allowed, where another address is" \
		"$(early "$RT" $whom | awk '{ print $2, $3, $5, $6 }')" "no no no no"
}

# while_away COMMAND...: whether a connection of while the guard was away lives on after the command.
# IPv6, which the proxy takes, and the kernel tracks only when there is a guard.
while_away() {
	local asking
	nft delete table inet ocigate
	rm -f "$T/work/asked"
	ext "$EARLY" --later 2 "$T/work/asked" tcp $HOST6 8080 >"$T/work/answers" &
	asking=$!
	wait_for 5 test -e "$T/work/asked"
	"$@" >/dev/null
	rm "$T/work/asked"
	wait $asking
	cat "$T/work/answers"
}

asked_meanwhile() {
	local_only
	serve g1 ocigate -p 8080:7778 -p 8081:80 -- tcp/80
	ticking "$(d_pid g1)"
	is "while the guard is away: from outside" "$(while_away true)" yes
	"$CTL" ports sync
	is "... no longer when it is back" "$(while_away "$CTL" ports sync)" no
	gone g1
}

# ---- the host's own -------------------------------------------------------------------

# With CNI nobody holds a published port, and the host's connections may have it for their own; the
# kernel's NAT gives it to a container's at any time.
own_connections() {
	local answers=$T/work/answers asking
	local_only
	serve g1 ocigate -p 8080:80 -- tcp/80
	ticking $EXT
	rm -f "$T/work/asked"
	"$EARLY" --from 45678 --later 2 "$T/work/asked" tcp 10.99.0.2 7778 >"$answers" &
	asking=$!
	wait_for 5 test -e "$T/work/asked"
	nft add element inet ocigate any '{ tcp . 45678, tcp . 45679, tcp . 45680 }'
	rm "$T/work/asked"
	wait $asking
	is "a connection of the host's from a port that is published later" "$(cat "$answers")" yes
	is "... a new one from a published port" "$("$EARLY" --from 45679 1 "$T/work/asked" tcp 10.99.0.2 7778)" yes
	is "... a container's that the NAT gives such a port" \
		"$(nsenter -t "$(d_pid g1)" -n -- "$EARLY" --from 45680 1 "$T/work/asked" tcp 10.99.0.2 7778)" yes
	gone g1
	kill $TICKING
	wait $TICKING 2>/dev/null
}
