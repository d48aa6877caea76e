# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# What every end-to-end script shares: its own namespaces, counting, root file
# systems, bundles, and a dockerd of its own (in e2e_docker.sh). A script is
#
#	. "$(dirname "$0")/../lib/e2e.sh"
#	e2e_begin "$@"
#	...tests...
#	e2e_end
#
# e2e_begin runs the script again in a mount, network and pid namespace of its
# own, with private directories over /etc/ocigate, /run/ocigate,
# /var/log/ocigate and /tmp. Whatever the tests start ends with the pid
# namespace, whatever they mount with the mount namespace; what is left to
# clean up outside is one directory, and that is verified.
#
# Environment:
#	BUILD		build directory (default build/default of this tree)
#	E2E_RUNTIME	the runtime under test (default $BUILD/ocigate); with a
#			runtime that is not ocigate the tests of policies are
#			reported as not here, the rest must pass
#	E2E_REAL	the real runtime below it (default: runc of the PATH)
#	E2E_DOCKER	docker client (default /usr/bin/docker, else docker)
#	E2E_DOCKERD	docker daemon (default dockerd)
#	E2E_KEEP	not empty: keep the directory and say where it is

set -u
set -o pipefail
# Sorting and character classes must not depend on who runs the tests.
export LC_ALL=C
umask 022

E2E_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
E2E_TREE=$(cd "$E2E_LIB/../.." && pwd)
E2E_LOCK=/run/lock/ocigate-e2e.lock
# Found empty and ours: removed again by the last script that ends.
E2E_POINTS="/etc/ocigate /run/ocigate /var/log/ocigate /usr/libexec/ocigate /run/containerd /run/docker /var/lib/docker /var/lib/cni"

BUILD=${BUILD:-$E2E_TREE/build/default}
case $BUILD in
/*) ;;
*) BUILD=$PWD/$BUILD ;;
esac

# ---- counting ---------------------------------------------------------------

e2e_passed=0
e2e_failed=0
e2e_absent=0

note() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok() {
	e2e_passed=$((e2e_passed + 1))
	printf 'ok %d - %s\n' $((e2e_passed + e2e_failed)) "$1"
	e2e_save
}

# not_ok NAME [DETAIL...]
not_ok() {
	e2e_failed=$((e2e_failed + 1))
	printf 'not ok %d - %s\n' $((e2e_passed + e2e_failed)) "$1"
	shift
	[ $# -eq 0 ] || note "$@" | head -n 60 | cut -c 1-600
	e2e_save
}

# not_here FEATURE PROBE: a feature that a probe has just proved absent.
not_here() {
	e2e_absent=$((e2e_absent + 1))
	printf 'not here: %s (%s)\n' "$1" "$2"
	e2e_save
}

e2e_save() {
	printf '%d %d %d\n' "$e2e_passed" "$e2e_failed" "$e2e_absent" >"$E2E_TMP/.counts"
}

# check NAME COMMAND...: passes when the command succeeds.
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "status $? of: $*" "$out"
	fi
}

# check_fails NAME COMMAND...: passes when the command fails.
check_fails() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		not_ok "$name" "succeeded: $*" "$out"
	else
		ok "$name"
	fi
}

# is NAME GOT WANT
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:  $2" "want: $3"
	fi
}

isnt() {
	if [ "$2" != "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got, and should not have: $2"
	fi
}

# has NAME TEXT ERE: the text has a line that matches.
has() {
	if grep -Eq -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "no match for: $3" "in: $2"
	fi
}

hasnt() {
	if grep -Eq -- "$3" <<<"$2"; then
		not_ok "$1" "unwanted match for: $3" "in: $2"
	else
		ok "$1"
	fi
}

# same NAME FILE FILE: byte for byte.
same() {
	if [ -f "$2" ] && [ -f "$3" ] && cmp -s "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "$(diff -u "$2" "$3" 2>&1 | head -n 40)"
	fi
}

# ---- begin and end ----------------------------------------------------------

# Runs the script a second time inside; the first invocation never returns.
e2e_begin() {
	if [ -z "${E2E_INNER:-}" ]; then
		e2e_outer "$@"
		exit $?
	fi
	unset E2E_INNER
	# pid 1 of a pid namespace gets only the signals that it handles.
	trap 'exit 143' TERM
	trap 'exit 130' INT HUP
	e2e_save
	e2e_mounts || e2e_die "cannot set up the namespaces"
	e2e_runtime
}

e2e_end() {
	local d
	for d in /etc/ocigate /run/ocigate /var/log/ocigate /run/docker; do
		mountpoint -q "$d" || not_ok "$d stayed ours" "somebody removed the mount point outside"
	done
	type dockerd_stop >/dev/null 2>&1 && dockerd_stop
	# The parent that bundle() names; a container's own cgroup in it is a leak.
	rmdir /sys/fs/cgroup/*/"${T##*/}" /sys/fs/cgroup/"${T##*/}" 2>/dev/null
	e2e_save
	touch "$E2E_TMP/.complete"
	exit 0
}

