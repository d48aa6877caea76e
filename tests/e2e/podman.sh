#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# podman with ocigate as its runtime: ordinary containers come out as with plain
# runc and their config.json reaches it byte for byte, what is refused is said to
# whoever typed the command, images are known, annotations are believed by no
# rule, and images can be built. Networks and ports: podman_networks.sh.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2069,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh" # the recorders
. "$(dirname "$0")/../lib/e2e_scenarios.sh"
. "$(dirname "$0")/../lib/e2e_podman.sh"
E2E_POINTS="$E2E_POINTS /var/lib/containers /usr/libexec/catatonit /usr/libexec/podman"
e2e_begin "$@"

R=(ocigate) # the runtime by its name in containers.conf

mode_is() {
	R=("$1")
}

# What differs from one container to the next, taken out.
normal() {
	sed -E "s/[0-9a-f]{64}/ID/g; s/[0-9a-f]{12}/ID/g; s/$N/NAME/g; s/${R[0]}:/RUNTIME:/; s/time=\"[^\"]*\"/TIME/"
}

# ---- scenarios: as with plain runc ------------------------------------------

s_root() {
	run bb:1 sh -c 'id; grep -E "^(Cap|NoNew|Seccomp:|Groups|Umask)" /proc/self/status
		echo text >/new; chown 1000:1000 /new; stat -c "%u:%g" /new; ping -c 1 127.0.0.1 | grep -c "1 packets received"'
}

s_user() {
	run -u 1000:2000 --group-add 65534 bb:1 sh -c 'id; touch /tmp/f && stat -c %u /tmp/f; touch /f'
	run -u 4242 bb:1 id -u
	run bb:1 su user -s /bin/sh -c id
}

# podman keeps its mounts in a map: their order is another one at each launch.
s_reach() {
	run --network none --hostname same bb:1 probe reach 2>&1 | normal |
		sed -E 's/\[[0-9]+\]/[N]/; s/(lowerdir|upperdir|workdir)=[^, ]*/\1/g; s/master:[0-9]+/master:N/' | sort
}

s_volumes() {
	run -v "$N-vol:/data" bb:1 sh -c 'echo kept >/data/f'
	run -v "$N-vol:/data:ro" bb:1 sh -c 'cat /data/f; touch /data/g'
	run -v /anonymous -v "$N-vol:/data:U" -u 1000 bb:1 sh -c 'stat -c %u /data; grep -c " /anonymous " /proc/mounts'
	P volume rm "$N-vol" | normal
}

s_tmpfs() {
	run --tmpfs /t:size=1m bb:1 sh -c 'touch /t/f && echo written; dd if=/dev/zero of=/t/f bs=1k count=2000 2>&1 | grep -c "No space"'
	run --read-only bb:1 sh -c 'touch /x; touch /tmp/x && echo tmp is writable'
}

s_init() {
	run --init bb:1 sh -c 'readlink /proc/1/exe; exit 9'
	echo "status $?"
}

s_limits() {
	run --memory 64m --pids-limit 50 --cpus 0.5 --shm-size 1m --oom-score-adj 100 --ulimit nofile=100:200 --ulimit nproc=4096:8192 bb:1 sh -c '
		cat /proc/self/oom_score_adj; ulimit -n; grep " /dev/shm " /proc/mounts | grep -o size=1024k
		cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max 2>/dev/null ||
		cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max'
}

s_hardened() {
	run --cap-drop ALL --security-opt no-new-privileges --read-only -u 1000 bb:1 \
		grep -E '^(Cap|NoNew|Seccomp:|Uid)' /proc/self/status
}

s_names() {
	run --hostname inside --add-host other:192.0.2.1 --dns 192.0.2.53 -e A=b -w /var/tmp -l label=x --umask 077 bb:1 \
		sh -c 'hostname; grep other /etc/hosts; grep nameserver /etc/resolv.conf; echo $A; pwd; umask; test -e /run/.containerenv && echo in podman'
}

