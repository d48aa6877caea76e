#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# CDI, as Docker 28 and podman read it, and a vendor's runtime above ocigate, under the
# policy of examples/ for a GPU, adapted to other names: a specification of the shape that
# "nvidia-ctk cdi generate" writes needs no GPU. Plain runc goes first and shows what the
# device brings: nodes, a library, a tool, variables, hooks.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/newer.sh"
usr=$(newer_path docker) || newer_absent "Docker 28"
E2E_DOCKERD=$usr/sbin/dockerd E2E_DOCKER=$usr/bin/docker E2E_DOCKER_MAJOR=28
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_podman.sh"
E2E_POINTS="$E2E_POINTS /var/lib/containers"
e2e_begin "$@"
E2E_DOCKERD_PATH=$T/bin:$usr/bin:$usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin
need_ocigate "CDI under a policy" || e2e_end

V=$T/vendor # what a driver's package installs
HOOK=$T/bin/example-cdi-hook
LEGACY=$T/bin/nvidia-container-runtime-hook # Docker's --gpus looks for this name
GPU=example.com/gpu

# ---- what is there of a vendor's ------------------------------------------------

# Nodes of numbers that no container has by default: without a rule of the cgroup for them
# they do not open, whatever their mode.
driver() {
	mkdir -p "$V/dev" "$V/lib" "$V/bin" "$T/cdi"
	{ mknod "$V/dev/gpu0" c 10 229 && mknod "$V/dev/gpu1" c 10 235 && mknod "$V/dev/gpuctl" c 10 237; } ||
		e2e_die "no device nodes can be made"
	chmod 666 "$V"/dev/*
	ln -s lib "$V/lib64"
	echo 'int example(void) { return 7; }' | ${CC:-cc} -shared -nostdlib -Wl,-soname,libexample.so.1 -x c - \
		-o "$V/lib/libexample.so.99.1" || e2e_die "cannot make a library"
	printf '#!/bin/sh\necho "driver 99.1"\n' >"$V/bin/example-smi"
	chmod 755 "$V/bin/example-smi"
	# What it was told goes to the host, what it does into the container's root, which it
	# finds as the specification says: the state on its input, the bundle's config.json.
	cat >"$HOOK" <<-SH
		#!/bin/sh
		bundle=\$(jq -r .bundle)
		root=\$(jq -r .root.path "\$bundle/config.json")
		case \$root in /*) ;; *) root=\$bundle/\$root ;; esac
		echo "\$* debug=\$EXAMPLE_DEBUG preload=\$LD_PRELOAD" >>"$T/hooks"
		case \$1 in
		create-symlinks) ln -sf "\${3%%::*}" "\$root\${3#*::}" ;;
		update-ldcache) /sbin/ldconfig -r "\$root" -C /etc/ld.so.cache "\$3" ;;
		esac
	SH
	printf '#!/bin/sh\necho "legacy $1 $LD_PRELOAD" >>%s\n' "$T/hooks" >"$LEGACY"
	chmod 755 "$HOOK" "$LEGACY"
}

# cdi_node NAME, cdi_mount FILE, cdi_hook WORD ARGUMENTS...: JSON. The second of the mounts
# below is reached by a link, the second of the hooks has no environment.
cdi_node() {
	printf '{ "path": "/dev/%s", "hostPath": "%s/dev/%s" }' "$1" "$V" "$1"
}

cdi_mount() {
	printf '{ "hostPath": "%s/%s", "containerPath": "/usr/%s", "options": ["ro", "nosuid", "nodev", "rbind", "rprivate"] }' "$V" "$1" "$1"
}

cdi_hook() {
	printf '{ "hookName": "createContainer", "path": "%s", "args": ["example-cdi-hook"' "$HOOK"
	printf ', "%s"' "$@"
	echo '] }'
}

specification() {
	cat >"$T/cdi/example.json" <<-JSON
		{
		  "cdiVersion": "0.5.0",
		  "kind": "$GPU",
		  "devices": [
		    { "name": "0", "containerEdits": { "deviceNodes": [ $(cdi_node gpu0) ] } },
		    { "name": "1", "containerEdits": { "deviceNodes": [ $(cdi_node gpu1) ] } },
		    { "name": "all", "containerEdits": { "deviceNodes": [ $(cdi_node gpu0), $(cdi_node gpu1) ] } }
		  ],
		  "containerEdits": {
		    "env": [ "EXAMPLE_VISIBLE_DEVICES=void", "EXAMPLE_LIBDIR=/usr/lib" ],
		    "deviceNodes": [ $(cdi_node gpuctl) ],
		    "mounts": [ $(cdi_mount lib/libexample.so.99.1), $(cdi_mount bin/example-smi) ],
		    "hooks": [
		      $(cdi_hook create-symlinks --link libexample.so.1::/usr/lib/libexample.so | jq -c '.env = ["EXAMPLE_DEBUG=false"]'),
		      $(cdi_hook update-ldcache --folder /usr/lib)
		    ]
		  }
		}
	JSON
	# A socket, which a daemon of the vendor's has, and a library by a link; and without the
	# socket, by the command of examples/README.md.
	jq '.kind = "example.com/more" | .containerEdits |= { deviceNodes, mounts } | .devices = [.devices[0] |
		(.name = "link" | .containerEdits.mounts = ['"$(cdi_mount lib64/libexample.so.99.1)"']),
		(.name = "socket" | .containerEdits.mounts = ['"$(cdi_mount run/socket)"'])]' "$T/cdi/example.json" >"$T/cdi/more.json"
	jq "$(sed -n "s/^nvidia-ctk .* | jq '\(.*\)'.*/\1/p" "$E2E_TREE/examples/README.md")" "$T/cdi/more.json" |
		jq '.kind = "example.com/less"' >"$T/cdi/less.json"
}