# Nothing more can be tested: counts as a failure.
e2e_die() {
	not_ok "$(basename "$0")" "$@"
	exit 1
}

e2e_outer() {
	local pid passed=0 failed=0 absent=0 rc=0

	if [ "$(id -u)" -ne 0 ]; then
		echo "$(basename "$0"): must be run as root" >&2
		return 1
	fi
	E2E_TMP=$(mktemp -d /var/lib/ocigate-e2e.XXXXXX) || return 1
	chmod 755 "$E2E_TMP"
	mkdir "$E2E_TMP/bin"
	e2e_copy_binaries || { rm -rf "$E2E_TMP"; return 1; }
	e2e_points_take
	trap 'e2e_outer_stop; exit 130' INT HUP
	trap 'e2e_outer_stop; exit 143' TERM
	# Under job control so that the child does not start with SIGINT ignored.
	set -m
	env E2E_INNER=1 E2E_TMP="$E2E_TMP" BUILD="$BUILD" unshare --mount --net --pid --fork \
		--kill-child --mount-proc --propagation private -- bash "$0" "$@" </dev/null &
	pid=$!
	set +m
	E2E_PID=$pid
	wait "$pid"
	read -r passed failed absent <"$E2E_TMP/.counts" || true
	e2e_passed=${passed:-0}
	e2e_failed=${failed:-0}
	e2e_absent=${absent:-0}
	if [ ! -e "$E2E_TMP/.complete" ]; then
		not_ok "$(basename "$0") ran to its end"
	fi
	e2e_leftovers
	[ "$e2e_absent" -eq 0 ] || note "$e2e_absent not here"
	printf '%d passed, %d failed\n' "$e2e_passed" "$e2e_failed"
	[ "$e2e_failed" -eq 0 ] && [ "$e2e_passed" -gt 0 ] || rc=1
	e2e_clean
	return $rc
}

# The binaries are copied once, so that a rebuild cannot change them midway.
e2e_copy_binaries() {
	local f
	for f in ocigate ocigatectl ocigate-ports; do
		[ ! -x "$BUILD/$f" ] || cp "$BUILD/$f" "$E2E_TMP/bin/$f" || return 1
	done
	if [ -z "${E2E_RUNTIME:-}" ] && [ ! -x "$E2E_TMP/bin/ocigate" ]; then
		echo "$(basename "$0"): no $BUILD/ocigate; run make first, or set BUILD" >&2
		return 1
	fi
}

# The mount points must exist outside: removing one would detach another script's
# mount. Who uses them holds the second lock, shared, for as long as it runs; the
# first is held for the moments in which they are made or removed.
e2e_points_take() {
	local d
	exec 9>>"$E2E_LOCK"
	flock -x 9
	for d in $E2E_POINTS; do
		# The file keeps others from removing the directory, which would
		# take our mount away: it must not look empty.
		[ -d "$d" ] || { mkdir -p "$d" && echo "$d" >>"$E2E_LOCK" && : >"$d/.in-use"; }
	done
	for d in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
		case $d in *'*'*) continue ;; esac
		[ ! -d "$d" ] || grep -qx "keep $d" "$E2E_LOCK" || echo "keep $d" >>"$E2E_LOCK"
	done
	exec 8>>"$E2E_LOCK.users"
	flock -s 8
	exec 9>&-
}

