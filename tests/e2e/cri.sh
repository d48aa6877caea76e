#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Pods by containerd's CRI, as a kubelet asks for them, on a CNI network: ordinary ones
# run under the presets, and a host port of theirs is reached from the host only.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_outside.sh"
. "$(dirname "$0")/../lib/e2e_containerd.sh"
E2E_POINTS="$E2E_POINTS /var/lib/kubelet"
e2e_begin "$@"
need_ocigate "CRI" || e2e_end

CRI=$E2E_TREE/tests/e2e/cri.py

# cri METHOD JSON
cri() {
	timeout 60 "$CRI" "$T/ctr/sock" "$@" 8>&- </dev/null
}

V2='plugins."io.containerd.grpc.v1.cri"'

cri_start() {
	mkdir -p "$T/cni"
	containerd_config ""
	cat >>"$T/ctr/config.toml" <<-TOML
		[$V2]
		  sandbox_image = "example.com/pod:1"
		  restrict_oom_score_adj = true
		  [$V2.cni]
		    bin_dir = "/usr/lib/cni"
		    conf_dir = "$T/cni"
		  [$V2.containerd]
		    snapshotter = "native"
		    default_runtime_name = "ocigate"
		    [$V2.containerd.runtimes.ocigate]
		      runtime_type = "io.containerd.runc.v2"
		      [$V2.containerd.runtimes.ocigate.options]
		        BinaryName = "$RT"
		    [$V2.containerd.runtimes.recorded]
		      runtime_type = "io.containerd.runc.v2"
		      [$V2.containerd.runtimes.recorded.options]
		        BinaryName = "$T/bin/front"
		    [$V2.containerd.runtimes.plain]
		      runtime_type = "io.containerd.runc.v2"
		      [$V2.containerd.runtimes.plain.options]
		        BinaryName = "$REAL"
	TOML
	cat >"$T/cni/10-pods.conflist" <<-JSON
		{ "cniVersion": "0.4.0", "name": "pods", "plugins": [
		  { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
		    "ipam": { "type": "host-local", "dataDir": "$T/cni/addresses", "ranges": [[{ "subnet": "10.88.0.0/24" }]],
		      "routes": [{ "dst": "0.0.0.0/0" }] } },
		  { "type": "portmap", "capabilities": { "portMappings": true } } ] }
	JSON
	containerd_run /usr/sbin:/usr/bin:/sbin:/bin
}

