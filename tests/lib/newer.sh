#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Newer runtimes and engines than the distribution's: Debian's later releases, taken
# from the mirror that apt already uses and unpacked beside the system, for the tests.
#
#   newer.sh fetch      as root: what is missing, once
#   . newer.sh          for scripts: newer_path WHAT, newer_absent WHAT
#
# runc comes from sid, crun from trixie, each with the C library it wants; Docker 28
# and containerd 2 from sid, valgrind from trixie run as they are.

NEWER=${NEWER:-/var/cache/ocigate-tests}

# newer_path runc|crun|docker|valgrind|vm: the program, for docker its /usr, for vm the
# kernel's modules; false: not here.
newer_path() {
	local path
	case $1 in
	runc) path=$NEWER/runc/usr/sbin/runc ;;
	crun) path=$NEWER/crun/usr/bin/crun ;;
	docker) path=$NEWER/docker/usr ;;
	valgrind) path=$NEWER/valgrind/usr/bin/valgrind ;;
	vm) path=$(echo "$NEWER"/vm/usr/lib/modules/*) ;;
	esac
	[ -e "$path" ] && echo "$path"
}

# newer_absent: what a script says that needs what is not here. Never in silence.
newer_absent() {
	echo "not here: newer engines ($1 from a later Debian: $(cat "$NEWER/why" 2>/dev/null || echo "run \"make newer\""))"
	echo "0 passed, 0 failed"
	exit 0
}

newer_apt() {
	timeout 240 apt-get -q -o Dir::Etc::sourcelist="$W/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::Lists="$W/lists" -o Dir::Cache="$W/cache" -o APT::Sandbox::User=root "$@" </dev/null
}

# newer_unpack NAME SUITE PACKAGES...: below $NEWER/NAME, all or nothing.
newer_unpack() {
	local name=$1 suite=$2 deb
	shift 2
	rm -rf "$W/debs" "$W/tree" && mkdir -p "$W/debs" || return 1
	(cd "$W/debs" && newer_apt download -t "$suite" "$@") >>"$W/log" 2>&1 || return 1
	for deb in "$W"/debs/*.deb; do
		dpkg -x "$deb" "$W/tree" || return 1
	done
	newer_relink "$W/tree" "$NEWER/$name" && mv "$W/tree" "$NEWER/$name"
}

# With its own C library: by rpath, for what it executes must not inherit it.
newer_relink() {
	local lib f
	lib=$(cd "$1" && find usr -name 'ld-linux*.so*' -printf '%h\n' | head -n 1)
	[ -n "$lib" ] || return 0
	for f in "$1"/usr/sbin/runc "$1"/usr/bin/crun; do
		[ ! -e "$f" ] || patchelf --set-interpreter "$(find "$1/$lib" -name 'ld-linux*.so*' -printf "$2/$lib/%f\n" | head -n 1)" \
			--force-rpath --set-rpath "$2/$lib" "$f" || return 1
	done
}

# The kernel of a virtual machine, and what its tests run there that is not for this
# system: of its own release, by its own lists.
NEWER_VM="apparmor firewalld python3-firewall python3-nftables python3-dbus python3-gi python3-cap-ng
gir1.2-glib-2.0 libgirepository-1.0-1"

newer_vm() {
	local image deb d
	newer_path vm >/dev/null && return
	image=$(apt-cache show linux-image-cloud-amd64 2>/dev/null | sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | head -n 1)
	if [ -z "$image" ]; then
		echo "apt knows no linux-image-cloud-amd64" >"$NEWER/why-vm"
		return 1
	fi
	rm -rf "$W/debs" "$W/tree" && mkdir -p "$W/debs" "$W/tree" || return 1
	# shellcheck disable=SC2086 # words
	if ! (cd "$W/debs" && timeout 240 apt-get -q -o APT::Sandbox::User=root download "$image" kmod $NEWER_VM) >"$W/log" 2>&1 </dev/null; then
		echo "the kernel cannot be fetched: $(tail -n 1 "$W/log")" >"$NEWER/why-vm"
		return 1
	fi
	for deb in "$W"/debs/*.deb; do
		dpkg -x "$deb" "$W/tree" || return 1
	done
	for d in lib bin sbin; do # as the system that it will lie on has them
		mkdir -p "$W/tree/usr/$d" && cp -al "$W/tree/$d/." "$W/tree/usr/$d/" && rm -rf "${W:?}/tree/$d" || return 1
	done
	ln -s usr/lib "$W/tree/lib" && (exec -a depmod "$W/tree/usr/bin/kmod" -b "$W/tree" "${image#linux-image-}") &&
		rm "$W/tree/lib" && rm -rf "$NEWER/vm" "$NEWER/why-vm" && mv "$W/tree" "$NEWER/vm"
}

newer_fetch() {
	mkdir -p "$NEWER" && W=$(mktemp -d "$NEWER/work.XXXXXX") || return 1
	trap 'rm -rf "$W"' EXIT
	newer_vm || echo "the virtual machine: not to be had"
	newer_engines
}

newer_engines() {
	local libs='libc6 libseccomp2 libyajl2 libcap2 libsystemd0 libgcc-s1' site
	newer_path runc >/dev/null && newer_path crun >/dev/null && newer_path docker >/dev/null &&
		newer_path valgrind >/dev/null && return
	mkdir -p "$W"/lists/partial "$W"/cache/archives/partial
	site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | head -n 1)
	if [ -z "$site" ]; then
		echo "apt knows no mirror of Debian's" >"$NEWER/why"
		return
	fi
	printf "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site %s main\n" trixie sid >"$W/sources.list"
	if ! newer_apt update >"$W/log" 2>&1; then
		echo "the lists cannot be fetched: $(tail -n 1 "$W/log")" >"$NEWER/why"
		return
	fi
	rm -f "$NEWER/why"
	# shellcheck disable=SC2086
	newer_path runc >/dev/null || newer_unpack runc sid runc $libs || echo "runc: $(tail -n 1 "$W/log")" >>"$NEWER/why"
	# shellcheck disable=SC2086
	newer_path crun >/dev/null || newer_unpack crun trixie crun $libs || echo "crun: $(tail -n 1 "$W/log")" >>"$NEWER/why"
	newer_path docker >/dev/null || newer_unpack docker sid docker.io docker-cli docker-buildx containerd ||
		echo "docker: $(tail -n 1 "$W/log")" >>"$NEWER/why"
	newer_path valgrind >/dev/null || newer_unpack valgrind trixie valgrind ||
		echo "valgrind: $(tail -n 1 "$W/log")" >>"$NEWER/why"
	for what in runc crun docker valgrind; do
		newer_path $what || echo "newer $what: not to be had"
	done
}

if [ "${BASH_SOURCE[0]}" = "$0" ] && [ "${1:-}" = fetch ]; then
	newer_fetch
fi
