# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A podman whose storage, configuration and state are the script's own. After e2e.sh and
# e2e_docker.sh, whose recorders it uses; R is the runtime, by its name in containers.conf.

# shellcheck disable=SC2154
P() {
	CONTAINERS_CONF="$T/pod/containers.conf" timeout "${P_TIMEOUT:-60}" podman --root "$T/pod/root" \
		--runroot "$T/pod/run" --tmpdir "$T/pod/tmp" --storage-driver "${E2E_PODMAN_STORAGE:-overlay}" \
		--runtime "${R[@]}" "$@" 8>&-
}

# podman, netavark and the runtimes' default state directories leave things in
# /run, /etc/containers, /var/tmp: here they are ours.
own_directories() {
	e2e_own_run || return 1
	e2e_own_tmp /var/tmp && mount -t tmpfs -o mode=700 tmpfs /var/lib/containers || return 1
	[ ! -d /etc/cni ] || mount -t tmpfs tmpfs /etc/cni || return 1
	cp -a /etc/containers "$T/pod/etc" && mount --bind "$T/pod/etc" /etc/containers
}

# podman gives the first container of a pod the limits of init, which root may
# not raise everywhere. The runtimes "able-NAME" are the others without those.
able() {
	cat >"$T/bin/able-$1" <<-SH
		#!/bin/sh
		prev=
		for a; do
			if [ "\$prev" = --bundle ]; then
				jq 'del(.process.rlimits)' "\$a/config.json" >"\$a/able" && cat "\$a/able" >"\$a/config.json"
				rm "\$a/able"
			fi
			prev=\$a
		done
		exec $2 "\$@"
	SH
	chmod 755 "$T/bin/able-$1"
}

podman_setup() {
	mkdir -p "$T/pod" "$T/recorded" "$T/work"
	own_directories || e2e_die "cannot set up podman's directories"
	dockerd_recorders
	able plain "$REAL"
	able ocigate "$RT"
	# The default limits are above what root without CAP_SYS_RESOURCE may set.
	cat >"$T/pod/containers.conf" <<-CONF
		[containers]
		default_ulimits = ["nofile=1024:4096","nproc=4096:8192"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[engine.runtimes]
		ocigate = ["$RT"]
		plain = ["$REAL"]
		recorded = ["$T/bin/front"]
		able-ocigate = ["$T/bin/able-ocigate"]
		able-plain = ["$T/bin/able-plain"]
		[network]
		network_backend = "netavark"
	CONF
}

# p_image TAG [IMPORT-CHANGE...]
p_image() {
	local tag=$1 c
	local -a changes=()
	shift
	for c; do
		changes+=(--change "$c")
	done
	[ -d "$T/rootfs" ] || rootfs "$T/rootfs"
	tar -C "$T/rootfs" -c . | P import -q "${changes[@]}" - "$tag" >/dev/null ||
		e2e_die "cannot import the image $tag"
}

run() {
	P run --rm "$@"
}

REFUSED='OCI runtime error: ocigate: ocigate: rejected: (.*; )?'

# refused NAME ERE ARGUMENTS...: of "podman run"
refused() {
	local name=$1 ere=$2
	shift 2
	capture P run --name refused "$@"
	has "refused: $name" "$err" "$REFUSED$ere"
	is "... with status 126, and nothing ran" "$rc $out" "126 "
	P rm -f refused >/dev/null 2>&1
}

# open NAME ERE ARGUMENTS...: with plain runc it works, so the test would see it.
open() {
	local name=$1 ere=$2
	shift 2
	R=(plain)
	capture run "$@"
	R=(ocigate)
	has "open with plain runc: $name" "$out$err" "$ere"
}
