#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The policies and engines' configurations of examples/, as they stand there, each over
# what it is for and what it is against. Elsewhere: restricted-* in images.sh, demo in
# examples/demo.sh, audit-week and ansible.yml in walk.sh, kubernetes in cri.sh.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"
need_ocigate "the examples" || e2e_end

EXAMPLES=$E2E_TREE/examples

# of NAME: that policy, from now on.
of() {
	E=$1
	policy "$(cat "$EXAMPLES/policies/$1.json")"
	check "$E: a policy" "$CTL" check "$POLICY"
}

# runs NAME ERE ARGUMENTS...: a container that prints that.
runs() {
	local name=$1 ere=$2
	shift 2
	capture D run --rm "$@"
	is "$E: $name: runs" "$rc $err" "0 "
	has "... as it should" "$out" "$ere"
}

# refused NAME ERE ARGUMENTS...
refused() {
	local name=$1 ere=$2
	shift 2
	capture D run --rm "$@"
	has "$E: $name: refused" "$err" "ocigate: rejected: (.*; )?$ere"
	is "... and nothing ran" "$out" ""
}

host() {
	{ mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /srv && mount -t tmpfs -o mode=755 tmpfs /home &&
		mount -t tmpfs -o mode=755 tmpfs /var/cache; } || e2e_die "no directories of a host"
	mkdir -p /srv/data /srv/shared /srv/scratch/alice /var/cache/ci /home/alice/work /home/alice/.ssh
	chown 1000:1000 /srv/scratch/alice
	chown -R 1000:1000 /home/alice
	echo data | tee /srv/data/f /srv/shared/f /var/cache/ci/f >/home/alice/work/f
}

lab() {
	of lab
	runs "data, read-only" '^65534 data$' -v /srv/data:/d bb:1 sh -c 'echo $(id -u) $(cat /d/f); touch /d/x 2>/dev/null && echo written; true'
	hasnt "... only" "$out" written
	refused "another directory" 'mounts: "/home" is not' -v /home:/d bb:1 true
}

cluster() {
	of cluster
	runs "a job as its owner writes where it may" '^1000 data$' -u 1000:1000 -v /srv/shared:/shared:ro -v /srv/scratch/alice:/scratch bb:1 \
		sh -c 'echo $(id -u) $(cat /shared/f); echo result >/scratch/r'
	is "... and it stays there" "$(cat /srv/scratch/alice/r) $(stat -c %u /srv/scratch/alice/r)" "result 1000"
	runs "root is nobody" '^65534$' bb:1 id -u
	refused "everybody's scratch at once" 'mounts: "/srv/scratch" is not' -u 1000:1000 -v /srv/scratch:/scratch bb:1 true
	refused "a home directory" 'mounts: ' -u 1000:1000 -v /home/alice:/h bb:1 true
}

ci() {
	local id
	of ci
	runs "a job is root, and can use what packages need" '^0 data 33$' -v /var/cache/ci:/c:ro bb:1 \
		sh -c 'chown 33 /tmp && echo $(id -u) $(cat /c/f) $(stat -c %u /tmp)'
	refused "the engine's socket" 'mounts: ' -v "$T/docker/sock:/s" bb:1 true
	refused "--privileged" 'privileged: ' --privileged bb:1 true
	runs "a capability that was not given" '^refused$' --cap-add NET_ADMIN bb:1 sh -c 'ip link add x type dummy 2>/dev/null || echo refused'
	id=$(D image inspect -f '{{.Id}}' bb:1)
	policy "$(sed -E "s/sha256:(0123456789abcdef){4}/$id/" "$EXAMPLES/policies/ci.json")"
	runs "the exception's image has it" '^CapBnd:[[:space:]]+00000000a80435fb$' --cap-add NET_ADMIN bb:1 sh -c 'grep CapBnd /proc/self/status'
}

# The vendor's runtime, as far as it matters: on create it writes a hook, a device and its
# library into config.json, and executes what its own configuration names.
vendor() {
	local below
	below=$(/usr/bin/python3 -c 'import sys, tomllib; print(tomllib.load(open(sys.argv[1], "rb"))["nvidia-container-runtime"]["runtimes"][0])' \
		"$EXAMPLES/engines/nvidia-container-runtime.toml")
	is "gpu: the vendor's runtime executes ocigate" "$below" /usr/sbin/ocigate
	cat >"$T/bin/vendor" <<-SH
		#!/bin/bash
		for a; do
			[ "\${last:-}" != --bundle ] || bundle=\$a
			last=\$a
		done
		case " \$* " in *" create "*)
			jq '.hooks.prestart += [{ "path": "/usr/bin/nvidia-container-runtime-hook", "args": ["hook", "prestart"] }] |
				.linux.devices += [{ "path": "/dev/nvidia0", "type": "c", "major": 195, "minor": $(cat "$T/minor"), "fileMode": 438, "uid": 0, "gid": 0 }] |
				.linux.resources.devices += [{ "allow": true, "type": "c", "major": 195, "minor": $(cat "$T/minor"), "access": "rwm" }] |
				.mounts += [{ "source": "/usr/lib/x86_64-linux-gnu/libcuda.so.1", "destination": "/usr/lib/libcuda.so.1", "type": "bind",
					"options": ["ro", "nosuid", "nodev", "rbind", "rprivate"] }]' "\$bundle/config.json" >"\$bundle/new" &&
				cat "\$bundle/new" >"\$bundle/config.json" && rm "\$bundle/new" ;;
		esac
		exec "$RT" "\$@"
	SH
	chmod 755 "$T/bin/vendor"
}

