#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# crun as the runtime below: the cases of plain_runc.sh, then what the kernel
# says of a process under crun, exec in its forms, rewritten and refused.
#
# crun wants either kind of cgroups, not both, and its manager to be able to
# write to them: here /sys/fs/cgroup is a plain cgroup2, and crun is told to
# leave it alone, which the policies allow.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
E2E_REAL=${E2E_REAL:-$(command -v crun)} || {
	echo "crun.sh: no crun" >&2
	exit 1
}
export E2E_REAL

plain_begin() {
	umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup || e2e_die "no cgroup2"
	GLOBAL=(--cgroup-manager=disabled)
	ALLOW='"cgroup-manager=disabled"'
	CAN=
	# crun 1.8 knows the versions 1.0 only, and makes a cgroup wherever it is told.
	eval "runc_$(declare -f bundle)"
	bundle() {
		runc_bundle "$1" "$2" "del(.linux.cgroupsPath) | .ociVersion = \"1.0.2\" | ${3:-.}"
	}
	rt() {
		if [ -n "$IS_OCIGATE" ]; then
			"$RT" --ocigate-policy="$POLICY" --ocigate-runtime="${RT_REAL:-$REAL}" \
				--root "$RT_ROOT" "${GLOBAL[@]}" "$@"
		else
			"$RT" --root "$RT_ROOT" "${GLOBAL[@]}" "$@"
		fi
	}
	real() {
		"$REAL" --root "$RT_ROOT" "${GLOBAL[@]}" "$@"
	}
}

baseline() {
	policy '{ "version": 1, "extends": "'"${1:-baseline}"'", "rules": {
		"invocation": { "action": "reject", "allow": ['"$ALLOW"'] } } }'
}

# Names and numbers that differ from one container to the next.
normal() {
	sed -E 's/\[[0-9]+\]/[N]/; s/master:[0-9]+/master:N/; s/0:[0-9]+/0:N/g'
}

# ---- as with crun alone -----------------------------------------------------

as_alone() {
	local s
	baseline
	# "baseline" adds the cgroup namespace where cgroups are v2
	make '.process.args = ["/bin/probe", "reach"] | .linux.namespaces += [{ "type": "cgroup" }]'
	capture real run --bundle "$B" $ID
	normal <<<"$out" >"$T/alone"
	make '.process.args = ["/bin/probe", "reach"] | .linux.namespaces += [{ "type": "cgroup" }]'
	capture rt run --bundle "$B" $ID
	normal <<<"$out" >"$T/through"
	has "crun alone: a filter" "$(cat "$T/alone")" '^Seccomp:.2'
	same "baseline: what a process sees is the same" "$T/alone" "$T/through"
	same "... from the same document" "$T/original" "$B/config.json"
	for s in 0 1 42 255; do
		make '.process.args = ["/bin/probe", "exit", "'$s'"]'
		capture rt run --bundle "$B" $ID
		is "status $s, and both streams" "$rc $out $err" "$s to stdout to stderr"
	done
	make '.process.args = ["/nonexistent"]'
	capture real run --bundle "$B" $ID
	s="$rc $out $err"
	make '.process.args = ["/nonexistent"]'
	capture rt run --bundle "$B" $ID
	is "no such program: as told by crun" "$rc $out $err" "$s"
	is "--version is crun's" "$("$RT" --ocigate-runtime="$REAL" --version)" "$("$REAL" --version)"
	capture "$RT" --ocigate-runtime="$REAL" spec --help
	is "spec --help too" "$rc" 0
}

# ---- brought into line ------------------------------------------------------

confined() {
	baseline restricted
	make '.process.args = ["/bin/probe", "reach"] | .process.user = { "uid": 1000, "gid": 1000 }
		| .process.noNewPrivileges = false | del(.linux.seccomp) | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.ambient = ["CAP_NET_RAW"]
		| .process.capabilities.inheritable = ["CAP_NET_RAW"] | .process.capabilities.permitted += ["CAP_NET_RAW"]'
	capture rt run --bundle "$B" $ID
	has "no new privileges" "$out" '^NoNewPrivs:.1'
	has "a filter" "$out" '^Seccomp:.2'
	has "capabilities: bounding" "$out" '^CapBnd:.0000000000000400$'
	has "... ambient" "$out" '^CapAmb:.0000000000000000$'
	has "... effective" "$out" '^CapEff:.0000000000000000$'
	has "/proc/kcore is masked" "$out" ' /proc/kcore '
	has "/proc/sys is read-only" "$out" ' /proc/sys ro'
	hasnt "no mount(2), namespace, key" "$out" '^call (mount_.*|unshare_.*|clone_user|setns|keyctl|add_key|bpf): ok'
	swept "confined"
}

