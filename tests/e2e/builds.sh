#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Image builds, and the other ways to a runtime that a default runtime does not
# cover: ocigate stands under the name runc first in the daemon's PATH. RUN steps
# work as root under every preset, what reaches for the host is stopped, and
# docker run through the names of the stock runtimes is judged.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2119,SC2120,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
E2E_POINTS="$E2E_POINTS /run/runc" # BuildKit names no state directory
e2e_begin "$@"

C=$T/work/context

# classic, buildkit [OPTIONS...] <DOCKERFILE; the output is in $out and $err.
classic() {
	cat >"$C/Dockerfile"
	capture D build --no-cache -t built "$@" "$C"
}

buildkit() {
	cat >"$C/Dockerfile"
	capture env -u DOCKER_HOST -u DOCKER_CONTEXT DOCKER_CONFIG="$T/cli" DOCKER_BUILDKIT=1 timeout 60 \
		"$E2E_DOCKER" -H "unix://$T/docker/sock" build --progress plain --no-cache -t built "$@" "$C"
	out=$out$'\n'$err
}

# What package managers do: files of many owners, links, setuid, capabilities.
install_step() {
	cat <<-'DOCKERFILE'
		FROM bb:1
		COPY file /file
		RUN id -u >/who && mkdir -p /usr/share/pkg /var/lib/pkg && echo 1 >/var/lib/pkg/status && \
			chown -R 1000:2000 /usr/share/pkg && chown 1000 /file && chmod 4755 /bin/probe && \
			mknod /usr/share/pkg/null c 1 3 && ln /file /usr/share/pkg/file && \
			chroot / /bin/true && su user -s /bin/sh -c 'touch /tmp/of-user' && ping -c 1 127.0.0.1
		RUN test "$(cat /who)" = 0 && test "$(stat -c %u:%g /usr/share/pkg)" = 1000:2000 && \
			test "$(stat -c %a /bin/probe)" = 4755 && test "$(stat -c %U /tmp/of-user)" = user && echo all is there
		USER 1000
		RUN test "$(id -u)" = 1000 && ! touch /usr/new
	DOCKERFILE
}

# ---- builds that work -------------------------------------------------------

preset() {
	policy '{ "version": 1, "extends": "'"$1"'", "audit": { "file": "'"$T/log/$1.jsonl"'", "complying": true } }'
}

builds() {
	local p changed verdict
	for p in baseline restricted cis-docker lab; do
		preset $p
		buildkit < <(install_step)
		is "$p: BuildKit, an installing image" "$rc" 0
		has "... every step's result" "$out" 'all is there'
		# lab gives every process a limit on core dumps and a score; nothing else changes.
		changed='' verdict=allow
		[ $p = lab ] && changed=' oom-score rlimits' verdict=rewrite
		is "... recorded as builds" "$(jq -r '.engine + " " + .command + " " + .verdict' "$T/log/$p.jsonl" | sort -u)" \
			"docker-build run $verdict"
		is "... nothing else is changed" "$(jq -r '.findings[].rule' "$T/log/$p.jsonl" | sort -u | sed 's/^/ /' | tr -d '\n')" "$changed"
		is "... that image runs" "$(preset baseline; D run --rm built cat /who)" 0
	done
	preset baseline
	classic < <(install_step)
	is "baseline: classic builder, an installing image" "$rc" 0
	has "... every step's result" "$out" 'all is there'
	# To the daemon these are containers like any other.
	preset restricted
	classic < <(install_step)
	isnt "restricted: classic builder, root is refused" "$rc" 0
	has "... with the reason" "$err" 'ocigate: rejected: user: '
	preset baseline
	D container prune -f >/dev/null
}

mounts() {
	preset lab
	buildkit --secret "id=s,src=$C/file" <<-'DOCKERFILE'
		FROM bb:1 AS first
		RUN echo from the first stage >/made
		FROM bb:1
		RUN --mount=type=cache,target=/c echo cached >/c/f && cat /c/f
		RUN --mount=type=cache,target=/c cat /c/f
		RUN --mount=type=tmpfs,target=/t grep " /t tmpfs" /proc/mounts
		RUN --mount=type=bind,source=file,target=/f sed s/copied/bound/ /f
		RUN --mount=type=bind,from=first,source=/made,target=/m cat /m
		RUN --mount=type=secret,id=s,target=/s sed s/copied/secret/ /s
	DOCKERFILE
	is "lab: BuildKit, all kinds of mounts" "$rc" 0
	is "... the cache is kept" "$(grep -c '[0-9] cached$' <<<"$out")" 2
	has "... tmpfs" "$out" ' /t tmpfs'
	has "... a file of the context" "$out" '[0-9] bound$'
	has "... another stage" "$out" 'from the first stage$'
	has "... a secret" "$out" '[0-9] secret$'
	preset baseline
}

# ---- builds that are stopped ------------------------------------------------