# over DIRECTORY: what is written there is seen by this test alone.
over() {
	local d=$T/over/${1//\//_}
	{ mkdir -p "$d" && mount -t tmpfs tmpfs "$d" && mkdir "$d"/{up,work} &&
		mount -t overlay -o "lowerdir=$1,upperdir=$d/up,workdir=$d/work" overlay "$1"; } || e2e_die "no overlay over $1"
}

gpu() {
	of gpu
	runs "the device, the driver's library, not as root" '^65534 c3 0 driver$' --runtime vendor -e LD_PRELOAD=/x.so bb:1 \
		sh -c 'echo $(id -u) $(stat -c "%t %T" /dev/nvidia0) $(cat /usr/lib/libcuda.so.1)'
	is "... and its hook ran, in an environment of its own" "$(cat "$T/hook.ran" 2>/dev/null)" "prestart "
	runs "without a GPU" '^65534$' bb:1 id -u
	echo 7 >"$T/minor"
	vendor >/dev/null
	refused "a device that is not listed" 'devices: "/dev/nvidia0" \(c 195:7\)' --runtime vendor bb:1 true
	of lab
	echo 0 >"$T/minor"
	vendor >/dev/null
	refused "where no GPU is allowed" '(devices|hooks): ' --runtime vendor bb:1 true
}

# A user's own runc, without root and without an engine.
rootless() {
	local d=$T/rootless
	E=rootless
	mkdir -p "$d/run" "$d/config/ocigate"
	cp "$EXAMPLES/policies/rootless.json" "$d/config/ocigate/policy.json"
	check "$E: a policy" "$CTL" check "$d/config/ocigate/policy.json"
	chown -R 1000:1000 "$d"
	by_user() {
		bundle "$T/ub" ub '.process.args = ["/bin/sh", "-c", "echo $(id -u) $(cat /d/f); touch /d/new"] | .process.user = { uid: 0, gid: 0 } | del(.linux.cgroupsPath, .linux.sysctl) |
			.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = [{ containerID: 0, hostID: 1000, size: 1 }] | .linux.gidMappings = .linux.uidMappings |
			.linux.resources = { devices: [{ allow: false, access: "rwm" }] } | .mounts |= map(select(.type != "cgroup") | .options |= map(select(. != "gid=5"))) |
			.mounts += [{ source: "'"$1"'", destination: "/d", type: "bind", options: ["rbind"] }]'
		chown -R 1000:1000 "$T/ub"
		capture setpriv --reuid 1000 --regid 1000 --clear-groups env -i PATH="$PATH" HOME=/home/alice XDG_CONFIG_HOME="$d/config" \
			XDG_RUNTIME_DIR="$d/run" "$RT" --root "$d/run/runc" run --bundle "$T/ub" ub
		rm -rf "$T/ub"
	}
	by_user /home/alice/work
	is "$E: one's work" "$rc $out" "0 0 data"
	check "... can be written" test -e /home/alice/work/new
	by_user /home/alice/.ssh
	has "$E: one's keys: refused" "$err" 'ocigate: rejected: mounts: "/home/alice/.ssh" is not'
	by_user /etc
	has "$E: the host's files: refused" "$err" 'ocigate: rejected: mounts: "/etc" is not'
}

host
over /usr/bin
over /usr/lib/x86_64-linux-gnu
echo driver >/usr/lib/x86_64-linux-gnu/libcuda.so.1
printf '#!/bin/sh\necho "$1 $LD_PRELOAD" >%s\n' "$T/hook.ran" >/usr/bin/nvidia-container-runtime-hook
chmod 755 /usr/bin/nvidia-container-runtime-hook
echo 0 >"$T/minor"
vendor
real_is "$REAL"
E2E_RUNTIMES='"vendor": { "path": "'$T/bin/vendor'" },'
dockerd_start ocigate
image bb:1
lab
cluster
ci
gpu
rootless
for f in "$EXAMPLES"/policies/*.json "$EXAMPLES"/engines/*; do
	f=${f##*/}
	has "examples: $f is run by a test" "$(cat "$E2E_TREE"/tests/e2e/{examples,images,walk,cri}.sh "$EXAMPLES/demo.sh")" "(of|example|for f in) .*${f%.*}|$f|^${f%.json}\(\)|restricted-\*"
done
dockerd_stop
e2e_end
