#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Configurations that Docker 28 wrote (tests/captures). Under "permissive" every
# one, and under "baseline" those of ordinary containers, come through
# `ocigatectl dry-run` and through a launch byte for byte.
#
# For a launch the runtime is one that only keeps the config.json that it was
# handed: no container of these could start, their images are not here. What
# ocigate itself looks at is put where Docker has it: the bundle, the daemon's
# record of the container, its root file system, its volumes, as empty files in
# a private /var/lib/docker. Bind mounts of the host (bind_*) need no more than
# what every host has, since they are launched under "permissive" only.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"

CAPTURES=$E2E_TREE/tests/captures
FAKE=$T/bin/fake/runc
DATA=/var/lib/docker
TASKS=/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby

# NAME and the verdict of baseline, which is one of: complies (0), would be
# rewritten (3), would be rejected (4).
TABLE='
annotation      3
bind_etc        4
bind_ro         4
bind_rw         4
bind_sock       4
cap_drop_all    0
cap_sys_admin   3
device_null     0
env_secret      0
init            0
memory          0
nethost         4
nnp             0
pidhost         4
plain           0
ports_all       0
ports_eph       0
ports_local     0
privileged      4
readonly        0
seccomp_unconf  3
shm             0
sysctl_net      4
systempaths     3
tmpfs           3
ulimit_core     0
user1000        0
vol_anon        0
vol_named       0
'

# world NAME: what Docker would have around this container; sets ID.
world() {
	local config=$CAPTURES/$1.json source
	ID=$(jq -r '.linux.cgroupsPath | split("/") | last' "$config")
	mkdir -p "$DATA/containers/$ID" "$TASKS/$ID"
	cp "$CAPTURES/$1.hostconfig.json" "$DATA/containers/$ID/hostconfig.json"
	jq -n --arg id "$ID" '{ID: $id, Name: "/captured", Image: ("sha256:" + $id), Driver: "overlay2", OS: "linux",
		Config: {Image: "bb:1", Labels: {}}, State: {Pid: 0}}' >"$DATA/containers/$ID/config.v2.json"
	mkdir -p "$(jq -r .root.path "$config")"
	jq -r '.mounts[] | select(.options | index("bind") or index("rbind")) | .source' "$config" |
		while read -r source; do
			case $source in
			"$DATA/volumes/"*) mkdir -p "$source" ;;
			"$DATA/containers/"*) : >"$source" ;;
			esac
		done
	cp "$config" "$TASKS/$ID/config.json"
}

launch() {
	rm -f "$FAKE".{state,argv,config}
	capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$FAKE" --root /run/docker/runtime-runc/moby \
		--log "$TASKS/$ID/log.json" --log-format json create --bundle "$TASKS/$ID" --pid-file "$TASKS/$ID/init.pid" "$ID"
}

forget() {
	capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$FAKE" --root /run/docker/runtime-runc/moby delete --force "$ID"
	rm -rf "${TASKS:?}/$ID"
}

permissive() {
	"$CTL" dry-run --policy "$POLICY" --format config "$CAPTURES/$1.json" >"$T/dry" 2>"$T/dry.err"
	same "permissive, dry-run: $1" "$CAPTURES/$1.json" "$T/dry"
	world "$1"
	launch
	same "permissive, launched: $1" "$CAPTURES/$1.json" "$FAKE.config"
	[ "$rc" -eq 0 ] || note "$err"
	forget
}

baseline() {
	local name=$1 want=$2 rc_dry
	world "$name"
	"$CTL" dry-run --policy "$POLICY" --format config "$TASKS/$ID" >"$T/dry" 2>"$T/dry.err"
	rc_dry=$?
	is "baseline, dry-run: $name: verdict" "$rc_dry" "$want"
	[ "$rc_dry" = "$want" ] || note "$("$CTL" dry-run --policy "$POLICY" "$TASKS/$ID" 2>&1 | head -n 20)"
	launch
	case $want in
	0)
		same "baseline, dry-run: $name" "$CAPTURES/$name.json" "$T/dry"
		same "baseline, launched: $name" "$CAPTURES/$name.json" "$FAKE.config"
		[ "$rc" -eq 0 ] || note "$err"
		;;
	3)
		is "baseline, launched: $name" "$rc" 0
		same "baseline: $name: as dry-run said" "$T/dry" "$FAKE.config"
		check_fails "baseline: $name: not as it came" cmp -s "$CAPTURES/$name.json" "$FAKE.config"
		;;
	4)
		is "baseline, launched: $name: refused" "$rc $([ -e "$FAKE.argv" ] && echo called)" "1 "
		;;
	esac
	forget
}

each() {
	local name verdict
	while read -r name verdict; do
		[ -z "$name" ] || "$1" "$name" "$verdict"
	done <<<"$TABLE"
}

is "every capture is in the table" "$(cd "$CAPTURES" && printf '%s\n' *.json | grep -v hostconfig | sed 's/\.json//' | tr '\n' ' ')" \
	"$(awk 'NF { printf "%s ", $1 }' <<<"$TABLE")"
check "every one has the engine's record" bash -c "for f in $CAPTURES/*.hostconfig.json; do [ -s \"\${f%.hostconfig.json}.json\" ] || exit 1; done"
if need_ocigate "a policy to take configurations through"; then
	probe_make
	mkdir -p "$T/bin/fake" "$T/docker-data"
	chmod 710 "$T/docker-data" # as dockerd has it, whatever it finds
	cp "$T/bin/probe" "$FAKE"
	mount --bind "$T/docker-data" "$DATA"
	policy '{ "version": 1, "extends": "permissive" }'
	each permissive
	policy '{ "version": 1, "extends": "baseline" }'
	each baseline
	is "no record is left" "$(find "$T/run" -mindepth 1 ! -type d ! -name '*lock*')" ""
fi
e2e_end