s_network() {
	P run -d --name "$N" -p 127.0.0.1::80 bb:1 sh -c 'echo page >/tmp/index.html; httpd -f -p 80 -h /tmp' >/dev/null
	wait_for 5 busybox wget -qO- "http://$(P port "$N" 80/tcp)/"
	busybox wget -qO- "http://$(P port "$N" 80/tcp)/"
	run --network "container:$N" bb:1 wget -qO- http://127.0.0.1/
	run --network none bb:1 sh -c 'ip -o link | cut -d: -f2'
	P rm -f -t 0 "$N" | normal
}

s_joins() {
	P run -d --name "$N" bb:1 sh -c 'echo shared >/dev/shm/f; exec sleep 600' >/dev/null
	wait_for 5 P exec "$N" test -s /dev/shm/f
	run --pid "container:$N" --ipc "container:$N" --uts "container:$N" bb:1 sh -c 'cat /dev/shm/f; ps -o args | grep -c "^sleep 600"'
	P rm -f -t 0 "$N" | normal
}

s_secret() {
	echo hidden | P secret create "$N" - >/dev/null
	run --secret "$N,target=s" bb:1 cat /run/secrets/s
	P secret rm "$N" >/dev/null
}

s_exec() {
	P run -d --name "$N" -u 1000 bb:1 sleep 60 >/dev/null
	P exec "$N" sh -c 'id; grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'
	P exec -u 0 "$N" sh -c 'id; grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'
	P exec -u 0:2000 -w /tmp -e A=b "$N" sh -c 'id -g; pwd; echo $A'
	status_of P exec "$N" sh -c 'exit 42'
	status_of P exec "$N" /nonexistent | normal
	echo input | P exec -i "$N" cat
	P rm -f -t 0 "$N" | normal
}

s_life() {
	P create --name "$N" bb:1 probe wait >/dev/null
	P start "$N" | normal
	wait_for 5 waiting
	P pause "$N" >/dev/null
	P inspect -f '{{.State.Status}}' "$N"
	P unpause "$N" >/dev/null
	P update --memory 100m "$N" >/dev/null
	P exec "$N" sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'
	P top "$N" args | tail -n 1
	P stop -t 20 "$N" | normal
	P inspect -f '{{.State.ExitCode}}' "$N"
	P logs "$N"
	P restart -t 0 "$N" | normal
	P kill "$N" >/dev/null
	P wait "$N"
	P rm "$N" | normal
	status_of P inspect "$N" 2>&1 | tail -n 1
}

waiting() {
	[ "$(P logs "$N")" = waiting ]
}

s_statuses() {
	local s
	for s in 0 1 42 125 255; do
		status_of run bb:1 probe exit $s
	done
	status_of run bb:1 /nonexistent | normal
	status_of run bb:1 /etc/passwd | normal
}

s_streams() {
	seq 1 20000 | run -i bb:1 md5sum
	run bb:1 probe exit 4 2>/dev/null
	run bb:1 probe exit 4 2>&1 >/dev/null
}

s_cp_commit() {
	P run -d --name "$N" bb:1 sh -c 'echo made >/made; sleep 60' >/dev/null
	wait_for 5 P exec "$N" test -s /made
	echo brought >"$T/work/$N"
	P cp "$T/work/$N" "$N:/brought"
	P commit -q "$N" "$N" >/dev/null
	run "$N" cat /made /brought
	P rm -f -t 0 "$N" | normal
	P rmi "$N" >/dev/null
}

CACHES=/var/tmp/buildah-cache

