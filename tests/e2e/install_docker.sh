#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ocigatectl install and uninstall docker: configurations of every shape keep each byte
# that is not ours and come back exactly; then the real daemon takes them.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"
need_ocigate "ocigatectl install" || e2e_end

# ---- shapes: a host below a directory ---------------------------------------

# host NAME: leaves its directory in $H.
host() {
	H=$T/hosts/$1
	mkdir -p "$H"/{etc/ocigate,etc/docker,etc/containerd,usr/sbin}
	printf '{ "version": 1, "extends": "baseline" }\n' >"$H/etc/ocigate/policy.json"
	cp "$RT" "$H/usr/sbin/ocigate"
}

# The same JSON but for what is ours.
without_ours() {
	jq -S 'del(.runtimes["ocigate", "ocigate-explain"], .["default-runtime"]) |
		if .runtimes == {} then del(.runtimes) else . end' "$1"
}

# Every line of $1 is still in $2, in order, perhaps with a comma more.
lines_kept() {
	diff <(sed 's/[,[:space:]]*$//' "$1") <(sed 's/[,[:space:]]*$//' "$2") | grep '^<'
}

# docker_shape NAME TEXT [loose]: install twice, uninstall. "loose": its lines change.
docker_shape() {
	local f
	host "docker-$1"
	f=$H/etc/docker/daemon.json
	printf "$2" >"$f"
	chmod 640 "$f"
	chown 0:65534 "$f"
	docker_round "$1" "$f" "${3:-}"
	is "$1: mode and owner stay" "$(stat -c '%a %u:%g' "$f")" "640 0:65534"
}

docker_round() {
	local name=$1 f=$2
	cp -L "$f" "$T/was"
	capture "$CTL" install docker --default --dry-run --root "$H"
	is "$name: --dry-run shows a diff" "$rc $(grep -c '^+.*ocigate' <<<"$out" | sed 's/[1-9]/some/')" "0 some"
	same "$name: --dry-run changes nothing" "$T/was" "$f"
	check "$name: install" "$CTL" install docker --default --root "$H"
	is "$name: registered" "$(jq -r '.runtimes.ocigate.path, .runtimes["ocigate-explain"].path, .["default-runtime"]' "$f" | tr '\n' ' ')" \
		"/usr/sbin/ocigate /usr/sbin/ocigate-explain ocigate "
	if [ -s "$T/was" ] && grep -q '[^[:space:]]' "$T/was"; then
		is "$name: the rest means the same" "$(without_ours "$f")" "$(without_ours "$T/was")"
	fi
	[ -n "${3:-}" ] || is "$name: every line is kept" "$(lines_kept "$T/was" "$f")" ""
	cp "$f" "$T/once"
	check "$name: install again" "$CTL" install docker --default --root "$H"
	same "$name: twice changes nothing" "$T/once" "$f"
	check "$name: install without --default" "$CTL" install docker --root "$H"
	same "$name: that takes nothing back" "$T/once" "$f"
	check "$name: uninstall" "$CTL" uninstall docker --root "$H"
	same "$name: byte for byte as before" "$T/was" "$f"
	is "$name: no backup is left" "$(ls -A "$H/etc/ocigate")" "policy.json"
}

docker_shape ordinary '{\n  "log-driver": "json-file",\n  "log-opts": {\n    "max-size": "10m"\n  }\n}\n'
docker_shape empty '' loose
docker_shape blank ' \n\n' loose
docker_shape "empty object" '{}' loose
docker_shape "empty object, spread" '{\n}\n' loose
docker_shape "other runtimes" '{\n    "runtimes": {\n        "nvidia": {\n            "path": "nvidia-container-runtime",\n            "runtimeArgs": []\n        }\n    },\n    "debug": true\n}'
docker_shape "another default" '{\n  "default-runtime": "crun",\n  "runtimes": { "crun": { "path": "/usr/bin/crun" } }\n}\n' loose
docker_shape "default runc" '{"default-runtime":"runc"}' loose
docker_shape "one line" '{"debug":true,"ipv6":false}' loose
docker_shape "one line, runtimes empty" '{ "runtimes": {}, "debug": true }' loose
docker_shape tabs '{\n\t"debug": true,\n\t"runtimes": {\n\t\t"x": {\n\t\t\t"path": "/x"\n\t\t}\n\t}\n}\n'
docker_shape CRLF '{\r\n  "debug": true,\r\n  "experimental": false\r\n}\r\n'
docker_shape "odd indentation" '{\n "debug": true\n    ,"ipv6": false\n       , "mtu": 1400 }' loose
docker_shape "big numbers" '{\n  "max-concurrent-downloads": 12345678901234567890123,\n  "mtu": 1.50e3\n}\n'
docker_shape "escapes" '{\n  "label\\u0073": ["a\\/b", "\\u00e9=\\ud83d\\ude00"],\n  "bip": "\\t"\n}\n'
docker_shape "blank lines" '{\n\n  "debug": true,\n\n\n  "ipv6": false\n\n}\n\n\n'
docker_shape "ocigate of another place" '{\n  "runtimes": { "ocigate": { "path": "/opt/ocigate" } }\n}\n' loose
docker_shape "no newline at the end" '{\n  "debug": true\n}'

