#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ocigatectl install and uninstall containerd, podman, and --as-runc: every shape of
# config.toml keeps what is not ours and comes back exactly, and containerd itself
# reads what was meant; podman takes the drop-in; the name runc covers each door of Docker.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2016,SC2034,SC2059,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/newer.sh"
e2e_begin "$@"
need_ocigate "ocigatectl install" || e2e_end

V2='plugins."io.containerd.grpc.v1.cri".containerd'
V3="plugins.'io.containerd.cri.v1.runtime'.containerd"

# host NAME: leaves its directory in $H.
host() {
	H=$T/hosts/$1
	mkdir -p "$H"/{etc/ocigate,etc/containerd,usr/sbin}
	printf '{ "version": 1, "extends": "baseline" }\n' >"$H/etc/ocigate/policy.json"
	cp "$RT" "$H/usr/sbin/ocigate"
}

# ---- containerd: shapes of config.toml --------------------------------------

# What a TOML reader other than ours finds, as JSON.
toml() {
	/usr/bin/python3 -c 'import json, sys, tomllib
print(json.dumps(tomllib.load(open(sys.argv[1], "rb")), sort_keys=True))' "$1"
}

# The tables of CRI's runtimes, of the version that the file has; |jq| EXPRESSION over them.
cri() {
	toml "$1" | jq -r '.plugins | (.["io.containerd.cri.v1.runtime"] // .["io.containerd.grpc.v1.cri"]).containerd | '"$2"
}

without_ours() {
	toml "$1" | jq -S 'walk(if type == "object" then del(.ocigate, .default_runtime_name) |
		del(.runc | select(. == { runtime_type: "io.containerd.runc.v2" })) |
		with_entries(select(.value != {})) else . end) | del(.version)'
}

CONTAINERDS=(containerd)
if newer_path docker >/dev/null; then
	CONTAINERDS+=("$(newer_path docker)/bin/containerd")
else
	not_here "newer engines" "containerd 2 of a later Debian: $(cat "$NEWER/why" 2>/dev/null || echo 'run "make newer"')"
fi

# What a containerd makes of a file, with its own defaults and what is imported: as JSON,
# less what is ours. What it does not list of runc's options is not set. Of a version 2
# file containerd 2 reads what is said of images ("snapshotter") only if the file names
# runtimes, too: with ours in it, it does as the file says.
dumped() {
	"$1" --config "$2" config dump >"$T/dump.toml" || return 1
	toml "$T/dump.toml" | jq -S '(.plugins[] | .containerd? // empty) |= (del(.default_runtime_name, .runtimes.ocigate) |
		del(.runtimes.runc.options[]? | select(. == "" or . == 0 or . == false))) |
		if $v2 then del(.plugins["io.containerd.cri.v1.images"] | .snapshotter, .discard_unpacked_layers) else . end' \
		--argjson v2 "$(grep -q '^ *version *= *3' "$2" && echo false || echo true)"
}

# dumps FILE: what each containerd here makes of it, next to one another.
dumps() {
	local c
	for c in "${CONTAINERDS[@]}"; do
		if [ "$c" != containerd ] || ! grep -q '^version = 3' "$1"; then
			dumped "$c" "$1" || return 1
		fi
	done
}

