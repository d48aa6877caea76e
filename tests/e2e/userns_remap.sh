#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A daemon that maps the users of its containers ("userns-remap"). There runc cannot
# make a device node and binds what the host has at its path instead, which makes a
# host file of "--device /dev/null:/any/file". Plain runc shows that first. And there a
# container that joins the network of another joins its user namespace.

# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"

OPEN=/var/lib/ocigate-open.$$
PLAIN=runc

remapped() {
	mkdir -p "$T/ids"
	echo daemon:100000:65536 >"$T/ids/sub"
	mount --bind "$T/ids/sub" /etc/subuid || e2e_die "cannot give daemon its ids"
	mount --bind "$T/ids/sub" /etc/subgid || e2e_die "cannot give daemon its ids"
	rm -rf "$OPEN"; mkdir -m 755 "$OPEN"
	echo of-the-host >"$OPEN/file"
	chmod 666 "$OPEN/file"
	E2E_DAEMON='"userns-remap": "daemon",'
}

# device RUNTIME: what the container finds in the "device"
device() {
	capture D run --rm --runtime "$1" --device "/dev/null:$OPEN/file" bb:1 cat "$OPEN/file"
}

# ordinary PRESET: those whose users are mapped go on working.
ordinary() {
	capture D run --rm bb:1 cat /proc/self/uid_map
	is "$1: an ordinary container" "$rc $(tr -s ' ' <<<"$out")" "0  0 100000 65536"
	capture D run --rm --device /dev/null bb:1 sh -c 'echo x >/dev/null && ls -l /dev/null'
	is "$1: a device by its own name" "$rc" 0
	has "... which it is" "$out" '^c.* 1, +3'
	capture D run --rm -u 1000:1000 bb:1 true
	is "$1: a user" "$rc" 0
}

# joined NAME: in the network of that container, and so in its user namespace.
joined() {
	capture D run --rm -u 1000:1000 --network "container:$1" bb:1 cat /proc/self/uid_map
}

# Whose ids those of a joined namespace are is known of containers that were judged.
joins() {
	policy '{ "version": 1, "extends": "permissive", "rules": { "user": { "action": "reject", "uid": ["1000", "101000"], "gid": ["1000", "101000"],
		"groups": ["1000", "101000"] } } }'
	{ D run -d --runtime "$PLAIN" --name theirs bb:1 sleep 600 && D run -d -u 1000:1000 --name ours bb:1 sleep 600; } >/dev/null ||
		e2e_die "no container to join"
	joined ours
	is "mapped ids: in the user namespace of a container of ocigate's" "$rc $(tr -s ' ' <<<"$out")" "0  0 100000 65536"
	joined theirs
	is "mapped ids: not in that of another" "$rc $out" "125 "
	has "... and says why" "$err" "rejected: user: which users of the host the user namespace .*/ns/user.* maps is not known"
	D rm -f theirs ours >/dev/null
}

e2e_main() {
	local preset
	image bb:1
	device "$PLAIN"
	is "plain runc: a file of the host's by the name of a device" "$rc $out" "0 of-the-host"
	for preset in permissive baseline restricted lab; do
		policy "{ \"version\": 1, \"extends\": \"$preset\", \"rules\": { \"ports\": { \"action\": \"off\" }, \"image\": { \"action\": \"off\" } } }"
		[ "$preset" = restricted ] || ordinary "$preset"
		[ "$preset" = permissive ] || {
			device ocigate
			is "$preset: no file of the host's" "$rc $out" "125 "
			has "... and says why" "$err" "$OPEN/file. .c 1:3. is not allowed .in a user namespace only by the name that the host has"
		}
	done
	joins
	is "the host's file is as it was" "$(cat "$OPEN/file")" of-the-host
}

remapped
dockerd_start ocigate
if need_ocigate "devices of mapped users"; then
	e2e_main
fi
dockerd_stop
rm -rf "$OPEN"
e2e_end
