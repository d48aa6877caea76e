#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ocigatectl status: each finding once, with the real daemon where it is about one;
# nothing is found on a host that is covered, and the exit status says which it is.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2059,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"
need_ocigate "ocigatectl status" || e2e_end

DAEMON=$T/docker/daemon.json
GOOD='{ "version": 1, "extends": "baseline", "audit": { "file": "/var/log/ocigate/audit.jsonl" }, "rules": { "ports": { "action": "rewrite", "addresses": ["127.0.0.1"] } } }'

# Leaves the ids in $ids, the status in $rc, all in $json.
look() {
	capture "$CTL" status --format json --config "$DAEMON"
	json=$out
	ids=$(jq -r '.findings[].id' <<<"$json" | sort -u | tr '\n' ' ')
}

# found NAME ID STATUS LEVEL ERE: the last look has it, and says so.
found() {
	has "$1: found" " $ids" " $2 "
	is "$1: its level and the exit status" "$(jq -r --arg id "$2" '[.findings[] | select(.id == $id) | .level][0]' <<<"$json") $rc" "$4 $3"
	has "$1: in plain words" "$(jq -r --arg id "$2" '.findings[] | select(.id == $id) | .what' <<<"$json")" "$5"
	eval "$undo" >&2
	look
	hasnt "$1: and gone again" " $ids" " $2 "
}

# daemon JSON [PATH]: dockerd with that added to its configuration.
daemon() {
	dockerd_stop
	jq -s '.[0] * .[1]' "$T/plain.json" <(echo "$1") >"$DAEMON"
	env -u DOCKER_HOST PATH="${2:-$T/door:/usr/sbin:/usr/bin:/sbin:/bin}" "$E2E_DOCKERD" --config-file "$DAEMON" \
		>>"$T/docker/log" 2>&1 </dev/null 8>&- &
	DOCKERD=$!
	wait_for 40 D info || e2e_die "dockerd does not start" "$(tail -n 20 "$T/docker/log")"
}
COVERED='{ "runtimes": { "ocigate": { "path": "'$T/bin/ocigate'" } }, "default-runtime": "ocigate" }'

# Which files of containerd's count is what it imports. The last look is that of before.
imports() {
	local before=$out etc=$H/etc/containerd cri='plugins."io.containerd.cri.v1.runtime".containerd' v2='plugins."io.containerd.grpc.v1.cri"'
	mkdir "$etc/conf.d" "$etc/own.d"
	mv "$etc/config.toml" "$H/x"
	printf 'version = 3\n' >"$etc/config.toml"
	printf '[%s]\n  default_runtime_name = "ocigate"\n' "$cri" >"$etc/conf.d/ocigate.toml"
	has "... a conf.d that is not imported" "$("$CTL" status --root "$H")" 'hole: containerd-default: .*runc'
	rm "$etc/conf.d/ocigate.toml"
	printf 'version = 3\nimports = ["own.d/*.toml"]\n' >"$etc/config.toml"
	check "... install where another directory is" "$CTL" install containerd --default --root "$H"
	check "... writes there" test -e "$etc/own.d/ocigate.toml"
	hasnt "... and it counts" "$("$CTL" status --root "$H")" 'containerd-default'
	printf 'imports = ["/etc/containerd/late.toml"]\n' >"$etc/own.d/more.toml"
	printf '[%s]\n  default_runtime_name = "crun"\n' "$cri" >"$etc/late.toml"
	has "... unless a file after it says otherwise" "$("$CTL" status --root "$H")" 'hole: containerd-default: .*crun'
	printf 'version = 2\nimports = ["late.toml"]\n[%s.containerd]\n  default_runtime_name = "ocigate"\n' "$v2" >"$etc/config.toml"
	printf '[%s.registry]\n  config_path = "/x"\n' "$v2" >"$etc/late.toml"
	has "... or, in version 2, has a section of its own" "$("$CTL" status --root "$H")" 'hole: containerd-default: .*runc'
	rm -r "$etc/conf.d" "$etc/own.d" "$etc/late.toml"
	mv "$H/x" "$etc/config.toml"
	out=$before
}

