# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A containerd of the script's own, configured in $T/ctr/config.toml with its socket at
# $T/ctr/sock. After e2e.sh.

# shellcheck disable=SC2034,SC2154
C() {
	timeout 60 ctr -a "$T/ctr/sock" "$@" 8>&- </dev/null
}

# containerd_config [LINE]: LINE stands above all tables; a script appends its own.
containerd_config() {
	mkdir -p "$T/ctr"
	cat >"$T/ctr/config.toml" <<-TOML
		version = 2
		root = "$T/ctr/root"
		state = "$T/ctr/state"
		${1:-}
		[grpc]
		  address = "$T/ctr/sock"
		[ttrpc]
		  address = "$T/ctr/sock.ttrpc"
	TOML
}

# For those that need no pods.
NO_CRI='disabled_plugins = ["io.containerd.grpc.v1.cri"]'

# containerd_run PATH
containerd_run() {
	env PATH="$1" containerd --config "$T/ctr/config.toml" >>"$T/ctr/log" 2>&1 </dev/null 8>&- &
	CONTAINERD=$!
	wait_for 20 C version || e2e_die "containerd does not start" "$(tail "$T/ctr/log")"
}

containerd_stop() {
	kill "$CONTAINERD" 2>/dev/null
	wait "$CONTAINERD" 2>/dev/null
}

# The archive of an image of $T/rootfs, made by hand: no other program here makes one.
# archive NAME [COMMAND-JSON]
archive() {
	local dir=$T/ctr/image digest
	mkdir -p "$dir"
	tar -C "$T/rootfs" -c . >"$dir/layer.tar"
	digest=sha256:$(sha256sum <"$dir/layer.tar" | cut -d ' ' -f 1)
	jq -n --arg d "$digest" --argjson c "${2:-[\"/bin/sh\"]}" '{ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [$d] },
		config: { Cmd: $c, Env: ["PATH=/bin:/sbin"] } }' >"$dir/config.json"
	jq -n --arg i "$1" '[{ Config: "config.json", RepoTags: [$i], Layers: ["layer.tar"] }]' >"$dir/manifest.json"
	tar -C "$dir" -c manifest.json config.json layer.tar
}
