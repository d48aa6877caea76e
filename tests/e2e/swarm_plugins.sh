#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What dockerd launches for others than "docker run": tasks of swarm services,
# whose published ports no policy can keep to an address, and managed plugins,
# which run only when the policy lists them.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"

preset() {
	policy '{ "version": 1, "extends": "'"$1"'", "audit": { "file": "'"$T/log/audit.jsonl"'", "complying": true },
		"rules": { '"${2:-}"' } }'
}

LOCAL='"ports": { "action": "reject", "addresses": ["127.0.0.1", "::1"] }'

# ---- swarm ------------------------------------------------------------------

# The state of the task of service |$1|, and its error.
task() {
	D service ps --no-trunc --format '{{.CurrentState}} {{.Error}}' "$1" | head -n 1
}

settled() {
	task "$1" | grep -Eq '^(Running|Failed|Rejected|Complete)'
}

# service NAME OPTIONS... : leaves what became of it in $state.
service() {
	local name=$1
	shift
	D service create -q --name "$name" --detach --no-resolve-image --restart-condition none "$@" bb:1 sleep 600 >/dev/null 2>&1
	wait_for 30 settled "$name"
	state=$(task "$name")
	D service rm "$name" >/dev/null
}

swarm() {
	if ! D swarm init --advertise-addr 127.0.0.1 >"$T/work/swarm" 2>&1; then
		not_ok "swarm init" "$(cat "$T/work/swarm")"
		return
	fi
	preset baseline
	service plain
	has "baseline: a task runs" "$state" '^Running'
	is "... recorded as Docker's" "$(tail -n 1 "$T/log/audit.jsonl" | jq -r .engine)" docker
	has "... with a finding" "$(tail -n 1 "$T/log/audit.jsonl" | jq -r '.findings[].why')" 'swarm service'
	service host --mount type=bind,source=/etc,target=/x
	has "baseline: a task with a directory of the host is refused" "$state" '^Failed .*ocigate: rejected: mounts: "/etc"'
	service network --network host
	has "baseline: a task in the host's network is refused" "$state" 'ocigate: rejected: network-host: '
	preset baseline "$LOCAL"
	service ingress --publish 8080:80
	has "published through ingress, where ports are judged: refused" "$state" '^Failed .*ocigate: rejected: ports: .*swarm'
	service published --publish mode=host,published=8081,target=80
	has "published on the host: refused" "$state" '^Failed .*ocigate: rejected: ports: .*swarm'
	D swarm leave --force >/dev/null
	wait_for 20 no_containers
}

no_containers() {
	[ -z "$(D ps -q)" ]
}

# ---- plugins ----------------------------------------------------------------

# plugin NAME JQ-FILTER: a plugin made of the test's root file system.
plugin() {
	mkdir -p "$T/plugin"
	[ -d "$T/plugin/rootfs" ] || cp -a "$T/rootfs" "$T/plugin/rootfs"
	jq -n --arg name "$1" '{ description: $name, documentation: "", workdir: "/", entrypoint: ["/bin/sh", "-c", "'"$3"'"],
		interface: { types: ["docker.volumedriver/1.0"], socket: "x.sock" }, network: { type: "none" },
		linux: { capabilities: [] } } | '"$2" >"$T/plugin/config.json"
	# another layer each time: the daemon refuses to make the same one twice
	echo "$1" >"$T/plugin/rootfs/name"
	D plugin create "$1" "$T/plugin" >/dev/null || not_ok "plugin create $1"
	D plugin inspect -f '{{.Id}}' "$1"
}

plugins() {
	local id
	preset baseline '"kernel": { "action": "rewrite" }'
	id=$(plugin evil '.network.type = "host" | .pidhost = true | .ipchost = true | .linux = { allowAllDevices: true, capabilities: ["CAP_SYS_ADMIN"] }
		| .mounts = [{ name: "host", source: "/", destination: "/host", type: "bind", options: ["rbind"] }]' 'sleep 600')
	capture D plugin enable --timeout 1 evil
	has "a plugin that is not listed: refused" "$err" 'ocigate: rejected: '
	has "... with the reason" "$(tail -n 1 "$T/log/audit.jsonl" | jq -r '.findings[].why')" '^the managed plugin .*is not listed'
	is "... recorded as a plugin" "$(tail -n 1 "$T/log/audit.jsonl" | jq -r '.engine + " " + .verdict')" "docker-plugin reject"
	preset baseline '"invocation": { "action": "reject", "plugins": ["'"$id"'"] }'
	capture D plugin enable --timeout 1 evil
	has "a plugin that is listed is judged all the same: the host's root" "$err" 'ocigate: rejected: .*mounts: "/"'
	has "... devices" "$(tail -n 1 "$T/log/audit.jsonl" | jq -r '.findings[] | .rule + " " + .action')" '^devices reject'
	has "... processes" "$(tail -n 1 "$T/log/audit.jsonl" | jq -r '.findings[] | .rule + " " + .action')" '^namespaces reject'
	has "... network" "$(tail -n 1 "$T/log/audit.jsonl" | jq -r '.findings[] | .rule + " " + .action')" '^network-host reject'
	hasnt "... and it did not start" "$(D plugin ls --format '{{.Name}} {{.Enabled}}')" 'evil.* true'
	id=$(plugin tame '.propagatedMount = "/mnt" | .network.type = ""' 'mkdir -p /run/docker/plugins; nc -lU /run/docker/plugins/x.sock & sleep 600')
	preset baseline '"invocation": { "action": "reject", "plugins": ["'"$id"'"] }'
	# The daemon waits for an answer that this plugin does not give: its launch is what counts.
	capture D plugin enable --timeout 1 tame
	hasnt "a plugin that is listed and asks for nothing: not refused" "$err" 'ocigate: rejected'
	is "... recorded" "$(jq -r 'select(.engine == "docker-plugin" and .command == "create") | .verdict' "$T/log/audit.jsonl" | tail -n 1 | sed s/rewrite/allow/)" allow
	D plugin rm -f tame evil >/dev/null 2>&1
}

# ---- running them -----------------------------------------------------------

if ! need_ocigate "swarm and plugins under a policy"; then
	e2e_end
fi
mkdir -p "$T/log" "$T/work"
preset baseline
real_is "$REAL"
dockerd_start ocigate
image bb:1 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/sbin'
swarm
plugins
dockerd_stop
e2e_end
