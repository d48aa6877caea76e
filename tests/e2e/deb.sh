#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The Debian package: built, passed by lintian, installed into a copy of this system,
# its policy and its log rotation tried there, removed and purged. The rpm spec parses.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_system.sh"
e2e_begin "$@"
need_ocigate "the package" || e2e_end

# build DIR: a copy of the tree, with the package made in it.
build() {
	mkdir -p "$1" && tar -C "$E2E_TREE" --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$1" || return 1
	capture env -u BUILD -u MAKEFLAGS -u MAKELEVEL -u WERROR make -C "$1" deb
}

what_is_left() {
	find "$R"/etc/ocigate "$R"/var/log/ocigate "$R"/usr/sbin/ocigate* "$R"/usr/libexec/ocigate \
		"$R"/usr/share/ocigate "$R"/etc/logrotate.d/ocigate "$R"/etc/containers/containers.conf.d/ocigate.conf 2>/dev/null
	find "$R"/etc/systemd/system "$R"/lib/systemd/system "$R"/var/lib/systemd -name '*ocigate*'
}

installed() {
	cp "$DEB" "$R/run/ocigate.deb"
	capture here dpkg -i /run/ocigate.deb
	is "it installs" "$rc" 0
	has "its policy only looks" "$(here ocigatectl show)" '"mode": "audit"'
	check "... and is valid" here ocigatectl check
	is "no engine is told of it" "$(grep -rl ocigate "$R"/etc/docker "$R"/etc/containers "$R"/etc/containerd 2>/dev/null)" ""
	is "the log's directory is not for everybody" "$(stat -c %a "$R/var/log/ocigate")" 750
	check "the runtime below is found" sh -c "chroot '$R' ocigatectl status | grep -q '^runtime below: /usr/.*bin/runc'"
	check "every man page is found" here sh -c 'for p in ocigate ocigate-explain ocigatectl ocigate-policy; do man -w $p || exit 1; done'
}

rotated() {
	local log=$R/var/log/ocigate/audit.jsonl
	echo '{"before":1}' >"$log"
	exec 7>>"$log"
	check "logrotate takes its configuration" here logrotate -f /etc/logrotate.d/ocigate
	echo '{"meanwhile":1}' >&7
	exec 7>&-
	is "what was being written is not lost" "$(cat "$log.1")" "$(printf '{"before":1}\n{"meanwhile":1}')"
	is "the new log is empty, and not for everybody" "$(stat -c '%s %a %G' "$log")" "0 640 adm"
}

removed() {
	is "its timer is there, and not enabled" "$(here systemctl is-enabled ocigate-ports-sync.timer 2>&1)" disabled
	check "podman is told of it" here ocigatectl install podman
	check "... and no longer" here ocigatectl uninstall podman
	is "... which leaves the package's link" "$(readlink "$R/usr/sbin/ocigate-explain")" ocigate
	check "podman is told of it" here ocigatectl install podman --default
	is "... and the timer enabled" "$(here systemctl is-enabled ocigate-ports-sync.timer 2>&1)" enabled
	capture here dpkg -i /run/ocigate.deb
	has "an upgrade leaves that alone" "$rc $(what_is_left)" 'containers\.conf\.d/ocigate\.conf'
	capture here dpkg -r ocigate
	is "it can be removed" "$rc" 0
	hasnt "... and no engine calls it any more" "$(what_is_left)" 'containers\.conf\.d'
	# What deb-systemd-helper remembers until the package is purged calls nothing.
	hasnt "... nor does systemd" "$(what_is_left)" '(etc|lib)/systemd/system/'
	has "... its policy stays" "$(what_is_left)" 'etc/ocigate/policy\.json'
	capture here dpkg -P ocigate
	is "purged, nothing is left" "$rc $(what_is_left)" "0 "
}

build "$T/a"
is "make deb, lintian without errors" "$rc" 0
# "make all" writes the list of what is linked in with it: shim/packaging/sbom.py.
has "what it is built with is asked for: deb" "$(cat "$E2E_TREE/shim/packaging/debian/control")" '^Build-Depends: .*\<python3\>'
has "... rpm" "$(cat "$E2E_TREE/shim/packaging/ocigate.spec")" '^BuildRequires: .*\<python3\>'
DEB=$(echo "$T"/a/build/deb/ocigate_*.deb)
has "what is linked in is said" "$(dpkg-deb -f "$DEB" Built-Using)" 'glibc \(= .*libseccomp \(= .*yajl \(='
# Two names of lintian's for one thing: the runtime is static, the tools are static PIE.
is "only the static programs are overridden" "$(sed -n 's/^ocigate: \([a-z-]*\) .*/\1/p' "$E2E_TREE/shim/packaging/debian/ocigate.lintian-overrides" | tr '\n' ' ')" \
	"statically-linked-binary shared-library-lacks-prerequisites "
dpkg-deb -x "$DEB" "$T/x"
for p in sbin/ocigate sbin/ocigatectl libexec/ocigate/ocigate-ports; do
	hasnt "... of which ${p##*/} is one" "$(readelf -l "$T/x/usr/$p" || echo INTERP)" INTERP
done
copy_of_system
installed
rotated
removed
end_of_copy
check "rpm reads the spec" rpmspec -P "$E2E_TREE/shim/packaging/ocigate.spec"
if [ -n "${OG_LONG:-}" ]; then
	build "$T/elsewhere/deeper"
	check "built in another directory it is the same package" cmp "$DEB" "$T/elsewhere/deeper/build/deb/${DEB##*/}"
fi
rm -rf "$T/a" "$T/x" "$T/elsewhere"
e2e_end