# shape NAME TEXT: --dry-run, install twice, uninstall.
shape() {
	local name=$1 f c
	host "c-$1"
	f=$H/etc/containerd/config.toml
	printf "$2" >"$f"
	chmod "${3:-640}" "$f"
	cp "$f" "$T/was"
	dumps "$f" >"$T/dumps.was" || not_ok "$name: containerd reads what was there"
	capture "$CTL" install containerd --default --dry-run --root "$H"
	is "$name: --dry-run shows a diff" "$rc $(grep -c '^+.*ocigate' <<<"$out" | sed 's/[1-9][0-9]*/some/')" "0 some"
	same "$name: --dry-run changes nothing" "$T/was" "$f"
	capture "$CTL" install containerd --default --root "$H"
	has "$name: install" "$rc $out" '^0 .*written' && has "$name: ... and what is to do" "$out" 'systemctl restart containerd'
	is "$name: registered" "$(cri "$f" '.runtimes.ocigate.options.BinaryName, .runtimes.ocigate.runtime_type, .default_runtime_name' | tr '\n' ' ')" \
		"/usr/sbin/ocigate io.containerd.runc.v2 ocigate "
	is "$name: the rest means the same" "$(without_ours "$f")" "$(without_ours "$T/was")"
	is "$name: every line is kept" "$(diff <(sed '$a\' "$T/was") "$f" | grep '^<' | grep -v default_runtime_name)" ""
	dumps "$f" >"$T/dumps.now"
	same "$name: to containerd nothing else has changed" "$T/dumps.was" "$T/dumps.now"
	has "$name: containerd reads it" "$(cat "$T/dump.toml")" "BinaryName = [\"']/usr/sbin/ocigate[\"']"
	has "$name: ... and the default" "$(cat "$T/dump.toml")" "default_runtime_name = [\"']ocigate[\"']"
	cp "$f" "$T/once"
	check "$name: install again" "$CTL" install containerd --default --root "$H"
	same "$name: twice changes nothing" "$T/once" "$f"
	check "$name: install without --default" "$CTL" install containerd --root "$H"
	same "$name: that takes nothing back" "$T/once" "$f"
	check "$name: uninstall" "$CTL" uninstall containerd --root "$H"
	same "$name: byte for byte as before" "$T/was" "$f"
	is "$name: no backup is left" "$(ls -A "$H/etc/ocigate")" "policy.json"
	is "$name: the mode stays" "$(stat -c %a "$f")" "${3:-640}"
}

refused() {
	host "c-refused-$1"
	printf "$2" >"$H/etc/containerd/config.toml"
	cp "$H/etc/containerd/config.toml" "$T/was"
	capture "$CTL" install containerd --default --root "$H"
	has "$1: refused" "$rc $err" "^1 ocigatectl: .*$3"
	same "$1: as it was" "$T/was" "$H/etc/containerd/config.toml"
}

