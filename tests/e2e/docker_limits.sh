#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Limits: those of a launch under "lab" and under a policy with more of them, and
# every way to lift them later: docker update, and the runtime's own "update" by
# flags, by a file and by standard input. What counts is what the kernel says. And
# the rule "image", which needs what a daemon records. Plain runc goes first.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"

lab() {
	policy '{ "version": 1, "extends": "lab", "rules": { "ports": { "action": "reject" }'"${1:-}"' } }'
}

limits() {
	lab ', "resources": { "action": "'"$1"'", "limits": {
		"pids": { "max": 64, "required": true }, "memory": { "max": 67108864, "required": true },
		"millicpus": { "max": 500 } } }'
}

# limit_of CONTAINER pids|memory|cpu: what the kernel holds the container's first
# process to, whatever the version of its cgroups.
limit_of() {
	local pid at v1 v2
	pid=$(d_pid "$1")
	case $2 in
	pids) v1=pids.max v2=pids.max ;;
	memory) v1=memory.limit_in_bytes v2=memory.max ;;
	cpu) v1=cpu.cfs_quota_us v2=cpu.max ;;
	esac
	at=$(awk -F: -v want="$2" '{ n = split($2, name, ","); for (i = 1; i <= n; i++) if (name[i] == want) print $3 }' "/proc/$pid/cgroup")
	if [ -n "$at" ]; then
		cat "/sys/fs/cgroup/$2$at/$v1"
	else
		cut -d' ' -f1 "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$v2"
	fi
}

# start NAME RUNTIME FLAGS...
start() {
	local name=$1 runtime=$2
	shift 2
	capture D run -d --name "$name" --runtime "$runtime" "$@" bb:1 sleep 1000
}

gone() {
	D rm -f "$@" >/dev/null 2>&1
}

# ---- at the launch ----------------------------------------------------------

launches() {
	start plain "$PLAIN"
	is "plain runc: no limit of processes" "$(limit_of plain pids)" max
	lab
	start c1 ocigate
	is "lab: a launch without limits gets the site's" "$rc $(limit_of c1 pids)" "0 4096"
	gone c1
	start c1 ocigate --pids-limit 100
	is "lab: a lower one is kept" "$rc $(limit_of c1 pids)" "0 100"
	gone c1
	for n in 100000 -1; do
		start c1 ocigate --pids-limit $n
		is "lab: --pids-limit $n comes down to the site's" "$rc $(limit_of c1 pids)" "0 4096"
		gone c1
	done
	start c1 ocigate --ulimit rtprio=99 --ulimit nice=40
	is "lab: --ulimit rtprio" "$rc" 0
	has "... comes down to none" "$(cat "/proc/$(d_pid c1)/limits")" 'Max realtime priority +0 +0'
	has "... and no better nice value than the host's" "$(cat "/proc/$(d_pid c1)/limits")" 'Max nice priority +0 +0'
	gone c1
	limits rewrite
	start c1 ocigate -m 1g --cpus 2
	is "memory, pids and CPU time above the maximum" "$rc $(limit_of c1 memory) $(limit_of c1 pids) $(limit_of c1 cpu)" \
		"0 67108864 64 50000"
	gone c1
	start c1 ocigate -m 32m --cpus 0.25
	is "... below it" "$rc $(limit_of c1 memory) $(limit_of c1 cpu)" "0 33554432 25000"
	gone c1
	start c1 ocigate -m 1g --memory-swap -1 --oom-kill-disable
	is "swap without limit, and no OOM killer" "$rc $(limit_of c1 memory)" "0 67108864"
	gone c1
	limits reject
	start c1 ocigate -m 1g --pids-limit 10
	has "reject: the user is told" "$err" 'rejected: .*memory limit'
	gone c1
	start c1 ocigate -m 32m --pids-limit 10
	is "... and what complies runs" "$rc $(limit_of c1 pids)" "0 10"
	gone c1 plain
}

# ---- later: docker update ---------------------------------------------------