# pod NAME RUNTIME [PORT-MAPPINGS [SECURITY]]: leaves its id in $P, and how it is described in $CONFIG.
pod() {
	CONFIG=$(jq -nc --arg n "$1" --arg ns "${NS:-default}" --arg d "$T/logs" --argjson ports "${3:-[]}" --argjson s "${4:-{\}}" '
		{ "1": { "1": $n, "2": ("uid-" + $n), "3": $ns }, "3": $d, "5": $ports,
		  "8": { "1": "/'"${T##*/}"'", "2": ({ "9": { "1": 0 } } + $s) } }')
	capture cri RunPodSandbox "$(jq -nc --argjson c "$CONFIG" --arg r "$2" '{ "1": $c, "2": $r }')"
	P=$(jq -r '.["1"]' <<<"$out" 2>/dev/null)
}

# container NAME SECURITY COMMAND...: in the last pod, with $MOUNTS; started; leaves its id in $K.
container() {
	local name=$1 security=$2
	shift 2
	capture cri CreateContainer "$(jq -nc --arg p "$P" --argjson c "$CONFIG" --arg n "$name" --argjson s "$security" --argjson m "${MOUNTS:-[]}" '
		{ "1": $p, "3": $c, "2": { "1": { "1": $n }, "2": { "1": "example.com/pod:1" }, "3": $ARGS.positional, "7": $m,
		  "11": ($n + ".log"), "15": { "2": $s } } }' --args -- "$@")"
	K=$(jq -r '.["1"]' <<<"$out" 2>/dev/null)
	[ "$rc" -eq 0 ] && capture cri StartContainer "{ \"1\": \"$K\" }"
}

end_pod() {
	cri StopPodSandbox "{ \"1\": \"$P\" }" >/dev/null && cri RemovePodSandbox "{ \"1\": \"$P\" }" >/dev/null
}


# The address of the last pod.
pod_addr() {
	jq -r '.result.ips[0].address | sub("/.*"; "")' "$(find /var/lib/cni/results -name "pods-$P-*")"
}

# ---- as with plain runc -----------------------------------------------------

plain_open() {
	pod open plain "$PORTS"
	container web '{}' listen tcp/8000 udp/8000
	wait_for 5 sh -c "[ \"\$($REACH tcp $(pod_addr) 8000)\" = yes ]"
	is "plain runc: a host port, from outside" "$(from_ext tcp $HOST4 8080) $(from_ext udp $HOST4 8081)" "yes yes"
	is "plain runc: the pod by a route" "$(from_ext tcp "$(pod_addr)" 8000)" yes
	end_pod
}

# ordinary PRESET SECURITY
ordinary() {
	policy '{ "version": 1, "extends": "'"$1"'" }'
	pod "plain-$1" ocigate
	is "$1: an ordinary pod" "$rc $err" "0 "
	container main "$2" sleep 600
	is "$1: its container" "$rc $err" "0 "
	is "$1: of both, the sandbox is known as the engine's own" \
		"$(find "$T/run" -name '*.json' -exec jq -r 'select(.facts.pause) | .facts.id' {} +)" "$P"
	has "$1: exec" "$(cri ExecSync "{ \"1\": \"$K\", \"2\": [\"id\", \"-u\"], \"3\": 5 }")" '^\{"1": "[0-9]+\\n"'
	end_pod
	is "$1: nothing is left" "$(left)" ""
}

left() {
	C -n k8s.io task ls -q
	nft list table inet ocigate 2>/dev/null
	find "$T/run" -mindepth 1 ! -type d ! -name '*lock*'
}

# ---- host ports ---------------------------------------------------------------

PORTS='[{ "1": 0, "2": 8000, "3": 8080 }, { "1": 1, "2": 8000, "3": 8081 }]'

guarded() {
	local a
	policy '{ "version": 1, "extends": "restricted" }'
	pod guarded ocigate "$PORTS"
	is "restricted: a pod with host ports" "$rc $err" "0 "
	has "... which the guard has, before anything listens" "$(nft list table inet ocigate 2>&1)" 'tcp \. 8080'
	container web "$USER_1000" listen tcp/8000 udp/8000
	is "... and its container" "$rc $err" "0 "
	a=$(pod_addr)
	wait_for 5 sh -c "[ \"\$($REACH tcp $a 8000)\" = yes ]"
	is "a host port: from outside" "$(from_ext tcp $HOST4 8080) $(from_ext udp $HOST4 8081)" "no no"
	is "... the pod by a route" "$(from_ext tcp "$a" 8000)" no
	is "... from the host" "$(from_host tcp $HOST4 8080) $(from_host tcp "$a" 8000) $(from_host udp "$a" 8000)" "yes yes yes"
	WEB=$P
	pod neighbour ocigate
	NEIGHBOUR=$(C -n k8s.io task ls | awk -v p="$P" '$1 == p { print $2 }')
	is "... from another pod, the host's address" "$(nsenter -t "$NEIGHBOUR" -n -- "$REACH" tcp $HOST4 8080)" no
	is "... from another pod, its own address" "$(nsenter -t "$NEIGHBOUR" -n -- "$REACH" tcp "$a" 8000)" yes
	end_pod
	P=$WEB
	end_pod
	is "... nothing is left when it is gone" "$(left)" ""
}

judged() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "reject", "addresses": ["127.0.0.1"] } } }'
	pod rejected ocigate "$PORTS"
	has "reject: the pod is refused, its port is named" "$err" 'port 8000/tcp is published on all addresses: write -p 127\.0\.0\.1:8080:8000'
	pod complies ocigate '[{ "1": 0, "2": 8000, "3": 8080, "4": "127.0.0.1" }]'
	is "reject: a host port on 127.0.0.1 is none" "$rc $err" "0 "
	end_pod
	# What the plugins keep is not there: then it is not known which ports are open.
	mount -t tmpfs -o mode=777 tmpfs /var/lib/cni
	policy '{ "version": 1, "extends": "restricted" }'
	pod unknown ocigate "$PORTS"
	has "no record that can be trusted: refused" "$err" 'ports: the engine.s record of published ports cannot be read'
	umount /var/lib/cni
	is "nothing is left of pods that were refused" "$(left)" ""
}