containerd_shapes() {
	shape debian 'version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    [plugins."io.containerd.grpc.v1.cri".cni]\n      bin_dir = "/usr/lib/cni"\n  [plugins."io.containerd.internal.v1.opt"]\n    path = "/var/lib/containerd/opt"\n'
	shape kubernetes "version = 2\n[$V2]\n  snapshotter = \"overlayfs\"\n  [$V2.runtimes]\n    [$V2.runtimes.runc]\n      runtime_type = \"io.containerd.runc.v2\" # usual\n      pod_annotations = [\n        \"a.*\", # one\n        \"b.*\",\n      ]\n      [$V2.runtimes.runc.options]\n        SystemdCgroup = true\n"
	"$CTL" install containerd --root "$H" >/dev/null
	is "kubernetes: what is said of runc is said of ocigate" \
		"$(cri "$H/etc/containerd/config.toml" '.runtimes.ocigate | [.options.SystemdCgroup, .pod_annotations] | tojson')" '[true,["a.*","b.*"]]'
	shape "another default" "version = 2\n[$V2]\n  default_runtime_name = 'nvidia' # GPUs\n[$V2.runtimes.nvidia.options]\n  BinaryName = '/usr/bin/nvidia-container-runtime'\n"
	shape empty ''
	shape "comments only" '# nothing here\n\n'
	shape "no newline at the end" 'version = 2\nroot = "/srv/containerd"'
	shape CRLF 'version = 2\r\n\r\n[debug]\r\n  level = "info"\r\n'
	shape tabs "version = 2\n[plugins]\n\t[$V2]\n\t\tsnapshotter = \"native\"\n"
	shape strings 'version = 2\nroot = """/srv/\\\n   [x]"""\nstate = '"'''"'/run/[c]\n"'"'''"'\n[debug]\n  address = "a \\"] # b"\n'
	shape "dotted keys" 'version = 2\ndebug.level = "info"\n["plugins"."io.containerd.gc.v1.scheduler"]\n  startup_delay = "100ms"\n'
	shape "inline tables" 'version = 2\ntimeouts = { "io.containerd.timeout.task.state" = "2s" }\n'
	shape "version 3" "version = 3\n[$V3.runtimes.runc]\n  runtime_type = 'io.containerd.runc.v2'\n[$V3.runtimes.runc.options]\n  SystemdCgroup = true\n"
	shape "other runtimes" "version = 2\n[$V2]\n  default_runtime_name = \"runc\"\n  [$V2.runtimes.crun]\n    runtime_type = \"io.containerd.runc.v2\"\n    [$V2.runtimes.crun.options]\n      BinaryName = \"/usr/bin/crun\"\n  [$V2.runtimes.runc]\n    runtime_type = \"io.containerd.runc.v2\"\n  [$V2.runtimes.kata]\n    runtime_type = \"io.containerd.kata.v2\"\n    privileged_without_host_devices = true\n"
	shape "odd indentation" "   version   =   2\n\t [ $V2 ]   # CRI\n snapshotter='native'\n\t\tdiscard_unpacked_layers    = true\n   [debug]\nlevel=\"warn\""
	shape "big numbers" 'version = 2\noom_score = -999\n[grpc]\n  max_recv_message_size = 16_777_216\n  gid = 0x0\n[plugins."io.containerd.grpc.v1.cri"]\n  max_container_log_line_size = 9223372036854775807\n'
	shape "comments everywhere" "# [$V2.runtimes.ocigate]\nversion = 2 # not 3\n#[plugins]\n[$V2] # default_runtime_name = \"x\"\n  # default_runtime_name = \"y\"\n  snapshotter = \"native\" # [z]\n# end\n"
	shape "blank lines" '\n\nversion = 2\n\n\n[debug]\n\n\n  level = "info"\n\n\n\n'
	shape "mode 444" 'version = 2\n[metrics]\n  address = "127.0.0.1:1338"\n' 444
	shape "mirrors and hosts" "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/certs.d\"\n[plugins.\"io.containerd.grpc.v1.cri\".registry.headers]\n  User-Agent = [\"lab\"]\n" 600
	shape "Debian's defaults in full" "$(containerd config default | sed 's/%/%%/g; s/\\/\\\\/g')\n"
	[ ${#CONTAINERDS[@]} -eq 1 ] || shape "the defaults of containerd 2 in full" "$("${CONTAINERDS[1]}" config default | sed 's/%/%%/g; s/\\/\\\\/g')\n"
	refused "version 1" '[plugins.cri]\n  stream_server_port = "0"\n' 'version 1'
	refused "CRI switched off" 'version = 2\ndisabled_plugins = ["cri"]\n' 'switches CRI off'
	refused "as Docker packages it" 'disabled_plugins = ["cri"]\n' 'install docker'
	refused "a value for a table" 'version = 2\nplugins = { "io.containerd.grpc.v1.cri" = { sandbox_image = "x" } }\n' 'config\.toml:2:1: this is a value'
	refused "a string without end" 'version = 2\nroot = "/x\n' 'config\.toml:2:'
	refused "an array without end" 'version = 2\nimports = [ "a",\n' 'config\.toml:3:1: an array'
	refused "no TOML" '{ "version": 2 }\n' 'config\.toml:1:1: a key'
}

containerd_others() {
	local f
	host c-missing
	rm -r "$H/etc/containerd"
	check "missing: install" "$CTL" install containerd --default --root "$H"
	f=$H/etc/containerd/config.toml
	is "missing: what is written" "$(cri "$f" '.default_runtime_name') $(toml "$f" | jq .version)" "ocigate 2"
	check "missing: uninstall" "$CTL" uninstall containerd --root "$H"
	check_fails "missing: is missing again" test -e "$f"

	host c-imports
	f=$H/etc/containerd/config.toml
	printf "version = 3\nimports = ['/etc/containerd/conf.d/*.toml'] # drop-ins\n[$V3.runtimes.runc.options]\n  SystemdCgroup = true\n" >"$f"
	cp "$f" "$T/was"
	check "version 3 with imports: install" "$CTL" install containerd --default --root "$H"
	same "version 3 with imports: the file itself stays" "$T/was" "$f"
	f=$H/etc/containerd/conf.d/ocigate.toml
	is "version 3 with imports: a drop-in" "$(cri "$f" '[.default_runtime_name, .runtimes.ocigate.options.BinaryName, .runtimes.ocigate.options.SystemdCgroup] | tojson')" \
		'["ocigate","/usr/sbin/ocigate",true]'
	check "version 3 with imports: uninstall" "$CTL" uninstall containerd --root "$H"
	check_fails "version 3 with imports: the drop-in is gone" test -e "$f"

	host c-relative
	f=$H/etc/containerd/config.toml
	printf "version = 3\nimports = ['conf.d/*.toml']\n[$V3.runtimes.runc.options]\n  SystemdCgroup = true\n" >"$f"
	dumps "$f" >"$T/dumps.was"
	check "version 3, imports beside it: install" "$CTL" install containerd --default --root "$H"
	check "version 3, imports beside it: a drop-in" test -e "$H/etc/containerd/conf.d/ocigate.toml"
	if [ ${#CONTAINERDS[@]} -gt 1 ]; then
		dumps "$f" | jq 'del(.imports)' >"$T/dumps.now"
		jq 'del(.imports)' "$T/dumps.was" >"$T/dumps.was2"
		same "version 3, imports beside it: to containerd nothing else has changed" "$T/dumps.was2" "$T/dumps.now"
		is "version 3, imports beside it: containerd reads it" "$(cri "$T/dump.toml" '[.default_runtime_name, .runtimes.ocigate.options.BinaryName, .runtimes.ocigate.options.SystemdCgroup, .runtimes.runc.options.SystemdCgroup] | tojson')" \
			'["ocigate","/usr/sbin/ocigate",true,true]'
	fi
	check "version 3, imports beside it: uninstall" "$CTL" uninstall containerd --root "$H"

	host c-edited
	f=$H/etc/containerd/config.toml
	printf "version = 2\n[$V2]\n  default_runtime_name = 'crun'\n  snapshotter = 'native'\n" >"$f"
	"$CTL" install containerd --default --root "$H" >/dev/null
	printf "[$V2.runtimes.late]\n  runtime_type = 'x'\n" >>"$f"
	sed -i 's/native/overlayfs/' "$f"
	check "edited since: uninstall" "$CTL" uninstall containerd --root "$H"
	is "edited since: only ours went, runc stays beside the other" "$(cat "$f")" \
		"$(printf "version = 2\n[$V2]\n  default_runtime_name = 'crun'\n  snapshotter = 'overlayfs'\n\n%s\n[$V2.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n[$V2.runtimes.late]\n  runtime_type = 'x'\n" \
			'# containerd 1 has a "runc" of its own only where no other is named.')"
	host c-edited-2
	f=$H/etc/containerd/config.toml
	printf "version = 2\n[$V2]\n  snapshotter = 'native'\n" >"$f"
	"$CTL" install containerd --default --root "$H" >/dev/null
	sed -i 's/native/overlayfs/' "$f"
	"$CTL" install containerd --default --root "$H" >/dev/null
	check "edited between: uninstall" "$CTL" uninstall containerd --root "$H"
	is "edited between: only ours went" "$(cat "$f")" "$(printf "version = 2\n[$V2]\n  snapshotter = 'overlayfs'\n")"

	host c-readonly
	f=$H/etc/containerd/config.toml
	printf 'version = 2\n' >"$f"
	mount --bind "${f%/*}" "${f%/*}" && mount -o remount,bind,ro "${f%/*}"
	capture "$CTL" install containerd --root "$H"
	has "read-only: says so" "$rc $err" '^1 .*config\.toml: .*Read-only file system'
	umount "${f%/*}"
	is "read-only: unchanged" "$(cat "$f")" 'version = 2'

	host c-link
	f=$H/etc/containerd/config.toml
	mkdir -p "$H/srv"
	printf 'version = 2\n' >"$H/srv/c.toml"
	ln -s ../../srv/c.toml "$f"
	check "link: install" "$CTL" install containerd --root "$H"
	is "link: it is still a link" "$(readlink "$f")" ../../srv/c.toml
	check "link: uninstall" "$CTL" uninstall containerd --root "$H"
	is "link: as before" "$(cat "$H/srv/c.toml")" 'version = 2'
}

# since NAME EDIT...: config.toml, which install wrote to, edited by sed; without ours it is
# the same edit of what was there before.
since() {
	local name=$1
	shift
	cp "$T/was" "$T/edited"
	sed -i "$@" "$f" "$T/edited"
	capture "$CTL" uninstall containerd --root "$H"
	is "$name since: uninstall" "$rc $err" "0 "
	is "... only ours went" "$(cat "$f")" "$(cat "$T/edited")"
	is "... and the backup" "$(cd "$H" && echo etc/ocigate/* etc/containerd/*.toml etc/containerd/conf.d/*)" \
		"etc/ocigate/policy.json etc/containerd/config.toml etc/containerd/conf.d/*"
	cp "$T/was" "$f"
	"$CTL" install containerd --default --root "$H" >/dev/null
}

# What is refused when ocigate is to be added is none of the business of taking it out.
containerd_changed() {
	local f
	host c-changed
	f=$H/etc/containerd/config.toml
	printf "version = 2\nimports = []\ndisabled_plugins = []\n[$V2]\n  snapshotter = 'native'\n" | tee "$f" >"$T/was"
	"$CTL" install containerd --default --root "$H" >/dev/null
	since "CRI switched off" '/^disabled/s/\[\]/["cri"]/'
	since "version 1" '/^version/d'
	since "version 3" 's/^version = 2/version = 3/'
	since "version 3 and imports" -e 's/^version = 2/version = 3/' -e "/^imports/s,\[\],['/etc/containerd/conf.d/*.toml'],"
	rm "$f"
	check "removed since: uninstall" "$CTL" uninstall containerd --root "$H"
	check_fails "... does not make it" test -e "$f"

	printf "version = 3\nimports = ['/etc/containerd/conf.d/*.toml']\ndisabled_plugins = []\n" | tee "$f" >"$T/was"
	"$CTL" install containerd --default --root "$H" >/dev/null
	since "with a drop-in, CRI switched off" '/^disabled/s/\[\]/["cri"]/'
	since "with a drop-in, version 4" 's/^version = 3/version = 4/'
}

# containerd 1 does not serve pods without the runtime that is its default: with another
# runtime in the file, the one that is built in is none.
cri_is_served() {
	local f
	host c-served
	f=$H/etc/containerd/config.toml
	mkdir -p "$T/cd"
	printf 'version = 2\nroot = "%s"\nstate = "%s"\n[grpc]\n  address = "%s"\n[ttrpc]\n  address = "%s"\n' "$T/cd/root" "$T/cd/state" "$T/cd/sock" "$T/cd/ttrpc" >"$f"
	check "served: install" "$CTL" install containerd --root "$H"
	containerd --config "$f" -l error >"$T/cd/log" 2>&1 </dev/null 8>&- &
	wait_for 20 ctr -a "$T/cd/sock" version
	is "served: with ocigate beside it, containerd 1 serves pods" \
		"$(ctr -a "$T/cd/sock" plugins ls | awk '$2 == "cri" { print $4 }')" ok
	kill $! && wait $!
}

# ---- podman -----------------------------------------------------------------

podman_drop_in() {
	local f
	host podman
	f=$H/etc/containers/containers.conf.d/ocigate.conf
	check "podman: install" "$CTL" install podman --default --root "$H"
	is "podman: the drop-in" "$(toml "$f" | jq -c '[.engine.runtime, .engine.runtimes.ocigate]')" '["ocigate",["/usr/sbin/ocigate"]]'
	cp "$f" "$T/once"
	check "podman: install again" "$CTL" install podman --root "$H"
	same "podman: twice changes nothing" "$T/once" "$f"
	policy '{ "version": 1, "extends": "baseline" }'
	"$CTL" install podman --default --config "$T/podman.conf" >/dev/null
	is "podman: podman reads it" "$(CONTAINERS_CONF=$T/podman.conf podman --root "$T/pr" --runroot "$T/prr" info --format '{{.Host.OCIRuntime.Name}}' 2>&1 | tail -n 1)" ocigate
	"$CTL" uninstall podman --config "$T/podman.conf" >/dev/null
	check "podman: uninstall" "$CTL" uninstall podman --root "$H"
	check_fails "podman: nothing is left" test -e "$f"
}

# The link to call ocigate by another name comes and goes with what made it.
explain_link() {
	local link
	host explain
	link=$H/usr/sbin/ocigate-explain
	printf 'version = 1\n' >"$H/etc/containerd/config.toml"
	check_fails "explain: install is refused" "$CTL" install containerd --root "$H"
	is "... without a link" "$(cd "$H" && echo usr/sbin/* etc/ocigate/*)" "usr/sbin/ocigate etc/ocigate/policy.json"
	check "explain: install" "$CTL" install podman --root "$H"
	is "... makes the link" "$(readlink "$link")" ocigate
	mkdir "$H/etc/docker"
	"$CTL" install docker --root "$H" >/dev/null
	check "explain: uninstall one of two" "$CTL" uninstall podman --root "$H"
	is "... leaves it" "$(readlink "$link")" ocigate
	check "explain: uninstall the last" "$CTL" uninstall docker --root "$H"
	is "... takes it away" "$(cd "$H" && echo usr/sbin/* etc/ocigate/*)" "usr/sbin/ocigate etc/ocigate/policy.json"
	ln -s ocigate "$link"
	"$CTL" install podman --root "$H" >/dev/null
	check "explain: uninstall where make or a package had made it" "$CTL" uninstall podman --root "$H"
	is "... leaves it there" "$(readlink "$link") $(cd "$H" && echo etc/ocigate/*)" "ocigate etc/ocigate/policy.json"
}

# What systemd is asked, with which environment.
systemd_is_told() {
	if ! [ -e /usr/lib/systemd/systemd ] || ! [ -e /usr/bin/systemctl ]; then
		not_here "systemd" "ls /usr/lib/systemd/systemd /usr/bin/systemctl"
		return
	fi
	e2e_own_run || e2e_die "no /run of our own"
	mkdir -p /run/systemd/system
	printf '#!/bin/sh\necho "$* $(tr "\\0" " " </proc/$$/environ)" >>"%s"\n' "$T/told" >"$T/systemctl"
	chmod 755 "$T/systemctl"
	mount --bind "$T/systemctl" /usr/bin/systemctl
	"$CTL" install podman --config "$T/podman.conf" >/dev/null
	is "systemd is told, with a PATH" "$(grep daemon-reload "$T/told")" "--quiet daemon-reload PATH=/usr/sbin:/usr/bin:/sbin:/bin "
	"$CTL" uninstall podman --config "$T/podman.conf" >/dev/null
	is "... of a unit, too" "$(grep stop "$T/told")" "--quiet stop ocigate-ports-sync.timer PATH=/usr/sbin:/usr/bin:/sbin:/bin "
	umount /usr/bin/systemctl
	rm -r /run/systemd
}

# With --root nothing says where ocigate is but what it was built for.
built_for_another_prefix() {
	local at=$T/prefix/default
	check "PREFIX: it builds" make -s -C "$E2E_TREE" BUILD="$at" PREFIX=/opt/lab "$at/obj/shim/ctl/install.o"
	check "PREFIX: install names the program there" grep -q /opt/lab/sbin/ocigate "$at/obj/shim/ctl/install.o"
}

# ---- the name runc ----------------------------------------------------------

# Copies of what is changed, seen by this test alone.
own_directories() {
	local d n=0
	for d in /usr/sbin /var/lib/dpkg; do
		n=$((n + 1))
		mkdir -p "$T/own/$n"/{upper,work}
		mount -t tmpfs tmpfs "$T/own/$n" && mkdir -p "$T/own/$n"/{upper,work} &&
			mount -t overlay -o "lowerdir=$d,upperdir=$T/own/$n/upper,workdir=$T/own/$n/work" overlay "$d" ||
			e2e_die "no overlay over $d"
	done
}

# What was left half done, or undone by others, is mended by the same command again.
as_runc_again() {
	local runc
	host as-runc
	runc=$H/usr/sbin/runc
	echo one >"$runc" && chmod 755 "$runc"
	ln "$runc" "$runc.distrib"
	capture "$CTL" install podman --as-runc --root "$H"
	is "--as-runc after one that broke off" "$rc $err" "0 "
	is "... took the name" "$(readlink "$runc") $(cat "$runc.distrib")" "/usr/sbin/ocigate one"
	rm "$runc" && echo two >"$runc" && chmod 755 "$runc"
	capture "$CTL" install podman --as-runc --root "$H"
	is "--as-runc where a package put runc back" "$rc $err" "0 "
	is "... takes the newer one" "$(readlink "$runc") $(cat "$runc.distrib")" "/usr/sbin/ocigate two"
	ln -sfn /usr/local/sbin/ocigate "$runc"
	check "--as-runc over the link to an ocigate of another place" "$CTL" install podman --as-runc --root "$H"
	is "... keeps the runtime" "$(readlink "$runc") $(cat "$runc.distrib")" "/usr/sbin/ocigate two"
	rm "$runc" && echo three >"$runc" && chmod 755 "$runc"
	check "uninstall where a package put runc back" "$CTL" uninstall podman --root "$H"
	is "... leaves that one alone" "$(cat "$runc") $(cd "$H" && echo usr/sbin/* etc/ocigate/*)" \
		"three usr/sbin/ocigate usr/sbin/runc etc/ocigate/policy.json"
	ln "$runc" "$runc.distrib"
	check "uninstall after an install that broke off" "$CTL" uninstall podman --as-runc --root "$H"
	is "... leaves one name" "$(cat "$runc") $(cd "$H" && echo usr/sbin/*)" "three usr/sbin/ocigate usr/sbin/runc"
	echo theirs >"$runc.distrib"
	check "uninstall beside what others have diverted" "$CTL" uninstall podman --as-runc --root "$H"
	is "... leaves both names" "$(cat "$runc" "$runc.distrib" | tr '\n' ' ')" "three theirs "
	rm "$runc.distrib"

	mkdir -p "$H/usr/bin" "$H/var/lib/dpkg" && touch "$H/usr/bin/dpkg-divert" "$H/var/lib/dpkg/diversions"
	chmod 755 "$H/usr/bin/dpkg-divert"
	check "--as-runc with a list of diversions" "$CTL" install podman --as-runc --root "$H"
	is "... is in it" "$(dpkg-divert --root "$H" --truename /usr/sbin/runc)" /usr/sbin/runc.distrib
	mv "$H/var/lib/dpkg" "$H/var/lib/away" && touch "$H/var/lib/dpkg"
	capture "$CTL" uninstall podman --root "$H"
	has "uninstall that dpkg-divert fails" "$rc $err" '^1 .*|dpkg-divert of /usr/sbin/runc failed'
	rm "$H/var/lib/dpkg" && mv "$H/var/lib/away" "$H/var/lib/dpkg"
	check "... again" "$CTL" uninstall podman --root "$H"
	is "... takes it out of the list" "$(dpkg-divert --root "$H" --truename /usr/sbin/runc) $(cat "$runc")" "/usr/sbin/runc three"
}

# What is refused leaves runc alone; what is not leaves a backup, by which a package's
# removal knows that the name is to be given back.
as_runc_refused() {
	local runc config
	host as-runc-refused
	runc=$H/usr/sbin/runc
	capture "$CTL" install podman --as-runc --root "$H"
	has "--as-runc without a runc is refused" "$rc $err" '^1 .*there is no runc'
	is "... before anything is written" "$(cd "$H" && echo etc/ocigate/* etc/*)" "etc/ocigate/policy.json etc/containerd etc/ocigate"
	mkdir "$H/etc/docker"
	echo one >"$runc" && chmod 755 "$runc"
	printf '[]\n' >"$H/etc/docker/daemon.json"
	capture "$CTL" install docker --as-runc --root "$H"
	has "--as-runc with a daemon.json that is no object is refused" "$rc $err" '^1 .*must be an object'
	for config in 'version = 2\ndisabled_plugins = ["cri"]\n' '[plugins.cri]\n'; do
		printf "$config" >"$H/etc/containerd/config.toml"
		capture "$CTL" install containerd --as-runc --root "$H"
		has "--as-runc with $config is refused" "$rc $err" '^1 .*(switches CRI off|version 1)'
	done
	is "... and runc is as it was" "$(cat "$runc") $(cd "$H" && echo usr/sbin/runc* etc/ocigate/*)" \
		"one usr/sbin/runc etc/ocigate/policy.json"

	printf '{"runtimes":{"ocigate":{"path":"/usr/sbin/ocigate"},"ocigate-explain":{"path":"/usr/sbin/ocigate-explain"}}}\n' >"$H/etc/docker/daemon.json"
	cp "$H/etc/docker/daemon.json" "$T/was"
	check "--as-runc where ocigate is registered by hand" "$CTL" install docker --as-runc --root "$H"
	check "... leaves a backup" test -e "$H/etc/ocigate/backup/docker.after"
	check "... uninstall" "$CTL" uninstall docker --root "$H"
	same "... leaves the file alone" "$T/was" "$H/etc/docker/daemon.json"
	is "... and gives the name back" "$(cat "$runc") $(cd "$H" && echo usr/sbin/runc* etc/ocigate/*)" \
		"one usr/sbin/runc etc/ocigate/policy.json"
}

# through DOOR FLAGS...: whether a container launched by it went through ocigate.
through() {
	local id through=plain
	id=$(D run -d "$@" bb:1 sleep 60 2>&1) || { echo "$id"; return; }
	ls "$T/run/" | grep -q "^$id" && through=ocigate
	D rm -f "$id" >/dev/null 2>&1
	echo "$through"
}

restart() {
	dockerd_stop
	env -u DOCKER_HOST PATH="/usr/sbin:/usr/bin:/sbin:/bin" "$E2E_DOCKERD" --config-file "$DAEMON" \
		>>"$T/docker/log" 2>&1 </dev/null 8>&- &
	DOCKERD=$!
	wait_for 40 D info || e2e_die "dockerd does not start" "$(tail -n 20 "$T/docker/log")"
}

as_runc() {
	local real before
	own_directories
	real=$(readlink -f "$(command -v runc)")
	before=$(sha256sum <"$real")
	DAEMON=$T/docker/daemon.json
	policy '{ "version": 1, "extends": "baseline", "rules": { "ports": { "action": "off" } } }'
	rm -f "$T/etc/runtime"
	dockerd_start runc
	jq 'del(.runtimes, .["default-runtime"])' "$DAEMON" >"$T/plain.json"
	cat "$T/plain.json" >"$DAEMON"
	restart
	image bb:1
	is "--as-runc: before, every door is plain" "$(through) $(through --runtime runc) $(through --runtime io.containerd.runc.v2)" "plain plain plain"
	capture "$CTL" install docker --default --as-runc --dry-run --config "$DAEMON"
	has "--as-runc --dry-run says what it would do" "$rc $(tr "\n" " " <<<"$out")" '^0 .*would become a link'
	is "... and does nothing" "$(sha256sum <"$real")" "$before"
	capture "$CTL" install docker --default --as-runc --config "$DAEMON"
	has "--as-runc: install" "$rc $(tr "\n" " " <<<"$out$err")" '^0 .*is ocigate now'
	is "--as-runc: the real one is recorded" "$(readlink "$T/etc/runtime")" "$real.distrib"
	is "--as-runc: it is the same program" "$(sha256sum <"$real.distrib")" "$before"
	is "--as-runc: an upgrade of the package goes there too" "$(dpkg-divert --truename "$real")" "$real.distrib"
	restart
	is "--as-runc: every door leads through ocigate" "$(through) $(through --runtime runc) $(through --runtime io.containerd.runc.v2)" "ocigate ocigate ocigate"
	mkdir -p "$T/ctx"
	printf 'FROM bb:1\nRUN id -u >/uid\n' >"$T/ctx/Dockerfile"
	policy '{ "version": 1, "extends": "baseline", "audit": { "file": "'"$T/builds.jsonl"'", "complying": true }, "rules": { "ports": { "action": "off" } } }'
	capture env -u DOCKER_HOST DOCKER_CONFIG="$T/cli" DOCKER_BUILDKIT=1 "$E2E_DOCKER" -H "unix://$T/docker/sock" \
		build --no-cache -q "$T/ctx"
	is "--as-runc: a BuildKit build works" "$rc $err" "0 "
	has "... and its step went through ocigate" "$(cat "$T/builds.jsonl")" '"engine": *"docker-build"'
	capture "$CTL" install docker --default --as-runc --config "$DAEMON"
	is "--as-runc: twice changes nothing" "$rc $(readlink "$T/etc/runtime") $(readlink "$real")" "0 $real.distrib $T/bin/ocigate"
	capture "$CTL" uninstall docker --config "$DAEMON"
	is "--as-runc: uninstall" "$rc" 0
	is "--as-runc: runc is itself again" "$(stat -c %F "$real") $(sha256sum <"$real")" "regular file $before"
	is "--as-runc: nothing is diverted" "$(dpkg-divert --truename "$real")" "$real"
	check_fails "--as-runc: no other runc is left" test -e "$real.distrib"
	same "--as-runc: daemon.json is as it was" "$T/plain.json" "$DAEMON"
	restart
	is "--as-runc: every door is plain again" "$(through) $(through --runtime runc)" "plain plain"
	dockerd_stop
}

containerd_shapes
containerd_others
containerd_changed
cri_is_served
podman_drop_in
explain_link
built_for_another_prefix
systemd_is_told
as_runc_again
as_runc_refused
as_runc
e2e_end