s_build() {
	mkdir "$T/work/$N"
	# buildah makes it for everybody to enter; see caches()
	mkdir -p "$CACHES" && chmod 700 "$CACHES"
	cat >"$T/work/$N/Dockerfile" <<-'DOCKERFILE'
		FROM bb:1 AS first
		RUN echo from the first stage >/made
		FROM bb:1
		COPY file /file
		RUN id -u >/who && chown 1000 /file && mkdir -p /opt/x && ping -c 1 127.0.0.1
		RUN --mount=type=secret,id=s,target=/s cat /s >/secret
		RUN --mount=type=cache,target=/c echo cached >>/c/f && tail -n 1 /c/f >/cached
		RUN --mount=type=tmpfs,target=/t touch /t/f
		RUN --mount=type=bind,from=first,source=/made,target=/m cat /m >/made
		VOLUME /data
		RUN echo 1 >/data/f
		USER 1000
		RUN id -u >/tmp/who2
		CMD ["cat", "/who", "/tmp/who2", "/file", "/secret", "/cached", "/made"]
	DOCKERFILE
	echo copied >"$T/work/$N/file"
	P build -q --no-cache --secret "id=s,src=$T/work/$N/file" -t "$N" "$T/work/$N" | normal
	run "$N"
	printf 'FROM bb:1\nRUN exit 5\n' >"$T/work/$N/Dockerfile"
	status_of P build -q --no-cache "$T/work/$N" | grep -E '^status'
	P rmi "$N" >/dev/null
}

s_pod() {
	R=("able-${R[0]}")
	P pod create --name "$N" >/dev/null
	P run -d --pod "$N" bb:1 sh -c 'echo in the pod >/dev/shm/index.html; exec httpd -f -p 80 -h /dev/shm' >/dev/null
	wait_for 5 run --pod "$N" bb:1 wget -qO- http://127.0.0.1/
	run --pod "$N" bb:1 sh -c 'wget -qO- http://127.0.0.1/; cat /dev/shm/index.html; hostname' | normal
	P pod rm -f -t 0 "$N" | normal
}

SCENARIOS='
root            ^uid=0\(root\)
user            ^uid=1000\(user\) gid=2000
reach           ^Seccomp:.2
volumes         ^kept
tmpfs           ^tmp is writable
init            ^status 9
limits          ^67108864
hardened        ^NoNewPrivs:.1
names           ^in podman
network         ^page
joins           ^shared
secret          ^hidden
exec            ^input
life            ^got TERM
statuses        ^status 42
streams         ^to stderr
cp_commit       ^brought
build           ^from the first stage
pod             ^in the pod
'

# ---- the document -----------------------------------------------------------

