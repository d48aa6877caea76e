#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Do the real runtimes read what ocigate lets through as ocigate does? Generated
# bundles are launched under several policies, and what the kernel reports of the
# process in each is compared with the document that ocigate decided on; see
# differential.py. OG_SEED repeats a run, OG_ONLY one launch of it (E2E_KEEP keeps what
# it made), OG_LONG makes it thousands of launches of a random seed.

# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/newer.sh"
e2e_begin "$@"
need_ocigate "documents that it decides on" || e2e_end

# Always the same launches in check, so that what fails there fails again.
SEED=${OG_SEED:-${OG_LONG:+$RANDOM$RANDOM}}
SEED=${SEED:-1}
ONLY=${OG_ONLY:-}
COUNT=${OG_COUNT:-${OG_LONG:+2000}}
COUNT=${COUNT:-60}

# with NAME RUNTIME COUNT [FLAG...]: the same documents, whatever the runtime.
with() {
	local name=$1 runtime=$2 count=$3
	shift 3
	capture python3 -B "$E2E_TREE/tests/e2e/differential.py" --seed "$SEED" --count "$count" ${ONLY:+--only=$ONLY --keep --verbose} \
		--work "$T/work/$name" --base "$T/work/base.json" --probe "$T/bin/probe" --source "$T/work/source" \
		--ocigate "$RT" --ctl "$CTL" --runtime "$runtime" "$@"
	note "$name: $("$runtime" --version | head -n 1): $(grep '^# ' <<<"$out" | cut -c 3-)"
	is "$name: the kernel's view is the document's" "$rc $(grep -v '^# ' <<<"$out")$err" "0 "
}

probe_make
mkdir -p "$T"/work/source/{rw,ro}/below
mount -t tmpfs tmpfs "$T/work/source/ro/below"
jq 'del(.hooks) | .root = { "path": "rootfs" } | .process.args = ["/bin/probe", "kernel"] | del(.linux.cgroupsPath)
	| .mounts |= map(select((.options | index("rbind")) == null))' "$E2E_LIB/bundle.json" >"$T/work/base.json"

with runc "$REAL" "$COUNT"
if newer=$(newer_path runc); then
	with newer-runc "$newer" $((COUNT / 3))
fi
# As in crun.sh: crun wants one kind of cgroups, and leaves them alone here.
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup || e2e_die "no cgroup2"
jq '.ociVersion = "1.0.2"' "$T/work/base.json" >"$T/work/.base" && mv "$T/work/.base" "$T/work/base.json"
crun=$(command -v crun) || e2e_die "no crun"
with crun "$crun" "$COUNT" --flags=--cgroup-manager=disabled --allow=cgroup-manager=disabled
if newer=$(newer_path crun); then
	with newer-crun "$newer" $((COUNT / 3)) --flags=--cgroup-manager=disabled --allow=cgroup-manager=disabled
fi
e2e_end