host "docker-missing"
rm -r "$H/etc/docker"
check "missing: install" "$CTL" install docker --default --root "$H"
is "missing: what is written" "$(jq -c . "$H/etc/docker/daemon.json")" \
	'{"runtimes":{"ocigate":{"path":"/usr/sbin/ocigate"},"ocigate-explain":{"path":"/usr/sbin/ocigate-explain"}},"default-runtime":"ocigate"}'
is "missing: readable as usual" "$(stat -c %a "$H/etc/docker/daemon.json")" 644
check "missing: uninstall" "$CTL" uninstall docker --root "$H"
check_fails "missing: is missing again" test -e "$H/etc/docker/daemon.json"

host "docker-crash"
printf '{\n  "debug": true\n}\n' >"$H/etc/docker/daemon.json"
strace -f -y -e trace=fsync,rename,renameat,renameat2 -o "$T/calls" "$CTL" install docker --root "$H" >/dev/null
# The descriptor's file, then the directory's entry, then the directory.
is "a crash: the new bytes are on the disk before they have the name" \
	"$(grep -A 2 'fsync(.*docker/\.daemon\.json' "$T/calls" | sed 's/^[0-9]* *//; s/(.*, "/ /; s/(.*//; s/".*//' | tr '\n' ' ')" \
	"fsync renameat daemon.json fsync "
is "... and nothing else is left there" "$(ls -A "$H/etc/docker")" daemon.json

host "docker-link"
mkdir -p "$H/srv/conf"
printf '{\n  "debug": true\n}\n' >"$H/srv/conf/docker.json"
ln -s ../../srv/conf/docker.json "$H/etc/docker/daemon.json"
docker_round link "$H/etc/docker/daemon.json"
is "link: it is still a link" "$(readlink "$H/etc/docker/daemon.json")" ../../srv/conf/docker.json
ln -sfn /etc/hostname "$H/etc/docker/daemon.json"
check_fails "link: not followed out of the root" "$CTL" install docker --root "$H"
ln -sfn nowhere "$H/etc/docker/daemon.json"
capture "$CTL" install docker --root "$H"
has "link: leads nowhere" "$rc $err" '^1 .*cannot be followed'

host "docker-readonly"
printf '{}\n' >"$H/etc/docker/daemon.json"
mount --bind "$H/etc/docker" "$H/etc/docker" && mount -o remount,bind,ro "$H/etc/docker"
capture "$CTL" install docker --root "$H"
has "read-only: says so" "$rc $err" '^1 .*daemon\.json: .*Read-only file system'
umount "$H/etc/docker"
is "read-only: unchanged" "$(cat "$H/etc/docker/daemon.json")" '{}'
chmod 444 "$H/etc/docker/daemon.json"
docker_round "mode 444" "$H/etc/docker/daemon.json" loose
is "mode 444: stays" "$(stat -c %a "$H/etc/docker/daemon.json")" 444

# refused NAME TEXT ERE: not ours to repair.
refused() {
	host "refused-$1"
	printf "$2" >"$H/etc/docker/daemon.json"
	cp "$H/etc/docker/daemon.json" "$T/was"
	capture "$CTL" install docker --default --root "$H"
	has "$1: refused with its place" "$rc $err" "^1 ocigatectl: .*$3"
	same "$1: as it was" "$T/was" "$H/etc/docker/daemon.json"
}
refused "broken JSON" '{\n  "debug": true,\n}\n' 'daemon\.json:3:1: '
refused "comments" '{\n  // no\n  "debug": true\n}\n' 'daemon\.json:2:3: '
refused "duplicate keys" '{\n  "debug": true,\n  "debug": false\n}\n' 'daemon\.json:3:3: '
refused "an array" '[]\n' 'must be an object'
refused "runtimes no object" '{\n  "runtimes": 1\n}\n' 'daemon\.json:2:15: "runtimes" must be an object'

# Somebody edited the file after us: only our keys go.
host "docker-edited"
printf '{\n  "debug": true,\n  "default-runtime": "crun",\n  "runtimes": {\n    "crun": { "path": "/usr/bin/crun" }\n  }\n}\n' >"$H/etc/docker/daemon.json"
"$CTL" install docker --default --root "$H" >/dev/null
sed -i 's/"debug": true/"debug": false, "mtu": 1400/' "$H/etc/docker/daemon.json"
check "edited since: uninstall" "$CTL" uninstall docker --root "$H"
is "edited since: only our keys went, the earlier default is back" "$(cat "$H/etc/docker/daemon.json")" \
	"$(printf '{\n  "debug": false, "mtu": 1400,\n  "default-runtime": "crun",\n  "runtimes": {\n    "crun": { "path": "/usr/bin/crun" }\n  }\n}')"
host "docker-edited-2"
printf '{\n  "debug": true\n}\n' >"$H/etc/docker/daemon.json"
"$CTL" install docker --default --root "$H" >/dev/null
sed -i 's/"debug": true/"debug": false/' "$H/etc/docker/daemon.json"
"$CTL" uninstall docker --root "$H" >/dev/null
is "edited since: runc is named" "$(jq -c . "$H/etc/docker/daemon.json")" '{"debug":false,"runtimes":{},"default-runtime":"runc"}'

host "docker-nopolicy"
printf '{ "version": 1, "extends": "nothing" }' >"$H/etc/ocigate/policy.json"
capture "$CTL" install docker --default --root "$H"
has "no valid policy: not made the default" "$rc $err" '^1 .*every launch would be refused'
check_fails "no valid policy: nothing written" test -e "$H/etc/docker/daemon.json"
for bad in "" "rkt" "docker --bogus" "docker podman"; do
	capture "$CTL" install $bad
	is "usage: install $bad" "$rc" 2
done
capture "$CTL" uninstall docker --default --root "$H"
has "usage: uninstall docker --default, named" "$rc $err" '^2 .*--default'

# ---- Docker -----------------------------------------------------------------

DAEMON=$T/docker/daemon.json
EDITED="--config $DAEMON"
policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "off" } } }'
real_is "$REAL"