# busybox, and places for a loader's cache and links.
small_rootfs() {
	mkdir -p "$T/rootfs"/{bin,dev,etc,proc,sys,tmp,usr/bin,usr/lib,usr/lib64}
	{ cp "$(command -v busybox)" "$T/rootfs/bin/" && chroot "$T/rootfs" /bin/busybox --install -s /bin; } ||
		e2e_die "no busybox (package busybox-static)"
	: >"$T/rootfs/etc/ld.so.conf"
}

# ---- policies -----------------------------------------------------------------------

# The example with the vendor's names and numbers in place of NVIDIA's, nothing else.
gpu() {
	policy "$(sed "s|/dev/nvidia0|/dev/gpu0|; s|/dev/nvidiactl|/dev/gpuctl|
		s|\"major\": 195, \"minor\": 0,|\"major\": 10, \"minor\": 229,|; s|\"major\": 195, \"minor\": 255,|\"major\": 10, \"minor\": 237,|
		s|/usr/lib/x86_64-linux-gnu/libcuda|$V/lib/libexample|; s|/usr/lib/x86_64-linux-gnu/libnvidia|$V/lib/libexample|
		s|/usr/bin/nvidia-smi|$V/bin/example-smi|; s|/usr/bin/nvidia-cdi-hook|$HOOK|
		s|/usr/bin/nvidia-container-runtime-hook|$LEGACY|" "$E2E_TREE/examples/policies/gpu.json")"
}

# gpu_but JQ-FILTER: with something changed.
gpu_but() {
	gpu
	policy "$(sed 's|^ *//.*||' "$POLICY" | jq "$1")"
}

adapted() {
	gpu
	check "the example with other names is a policy" "$CTL" check "$POLICY"
	hasnt "... with none of NVIDIA's left" "$(sed "s|//.*||; s|$LEGACY||" "$POLICY")" nvidia
}

lab() {
	policy '{ "version": 1, "extends": "lab", "audit": { "file": "'"$T"'/log/lab.jsonl" } }'
}

# ---- what a container sees ------------------------------------------------------------

