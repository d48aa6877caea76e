#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What ocigatectl install has systemd do for the guard of published ports, below a root
# directory: drop-ins and a timer that come with the first engine and go with the last,
# and that systemd's own tools understand.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"
need_ocigate "ocigatectl install" || e2e_end

S=etc/systemd/system
TIMER=$S/timers.target.wants/ocigate-ports-sync.timer

# host NAME: leaves its directory in $H; make install puts the units there.
host() {
	H=$T/hosts/$1
	mkdir -p "$H"/{etc/ocigate,etc/docker,$S,usr/sbin,usr/libexec/ocigate,usr/lib/systemd/system}
	printf '{ "version": 1, "extends": "lab" }\n' >"$H/etc/ocigate/policy.json"
	cp "$RT" "$CTL" "$H/usr/sbin/"
	cp "$T/bin/ocigate-ports" "$H/usr/libexec/ocigate/"
	cp "$BUILD"/systemd/* "$H/usr/lib/systemd/system/"
	touch "$H/usr/lib/systemd/systemd"
}

# What there is for systemd.
units() {
	(cd "$H" && find "$S" -mindepth 1 | sort)
}

note_of() {
	"$CTL" status --root "$H" | grep -c 'guard-units'
}

ALL="$S/firewalld.service.d
$S/firewalld.service.d/ocigate.conf
$S/nftables.service.d
$S/nftables.service.d/ocigate.conf
$S/timers.target.wants
$TIMER"

comes_and_goes() {
	host plain
	is "before, status says what is missing" "$(note_of)" 1
	capture "$CTL" install docker --default --dry-run --root "$H"
	has "--dry-run shows the drop-ins" "$rc $out" '^\+ExecStopPost=-\+/usr/sbin/ocigatectl ports sync'
	has "... and the timer" "$out" 'timers\.target\.wants/ocigate-ports-sync\.timer would become a link'
	is "... and makes nothing" "$(units)" ""
	check "install docker" "$CTL" install docker --default --root "$H"
	is "drop-ins and the timer" "$(units)" "$ALL"
	is "the timer is the package's" "$(readlink "$H/$TIMER")" /usr/lib/systemd/system/ocigate-ports-sync.timer
	check "... and is there" test -e "$H$(readlink "$H/$TIMER")"
	is "status has nothing to say of it" "$(note_of)" 0
	cp -r "$H/$S" "$T/once"
	check "install again" "$CTL" install docker --root "$H"
	check "... changes nothing" diff -r --no-dereference "$T/once" "$H/$S"
	check "install podman" "$CTL" install podman --root "$H"
	check "uninstall docker" "$CTL" uninstall docker --root "$H"
	is "podman is left: so are they" "$(units)" "$ALL"
	rm "$H/$S/nftables.service.d/ocigate.conf"
	is "one is taken away: status says so" "$(note_of)" 1
	check "... install puts it back" "$CTL" install podman --root "$H"
	is "... all are there" "$(units) $(note_of)" "$ALL 0"
	capture "$CTL" uninstall podman --dry-run --root "$H"
	has "uninstall --dry-run shows it" "$out" 'timers\.target\.wants/.* would be removed'
	is "... and removes nothing" "$(units)" "$ALL"
	check "uninstall podman, the last one" "$CTL" uninstall podman --root "$H"
	is "nothing of ours is left" "$(units)" ""
	is "... nor a backup" "$(ls -A "$H/etc/ocigate")" policy.json
}

# What others have there stays.
others() {
	host others
	mkdir -p "$H/$S"/{nftables.service.d,timers.target.wants}
	printf '[Service]\nNice=5\n' | tee "$H/$S/nftables.service.d/own.conf" >"$H/$S/nftables.service.d/ocigate.conf"
	ln -s /usr/lib/systemd/system/other.timer "$H/$S/timers.target.wants/"
	cp -r "$H/$S" "$T/was"
	check "beside others' drop-ins: install" "$CTL" install podman --root "$H"
	has "... ours takes its name's place" "$(cat "$H/$S/nftables.service.d/ocigate.conf")" '^ExecReload=.*ports sync'
	check "... uninstall" "$CTL" uninstall podman --root "$H"
	check "... all is as it was" diff -r --no-dereference "$T/was" "$H/$S"
}

elsewhere() {
	host none
	rm -r "$H/usr/lib/systemd"
	check "without systemd: install" "$CTL" install podman --root "$H"
	is "... leaves it alone" "$(units) $(note_of)" " 0"
	host bare
	rm "$H"/usr/lib/systemd/system/*
	capture "$CTL" install podman --root "$H"
	has "without the package's timer: said" "$rc $out" 'ocigate-ports-sync\.timer is not there: have something run'
	has "... the drop-ins are made" "$(units)" 'nftables\.service\.d/ocigate\.conf'
}

# systemd's own tools, on a root directory with Debian's nftables.service.
understood() {
	local n
	if ! command -v systemd-analyze >/dev/null || ! [ -e /lib/systemd/system/nftables.service ]; then
		not_here "systemd" "command -v systemd-analyze"
		return
	fi
	host tools
	cp -a /lib/systemd/system/nftables.service /lib/systemd/system/*.target "$H/usr/lib/systemd/system/"
	mkdir -p "$H/bin" && touch "$H/usr/sbin/nft" && chmod 755 "$H/usr/sbin/nft"
	"$CTL" install podman --root "$H" >/dev/null
	is "systemctl: the timer is enabled" "$(systemctl --root="$H" is-enabled ocigate-ports-sync.timer 2>&1)" enabled
	capture systemd-analyze --root="$H" verify nftables.service ocigate-ports-sync.timer ocigate-ports-sync.service
	is "systemd-analyze has no fault to find with what is ours" "$(grep -E 'ocigate' <<<"$err")" ""
	has "... and reads the drop-in" "$(systemd-analyze --root="$H" cat-config systemd/system/nftables.service 2>&1 ||
		systemctl --root="$H" cat nftables.service 2>&1)" '^ExecStopPost=-\+/usr/sbin/ocigatectl ports sync'
	for n in ExecStartPost ExecReload ExecStopPost; do
		has "... $n in the section Service" "$(cat "$H/$S/nftables.service.d/ocigate.conf")" "^$n=-\+/usr/sbin/ocigatectl ports sync"
	done
}

comes_and_goes
others
elsewhere
understood
e2e_end