# Whoever may be exec'd into a container: by flags, and by a file.
exec_forms() {
	baseline
	make '.process.args = ["/bin/probe", "wait"]'
	rt run -d --bundle "$B" $ID </dev/null >/dev/null 2>&1 8>&-
	capture rt exec --user 1000:1000 --cwd /tmp --env A=b $ID /bin/sh -c 'id -u; pwd; echo $A'
	is "exec: flags" "$(tr '\n' ' ' <<<"$out")" "1000 /tmp b "
	capture rt exec --cap CAP_SYS_ADMIN $ID /bin/probe state
	hasnt "exec --cap SYS_ADMIN: not given" "$out" '^CapEff:.0000000000200000'
	capture rt exec --process <(printf '{"user":{"uid":1000,"gid":1000},"args":["/bin/id","-u"],"env":["PATH=/bin"],"cwd":"/"}') $ID
	is "exec --process of a pipe" "$rc $out" "0 1000"
	baseline restricted
	capture rt exec $ID /bin/probe hello
	is "exec as root under restricted: refused" "$rc $out" "255 "
	has "... with the reason" "$err" '^ocigate: rejected: user: '
	printf '{"user":{"uid":1000,"gid":1000},"args":["/bin/probe","state"],"env":["A=b"],"cwd":"/","noNewPrivileges":false}' >"$T/process.json"
	capture rt exec --process "$T/process.json" $ID
	has "exec --process: no new privileges" "$out" '^NoNewPrivs:.1'
	has "... the rest of it" "$out" '^env: A=b'
	rt delete --force $ID
	nothing_left "exec"
}

# ---- refused ----------------------------------------------------------------

crun_refused() {
	baseline
	make
	capture rt run --config "$B/config.json" --bundle "$B" $ID
	has "--config: refused" "$err" '^ocigate: rejected: (.*; )?invocation: --config: '
	policy '{ "version": 1, "extends": "baseline" }'
	capture rt run --bundle "$B" $ID
	has "--cgroup-manager=disabled: refused where no policy allows it" "$err" \
		'^ocigate: rejected: (.*; )?invocation: --cgroup-manager=disabled: '
	is "... and nothing ran" "$rc $out" "1 "
	nothing_left "refused"
	baseline
	make '.annotations["run.oci.hooks.stdout"] = "/etc/x" | .annotations["run.oci.handler"] = "wasm"
		| .process.args = ["/bin/probe", "hello"]'
	capture rt run --bundle "$B" $ID
	is "annotations of crun's: it runs" "$rc $out" "0 hello"
	hasnt "... without them" "$(cat "$B/config.json")" 'run\.oci\.'
	swept "annotations"
	make '.mounts += [{ "destination": "/x", "type": "bind", "source": "/etc", "options": ["rbind", "copy-symlink"] }]'
	capture rt run --bundle "$B" $ID
	has "a mount option of crun's: refused" "$err" '^ocigate: rejected: (.*; )?mounts: '
	nothing_left "refused by a mount"
}

# Files of cgroup v2, as podman's --cgroup-conf names them. crun writes them as root, into
# a cgroup that it ends with all that is in it.
host_process() {
	local GLOBAL=(--cgroup-manager=cgroupfs) through pid ends=
	policy '{ "version": 1, "extends": "baseline" }'
	for through in real rt; do
		sleep 60 8>&- &
		pid=$!
		make '.linux.cgroupsPath = "/'"$ID"'" | .linux.namespaces += [{ "type": "cgroup" }]
			| .linux.resources = { "unified": { "cgroup.procs": "'$pid'" } }'
		capture $through run --bundle "$B" $ID
		kill -TERM $pid 2>/dev/null
		wait $pid
		ends+="$through $? "
	done
	is "a process of the host is killed by crun alone, by us with ocigate" "$ends" "real 137 rt 143 "
	has "... refused" "$err" '^ocigate: rejected: (.*; )?cgroup: "cgroup.procs" is no limit'
	nothing_left "a process of the host"
}

plain_more() {
	[ -n "$IS_OCIGATE" ] || return 0
	as_alone
	confined
	exec_forms
	crun_refused
	host_process
}

. "$(dirname "$0")/plain_runc.sh"