# ---- refused ------------------------------------------------------------------

refused() {
	policy '{ "version": 1, "extends": "baseline" }'
	pod host ocigate '[]' '{ "1": { "1": 2 } }'
	has "the host's network: refused" "$err" 'ocigate: rejected: .*network-host: '
	pod processes ocigate '[]' '{ "1": { "2": 2 } }'
	has "the host's processes: refused" "$err" 'ocigate: rejected: .*namespaces: '
	pod privileged ocigate '[]' '{ "6": true }'
	container root '{ "2": true }' sleep 600
	has "a privileged container: refused" "$err" 'ocigate: rejected: '
	end_pod
	is "nothing is left of those" "$(left)" ""
}

# What the kubelet has a CSI driver mount for a pod: its volume, and no other pod's.
volumes() {
	local d=/var/lib/kubelet/pods/uid-claim/volumes/kubernetes.io~csi/pvc-1/mount MOUNTS
	MOUNTS="[{ \"1\": \"/db\", \"2\": \"$d\" }]"
	mkdir -p "$d" && chmod 750 /var/lib/kubelet
	policy '{ "version": 1, "extends": "baseline" }'
	mount -t tmpfs -o mode=755 tmpfs "$d"
	pod claim ocigate
	container main '{}' sleep 600
	is "a volume of a CSI driver's" "$rc $err" "0 "
	cri ExecSync "{ \"1\": \"$K\", \"2\": [\"touch\", \"/db/f\"], \"3\": 5 }" >/dev/null
	is "... is there" "$(ls "$d")" f
	end_pod
	pod other ocigate
	container main '{}' sleep 600
	has "another pod's: refused" "$err" 'mounts: ".*/pvc-1/mount" is not an allowed source'
	end_pod
	umount "$d"
	mount --bind /etc "$d"
	pod claim ocigate
	container main '{}' sleep 600
	has "a driver that mounts what is the host's: refused" "$err" 'mounts: ".*/pvc-1/mount" is "/etc"'
	end_pod
	umount "$d"
	is "nothing is left of those" "$(left)" ""
}

# The policy of examples/ for a node: the cluster's own pods may what others may not.
kubernetes() {
	policy "$(cat "$E2E_TREE/examples/policies/kubernetes.json")"
	check "examples/policies/kubernetes.json: a policy" "$CTL" check "$POLICY"
	pod plain ocigate
	container main '{}' sleep 600
	is "kubernetes: an ordinary pod" "$rc $err" "0 "
	end_pod
	pod network ocigate '[]' '{ "1": { "1": 2 } }'
	has "kubernetes: the node's network: refused" "$err" "ocigate: rejected: .*network-host: .*|Ask the cluster's operators"
	NS=kube-system pod network ocigate '[]' '{ "1": { "1": 2 }, "6": true }'
	is "kubernetes: for the cluster's own" "$rc $err" "0 "
	container root '{ "2": true, "3": { "1": 2 } }' sleep 600
	is "... privileged, too" "$rc $err" "0 "
	end_pod
	is "kubernetes: nothing is left" "$(left)" ""
}

mkdir -p "$T/work" "$T/ctr" "$T/logs" "$T/recorded"
{ mount -t tmpfs tmpfs "$T/ctr" && e2e_own_run && mount -t tmpfs -o mode=755 tmpfs /var/lib/cni &&
	mount -t tmpfs -o mode=755 tmpfs /var/lib/kubelet; } || e2e_die "cannot set up directories"
real_is "$REAL"
outside_make
dockerd_recorders
service_program
archive example.com/pod:1 '["probe", "wait"]' >"$T/ctr/image.tar"
cri_start
C -n k8s.io image import "$T/ctr/image.tar" >/dev/null 2>&1 || e2e_die "cannot import the image"
USER_1000='{ "5": { "1": 1000 }, "6": "", "7": true }'
plain_open
ordinary baseline '{}'
ordinary restricted "$USER_1000"
guarded
judged
refused
volumes
kubernetes
containerd_stop
kill "$EXT" 2>/dev/null
e2e_end
