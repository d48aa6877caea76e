# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
#
# In the virtual machine: what rules do where the host has AppArmor and cgroup v2 alone.
# All of the containers ask for no profile and the host's cgroup namespace.

# state NAME: profile, whose cgroup namespace, whether it has the policy's limit of processes.
state() {
	local pid ns=host limit=other
	pid=$(cat "$T/$1.pid")
	[ "$(readlink "/proc/$pid/ns/cgroup")" = "$(readlink /proc/self/ns/cgroup)" ] || ns=own
	[ "$(cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/pids.max")" != 64 ] || limit=64
	echo "$(cat "/proc/$pid/attr/current") $ns $limit"
}

host_rules() {
	is "plain runc: unconfined, the host's cgroup namespace, another limit" "$(state plain)" "unconfined host other"
	is "AppArmor and cgroup v2, runc: docker-default, a cgroup namespace, the limit" "$(state g1)" "docker-default (enforce) own 64"
	is "AppArmor and cgroup v2, crun: docker-default, a cgroup namespace, the limit" "$(state g2)" "docker-default (enforce) own 64"
}

# no_profile: a launch without one, of no engine.
no_profile() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "cgroup": { "action": "off" } } }'
	unbundle "$T/n" n
	bundle "$T/n" n '.process.args = ["/bin/cat", "/proc/self/attr/current"] | del(.process.apparmorProfile)'
	capture rt run -b "$T/n" n
}

default_unloaded() {
	no_profile
	has "no profile, and dockerd has not loaded its own: refused" "$rc $err" \
		'^1 .*lsm: the process has no AppArmor profile, and .docker-default. is not loaded to enforce'
}

default_loaded() {
	no_profile
	is "... it has: put in" "$rc $out $err" "0 docker-default (enforce) "
}

# Two profiles of which the kernel enforces one: the name alone does not tell which.
profiles() {
	local name
	printf '%s\n' 'profile loose flags=(complain) { }' 'profile strict { file, capability, signal, network, unix, ptrace, mount, umount, }' |
		apparmor_parser -a || e2e_die "no profile can be loaded"
	policy '{ "version": 1, "extends": "baseline", "rules": { "cgroup": { "action": "off" } } }'
	for name in loose strict; do
		bundle "$T/p-$name" "p-$name" '.process.args = ["/bin/cat", "/proc/self/attr/current"] | .process.apparmorProfile = "'$name'"'
		capture runc --root "$T/runc-root" run -b "$T/p-$name" "p-$name"
		has "runc alone: the profile $name" "$rc $out" "^0 $name "
		capture rt run -b "$T/p-$name" "p-$name"
		if [ "$name" = loose ]; then
			is "a profile that only complains is not one" "$rc $out $err" "0 docker-default (enforce) "
		else
			is "another that is enforced is" "$rc $out $err" "0 strict (enforce) "
		fi
	done
}

# Files of cgroup v2 that a config.json may set directly: docker has no flag for them.
unified() {
	local files='/sys/fs/cgroup/memory.oom.group /sys/fs/cgroup/pids.max'
	bundle "$T/u1" u1 '.ociVersion = "1.0.2" | .process.args = ["/bin/sh", "-c", "echo $(cat '"$files"')"] |
		.linux.namespaces |= (map(select(.type != "cgroup")) + [{ "type": "cgroup" }]) |
		.linux.resources.unified = { "memory.oom.group": "1", "pids.max": "max" }'
	# its cgroup is not one of an engine's
	policy '{ "version": 1, "extends": "baseline", "rules": { "cgroup": { "action": "off" },
		"resources": { "action": "rewrite", "limits": { "pids": { "max": 64, "required": true } } } } }'
	RT_REAL=$(command -v crun)
	capture "$RT_REAL" --root "$T/crun-root" run -b "$T/u1" u1
	is "crun alone: what unified says" "$rc $out $err" "0 1 max "
	capture rt run -b "$T/u1" u1
	is "unified: what is not on the list, or would lift a limit, is taken away" "$rc $out $err" "0 0 64 "
	RT_REAL=
}
