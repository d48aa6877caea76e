#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A launch of Docker's with a published port, every system call failing, interrupted or
# killed (tests/lib/fault.sh): the verdict is about the daemon's files, and none of them
# may be taken for absent. Then the port guard's helper with the real nft, in a network
# namespace of its own: it says that the port is closed only when it is, and never opens
# that of another container.

# shellcheck source-path=SCRIPTDIR disable=SC1007,SC2015,SC2034,SC2086,SC2154,SC2206,SC2317
. "$(dirname "$0")/../lib/fault.sh"
if [ "$(id -u)" -ne 0 ]; then
	echo "docker.sh: must be run as root" >&2
	exit 1
fi
fault_begin "$@"
helper=$BUILD/ocigate-ports
id=$(printf '0123456789abcdef%.0s' 1 2 3 4)
image=sha256:$id

# ---- the daemon's files -----------------------------------------------------

state=$dir/moby
data=$dir/data
bundle=$dir/bundle
mkdir -p "$state" "$data/containers/$id" "$data/overlay2/l/merged" "$data/volumes" "$data/image/overlay2" "$data/network/files"
# a network of a user's: a plain bridge by the daemon's database, one of the fuzzing corpus
cp "$fault_lib/../fuzz/corpus/bolt/leaf" "$data/network/files/local-kv.db"
printf '{"ID":"%s","Image":"%s","Driver":"overlay2","Config":{"Image":"a:1"},"NetworkSettings":{"Networks":{"web":{}}}}\n' "$id" "$image" >"$data/containers/$id/config.v2.json"
cat >"$data/containers/$id/hostconfig.json" <<-'JSON'
	{"NetworkMode":"web","Privileged":false,"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":""}],"81/tcp":[{"HostIp":"","HostPort":"8081"}]}}
JSON
printf '{"Repositories":{"a":{"a:1":"%s","a@sha256:1":"%s"}}}\n' "$image" "$image" >"$data/image/overlay2/repositories.json"
echo "127.0.0.1 localhost" >"$data/containers/$id/hosts"
cat >old.json <<JSON
{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["/bin/true"],"env":["PATH=/bin"],"cwd":"/"},
"root":{"path":"$data/overlay2/l/merged"},"hostname":"fault",
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
{"destination":"/etc/hosts","type":"bind","source":"$data/containers/$id/hosts","options":["rbind","rprivate"]}],
"linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}]},"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"}]}}
JSON
cat >lab.json <<JSON
{"version":1,"extends":"lab","audit":{"file":"$dir/audit.jsonl"},"rules":{"image":{"deny":["z"]}}}
JSON
# one rule alone, for which what is not known is no reason to refuse
cat >ports.json <<JSON
{"version":1,"extends":"permissive","rules":{"image":{"action":"off"},"ports":{"action":"rewrite","addresses":["127.0.0.1","::1"]}}}
JSON

# An engine writes its bundle anew for each launch, and takes it away.
kept=no

same_record() {
	[ ! -e given ] || [ "$1" != lab ] || echo "the runtime was given $(cat given)"
	[ ! -e ran ] || [ "$(records)" = "$(cat record)" ] || diff <(records | tr ',}' '\n') <(tr ',}' '\n' <record) |
		grep '^[<>]' | grep -v "${2:-^$}"
}