# All that the device brings, in one line each.
LOOK='echo "id $(id -u)"
for n in gpu0 gpu1 gpuctl; do
	[ -e /dev/$n ] || { echo "$n absent"; continue; }
	echo "$n $(stat -c "%t:%T" /dev/$n) $( (: <>/dev/$n) 2>&1 && echo open)"
done
echo "library $(md5sum </usr/lib/libexample.so.99.1)"
(echo x >>/usr/lib/libexample.so.99.1) 2>/dev/null && echo "library written"
chmod 777 /usr/lib/libexample.so.99.1 2>/dev/null && echo "library changed"
grep " /usr/lib/libexample.so.99.1 " /proc/self/mountinfo | grep -o " ro,nosuid,nodev,[a-z]* "
echo "tool $(/usr/bin/example-smi)"
echo "links $(readlink /usr/lib/libexample.so) $(readlink /usr/lib/libexample.so.1)"
echo "cache $(grep -c libexample.so.1 /etc/ld.so.cache)"
echo "env $EXAMPLE_VISIBLE_DEVICES $EXAMPLE_LIBDIR"'

# A node that only the kernel has nothing behind is as good as open: it was no permission.
seen() {
	sed -E 's/ [^ ]*sh: .*No such device( or address)?$/ open/; s/relatime|noatime/atime/' <<<"$out"
}

# sees NAME UID: what was captured is what device 0 brings, for that user: nodes that
# open, the host's library that cannot be changed, the tool, what the hooks made.
sees() {
	is "$1: runs" "$rc $err" "0 "
	is "... and sees all of it, as $2" "$(seen)" "id $2
gpu0 a:e5 open
gpu1 absent
gpuctl a:ed open
library $(md5sum <"$V/lib/libexample.so.99.1")
 ro,nosuid,nodev,atime 
tool driver 99.1
links libexample.so.1 libexample.so.99.1
cache 1
env void /usr/lib"
}

# hooks_were WHAT: those that ran since the last time, in their order.
hooks_were() {
	is "... its hooks: ${1:-none}" "$(tr '\n' ';' <"$T/hooks")" "$1"
	: >"$T/hooks"
}
BOTH='create-symlinks --link libexample.so.1::/usr/lib/libexample.so debug=false preload=;update-ldcache --folder /usr/lib debug= preload=;'

# refused NAME ERE: what was captured, and nothing ran, on the host neither.
refused() {
	has "$1: refused" "$err" "ocigate: rejected: (.*; )?$2"
	is "... and nothing ran" "$out$(cat "$T/hooks")" ""
}

# ---- Docker -----------------------------------------------------------------------------

run() {
	capture D run --rm --runtime ocigate "$@"
}

# What hooks without an environment get: runc up to 1.2 gives them the image's.
plain_preload() {
	case $("$REAL" --version | head -n 1) in
	"runc version 1."[0-2]*) echo 'update-ldcache .* preload=/x\.so$' ;;
	*) echo 'update-ldcache .* preload=$' ;;
	esac
}

docker_plain() {
	capture D run --rm --runtime runc --device $GPU=0 bb:1 sh -c "$LOOK"
	sees "docker, plain runc" 0
	hooks_were "$BOTH"
	capture D run --rm --runtime runc --device $GPU=1 -e LD_PRELOAD=/x.so bb:1 sh -c "$LOOK"
	has "plain runc: the other device opens" "$(seen)" "^gpu1 a:eb open\$"
	has "plain runc: what a hook without an environment gets" "$(cat "$T/hooks")" "$(plain_preload)"
	: >"$T/hooks"
}

docker_gpu() {
	run --device $GPU=0 -e LD_PRELOAD=/x.so bb:1 sh -c "$LOOK"
	sees "docker, gpu.json, and a variable for the loader" 65534
	hooks_were "$BOTH"
	run --device example.com/more=link bb:1 md5sum /usr/lib64/libexample.so.99.1
	has "a library by a link to where it lies: is the host's" "$rc $out" "^0 $(md5sum <"$V/lib/libexample.so.99.1" | cut -d ' ' -f 1)"
	run --privileged --device $GPU=0 bb:1 sh -c "$LOOK"
	has "--privileged, undone: no device, whatever is listed" "$rc $out" '^gpu0 absent$'
	: >"$T/hooks"
}