# Whether the container went through ocigate: there is a record of its launch.
through() {
	local id through=plain
	id=$(D run -d "$@" bb:1 sleep 60 2>&1) || { echo "$id"; return; }
	ls "$T/run/" | grep -q "^$id" && through=ocigate
	D rm -f "$id" >/dev/null 2>&1
	echo "$through"
}
# What dockerd was started with, less the runtimes.
dockerd_start runc
dockerd_stop
jq 'del(.runtimes, .["default-runtime"])' "$DAEMON" >"$T/plain.json"

dockerd_plain() {
	cat "$T/plain.json" >"$DAEMON"
	[ $# -eq 0 ] || jq "$1" "$T/plain.json" >"$DAEMON"
	cp "$DAEMON" "$T/was"
	env -u DOCKER_HOST PATH="/usr/sbin:/usr/bin:/sbin:/bin" "$E2E_DOCKERD" --config-file "$DAEMON" \
		>>"$T/docker/log" 2>&1 </dev/null 8>&- &
	DOCKERD=$!
	wait_for 40 D info || e2e_die "dockerd does not start" "$(tail -n 20 "$T/docker/log")"
}
dockerd_plain
image bb:1
is "docker: before, plain runc" "$(through)" plain
check "docker: install" "$CTL" install docker --default $EDITED
is "docker: reloaded, through ocigate" "$(through)" ocigate
has "docker: explain is registered" "$(D run --rm --runtime ocigate-explain bb:1 true 2>&1)" 'complies|would'
is "docker: --runtime runc is open still" "$(through --runtime runc)" plain
capture "$CTL" uninstall docker $EDITED
has "docker: uninstall reloads" "$rc $out" '^0 '
has "docker: uninstall reloads" "$out" 'has reloaded'
same "docker: the file is as it was" "$T/was" "$DAEMON"
is "docker: plain again" "$(through)" plain
check "docker: a later reload" kill -HUP $DOCKERD
sleep 0.5
is "docker: still plain" "$(through)" plain
check "docker: it never crashed" kill -0 $DOCKERD
dockerd_stop

# The trap: "runtimes" without the default of the moment makes 20.10 panic.
dockerd_plain '.runtimes = { "other": { "path": "/usr/sbin/runc" } }'
check "docker with runtimes: install" "$CTL" install docker --default $EDITED
is "docker with runtimes: through ocigate" "$(through)" ocigate
check "docker with runtimes: uninstall" "$CTL" uninstall docker $EDITED
same "docker with runtimes: the file is as it was" "$T/was" "$DAEMON"
is "docker with runtimes: plain again" "$(through)" plain
kill -HUP $DOCKERD
sleep 0.5
check "docker with runtimes: it never crashed" kill -0 $DOCKERD
# Edited by hand behind the daemon's back: the reload that would panic is not asked for.
"$CTL" install docker --default $EDITED >/dev/null
jq 'del(.["default-runtime"])' "$DAEMON" >"$T/x" && cat "$T/x" >"$DAEMON"
check "docker, edited by hand: uninstall" "$CTL" uninstall docker $EDITED
check "docker, edited by hand: it did not crash" kill -0 $DOCKERD
is "docker, edited by hand: plain again" "$(through)" plain
dockerd_stop

e2e_end