# pretend FLAGS...: a process of that name with these flags, which does not answer; what
# status finds is left in $json.
pretend() {
	mkdir -p "$H/var/run" && printf '#!/bin/sh\nwhile :; do sleep 0.1; done\n' >"$H/dockerd" && chmod 755 "$H/dockerd"
	"$H/dockerd" "$@" </dev/null 8>&- &
	echo $! >"$H/var/run/docker.pid"
	wait_for 5 grep -qx dockerd "/proc/$!/comm"
	json=$("$CTL" status --format json --root "$H")
	kill $! && wait $! 2>/dev/null
	rm "$H/var/run/docker.pid" "$H/dockerd"
}

# what ID: its words.
what() {
	jq -r --arg id "$1" '.findings[] | select(.id == $id) | .what' <<<"$json"
}

flags() {
	local flag
	echo '{}' >"$H/etc/docker/daemon.json"
	pretend -H tcp://127.0.0.1:2375 --tlsverify
	is "the API on the network, with a check of who calls" "$(what docker-tcp)" ""
	for flag in --tlsverify=false --tlsverify=0 "--tlsverify --tlsverify=F"; do
		pretend -H tcp://127.0.0.1:2375 $flag
		has "... switched off by $flag" "$(what docker-tcp)" 'asks nobody'
	done
	mkdir -p "$H/run" && touch "$H/run/open.sock" "$H/run/closed.sock" && chmod 666 "$H/run/open.sock"
	pretend -H fd:// -Htcp://127.0.0.1:1 --host tcp://127.0.0.1:2 --log-opt syslog-address=tcp://127.0.0.1:3 -H unix:///run/closed.sock \
		--host=unix:///run/open.sock
	is "several addresses: each on the network" "$(what docker-tcp | grep -o 'tcp://[0-9.:]*' | tr '\n' ' ')" \
		"tcp://127.0.0.1:1 tcp://127.0.0.1:2 "
	is "... and each socket" "$(what docker-socket)" "everybody may write to $H/run/open.sock"
	has "... of which the first is asked" "$(what docker-silent)" '/run/closed\.sock'
	echo '{ "debug": }' >"$H/etc/docker/daemon.json"
	pretend
	has "a broken daemon.json beside a daemon that does not answer" "$(what docker-unreadable)" 'daemon\.json:1:12: a value is expected'
	has "... is not why" "$(what docker-silent)" 'does not answer on .*: the engine.s socket'
}

# What is no file of JSON objects at all is told with its name.
no_object() {
	echo '[]' >"$H/etc/docker/daemon.json"
	pretend
	is "daemon.json is a list" "$(what docker-unreadable)" 'daemon.json: the top level must be an object'
	rm "$H/etc/docker/daemon.json" && mkdir "$H/etc/docker/daemon.json"
	pretend
	has "... a directory" "$(what docker-unreadable)" 'etc/docker/daemon\.json: .*not a regular file'
	rmdir "$H/etc/docker/daemon.json"
}