# What is not in the policy, one thing at a time, is what the reason names.
docker_refused() {
	run --device $GPU=all bb:1 echo it ran
	refused "one device too many" 'devices: "/dev/gpu1" \(c 10:235\) is not allowed'
	run -v "$V/lib/libexample.so.99.1:/x" bb:1 sh -c '(echo x >>/x) 2>/dev/null || echo refused'
	is "the library, asked for to be written: read-only" "$rc $out" "0 refused"
	chmod o+w "$HOOK"
	run --device $GPU=0 bb:1 echo it ran
	refused "a hook that others may write" 'hooks: the hook "'"$HOOK"'" is allowed, but it'
	chmod o-w "$HOOK"
	gpu_but '.rules.hooks.allow -= ["'"$HOOK"'"]'
	run --device $GPU=0 bb:1 sh -c "$LOOK"
	is "a hook that is not listed: runs without" "$rc $(grep ^links <<<"$out")" "0 links  "
	hooks_were ""
}

# As README says: refused, until its mount is taken out of the specification.
docker_socket() {
	gpu
	run --device example.com/more=socket bb:1 echo it ran
	refused "a daemon's socket" "mounts: the source \"$V/run/socket\" is a socket"
	run --device example.com/less=socket bb:1 sh -c "$LOOK"
	has "... taken out of the specification: runs" "$rc $(seen)" '^gpu0 a:e5 open$'
}

docker_lab() {
	lab
	run --device $GPU=0 bb:1 echo it ran
	refused "under lab" "mounts: \"$V/bin/example-smi\" is not an allowed source .*"'; devices: "/dev/gpuctl" \(c 10:237\), "/dev/gpu0" \(c 10:229\) are not allowed: leave out --device'
	has "... all of it in the log" "$(jq -r '.findings[] | select(.rule == "hooks") | .why' "$T/log/lab.jsonl")" "hook \"$HOOK\" is not the engine's own: remove it, or have it allowed"
}

# A runtime is not told who asks: what can be told apart is the image.
docker_image() {
	local id
	id=$(D image inspect -f '{{.Id}}' cuda:1)
	gpu_but '{ version, extends, exceptions: [{ name: "cuda", reason: "this image alone", match: { image: ["'"$id"'"] }, rules: .rules }] }'
	run --device $GPU=0 cuda:1 sh -c "$LOOK"
	sees "an exception for one image" 65534
	hooks_were "$BOTH"
	run --device $GPU=0 bb:1 echo it ran
	refused "... another does not" 'devices: '
}

# A week of looking, and what it says is needed: the same launch is let through by that,
# with hooks on "rewrite", for what a hook lacks is nothing that could be listed.
docker_suggest() {
	policy '{ "version": 1, "extends": "lab", "mode": "audit", "audit": { "file": "'"$T"'/log/cdi.jsonl" } }'
	run --device $GPU=0 bb:1 true
	is "audit: runs" "$rc $err" "0 "
	hooks_were "$BOTH"
	policy "$("$CTL" suggest "$T/log/cdi.jsonl" | sed 's/"hooks": {/& "action": "rewrite",/')"
	run --device $GPU=0 bb:1 sh -c "$LOOK"
	sees "the suggested policy" 0
	hooks_were "$BOTH"
}

# ---- a vendor's runtime above ----------------------------------------------------------

# vendor MODE: what its configuration says.
vendor() {
	printf '{ "runtimes": ["no-such-runtime", "%s"], "mode": "%s", "cdi": "%s", "hook": "%s" }\n' \
		"${VENDOR_BELOW:-$RT}" "$1" "$T/cdi/example.json" "$LEGACY" >"$T/bin/vendor.json"
}

# said CONTAINER ERE
said() {
	D logs "$1" | grep -q "$2"
}

by_vendor() {
	capture D run --rm --runtime vendor "$@"
}