untouched() {
	local name=$1 id
	shift
	rm -f "$T"/recorded/*
	R=(recorded)
	check "... runs: $name" run "$@"
	R=(ocigate)
	id=$(cd "$T/recorded" && ls | head -n 1)
	id=${id%%.*}
	same "config.json untouched: $name" "$T/recorded/$id.front.json" "$T/recorded/$id.back.json"
}

documents() {
	real_is "$T/bin/back"
	untouched "plain" bb:1 true
	untouched "user" -u 1000 bb:1 true
	untouched "init, published on 127.0.0.1" --init -p 127.0.0.1:8099:80 bb:1 true
	untouched "volumes" -v named:/n -v /anonymous bb:1 true
	untouched "no network" --network none bb:1 true
	untouched "limits" --memory 64m --pids-limit 9 bb:1 true
	untouched "no capabilities" --cap-drop ALL --security-opt no-new-privileges bb:1 true
	untouched "names" --hostname x --add-host a:192.0.2.1 -e A=b -l a=b bb:1 true
	real_is "$REAL"
}

# ---- refused ----------------------------------------------------------------

holes() {
	P volume create --opt type=none --opt o=bind --opt device=/etc evil >/dev/null
	mkdir -p "$T/hooks"
	echo '{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true},"stages":["prestart"]}' >"$T/hooks/x.json"
	open "--privileged" '^Seccomp:.0' --privileged bb:1 grep Seccomp: /proc/self/status
	open "the host's /etc" '^root:' -v /etc:/x bb:1 cat /x/shadow
	open "the host's /etc as a volume" '^root:' -v evil:/x bb:1 cat /x/shadow
	cp -a "$T/rootfs" "$T/elsewhere"
	open "a root that is no image's" '^uid=0' --rootfs "$T/elsewhere" id
	open "the host's network" ': podman' --network host bb:1 ip -o link
	open "the host's processes" 'bash' --pid host bb:1 ps
	open "seccomp=unconfined" '^Seccomp:.0' --security-opt seccomp=unconfined bb:1 grep Seccomp: /proc/self/status
	refused "--privileged" 'privileged: .*leave out --privileged' --privileged bb:1 true
	refused "--privileged, denied by an annotation" 'privileged: ' --privileged \
		--annotation io.podman.annotations.privileged=FALSE bb:1 true
	refused "the host's /etc" 'mounts: "/etc" is not an allowed source' -v /etc:/x bb:1 true
	refused "the host's /etc as a volume" 'mounts: ".*/evil/_data" is "/etc"' -v evil:/x bb:1 true
	refused "a root that is no image's" 'rootfs: ' --rootfs "$T/elsewhere" true
	refused "... below an overlay" 'rootfs: ' --rootfs "$T/elsewhere:O" true
	refused "the storage" 'mounts: ' -v "$T/pod/root:/x" bb:1 true
	refused "another container's files" 'mounts: ' -v "$(P inspect -f '{{.HostsPath}}' other):/x" bb:1 true
	refused "the host's network" 'network-host: .*--network=host' --network host bb:1 true
	refused "... by its path" 'network-host: .*is the host.s network' --network ns:/proc/1/ns/net bb:1 true
	refused "the host's processes" 'namespaces: .*--pid=host' --pid host bb:1 true
	refused "the host's ipc" 'namespaces: .*--ipc=host' --ipc host bb:1 true
	refused "the host's names" 'namespaces: .*--uts=host' --uts host bb:1 true
	refused "a device" 'devices: ' --device /dev/net/tun bb:1 true
	refused "a cgroup" 'cgroup: .*--cgroup-parent' --cgroup-parent /x bb:1 true
	refused "a second devpts" 'mounts: ' --mount type=devpts,destination=/dp bb:1 true
	refused "an overlay of a volume" 'mounts: ' -v vol:/v:O bb:1 true
	R=(ocigate --hooks-dir "$T/hooks")
	refused "a hook" 'hooks: the prestart hook "/bin/true"' bb:1 true
	R=(ocigate)
	is "nothing is left of them" "$(P ps -aq --filter name=refused)$(find /run/ocigate -mindepth 1 ! -type d ! -name '*lock*' | wc -l)" 1
}

# The container's own directory, reached by a link that is turned once the id is known. podman
# writes there as root while the container runs, and goes where a link in it leads.
own_directory() {
	local id
	mkdir -p "$T/links/real"
	ln -sfn real "$T/links/own"
	echo "the host's" >"$T/links/file"
	R=("$1")
	id=$(P create --name own -v "$T/links/own:/x" bb:1 sh -c "ln -sf $T/links/file /x/hosts && echo linked; exec sleep 60")
	ln -sfn "$T/pod/run/overlay-containers/$id/userdata" "$T/links/own"
	capture P start own
	if [ "$rc" -eq 0 ]; then
		wait_for 5 sh -c "[ -L $T/links/own/hosts ]"
		P network disconnect podman own && P network connect podman own
	fi
	P rm -f -t 0 own >/dev/null 2>&1
	R=(ocigate)
}

own_directories_refused() {
	own_directory plain
	has "open with plain runc: the container's own directory, a file of the host's" "$(cat "$T/links/file")" ' own$'
	own_directory ocigate
	has "refused: the container's own directory" "$err" 'mounts: .*/userdata", which is not an allowed source'
	is "... and the host's file stays" "$(cat "$T/links/file")" "the host's"
}