hosts() {
	H=$T/host
	mkdir -p "$H"/{etc/ocigate,usr/sbin,usr/bin,var/lib/kubelet,var/log,etc/containerd}
	echo "$GOOD" >"$H/etc/ocigate/policy.json"
	cp "$RT" "$H/usr/sbin/ocigate"
	capture "$CTL" status --root "$H"
	has "a host without an engine" "$rc $out" '^1 .*'
	has "... is said to be one" "$out" 'hole: no-engine:'
	touch "$H/var/lib/kubelet/config.yaml"
	capture "$CTL" status --root "$H"
	has "containerd for pods, not told of ocigate" "$rc$out" '^1.*'
	has "... is found" "$out" 'hole: containerd-default: .*runc'
	"$CTL" install containerd --default --root "$H" >/dev/null
	capture "$CTL" status --root "$H"
	hasnt "... and not once it is installed" "$out" 'containerd-default'
	imports
	has "... the rule ports wants a helper that is not there" "$out" 'note: guard-helper:'
	mkdir -p "$H/usr/libexec/ocigate" && cp /usr/libexec/ocigate/ocigate-ports "$H/usr/libexec/ocigate/"
	capture "$CTL" status --root "$H"
	is "... with it nothing is left to say" "$rc $(grep -cE '^(hole|note|open)' <<<"$out")" "0 0"
	mkdir -p "$H/etc/docker"
	"$CTL" install docker --default --root "$H" >/dev/null
	ln -s ocigate "$H/usr/sbin/runc"
	capture "$CTL" status --root "$H"
	hasnt "... Docker, with the name runc too" "$out" 'docker-(default|runc|runtime)'
	ln -sfn /usr/sbin/ocigate "$H/usr/sbin/runc"
	capture "$CTL" status --root "$H"
	hasnt "... by a link that is absolute there" "$out" 'docker-(default|runc|runtime)'
	ln -sfn ocigate "$H/usr/sbin/runc"
	jq '.runtimes["io.containerd.runc.v2"] = { path: "/usr/bin/crun" }' "$H/etc/docker/daemon.json" >"$H/x" && cat "$H/x" >"$H/etc/docker/daemon.json"
	capture "$CTL" status --root "$H"
	has "... a name of Docker's own that the site gave to another" "$rc $out" '^1 .*'
	has "... is a hole" "$out" 'hole: docker-runtime: .*--runtime io\.containerd\.runc\.v2" reaches /usr/bin/crun'
	flags
	no_object
	rm -r "$H/etc/docker" "$H/usr/sbin/runc" "$H/x"
	touch "$H/usr/bin/podman" && chmod 755 "$H/usr/bin/podman"
	capture "$CTL" status --root "$H"
	has "podman without ocigate" "$rc $out" '^0 '
	has "... is a note" "$out" 'note: podman-default:'
	"$CTL" install podman --default --root "$H" >/dev/null
	capture "$CTL" status --root "$H"
	hasnt "... and gone once it is installed" "$out" 'podman-default'
}

policies() {
	undo='echo "$GOOD" >"$POLICY"; chmod 644 "$POLICY"'
	rm "$POLICY"; look
	found "no policy" policy-missing 1 hole 'policy\.json'
	chmod 666 "$POLICY"; look
	found "a policy that others may write" policy-untrusted 1 hole 'writ'
	policy '{ "version": 1, "extends": "baseline", "rulez": {} }'; look
	found "a broken policy" policy-invalid 1 hole 'policy\.json:1:[0-9]+: .*rulez'
	policy '{ "version": 1, "extends": "baseline", }'; look
	found "... with a comma too many" policy-invalid 1 hole 'policy\.json:1:[0-9]+: .'
	: >"$POLICY"; look
	found "... an empty one" policy-invalid 1 hole 'policy\.json:1:1: .'
	policy '{ "version": 1, "extends": "lba" }'; look
	found "... of a preset that there is not" policy-invalid 1 hole 'policy\.json:1:[0-9]+: .*lba'
	policy '{ "version": 1, "extends": "'"$T"'/etc/base.json" }'; look
	found "... of a file that is not there" policy-invalid 1 hole 'etc/base\.json: .*ENOENT'
	echo "$GOOD" >"$T/etc/base.json"; chmod 666 "$T/etc/base.json"; look
	policy '{ "version": 1, "extends": "'"$T"'/etc/base.json" }'; look
	has "a file below that others may write: check names it" "$("$CTL" check)" "^$T/etc/base\.json: warning: "
	found "... status too" policy-untrusted 1 hole 'etc/base\.json: .*writ'
	policy '{ "version": 1, "extends": "baseline", "mode": "explain" }'; look
	found "a policy that explains" policy-not-enforced 1 hole 'explain: every launch is refused'
	policy '{ "version": 1, "extends": "baseline", "mode": "audit" }'; look
	found "a policy in audit mode" policy-not-enforced 1 hole 'audit'
	policy '{ "version": 1, "extends": "baseline" }'; look
	found "a policy without a log" log-none 0 note 'names no log'
	policy '{ "version": 1, "extends": "baseline", "audit": { "syslog": true } }'; look
	hasnt "... which the system's log is as well" " $ids" " log-"
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "/var/log/ocigate/new/a.jsonl" } }'; look
	hasnt "a log whose directory the first launch makes is none" " $ids" " log-"
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "/var/log/nowhere/new/a.jsonl" } }'; look
	found "a log that can go nowhere" log-missing 0 note 'nowhere'
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "'"$T/log/open.jsonl"'" } }'
	touch "$T/log/open.jsonl"; chmod 666 "$T/log/open.jsonl"; look
	found "a log that others may write" log-untrusted 0 note 'open\.jsonl'
	mkdir -p "$T/ro" && mount -t tmpfs -o ro tmpfs "$T/ro"
	undo='policy "$GOOD"'
	mkdir -m 777 "$T/log/open"; chmod 777 "$T/log/open"
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "'"$T/log/open/a.jsonl"'" } }'; look
	found "a log in a directory that others may write" log-untrusted 0 note 'another file in the place of .*open/a\.jsonl'
	undo='echo "$GOOD" >"$POLICY"; chmod 644 "$POLICY"'
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "'"$T/ro/a.jsonl"'" } }'; look
	found "a log on a read-only file system" log-not-writable 0 note 'Read-only'
	umount "$T/ro"
	undo='real_is "$REAL"'
	ln -sfn /nonexistent "$T/etc/runtime"; look
	found "no runtime below" runtime-missing 0 note 'nonexistent'
	ln -sfn "$T/bin/ocigate" "$T/etc/runtime"; look
	found "ocigate below itself" runtime-missing 0 note 'bin/ocigate is ocigate itself'
	undo='policy "$GOOD"; rmdir /var/lib/ocigate-no 2>/dev/null'
	policy '{ "version": 1, "extends": "baseline" }'; look
	found "ports that nothing keeps to the host" docker-ip 0 note 'not set'
}