above() {
	VENDOR_BELOW=$REAL vendor cdi
	by_vendor -e EXAMPLE_VISIBLE_DEVICES=0 bb:1 sh -c "$LOOK"
	sees "a vendor's runtime, plain runc below" 0
	hooks_were "$BOTH"
	vendor cdi
	gpu
	by_vendor -d --name long -e EXAMPLE_VISIBLE_DEVICES=0 bb:1 sh -c "$LOOK; sleep 60"
	wait_for 5 said long '^env'
	capture D exec long sh -c "$LOOK"
	has "... exec" "$rc $(seen)" '^gpu0 a:e5 open$'
	capture D logs long
	sees "... ocigate below" 65534
	hooks_were "$BOTH"
	is "... stop" "$(D stop -t 0 long)" long
	by_vendor -e EXAMPLE_VISIBLE_DEVICES=0,1 bb:1 echo it ran
	refused "... the other device" 'devices: "/dev/gpu1" \(c 10:235\) is not allowed'
	lab
	by_vendor -e EXAMPLE_VISIBLE_DEVICES=0 bb:1 echo it ran
	refused "... under lab" 'mounts: .*; devices: '
}

# The older way: one hook, which does all the rest past config.json.
legacy() {
	gpu
	vendor legacy
	by_vendor bb:1 id -u
	is "the vendor's older way, one hook: runs" "$rc $out" "0 65534"
	hooks_were "legacy prestart ;"
	run --gpus all bb:1 sh -c 'id -u; echo $NVIDIA_VISIBLE_DEVICES'
	is "docker run --gpus: runs" "$rc $err$(tr '\n' ' ' <<<"$out")" "0 65534 all "
	hooks_were "legacy prestart ;"
	gpu_but '.rules.hooks.action = "reject"'
	by_vendor bb:1 echo it ran
	refused "a hook without an environment, with reject" 'hooks: the hook "'"$LEGACY"'" has no environment of its own'
	gpu_but '.rules.hooks |= (.allow -= ["'"$LEGACY"'"] | .action = "reject")'
	run --gpus all bb:1 echo it ran
	refused "docker run --gpus, the hook not listed" 'hooks: the prestart hook "'"$LEGACY"'" is not'
}

# ---- podman -------------------------------------------------------------------------------

podman_all() {
	R=(plain)
	capture P run --rm --network none --device $GPU=0 bb:1 sh -c "$LOOK"
	sees "podman, plain runc" 0
	hooks_were "$BOTH"
	R=(ocigate)
	gpu
	capture P run --rm --network none --device $GPU=0 bb:1 sh -c "$LOOK"
	sees "podman, gpu.json" 65534
	hooks_were "$BOTH"
	capture P run --rm --network none --device $GPU=1 bb:1 echo it ran
	refused "podman: the other device" 'devices: "/dev/gpu1" \(c 10:235\) is not allowed'
	lab
	capture P run --rm --network none --device $GPU=0 bb:1 echo it ran
	refused "podman, under lab" 'mounts: .*; devices: '
}

driver
specification
: >"$T/hooks"
cp "$E2E_TREE/tests/e2e/vendor_runtime.py" "$T/bin/vendor"
chmod 755 "$T/bin/vendor"
mkdir -p "$V/run"
/usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$V/run/socket"
small_rootfs
real_is "$REAL"
E2E_RUNTIMES='"vendor": { "path": "'$T/bin/vendor'" },'
E2E_DAEMON='"features": { "cdi": true }, "cdi-spec-dirs": ["'$T/cdi'"],'
dockerd_start ocigate
image bb:1
image cuda:1 'ENV CUDA=1'
docker_plain
adapted
docker_gpu
docker_refused
docker_socket
docker_lab
docker_image
docker_suggest
above
legacy
dockerd_stop
{ mkdir "$T/pod" && mount -t tmpfs tmpfs "$T/pod"; } || e2e_die "no tmpfs for podman" # it waits for the disk much
podman_setup
mkdir -p /run/cdi
cp "$T/cdi/example.json" /run/cdi/
R=(plain)
p_image bb:1
podman_all
e2e_end