updates() {
	limits rewrite
	start c1 ocigate -m 32m --pids-limit 10
	capture D update -m 1g --memory-swap 1g --pids-limit 1000 c1
	is "docker update above the maximum is brought down" "$rc $(limit_of c1 memory) $(limit_of c1 pids)" "0 67108864 64"
	capture D update --pids-limit -1 c1
	is "docker update --pids-limit -1" "$(limit_of c1 pids)" 64
	capture D update --cpus 0.9 c1
	is "docker update --cpus" "$(limit_of c1 cpu)" 50000
	capture D update -m 48m --memory-swap 48m --pids-limit 20 --cpus 0.2 c1
	is "docker update below it is done as asked" "$rc $(limit_of c1 memory) $(limit_of c1 pids) $(limit_of c1 cpu)" "0 50331648 20 20000"
	capture D update --restart no c1
	is "docker update of what is no limit" "$rc" 0
	limits reject
	capture D update --pids-limit 1000 c1
	isnt "reject: docker update fails" "$rc" 0
	has "... and says why" "$out$err" 'ocigate: rejected: .*processes'
	is "... nothing is changed" "$(limit_of c1 pids)" 20
	gone c1
	start plain "$PLAIN" -m 32m --pids-limit 10
	capture D update -m 1g --memory-swap 1g --pids-limit 1000 plain
	is "plain runc: the same update lifts them" "$rc $(limit_of plain memory) $(limit_of plain pids)" "0 1073741824 1000"
	gone plain
}

# ---- the runtime's own command ----------------------------------------------

# raw ARGUMENTS...: "update" as nobody but root on the host can call it.
raw() {
	capture "$RT" --root "$ROOT" update "$@"
}

# raw_input DOCUMENT ID: the same by standard input.
raw_input() {
	capture sh -c 'printf %s "$1" | "$2" --root "$3" update --resources - "$4"' sh "$1" "$RT" "$ROOT" "$2"
}

raws() {
	local id
	limits rewrite
	start c1 ocigate -m 32m --pids-limit 10
	id=$(D inspect -f '{{.Id}}' c1)
	ROOT=$(jq -r .root "$T"/run/"${id}"-*.json)
	raw --pids-limit 1000 "$id"
	is "update --pids-limit" "$rc $(limit_of c1 pids)" "0 64"
	raw --pids-limit 30 "$id"
	is "update --pids-limit, lower" "$rc $(limit_of c1 pids)" "0 30"
	raw --memory 1073741824 --memory-swap 1073741824 "$id"
	is "update --memory" "$rc $(limit_of c1 memory)" "0 67108864"
	echo '{"pids":{"limit":5000},"memory":{"limit":33554432,"swap":33554432}}' >"$T/work/limits.json"
	raw --resources "$T/work/limits.json" "$id"
	is "update --resources FILE" "$rc $(limit_of c1 pids) $(limit_of c1 memory)" "0 64 33554432"
	is "... which is left as it was" "$(jq -c .pids "$T/work/limits.json")" '{"limit":5000}'
	raw_input '{"pids":{"limit":-1}}' "$id"
	is "update --resources -" "$rc $(limit_of c1 pids)" "0 64"
	raw --resources "$T/work/limits.json" --pids-limit 9999 "$id"
	is "a flag beside the document does nothing" "$rc $(limit_of c1 pids)" "0 64"
	raw_input '{"pids":{"limit":"many"}}' "$id"
	isnt "a document that cannot be read" "$rc" 0
	has "... is refused by us" "$out$err" '^ocigate: '
	raw --pids-limit many "$id"
	isnt "a flag that is no number" "$rc" 0
	limits reject
	raw --pids-limit 1000 "$id"
	is "reject" "$rc $(limit_of c1 pids)" "1 64"
	policy '{ "version": 1 '
	raw --pids-limit 20 "$id"
	is "a broken policy: nothing is changed" "$rc $(limit_of c1 pids)" "1 64"
	gone c1
	is "... and the container can be removed" "$(D ps -aqf name=c1 | wc -l)" 0
}

# ---- images -----------------------------------------------------------------

# judged NAME IMAGE POLICY STATUS ERE: run true in IMAGE under rules of the policy.
judged() {
	lab ", \"image\": { $3 }"
	capture D run --rm --runtime ocigate "$2" true
	is "$1" "$rc" "$4"
	[ -z "$5" ] || has "... the user is told" "$err" "$5"
}

