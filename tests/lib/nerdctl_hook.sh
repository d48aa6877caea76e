#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What nerdctl 2.1.3 does as "nerdctl GLOBAL-FLAGS internal oci-hook EVENT", for
# tests/e2e/nerdctl.sh: the runtime calls it with the container's state on standard input,
# and it has CNI's plugins set the network up, or take it down. After
# pkg/ocihook/ocihook.go (Run, onCreateRuntime, onPostStop) and pkg/portutil/portutil.go
# (LoadPortMappings).

set -e
for word; do
	case $word in
	--cni-path=*) plugins=${word#*=} ;;
	--cni-netconfpath=*) networks=${word#*=} ;;
	esac
	event=$word
done
state=$(cat)
{
	read -r id
	read -r pid
	read -r dir
	read -r network
	read -r ports
} < <(jq -r '.annotations as $a | "\($a["nerdctl/namespace"])-\(.id)", .pid, $a["nerdctl/state-dir"],
	($a["nerdctl/networks"] | fromjson[0]), ($a["nerdctl/ports"] // "[]")' <<<"$state")
mkdir -p "$dir"
network=$networks/nerdctl-$network.conflist

# Its file first; without mappings there, what the annotation says.
if [ -e "$dir/network-config.json" ]; then
	list=$(jq -c '.portMappings // [] | select(. != [])' "$dir/network-config.json")
	ports=${list:-$ports}
fi

# plugin ADD|DEL INDEX TYPE
plugin() {
	jq -c --argjson i "$2" --argjson ports "$ports" --slurpfile before <(cat "$dir/result" 2>/dev/null) '
		{ name, cniVersion } + .plugins[$i] +
		if .plugins[$i].capabilities.portMappings then { runtimeConfig: { portMappings: $ports } } else { } end +
		if $before == [] then { } else { prevResult: $before[0] } end' "$network" |
		CNI_COMMAND=$1 CNI_CONTAINERID=$id CNI_IFNAME=eth0 CNI_PATH=$plugins CNI_NETNS=$netns "$plugins/$3"
}

mapfile -t types < <(jq -r '.plugins[].type' "$network")
case $event in
createRuntime)
	netns=/proc/$pid/ns/net
	rm -f "$dir/result"
	for ((i = 0; i < ${#types[@]}; i++)); do
		result=$(plugin ADD $i "${types[i]}")
		printf '%s\n' "$result" >"$dir/result"
	done
	;;
postStop)
	netns=
	for ((i = ${#types[@]} - 1; i >= 0; i--)); do
		plugin DEL $i "${types[i]}"
	done
	;;
*)
	echo "unexpected event \"$event\"" >&2
	exit 1
	;;
esac