engine() {
	local id
	undo="daemon '$COVERED'"
	daemon '{}' /usr/sbin:/usr/bin:/sbin:/bin; look
	found "not the default" docker-default 1 hole 'runc'
	daemon "$COVERED" /usr/sbin:/usr/bin:/sbin:/bin; look
	found "the name runc is open" docker-runc 1 hole 'run --runtime runc'
	daemon "$(jq -c '.runtimes.lax = { path: "/usr/bin/crun" }' <<<"$COVERED")"; look
	found "a second entry" docker-runtime 1 hole 'run --runtime lax.*crun'
	daemon "$(jq -c '.runtimes.ocigate.runtimeArgs = ["--debug"]' <<<"$COVERED")"; look
	found "runtimeArgs" docker-runtime-args 0 note 'shell script'
	mkdir -p "$T/shims" && cp /bin/true "$T/shims/containerd-shim-other-v1"
	daemon "$COVERED" "$T/door:$T/shims:/usr/sbin:/usr/bin:/sbin:/bin"; look
	found "another shim" docker-shim 1 hole 'io.containerd.other-v1'
	id=$(D run -d bb:1 sleep 1000)
	look
	hasnt "a container launched through ocigate is none" "$ids" 'docker-container'
	D rm -f "$id" >/dev/null
	daemon "$(jq -c '.runtimes.lax = { path: "/usr/sbin/runc" }' <<<"$COVERED")"
	id=$(D run -d --runtime lax --name before bb:1 sleep 1000)
	look
	undo='D rm -f before'
	found "a container of before" docker-container 1 hole "${id:0:12}.*before"
	daemon "$COVERED"
	undo="kill -CONT $DOCKERD"
	kill -STOP "$DOCKERD"; look
	found "a daemon that does not answer" docker-silent 1 hole "pid $DOCKERD"
	undo='jq . "$T/last.json" >"$DAEMON"'
	cp "$DAEMON" "$T/last.json"; echo '{ "debug": }' >"$DAEMON"; look
	found "a broken daemon.json" docker-unreadable 1 note 'daemon\.json:1:12'
}

access() {
	local sock=$T/docker/sock
	undo='chmod 660 "$sock"'
	chmod 666 "$sock"; look
	found "a socket for all" docker-socket 3 access 'everybody'
	undo='chgrp 0 "$sock"'
	# A group with a member, and one who has it as his first.
	chgrp 100 "$sock"
	mkdir -p "$T/id"
	{ cat /etc/group; echo 'users:x:100:alice'; } >"$T/id/group"
	{ cat /etc/passwd; echo 'bob:x:4000:100::/:/bin/sh'; } >"$T/id/passwd"
	mount --bind "$T/id/group" /etc/group && mount --bind "$T/id/passwd" /etc/passwd
	look
	found "members of the engine's group" docker-group 3 access '100 may.*alice.*bob'
	umount /etc/group /etc/passwd
	undo="daemon '$COVERED'"
	daemon "$(jq -c '.hosts += ["tcp://127.0.0.1:2375"]' <<<"$(jq -s '.[0] * .[1]' "$T/plain.json" <(echo "$COVERED"))")"; look
	found "the API on the network" docker-tcp 3 access 'tcp://127\.0\.0\.1:2375'
}