e2e_points_give() {
	local d
	exec 9>>"$E2E_LOCK"
	flock -x 9
	flock -u 8
	if flock -xn 8; then
		for d in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
			[ -d "$d" ] && ! grep -qx "keep $d" "$E2E_LOCK" &&
				find "$d" -depth -type d -exec rmdir {} + 2>/dev/null
		done
		while read -r d; do
			case $d in /*) rm -f "$d/.in-use" && rmdir "$d" 2>/dev/null ;; esac
		done <"$E2E_LOCK"
		: >"$E2E_LOCK"
	fi
	exec 8>&- 9>&-
}

e2e_outer_stop() {
	kill -KILL "$E2E_PID" 2>/dev/null
	wait "$E2E_PID" 2>/dev/null
	e2e_clean
}

e2e_clean() {
	if [ -n "${E2E_KEEP:-}" ]; then
		note "kept: $E2E_TMP"
	else
		rm -rf --one-file-system "$E2E_TMP"
	fi
	find /sys/fs/cgroup -depth -type d -path "*/${E2E_TMP##*/}*" -exec rmdir {} + 2>/dev/null
	e2e_points_give
}

# Seen from outside, once everything has ended.
e2e_leftovers() {
	local left=
	if grep -F "$E2E_TMP" /proc/self/mountinfo >/dev/null; then
		left="mounts: $(grep -F "$E2E_TMP" /proc/self/mountinfo)"
	fi
	if [ -s "$E2E_TMP/.ns" ]; then
		left="$left$(e2e_in_namespace "$(cat "$E2E_TMP/.ns")")"
	fi
	left="$left$(find /sys/fs/cgroup -mindepth 2 -maxdepth 4 -type d -name "${E2E_TMP##*/}" 2>/dev/null)"
	if [ -z "$left" ]; then
		ok "nothing is left behind"
	else
		not_ok "nothing is left behind" "$left"
	fi
}

# Processes that still live in the pid namespace |$1|.
e2e_in_namespace() {
	local p
	for p in /proc/[0-9]*; do
		if [ "$(readlink "$p/ns/pid" 2>/dev/null)" = "$1" ]; then
			printf 'process: %s %s\n' "${p#/proc/}" "$(tr '\0' ' ' <"$p/cmdline" 2>/dev/null)"
		fi
	done
}

# A directory ($1) of the test's own, empty, in which a clone that lies there stays where it is.
e2e_own_tmp() {
	case $E2E_TREE/ in
	"$1"/*)
		mkdir "$E2E_TMP/.repo" && mount --rbind "$E2E_TREE" "$E2E_TMP/.repo" &&
			mount -t tmpfs -o mode=1777 tmpfs "$1" && mkdir -p "$E2E_TREE" &&
			mount --rbind "$E2E_TMP/.repo" "$E2E_TREE" && umount -l "$E2E_TMP/.repo" &&
			rmdir "$E2E_TMP/.repo"
		;;
	*) mount -t tmpfs -o mode=1777 tmpfs "$1" ;;
	esac
}

# The whole of /run, for what leaves things all over it; a script's own choice.
e2e_own_run() {
	local d
	mkdir "$T/run.new" && mount -t tmpfs -o mode=755 tmpfs "$T/run.new" || return 1
	for d in ocigate containerd docker; do
		mkdir -p "$T/run.new/$d" && mount --move "/run/$d" "$T/run.new/$d" || return 1
	done
	mkdir "$T/run.new/lock" && mount --no-mtab --move "$T/run.new" /run
}

# "ocigatectl install" tells systemd of things: not the one of the host.
e2e_no_systemd() {
	local d
	for d in /etc/systemd/system /run/systemd; do
		[ ! -d "$d" ] || mount -t tmpfs -o mode=755 tmpfs "$d" || return 1
	done
}

e2e_mounts() {
	readlink /proc/self/ns/pid >"$E2E_TMP/.ns"
	mkdir -p "$E2E_TMP"/{etc,run,log,libexec,work} && chmod 700 "$E2E_TMP/run" || return 1
	mount --bind "$E2E_TMP/etc" /etc/ocigate || return 1
	mount --bind "$E2E_TMP/run" /run/ocigate || return 1
	mount --bind "$E2E_TMP/log" /var/log/ocigate || return 1
	mount --bind "$E2E_TMP/libexec" /usr/libexec/ocigate || return 1
	mount -t tmpfs -o mode=711 tmpfs /run/containerd || return 1
	mount -t tmpfs -o mode=711 tmpfs /run/docker || return 1
	e2e_own_tmp /tmp || return 1
	e2e_no_systemd || return 1
	[ ! -x "$E2E_TMP/bin/ocigate-ports" ] ||
		cp "$E2E_TMP/bin/ocigate-ports" /usr/libexec/ocigate/ || return 1
	ip link set lo up || return 1
	cd "$E2E_TMP/work" || return 1
}

# ---- the runtime under test -------------------------------------------------

# Sets RT (path), REAL (path), CTL and IS_OCIGATE (yes or empty).
e2e_runtime() {
	T=$E2E_TMP
	REAL=${E2E_REAL:-$(command -v runc)} || e2e_die "no runc"
	REAL=$(readlink -f "$REAL")
	RT=${E2E_RUNTIME:-$T/bin/ocigate}
	CTL=$T/bin/ocigatectl
	IS_OCIGATE=
	case ${RT##*/} in
	ocigate*) IS_OCIGATE=yes ;;
	esac
	POLICY=$T/etc/policy.json
	RT_ROOT=$T/runc-root
	note "runtime under test: $RT, real runtime: $REAL ($("$REAL" --version | head -n 1))"
}