images() {
	local id
	id=$(D inspect -f '{{.Id}}' bb:1)
	D tag bb:1 bb:latest
	judged "an image made here, where that is noted only" bb:1 '"action": "reject", "local": "audit"' 0 ''
	judged "... where it is refused" bb:1 '"action": "reject", "local": "reject"' 125 'rejected: .*image'
	judged "... where it is allowed" bb:1 '"action": "reject", "local": "allow"' 0 ''
	judged "the tag latest" bb:latest '"action": "reject", "local": "allow", "tag": true' 125 'rejected: .*latest'
	judged "no tag is latest" bb '"action": "reject", "local": "allow", "tag": true' 125 'rejected: .*has no tag'
	judged "another tag" bb:1 '"action": "reject", "local": "allow", "tag": true' 0 ''
	judged "an image by its id" "$id" '"action": "reject", "local": "allow", "tag": true, "pinned": true' 0 ''
	judged "a tag is no pin" bb:1 '"action": "reject", "local": "allow", "pinned": true' 125 'rejected: .*'
	# A name proves nothing: it is one that the site allows, put on an image made here.
	D tag bb:1 registry.lab.example/base/tool:1
	judged "a forged name" registry.lab.example/base/tool:1 \
		'"action": "reject", "local": "reject", "allow": ["registry.lab.example/base/*"]' 125 'rejected: .*'
	lab ', "image": { "action": "reject", "local": "reject" }'
	D run -d --name kept --runtime "$PLAIN" bb:1 sleep 1000 >/dev/null
	D rm -f kept >/dev/null
}

# ---- what only the engine does, and its record shows -------------------------

# noted NAME RULE ERE FLAGS...: what the last audit record of that launch says.
noted() {
	local name=$1 rule=$2 want=$3
	shift 3
	: >"$T/audit.jsonl"
	start c1 ocigate "$@"
	is "cis-docker: $name: launched" "$rc" 0
	has "... and noted" "$(jq -r '.findings[]? | select(.rule == "'"$rule"'") | .why' "$T/audit.jsonl" | sed 's/^$/-/')" "$want"
	gone c1
}

controls() {
	policy '{ "version": 1, "extends": "cis-docker", "audit": { "file": "'"$T/audit.jsonl"'", "complying": true, "required": true },
		"rules": { "image": { "tag": false }, "rootfs": { "action": "off" } } }'
	noted "--restart always" resources 'restart the container without end.*on-failure:5' -m 32m --restart always
	noted "--restart on-failure:9" resources 'more often' -m 32m --restart on-failure:9
	noted "no health check" image 'health' -m 32m
	: >"$T/audit.jsonl"
	start c1 ocigate -m 32m --pids-limit 10 --cpu-shares 512 --restart on-failure:5 --health-cmd true
	is "cis-docker: both as they should be: launched" "$rc" 0
	is "... and nothing is noted" "$(jq -r '.findings[]? | select(.why | test("restart|health")) | .why' "$T/audit.jsonl")" ""
	gone c1
}

# Of an image whose /var/tmp is a link, with a volume where that leads.
readonly_root() {
	D run --name linked --runtime "$PLAIN" bb:1 sh -c 'mkdir -p /var/tmp && rmdir /var/tmp && ln -s /tmp /var/tmp'
	D commit linked linked:1 >/dev/null
	gone linked
	policy '{ "version": 1, "extends": "cis-docker", "rules": { "image": { "tag": false } } }'
	capture D run --rm -m 32m -v kept:/tmp linked:1 sh -c 'touch /f 2>&1; echo kept >/var/tmp/f && grep -c " /tmp " /proc/mounts'
	has "cis-docker: the root is read-only" "$out" 'touch: /f: Read-only'
	is "... and a volume is not hidden behind a link of the image" "$(tail -n 1 <<<"$out")" 1
	capture D run --rm -m 32m -v kept:/tmp bb:1 cat /tmp/f
	has "... and keeps what is written there" "$out" '^kept$'
	capture D run --rm -m 32m linked:1 sh -c 'echo written >/var/tmp/f && cat /tmp/f && grep -c " /tmp " /proc/mounts'
	is "... and without one there is one tmpfs" "$out" "written
1"
}

e2e_main() {
	image bb:1
	launches
	updates
	raws
	images
	controls
	readonly_root
}

PLAIN=runc
dockerd_start ocigate
if need_ocigate "limits"; then
	e2e_main
fi
dockerd_stop
if need_ocigate "records of containers"; then
	is "no record is left of containers that are gone" "$(find "$T/run" -mindepth 1 ! -type d)" ""
fi
e2e_end