# The rules that bring into line.
rewritten() {
	local bounding
	bounding=$(run bb:1 sed -n 's/^CapBnd:.//p' /proc/self/status)
	is "--cap-add ALL: as without" "$(run --cap-add ALL bb:1 sed -n 's/^CapBnd:.//p' /proc/self/status)" "$bounding"
	has "seccomp=unconfined: filtered" "$(run --security-opt seccomp=unconfined bb:1 cat /proc/self/status)" '^Seccomp:.2'
	has "unmask=ALL: masked" "$(run --security-opt unmask=ALL bb:1 cat /proc/mounts)" '^tmpfs /proc/timer_list '
	capture P exec --privileged other grep -E '^Cap' /proc/self/status
	is "exec --privileged: refused" "$rc $out" "255 "
	has "... with the reason" "$err" "$REFUSED"'privileged: '
	policy '{ "version": 1, "extends": "lab" }'
	is "lab: runs as nobody" "$(run bb:1 id -u)" 65534
	has "lab: no new privileges" "$(run bb:1 cat /proc/self/status)" '^NoNewPrivs:.1'
	is "lab: exec -u 0 too" "$(P exec -u 0 other id -u)" 65534
	policy '{ "version": 1, "extends": "baseline" }'
}

# ---- facts ------------------------------------------------------------------

# excepted MATCH: a policy under which what matches may have SYS_CHROOT's neighbour.
excepted() {
	policy '{ "version": 1, "extends": "baseline",
		"audit": { "file": "'"$T/log/audit.jsonl"'", "complying": true },
		"exceptions": [ { "name": "x", "reason": "a test", "match": '"$1"',
			"rules": { "capabilities": { "allow+": ["NET_ADMIN"] } } } ] }'
}

# The kernel's number of NET_ADMIN is 12.
net_admin() {
	local -i bounding
	bounding=0x$(run --cap-add NET_ADMIN "$@" sed -n 's/^CapBnd:.//p' /proc/self/status)
	echo $((bounding >> 12 & 1))
}

images() {
	local id digest=example.com/x@sha256:1111111111111111111111111111111111111111111111111111111111111111
	id=sha256:$(P image inspect -f '{{.Id}}' bb:1)
	rm -f "$T/log/audit.jsonl"
	excepted '{ "image": ["'"$id"'"] }'
	is "an exception by image id" "$(net_admin bb:1)" 1
	is "... not for another image" "$(net_admin exposed:1)" 0
	is "... not for another image of that name" "$(P tag exposed:1 bb:2; net_admin bb:2)" 0
	is "the record: engine, exception" "$(head -n 1 "$T/log/audit.jsonl" | jq -r '.engine + " " + .exceptions[0]')" "podman x"
	is "an annotation is no evidence: image id" \
		"$(net_admin --annotation "io.podman.annotations.image=$id" --annotation "org.opencontainers.image.id=$id" exposed:1)" 0
	excepted '{ "image": ["'"$digest"'"] }'
	is "... CRI's image name" "$(net_admin --annotation io.kubernetes.cri.image-name=$digest \
		--annotation io.kubernetes.cri-o.ImageName=$digest bb:1)" 0
	excepted '{ "sandbox": true }'
	is "... CRI's sandbox" "$(net_admin --annotation io.kubernetes.cri.container-type=sandbox \
		--annotation io.kubernetes.cri-o.ContainerType=sandbox --annotation io.container.manager=cri-o bb:1)" 0
	R=(ocigate --runtime-flag "root=/run/other")
	is "... with a state directory as CRI-O gives it" "$(net_admin --annotation io.container.manager=cri-o \
		--annotation io.kubernetes.cri-o.ContainerType=sandbox bb:1)" 0
	R=(ocigate)
	# podman deletes without the flag
	(cd /run/other && for id in *; do "$RT" --root /run/other delete --force "$id"; done)
	excepted '{ "engine": ["buildah", "docker-build", "crio", "cri-containerd"] }'
	is "... another engine" "$(net_admin --name buildah-buildah1 --annotation io.container.manager=cri-o bb:1)" 0
	policy '{ "version": 1, "extends": "baseline" }'
}

