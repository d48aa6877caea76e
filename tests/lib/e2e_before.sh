# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2086,SC2154
#
# For tests/e2e/ports.sh: who comes to a guarded port otherwise than by a new connection to
# an address of the host's: past connection tracking.

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