# undisturbed POLICY: what a launch comes to when nothing fails.
undisturbed() {
	what="undisturbed $1"
	reset
	cp old.json new.json
	if launch "$1" && [ -e ran ] && cp saw new.json && grep -q '"guarded":true' "$records"/*.json; then
		pass
	else
		fail "$(cat err) $(records)"
	fi
	is_clean
	reset
	call "$1" create --bundle "$bundle" $id
	# the tracer's own descriptors count
	strace -o trace "${argv[@]}" 2>err 3<&-
	records >record
	is_clean
}

undisturbed lab
also="same_record lab"
# that there are no such files of the daemon's
lies=ENOENT
stride=3
every docker 1 new.json reset call lab create --bundle "$bundle" $id
undisturbed ports
# what is known of the image, its /dev and AppArmor's profiles is nothing to that policy
also='same_record ports "image\|"dev_problem\|"apparmor'
stride=6
every docker-ports 1 new.json reset call ports create --bundle "$bundle" $id

# ---- the guard's helper -----------------------------------------------------

# The container's process, with an address in a network namespace of its own.
unshare -n sleep 1000 >/dev/null 2>&1 9<&- &
sleeper=$!
mkfifo never
# Docker's proxy of the port that the daemon chose.
cp "$(command -v sh)" docker-proxy
# shellcheck disable=SC2016 # the shell that is started expands it
("$dir/docker-proxy" -c 'read -r _ <"$0"' "$dir/never" -proto tcp -host-ip 0.0.0.0 -host-port 32768 \
	-container-ip 10.9.0.2 -container-port 80) >/dev/null 2>&1 9<&- &
proxy=$!
trap 'kill $sleeper $proxy 2>/dev/null' EXIT
until [ "$(readlink /proc/$sleeper/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link set lo up
ip link add outside type veth peer name inside netns $sleeper || exit 1
ip addr add 10.9.0.1/24 dev outside && ip link set outside up
nsenter -t $sleeper -n sh -c 'ip addr add 10.9.0.2/24 dev inside && ip link set inside up'
# addresses that come later would make another plan
sysctl -q net.ipv6.conf.outside.disable_ipv6=1
nsenter -t $sleeper -n sysctl -q net.ipv6.conf.all.disable_ipv6=1

table() {
	nft list table inet ocigate 2>/dev/null
	nsenter -t $sleeper -n nft list table inet ocigate 2>/dev/null
}

# Another container's book and what it keeps closed; |$1| of this one: up.
guarded() {
	reset
	nft delete table inet ocigate 2>/dev/null
	nsenter -t $sleeper -n nft delete table inet ocigate 2>/dev/null
	cp kept.record "$records/$key"
	printf '/another/root\nc2\nany tcp . 9999\n' >"$records/c2.json.ports"
	[ "$1" = down ] || return
	cp kept.book "$records/$key.ports"
	nft -f kept.table
}

ports() {
	argv=("$helper" "$1" --root "$state" $id)
}

closed() {
	[ "$status" -ne 0 ] || [ "$(table)" = "$(cat closed)" ] || echo "not closed: $(table | diff - closed)"
}

# Whatever becomes of ours, that of others stays.
others() {
	nft list set inet ocigate any 2>/dev/null | grep -q 'tcp . 9999' || echo "the port of another container is open"
	[ "$status" -ne 0 ] || ! nft list table inet ocigate | grep -q 32768 || echo "the port is still closed: $(table)"
}

# For is_clean: the record and the book are ours to take away.
remove() {
	"$helper" down --root "$state" $id 2>/dev/null
	rm -rf "${records:?}"/*
	cat old.json >"$bundle/config.json"
}

what="helper undisturbed"
reset
launch ports
key=$(basename "$records"/*.json)
cp "$records/$key" kept.record
mkdir -p "$state/$id"
printf '{"init_process_pid":%d,"init_process_start":%d}\n' "$sleeper" \
	"$(sed 's/.*) //' "/proc/$sleeper/stat" | cut -d ' ' -f 20)" >"$state/$id/state.json"
mkfifo "$state/$id/exec.fifo"
guarded up
ports up
if "${argv[@]}" 2>err && table >closed && grep -q 32768 closed && grep -q 8081 closed; then
	pass
else
	fail "up: $(cat err closed)"
fi
cp "$records/$key.ports" kept.book
nft add element inet ocigate any '{ tcp . 9999 }' || fail "another container's port"
nft list table inet ocigate >kept.table
guarded down
ports down
status=0
"${argv[@]}" 2>err || status=$?
wrong=$(others)
[ "$status$wrong" = 0 ] && pass || fail "down: $wrong $(cat err)"
remove

runs=no
begins=/run/ocigate
also=closed
stride=5
every up 1 "" "guarded up" ports up
also=others
stride=3
every down 1 "" "guarded down" ports down
fault_end