annotations() {
	real_is "$T/bin/back"
	R=(recorded)
	rm -f "$T"/recorded/*
	run --annotation run.oci.keep_original_groups=1 --annotation run.oci.hooks.stdout=/etc/x \
		--annotation run.oci.systemd.force_cgroup_v1=/x --annotation org.systemd.property.CPUWeight=1 bb:1 true
	R=(ocigate)
	real_is "$REAL"
	has "what steers a runtime was asked for" "$(jq -r '.annotations | keys[]' "$T"/recorded/*.front.json)" '^run\.oci\.'
	hasnt "... and does not reach it" "$(jq -r '.annotations | keys[]' "$T"/recorded/*.back.json)" '^(run\.oci|org\.systemd)\.'
	has "podman's own are kept" "$(jq -r '.annotations | keys[]' "$T"/recorded/*.back.json)" '^io\.container\.manager$'
}

# ---- builds -----------------------------------------------------------------

# build [OPTIONS...] <DOCKERFILE
build() {
	mkdir -p "$T/work/context"
	cat >"$T/work/context/Dockerfile"
	capture P build --no-cache -t built "$@" "$T/work/context"
}

builds() {
	local preset
	for preset in baseline restricted cis-docker lab; do
		policy '{ "version": 1, "extends": "'$preset'", "audit": { "file": "'"$T/log/$preset.jsonl"'", "complying": true } }'
		build <<-'DOCKERFILE'
			FROM bb:1
			RUN id -u >/who && mkdir -p /opt/pkg && chown -R 1000:2000 /opt/pkg && chmod 4755 /bin/probe && touch /usr/bin/new
			RUN test "$(cat /who)" = 0 && test "$(stat -c %u:%g /opt/pkg)" = 1000:2000
		DOCKERFILE
		is "$preset: podman build, as root, with chown and setuid" "$rc" 0
		is "... recorded as a build" "$(jq -r .engine "$T/log/$preset.jsonl" | sort -u)" buildah
	done
	policy '{ "version": 1, "extends": "baseline" }'
	build --cap-add SYS_ADMIN --security-opt seccomp=unconfined <<-'DOCKERFILE'
		FROM bb:1
		RUN grep -E '^(CapBnd|Seccomp)' /proc/self/status
	DOCKERFILE
	is "build --cap-add SYS_ADMIN, seccomp=unconfined: brought into line" "$rc" 0
	has "... capabilities" "$out" '^CapBnd:.00000000a80425fb$'
	has "... filter" "$out" '^Seccomp:.2$'
	builds_refused "-v /etc:/x" 'mounts: .*"/etc", which is not an allowed source' -v /etc:/x
	builds_refused "-v of the storage" 'mounts: ' -v "$T/pod/root/overlay:/x"
	builds_refused "--network host" 'network-host: ' --network host
	builds_refused "--pid host" 'namespaces: ' --pid host
	builds_refused "--ipc host" 'namespaces: ' --ipc host
	builds_refused "--device" 'devices: ' --device /dev/net/tun
	builds_refused "--cgroup-parent" 'cgroup: ' --cgroup-parent /x
	build <<-'DOCKERFILE'
		FROM bb:1
		RUN --mount=type=bind,source=/,target=/x true
	DOCKERFILE
	has "the build's own directory is a directory of the host" "$err" 'ocigate: rejected: mounts: '
	policy '{ "version": 1, "extends": "lab", "rules": { "mounts": { "allow": [ { "source": "'"$T/work"'", "access": "ro" } ] } } }'
	builds_refused "-v of a directory that containers may have, as root" 'mounts: ' -v "$T/work:/x"
	caches
}

# What a build leaves in a cache lies on the host, in a directory of buildah's choice.
caches() {
	local set_id='RUN --mount=type=cache,target=/c,id=open cp /bin/busybox /c/sh && chmod 4755 /c/sh'
	rm -rf "$CACHES"
	R=(runc)
	build <<<"FROM bb:1"$'\n'"$set_id"
	is "runc: a build leaves a setuid file" "$rc $(stat -c %u:%a "$CACHES/open/sh")" "0 0:4755"
	check "... which users of the host can execute" setpriv --reuid 1000 --clear-groups test -x "$CACHES/open/sh"
	R=(ocigate)
	policy '{ "version": 1, "extends": "baseline" }'
	rm -f "$CACHES/open/sh"
	build <<<"FROM bb:1"$'\n'"$set_id"
	isnt "a cache that users of the host may enter" "$rc" 0
	has "... is refused" "$err" 'mounts: ".*users of the host may enter "'"$CACHES"'"'
	is "... and nothing is left there" "$(ls -A "$CACHES/open")" ""
	chmod 700 "$CACHES"
	build <<<"FROM bb:1"$'\n'"$set_id"
	is "closed, it may be used" "$rc $(ls -A "$CACHES/open")" "0 sh"
}

builds_refused() {
	local name=$1 ere=$2
	shift 2
	build "$@" <<-'DOCKERFILE'
		FROM bb:1
		RUN echo it ran
	DOCKERFILE
	isnt "build $name: refused" "$rc" 0
	has "... with the reason" "$err" "ocigate: rejected: (.*; )?$ere"
	hasnt "... and nothing ran" "$out" '^it ran'
}

# As Fedora has it: podman's name for the init program is a link to another directory.
init_of_fedora() {
	mount -t tmpfs -o mode=755 tmpfs /usr/libexec/catatonit && mount -t tmpfs -o mode=755 tmpfs /usr/libexec/podman &&
		cp /usr/bin/catatonit /usr/libexec/catatonit/ && ln -s ../catatonit/catatonit /usr/libexec/podman/catatonit
	check "--init, with Fedora's link" run --init bb:1 true
	umount /usr/libexec/podman /usr/libexec/catatonit
}

# The storage was moved to another disk, and a link left.
moved() {
	policy '{ "version": 1, "extends": "baseline" }'
	mv "$T/pod/root" "$T/pod/moved" && ln -s moved "$T/pod/root"
	is "storage behind a link: a container, its volume" "$(run -v moved:/v bb:1 sh -c 'echo kept >/v/f && cat /v/f')" kept
	is "... is in what was moved" "$(cat "$T/pod/moved/volumes/moved/_data/f")" kept
	P volume create --opt type=none --opt o=bind --opt device=/etc evil >/dev/null
	refused "... the host's /etc as a volume" 'mounts: ".*/evil/_data" is "/etc"' -v evil:/x bb:1 true
	ln -s /etc "$T/pod/moved/volumes/moved/_data/link"
	refused "... a link in a volume" 'mounts: ".*/link" is "/etc"' -v "$T/pod/root/volumes/moved/_data/link:/x" bb:1 true
}

# ---- running them -----------------------------------------------------------

if ! command -v podman >/dev/null || ! [ -x /usr/lib/podman/netavark ]; then
	not_here "podman" "command -v podman, /usr/lib/podman/netavark"
	e2e_end
fi
podman_setup
policy '{ "version": 1, "extends": "baseline" }'
real_is "$REAL"
p_image bb:1 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/sbin'
p_image exposed:1 'EXPOSE 80' 'ENV PATH=/bin:/sbin'
SCENARIO_JOBS=3 scenarios plain ocigate
if need_ocigate "podman: policies"; then
	documents
	P run -d --name other bb:1 sleep 600 >/dev/null
	holes
	own_directories_refused
	rewritten
	images
	annotations
	builds
	P rm -f -t 0 other >/dev/null
	init_of_fedora
	moved
	is "no record is left of containers that are gone" "$(find /run/ocigate -mindepth 1 ! -type d ! -name '*lock*')" ""
fi
P rm -af -t 0 >/dev/null 2>&1
e2e_end
