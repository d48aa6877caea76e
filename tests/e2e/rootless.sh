#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# podman of a user without root, with ocigate as the runtime that the user's own
# containers.conf names, under the policy of examples/: what is allowed works, what
# is not is said, and policy, records and log are the user's, not the site's. There
# ocigate runs as 0 of podman's user namespace, where what is root's has no owner.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"

ID=4242
H=/home/alice
RUN=/run/user/$ID
REFUSED='OCI runtime error: ocigate: ocigate: rejected: (.*; )?'

# The user and the user's ids, in a copy of the host's /etc, which may have no subuid.
user() {
	{ cp -a /etc "$T/etc.own" && mount --bind "$T/etc.own" /etc && mount --bind "$T/etc" /etc/ocigate; } ||
		e2e_die "no /etc of our own"
	echo "alice:x:$ID:$ID::$H:/bin/sh" >>/etc/passwd
	echo "alice:x:$ID:" >>/etc/group
	echo alice:100000:65536 | tee /etc/subuid >/etc/subgid
	{ e2e_own_run && mount -t tmpfs -o mode=755 tmpfs /home; } || e2e_die "no directories of a host"
	mkdir -p "$H"/{work,.ssh,.config/ocigate,.config/containers} "$RUN"
	echo data >"$H/work/f"
	cp "$E2E_TREE/examples/policies/rootless.json" "$H/.config/ocigate/policy.json"
	cat >"$H/.config/containers/containers.conf" <<-CONF
		[engine]
		runtime = "ocigate"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[engine.runtimes]
		ocigate = ["$RT"]
	CONF
	chown -R $ID:$ID "$H" "$RUN"
	chmod 700 "$RUN" "$H/.ssh"
	# podman warns where it is private; nothing of it leaves this namespace
	mount --make-rshared /
}

U() {
	(cd "$H" && exec setpriv --reuid $ID --regid $ID --clear-groups env -i PATH="$PATH" HOME="$H" \
		XDG_RUNTIME_DIR="$RUN" timeout 60 "$@" 8>&-)
}

P() {
	U podman --storage-driver vfs "$@"
}

run() {
	capture P run --rm --network none "$@"
}

# refused NAME ERE ARGUMENTS...
refused() {
	local name=$1 ere=$2
	shift 2
	run "$@" bb:1 echo it ran
	has "refused: $name" "$err" "$REFUSED$ere"
	is "... with status 126, and nothing ran" "$rc $out" "126 "
}

launches() {
	run bb:1 id -u
	is "a container: its own root" "$rc $out $err" "0 0 "
	run -u 1000 bb:1 id -u
	is "... another user" "$rc $out" "0 1000"
	run -v "$H/work:/d" bb:1 sh -c 'cat /d/f; touch /d/new'
	is "one's work" "$rc $out" "0 data"
	is "... can be written, and is one's own" "$(stat -c %u "$H/work/new")" $ID
	run -v kept:/d bb:1 sh -c 'echo kept >/d/f'
	run -v kept:/d bb:1 cat /d/f
	is "a volume" "$rc $out" "0 kept"
	# as README says: podman gives the bundle to the id that is the container's root
	run --userns keep-id bb:1 id -u
	has "--userns keep-id: refused" "$rc $err" '^126 .*owner 1, mode 700: others may write the bundle'
	refused "--privileged" 'privileged: .*leave out --privileged' --privileged
	refused "the host's files" 'mounts: "/usr" is not .*use a path under "/home/\*/work" \[policy\.json:[0-9]+\]' -v /usr:/x
	refused "one's keys" "mounts: \"$H/.ssh\" is not" -v "$H/.ssh:/x"
	capture P run --rm --network host bb:1 echo it ran
	has "refused: the host's network" "$rc $out $err" "^126  .*$REFUSED"'network-host: '
	is "nothing is left" "$(P ps -aq)" ""
}

lives() {
	capture P run -d --name c --network none bb:1 sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	is "a container in the background" "$rc" 0
	is "... has a record in one's own directory" "$(find "$RUN/ocigate" -name '*.json' | wc -l)" 1
	capture P exec c id -u
	is "exec" "$rc $out" "0 0"
	capture P exec --privileged c id -u
	has "exec --privileged: refused" "$err" "$REFUSED"'privileged: .*leave out --privileged'
	capture P stop -t 10 c
	is "stop" "$rc $(P inspect -f '{{.State.ExitCode}}' c)" "0 3"
	capture P start c
	is "start" "$rc $(P inspect -f '{{.State.Running}}' c)" "0 true"
	capture P rm -f -t 0 c
	is "rm" "$rc $(P ps -aq)" "0 "
	is "... and its record is gone" "$(find "$RUN/ocigate" -name '*.json' | wc -l)" 0
}

# What kinds of network there are is asked where root makes them.
networks() {
	local p=$H/.config/ocigate/policy.json
	sed 's|"rules": {|& "network-host": { "drivers": ["macvlan", "ipvlan"] },|' "$E2E_TREE/examples/policies/rootless.json" >"$p"
	run bb:1 echo it ran
	is "with macvlan and ipvlan refused: no network" "$rc $out $err" "0 it ran "
	cp "$E2E_TREE/examples/policies/rootless.json" "$p"
}

# Policy and log are the user's, whatever lies in the site's places.
places() {
	local p=$H/.config/ocigate/policy.json
	policy '{ "version": 1, "extends": "baseline", "mode": "enforce", "no": 1 }'
	run bb:1 true
	is "the site's policy is not read" "$rc $err" "0 "
	sed "s|\"version\": 1,|& \"audit\": { \"file\": \"$H/audit.jsonl\" },|" "$E2E_TREE/examples/policies/rootless.json" >"$p"
	refused "with a log" 'mounts: ' -v /etc:/x
	has "... which the user owns" "$(stat -c %u "$H/audit.jsonl") $(cat "$H/audit.jsonl")" "^$ID .*\"verdict\":\"reject\".*/etc.* is not an allowed source"
	is "nothing is written where root's goes" "$(find /run/ocigate /var/log/ocigate -type f ! -name .in-use)" ""
	chmod 666 "$p"
	run bb:1 true
	has "a policy that others may write: no launch" "$err" "$p: .*chmod go-w"
	rm "$p"
	run bb:1 true
	has "no policy: no launch" "$err" "$p: .*does not exist"
	# Root of a namespace that has ids for root's files: a system container's.
	rm "$POLICY"
	capture unshare --user --map-root-user env -i PATH="$PATH" HOME="$H" XDG_RUNTIME_DIR="$RUN" "$RT" run --bundle "$T" c
	has "root in a namespace of root's is under the site's" "$err" ' /etc/ocigate/policy\.json: .*does not exist'
}

need_ocigate "rootless podman" || e2e_end
user
if ! out=$(P unshare cat /proc/self/uid_map 2>&1); then
	not_here "rootless podman" "podman unshare: $out"
	ok "what this host lacks is said"
	e2e_end
fi
has "podman's namespace has the user's ids" "$out" "^ +0 +$ID +1\$"
rootfs "$T/rootfs"
tar -C "$T/rootfs" -c . >"$T/bb.tar"
chmod 644 "$T/bb.tar"
P import -q "$T/bb.tar" bb:1 >/dev/null || e2e_die "cannot import the image"
launches
lives
networks
places
e2e_end