# need_ocigate WHAT: false, and reported, when the runtime is another one.
need_ocigate() {
	[ -n "$IS_OCIGATE" ] && return 0
	not_here "$1" "E2E_RUNTIME=$RT is not ocigate"
	return 1
}

# policy JSON: becomes the site's policy (/etc/ocigate/policy.json).
policy() {
	printf '%s\n' "$1" >"$T/etc/.new" && mv "$T/etc/.new" "$POLICY"
}

# real_is PATH: the runtime that /etc/ocigate/runtime names.
real_is() {
	ln -sfn "$1" "$T/etc/runtime"
}

# The runtime under test, as an engine would call it, under $POLICY.
rt() {
	if [ -n "$IS_OCIGATE" ]; then
		"$RT" --ocigate-policy="$POLICY" --ocigate-runtime="${RT_REAL:-$REAL}" \
			--root "$RT_ROOT" "$@"
	else
		"$RT" --root "$RT_ROOT" "$@"
	fi
}

# The real runtime alone, in the same state directory.
real() {
	"$REAL" --root "$RT_ROOT" "$@"
}

# capture COMMAND...: leaves $out, $err and $rc. Extra descriptors are closed.
capture() {
	"$@" >"$T/.out" 2>"$T/.err" 8>&- </dev/null
	rc=$?
	out=$(cat "$T/.out")
	err=$(cat "$T/.err")
	return 0
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local i=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		i=$((i - 1))
		[ $i -gt 0 ] || return 1
		sleep 0.1
	done
}

# ---- root file systems and bundles ------------------------------------------

# probe: the static program of tests/e2e/probe*.c, as $T/bin/probe.
probe_make() {
	[ ! -x "$T/bin/probe" ] || return 0
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -s -static -o "$T/bin/probe" "$E2E_TREE"/tests/e2e/probe*.c ||
		e2e_die "cannot compile the probe"
}

# rootfs DIR: busybox, its applets, users, and the probe.
rootfs() {
	local bb a
	bb=$(command -v busybox) || e2e_die "no busybox (package busybox-static)"
	mkdir -p "$1"/{bin,dev,etc,home,proc,root,run,sbin,sys,tmp,usr/bin,var/tmp,data}
	chmod 1777 "$1/tmp" "$1/var/tmp"
	cp "$(readlink -f "$bb")" "$1/bin/busybox"
	for a in $("$1/bin/busybox" --list); do
		[ "$a" = busybox ] || ln -sf busybox "$1/bin/$a"
	done
	cat >"$1/etc/passwd" <<-'PASSWD'
		root:x:0:0:root:/root:/bin/sh
		user:x:1000:1000:user:/home:/bin/sh
		nobody:x:65534:65534:nobody:/:/bin/sh
	PASSWD
	cat >"$1/etc/group" <<-'GROUP'
		root:x:0:
		extra:x:2000:user
		user:x:1000:
		nogroup:x:65534:
	GROUP
	probe_make
	cp "$T/bin/probe" "$1/bin/probe"
}

# bundle DIR ID [JQ-FILTER]: what dockerd writes for an ordinary container,
# without the parts that only exist beside a daemon.
bundle() {
	[ -d "$T/rootfs" ] || rootfs "$T/rootfs"
	mkdir -p "$1"
	cp -al "$T/rootfs" "$1/rootfs"
	jq --arg cg "/${T##*/}/$2" '
		.root.path = "rootfs" |
		.process.args = ["/bin/probe", "hello"] |
		.linux.cgroupsPath = $cg |
		.mounts |= map(select((.options | index("rbind")) == null)) |
		del(.hooks)' "$E2E_LIB/bundle.json" | jq "${3:-.}" >"$1/config.json" ||
		e2e_die "cannot make the bundle $1"
}

# unbundle DIR ID: ends the container, whatever state it is in.
unbundle() {
	real delete --force "$2" >/dev/null 2>&1
	rm -rf "$1"
}
