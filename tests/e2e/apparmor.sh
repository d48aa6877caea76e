#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The rule lsm on hosts with AppArmor, which are made up here of the kernel's files; the
# runtime only says which profile it was given. With a kernel that has it: vm.sh.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"
need_ocigate "profiles of AppArmor" || e2e_end

LIST=/sys/kernel/security/apparmor/profiles
POLICIES='{ "version": 1, "extends": "permissive", "rules": { "lsm": { "action": "rewrite" MORE } } }'
ID=5555555555555555555555555555555555555555555555555555555555555555

host() {
	{ mount -t tmpfs -o mode=755 tmpfs /sys/module && mkdir -p /sys/module/apparmor/parameters &&
		echo Y >/sys/module/apparmor/parameters/enabled &&
		mount -t tmpfs -o mode=755 tmpfs /sys/kernel/security && mkdir "${LIST%/*}"; } || e2e_die "no host with AppArmor"
	loaded
	cat >"$T/bin/show" <<-'SH'
		#!/bin/sh
		for word; do
			case $word in
			--bundle=*) exec jq -r '.process.apparmorProfile' "${word#--bundle=}/config.json" ;;
			--process=*) exec jq -r '.apparmorProfile' "${word#--process=}" ;;
			esac
		done
	SH
	chmod 755 "$T/bin/show"
	RT_REAL=$T/bin/show
}

