#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# "From zero to enforced" as the README says it: its own commands, one block after the
# other, in a copy of this system with a dockerd at the usual places; then
# what examples/ does on many hosts, on this one.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_system.sh"
e2e_begin "$@"
need_ocigate "the README's walk" || e2e_end

# block N: the N-th block of commands of that section.
block() {
	sed -n '/^<!-- walk:/,/^## /p' "$E2E_TREE/README.md" |
		awk -v n="$1" '/^```sh$/ { i++; on = 1; next } /^```$/ { on = 0 } on && i == n'
}

# walk N: what it prints in $out, its last status in $rc. The copy has no service
# manager and we are root already.
walk() {
	block "$1" >"$R/tree/block"
	capture here bash -c 'cd /tree; sudo() { "$@"; }; systemctl() { touch /run/restart; }; set -e; . ./block'
	[ ! -e "$R/run/restart" ] || { rm "$R/run/restart" && stop && start; }
}

start() {
	# Out of the copy: the path of a container's process must lead there from the host, too.
	chroot "$R" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin dockerd >>"$T/docker.log" 2>&1 </dev/null 8>&- &
	DAEMON=$!
	wait_for 40 docker info || e2e_die "dockerd does not start" "$(tail -n 20 "$T/docker.log")"
}

stop() {
	kill "$DAEMON"
	wait "$DAEMON" 2>/dev/null
}

docker() {
	here timeout 60 "${E2E_DOCKER}" "$@" >/dev/null 2>"$T/docker.err"
}

system() {
	copy_of_system
	mkdir -p "$R/tree" "$R/srv/course" "$R/var/lib/docker" "$R/run/lock"
	tar -C "$E2E_TREE" --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$R/tree"
	mount -t tmpfs tmpfs "$R/var/lib/docker" && mount --rbind /sys "$R/sys" && mount --rbind /dev "$R/dev" ||
		e2e_die "no system for the daemon"
	rm -rf "$R"/etc/docker "$R"/etc/containers/containers.conf.d
	start
	T_ROOT=$T/image
	rootfs "$T_ROOT"
	tar -C "$T_ROOT" -cf "$R/tree/image.tar" .
	docker import /tree/image.tar bb:1 || e2e_die "no image" "$(cat "$T/docker.err")"
}

# What people of a laboratory do in a week, in which the log is rotated.
a_week() {
	docker run --rm bb:1 true
	docker run --rm --privileged bb:1 true
	docker run --rm -u 1000 -v /srv/course:/data:ro bb:1 ls /data
	check "the package's logrotate file" here logrotate -f /etc/logrotate.d/ocigate
	check "... put the log away" [ -s "$R/var/log/ocigate/audit.jsonl.1" ]
	docker run --rm -u 1000 -v /srv/course:/data:ro bb:1 true
	docker run --rm -u 1000 --cap-add SYS_PTRACE bb:1 true
	docker run --rm -p 8080:80 -u 1000 bb:1 true
}

system
docker run --rm -v /etc:/host bb:1 true
is "before: plain" "$?" 0
walk 1
is "the package is built, installed, and its policy holds" "$rc $(grep -c '0 errors' <<<"$out")" "0 1"
walk 2
has "Docker is told" "$out" 'made the default'
has "... the diff was shown first" "$out" '^\+.*default-runtime'
is "... and status says that nothing is enforced yet" "$rc" 1
has "... in so many words" "$out" 'hole: policy-not-enforced'
docker run --rm -v /etc:/host bb:1 true
is "in audit mode everything runs as it came" "$?" 0
a_week
walk 3
has "report: who would have been affected" "$out" '^mounts +'
is "check takes the draft" "$rc" 0
has "the draft has what was needed" "$(cat "$R/tree/draft.json")" '"/srv/course", "access": "ro" },? // 2 times'
has "... the capability that somebody asked for" "$(cat "$R/tree/draft.json")" '"CAP_SYS_PTRACE" // once'
hasnt "... and not what came with --privileged" "$(cat "$R/tree/draft.json")" 'SYS_MODULE'
has "... and says what check warns of" "$(cat "$R/tree/draft.json")" '^// line .* warning'
# The review: root, the capability and /etc are struck out.
/usr/bin/python3 - "$R/tree/draft.json" <<-'PY'
	import json, re, sys
	text = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*', lambda m: m.group(1) or "", open(sys.argv[1]).read())
	draft = json.loads(text)
	sources = [s for s in draft["rules"]["mounts"]["allow+"] if s["source"] != "/etc"]
	draft["rules"] = {"mounts": {"allow+": sources}}
	draft["message"] = "Ask ops@lab.example for an exception."
	json.dump(draft, open(sys.argv[1], "w"), indent=2)
PY
walk 4
is "enforced: what is left is who may use the API, or nothing" "$(grep -c '^hole' <<<"$out") $rc" "0 0"
has "... and status says so" "$out" 'covered: every launch goes through an enforcing policy'
docker run --rm -u 1000 -v /srv/course:/data:ro bb:1 ls /data
is "what was suggested and kept runs" "$?" 0
docker run --rm --privileged bb:1 mount -t tmpfs tmpfs /mnt
has "--privileged gives nothing any more" "$(cat "$T/docker.err")" '^mount: '

docker run --rm -v /etc:/host bb:1 true
isnt "a source that nobody needed is refused" "$?" 0
has "... with the site's message" "$(cat "$T/docker.err")" 'is not an allowed source.*|Ask ops@lab\.example'
is "... and it is the last in the log" "$(tail -n 1 "$R/var/log/ocigate/audit.jsonl" | jq -r '"\(.verdict) \(.findings[] | select(.action == "reject") | .rule)"')" "reject mounts"
docker run --rm --runtime runc -v /etc:/host bb:1 true
isnt "... by the name runc as well" "$?" 0
# Many hosts: the steps of the playbook, once more on a host that has them.
play() {
	sed -n "s/^ *$1: //p" "$E2E_TREE/examples/engines/ansible.yml"
}
checked=$(play validate)
check "ansible.yml: the policy is taken" here ${checked/\%s//etc/ocigate/policy.json}
echo '{ "version": 1, "extends": "lba" }' >"$R/etc/ocigate/broken.json"
check_fails "ansible.yml: a broken one is not" here ${checked/\%s//etc/ocigate/broken.json}
rm "$R/etc/ocigate/broken.json"
is "ansible.yml: two commands" "$(play ansible.builtin.command | wc -l)" 2
while read -r step; do
	capture here $step
	has "ansible.yml: $step" "$rc $out" '^0 .*(registered already|"covered": true)'
done < <(play ansible.builtin.command)
cp "$R/etc/ocigate/policy.json" "$R/etc/ocigate/site.json"
grep -o '`{ "version".*}`' "$E2E_TREE/examples/README.md" | tr -d '`' >"$R/etc/ocigate/trial.json"
check "a trial of the common policy" here ocigatectl check /etc/ocigate/trial.json
has "... looks only" "$(here ocigatectl show /etc/ocigate/trial.json)" '"mode": "audit"'
here ocigatectl uninstall docker >/dev/null
stop
start
docker run --rm -v /etc:/host bb:1 true
is "uninstalled: as it was" "$? $(cat "$R/etc/docker/daemon.json" 2>/dev/null)" "0 "
stop
end_of_copy
e2e_end