# stopped BUILDER NAME ERE OPTIONS...
stopped() {
	local builder=$1 name=$2 ere=$3
	shift 3
	$builder "$@" <<-'DOCKERFILE'
		FROM bb:1
		RUN echo "it r""an"
	DOCKERFILE
	isnt "$builder $name: stopped" "$rc" 0
	has "... with the reason" "$out$err" "ocigate: rejected: (.*; )?$ere"
	hasnt "... and nothing ran" "$out" 'it ran'
}

builds_stopped() {
	stopped buildkit "--network host" 'network-host: .*--network=host' --network host
	stopped classic "--network host" 'network-host: .*--network=host' --network host
	stopped classic "--cgroup-parent" 'cgroup: ' --cgroup-parent /elsewhere
	D run -d --name other --runtime able bb:1 sleep 600 >/dev/null
	stopped classic "in the network of a container that ocigate did not launch" 'network-host: ' --network container:other
	D rm -f other >/dev/null
	buildkit <<-'DOCKERFILE'
		FROM bb:1
		RUN exit 5
	DOCKERFILE
	has "a step's own failure is told as before" "$out" 'exit code: 5'
	hasnt "... and nothing of ours with it" "$out" ocigate
	mv "$POLICY" "$POLICY.away"
	stopped_without_policy buildkit
	stopped_without_policy classic
	mv "$POLICY.away" "$POLICY"
}

stopped_without_policy() {
	$1 <<-'DOCKERFILE'
		FROM bb:1
		RUN echo "it r""an"
	DOCKERFILE
	has "$1: no policy, no build" "$out$err" 'ocigate: .*policy'
	hasnt "... and nothing ran" "$out" 'it ran'
}

# An insecure step (RUN --security=insecure): the daemon of 20.10 has no way to
# ask for one, so this is what later ones hand over, from the same place.
insecure() {
	local dir=$T/docker/data/buildkit/executor/insecure
	bundle "$T/work/insecure" insecure '.process.args = ["/bin/echo", "it ran"] | del(.linux.seccomp, .annotations)
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .linux.resources.devices = [{ "allow": true, "access": "rwm" }]
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_MODULE", "CAP_SYS_RAWIO"])'
	mkdir -p "$dir/rootfs"
	cp "$T/work/insecure/config.json" "$dir"
	capture "$T/door/runc" --log "$T/work/log.json" --log-format json run --bundle "$dir" insecure
	is "an insecure step: stopped" "$rc $out" "1 "
	has "... with the reason" "$err" '^ocigate: rejected: (.*; )?(devices|privileged): '
	is "... recorded as a build" "$(tail -n 1 "$T/log/baseline.jsonl" | jq -r '.engine + " " + .verdict')" "docker-build reject"
	rm -rf "$dir"
}

# ---- docker run by the stock names ------------------------------------------

names() {
	local name
	for name in runc io.containerd.runc.v2 io.containerd.runtime.v1.linux; do
		if ! D info -f '{{range $k, $v := .Runtimes}}{{$k}} {{end}}' | grep -qw -- "$name"; then
			note "this daemon has no $name"
			continue
		fi
		rm -f "$T/log/baseline.jsonl"
		is "--runtime $name: an ordinary container" "$(D run --rm --runtime $name bb:1 id -u 2>/dev/null)" 0
		is "... recorded as Docker's" "$(jq -r .engine "$T/log/baseline.jsonl")" docker
		capture D run --rm --runtime $name -v /etc:/x bb:1 echo it ran
		has "--runtime $name: refused" "$err" 'ocigate: rejected: mounts: "/etc" is not an allowed source'
		is "... and nothing ran" "$out" ""
		D run -d --name "n-$name" --runtime $name bb:1 sleep 60 >/dev/null 2>&1
		capture D exec --privileged "n-$name" echo it ran
		has "... exec --privileged too" "$err$out" 'ocigate: rejected: privileged: '
		is "... exec" "$(D exec "n-$name" id -u)" 0
		D rm -f "n-$name" >/dev/null
	done
	is "runc --version is the runtime's" "$("$T/door/runc" --version)" "$("$REAL" --version)"
	rm -f "$T/log/baseline.jsonl"
	D run --rm --runtime able bb:1 true
	is "a runtime registered by another path is not covered" "$(wc -l 2>/dev/null <"$T/log/baseline.jsonl")" ""
}

# ---- running them -----------------------------------------------------------

if ! need_ocigate "builds under a policy"; then
	e2e_end
fi
mount -t tmpfs tmpfs /run/runc
mkdir -p "$C" "$T/door"
echo copied >"$C/file"
cp "$RT" "$T/door/runc"
E2E_DOCKERD_PATH="$T/door:/usr/sbin:/usr/bin:/sbin:/bin"
preset baseline
real_is "$REAL"
dockerd_start runc
image bb:1 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/sbin'
builds
mounts
builds_stopped
insecure
names
# BuildKit of 20.10 never deletes: what a step leaves goes with the next step.
D run --rm bb:1 true
left=$(find "$T/run" -mindepth 1 ! -type d ! -name '*lock*' -exec jq -r .facts.engine {} +)
case $left in
'' | docker-build) ok "at most the last step's record is left" ;;
*) not_ok "at most the last step's record is left" "$left" ;;
esac
dockerd_stop
e2e_end