# loaded LINE...: the kernel's list
loaded() {
	: >$LIST
	[ $# -eq 0 ] || printf '%s\n' "$@" >$LIST
}

# launch [FILTER]: of the bundle $B; what the runtime was given, or why it was not called.
launch() {
	rm -rf "$B"
	bundle "$B" "${B##*/}" "del(.process.apparmorProfile) | ${1:-.}"
	capture rt create --bundle="$B" "$N"
	printf '%s%s' "$out" "${err#*rejected: }"
	rt delete --force "$N" >/dev/null 2>&1 8>&-
}

plain() {
	B=$T/work/plain N=c1
	loaded "docker-default (enforce)" "containers-default-0.50.1 (enforce)"
	is "no profile, and the default is loaded: put in" "$(launch)" docker-default
	is "... instead of one that does not confine" "$(launch '.process.apparmorProfile = "unconfined"')" docker-default
	loaded "docker-default (kill)"
	is "... also if it kills" "$(launch)" docker-default
	loaded "docker-default (complain)" "docker-default//child (enforce)" ":ns://docker-default (enforce)" \
		"docker-default (enforce) (complain)" "docker-default (enforce) x" "(enforce)" "docker-default"
	has "not to enforce: refused" "$(launch)" '^lsm: the process has no AppArmor profile, and .docker-default. is not loaded to enforce: have root load it'
	loaded
	has "not loaded: refused" "$(launch)" '^lsm: the process has no AppArmor profile, and .docker-default. is not loaded'
	has "... instead of one that does not confine" "$(launch '.process.apparmorProfile = "unconfined"')" \
		'^lsm: the AppArmor profile .unconfined. is not allowed'
	is "one that is named" "$(launch '.process.apparmorProfile = "docker-default"')" docker-default
	policy "${POLICIES/MORE/, \"apparmor-profile\": \"site\"}"
	is "the policy names one: put in" "$(launch)" site
	policy "${POLICIES/rewrite\" MORE/audit\"}"
	is "audit: left" "$(launch)" null
	policy "${POLICIES/MORE/}"
	mount -t tmpfs tmpfs /sys/kernel/security
	has "the list is not there: refused" "$(launch)" '^lsm: whether the AppArmor profile .docker-default. is loaded cannot be seen: have root mount securityfs'
	umount /sys/kernel/security
}

podman() {
	B=$T/work/overlay-containers/$ID/userdata N=$ID
	loaded "containers-default (enforce)" "containers-default-0.49.0 (complain)" "containers-default-0.49.0//x (enforce)" \
		"containers-default-0.50.1 (enforce)" "containers-default-0.57.4 (enforce)"
	is "podman: the first of its own" "$(launch)" containers-default-0.50.1
	loaded "containers-default (enforce)" "docker-default (enforce)"
	has "... none is loaded: refused" "$(launch)" '^lsm: .*and .containers-default-\*. is not loaded to enforce: have root run a container by podman'
}

# A pod's sandbox has a directory of CRI's, which it makes for it.
pods() {
	local dir=$T/work/io.containerd.grpc.v1.cri/sandboxes/pod other=$T/work/io.containerd.grpc.v1.cri/sandboxes/other
	local cri='.annotations = { "io.kubernetes.cri.container-type": TYPE, "io.kubernetes.cri.sandbox-id": "SANDBOX" }
		| .mounts += [{ "destination": "/etc/resolv.conf", "type": "bind", "source": "'"$T/work"'/io.containerd.grpc.v1.cri/sandboxes/SANDBOX/resolv.conf", "options": ["rbind", "ro"] }]'
	local RT_ROOT=$T/k8s.io sandbox
	B=$T/work/pod N=pod
	mkdir -p "$RT_ROOT" "$dir" "$other"
	echo >"$dir/resolv.conf"
	echo >"$other/resolv.conf"
	sandbox=${cri//TYPE/\"sandbox\"}
	is "a pod's sandbox, containerd's profile is not loaded: left" "$(launch "${sandbox//SANDBOX/pod}")" null
	has "... one with the files of another: refused" "$(launch "${sandbox//SANDBOX/other}")" '^lsm: .*.cri-containerd.apparmor.d. is not loaded'
	has "... a container of its pod: refused" "$(N=ctr launch "${cri//TYPE/\"container\"}")" '^lsm: .*.cri-containerd.apparmor.d. is not loaded'
	rm -r "$dir"
	has "... one that CRI did not make: refused" "$(launch "${sandbox//SANDBOX/pod} | .mounts = []")" \
		'^lsm: .*.cri-containerd.apparmor.d. is not loaded'
	mkdir "$dir" && echo >"$dir/resolv.conf"
	sandbox_exec "${sandbox//SANDBOX/pod}"
	loaded "cri-containerd.apparmor.d (enforce)"
	is "... it is loaded: put in" "$(launch "${sandbox//SANDBOX/pod}")" cri-containerd.apparmor.d
}

# What else is run in a sandbox is no pause.
sandbox_exec() {
	rm -rf "$B"
	bundle "$B" pod "del(.process.apparmorProfile) | $1"
	capture rt create --bundle="$B" pod
	is "a sandbox, once more" "$rc $out" "0 null"
	capture rt exec pod /bin/true
	has "... exec: refused" "$rc $err" '^[^0].*lsm: the process has no AppArmor profile, and .cri-containerd.apparmor.d. is not loaded'
	loaded "cri-containerd.apparmor.d (enforce)"
	capture rt exec pod /bin/true
	is "... it is loaded: put in" "$rc $out $err" "0 cri-containerd.apparmor.d "
	loaded
	rt delete --force pod >/dev/null 2>&1 8>&-
}

# As 0 of a user namespace, too, where the list cannot be read.
rootless() {
	local how
	B=$T/work/rootless N=c1
	loaded
	chmod 700 "${LIST%/*}"
	mkdir -p "$T/xdg"
	policy "$(cat "$E2E_TREE/examples/policies/rootless.json")"
	for how in "setpriv --reuid 1000 --regid 1000 --clear-groups" "setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U -r"; do
		rm -rf "$B"
		bundle "$B" c1 'del(.process.apparmorProfile, .linux.cgroupsPath)'
		chown -R 1000:1000 "$B" "$T/xdg"
		rm -rf "$T/xdg"/*
		capture env XDG_RUNTIME_DIR="$T/xdg" $how "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$RT_REAL" --root "$T/xdg/root" \
			create --bundle="$B" c1
		is "rootless, ${how##*groups}: left" "$rc $out $err" "0 null "
	done
	chmod 755 "${LIST%/*}"
}

host
policy "${POLICIES/MORE/}"
plain
podman
pods
rootless
e2e_end