guard() {
	local id record
	undo='mv /usr/libexec/ocigate/away /usr/libexec/ocigate/ocigate-ports'
	mv /usr/libexec/ocigate/ocigate-ports /usr/libexec/ocigate/away; look
	found "no helper for the guard" guard-helper 0 note 'ocigate-ports'
	if [ -e /usr/lib/systemd/systemd ]; then
		undo='mv "$T/work/unit" "$UNIT"'
		mv "$UNIT" "$T/work/unit"; look
		found "a drop-in is gone" guard-units 0 note 'nftables\.service'
	fi
	undo='umount /usr/sbin/nft'
	mount --bind /dev/null /usr/sbin/nft; look
	found "no nft" guard-failing 0 note 'nft'
	undo='"$CTL" ports sync'
	id=$(D run -d --name web -p 8080:80 bb:1 sleep 1000)
	look
	hasnt "a guard that stands" "$ids" 'guard'
	nft delete table inet ocigate; look
	found "a guard that was taken away" guard-missing 1 hole 'nftables'
	record=$(echo "$T/run/$id"*.json)
	undo='cp "$T/work/record" "$record"'
	cp "$record" "$T/work/record" && echo >"$record"; look
	has "a record that cannot be read: the helper says where" "$(/usr/libexec/ocigate/ocigate-ports check --root "$(jq -r .root "$T/work/record")" "$id" 2>&1)" "^ocigate-ports: .*$id.*:[0-9]+:[0-9]+: ."
	found "a record that cannot be read" guard-unknown 1 note 'record'
	hasnt "... is no process" "$("$CTL" ports list)" 'OPEN|process -1'
	D rm -f web >/dev/null
	undo='umount /usr/libexec/ocigate/ocigate-ports'
	printf '#!/bin/sh\nfor i in $(seq 2000); do echo "  closed   tcp . 10.0.0.$i"; done\necho "  MISSING  tcp . 10.0.1.1"\n' >"$T/work/ports"
	chmod 755 "$T/work/ports"
	mount --bind "$T/work/ports" /usr/libexec/ocigate/ocigate-ports; look
	found "the last of a long list is missing" guard-missing 1 hole 'nftables'
}

# As "ocigatectl install" leaves it.
UNIT=/etc/systemd/system/nftables.service.d/ocigate.conf
if [ -d /etc/systemd/system ]; then
	mkdir -p /etc/systemd/system/{nftables.service.d,firewalld.service.d,timers.target.wants}
	touch "$UNIT" "${UNIT/nftables/firewalld}"
	ln -s /nowhere /etc/systemd/system/timers.target.wants/ocigate-ports-sync.timer
fi
policy "$GOOD"
hosts
real_is "$REAL"
mkdir -p "$T/door" && ln -sf "$T/bin/ocigate" "$T/door/runc"
dockerd_start runc
image bb:1
dockerd_stop
jq 'del(.runtimes, .["default-runtime"])' "$DAEMON" >"$T/plain.json"
daemon "$COVERED"
chgrp 0 "$T/docker/sock"
mount --bind "$T/host/etc/containers" /etc/containers 2>/dev/null || mount -t tmpfs tmpfs /etc/containers
look
is "a host that is covered" "$rc $(jq -r '.covered' <<<"$json")" "0 true"
is "... has nothing to find" "$ids" ""
has "... and says so" "$("$CTL" status --config "$DAEMON")" '^covered: every launch'
policies
engine
access
guard
for bad in "--format xml" "--bogus" "docker"; do
	capture "$CTL" status $bad
	is "usage: status $bad" "$rc" 2
done
dockerd_stop
e2e_end
