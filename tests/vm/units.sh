# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# In the virtual machine: what "ocigatectl install" tells systemd. What removes the
# guard (nft flush ruleset, nftables.service, firewalld) and what puts it back.

guarded() {
	guard | grep -q 'sctp \. 8080'
}

# back NAME: within some seconds, by itself.
back() {
	if wait_for 30 guarded; then
		ok "$1"
	else
		not_ok "$1" "$(guard)" "$(systemctl status --no-pager 'ocigate*' nftables firewalld 2>&1)"
	fi
}

units_nftables() {
	capture /usr/sbin/ocigatectl install docker
	is "ocigatectl install" "$rc $err" "0 "
	is "... the timer is enabled, and runs" "$(systemctl is-enabled ocigate-ports-sync.timer) $(systemctl is-active ocigate-ports-sync.timer)" \
		"enabled active"
	systemctl stop ocigate-ports-sync.timer
	nft flush ruleset
	check_fails "nft flush ruleset removes the guard" guarded
	systemctl start nftables
	back "nftables.service is started: the guard is back"
	nft flush ruleset
	systemctl reload nftables
	back "... is reloaded"
	nft flush ruleset
	systemctl stop nftables
	back "... is stopped"
	is "SCTP from outside, after it" "$(ask from_ext "$HOST4:8080" "$HOST6:8080" "$(cat "$T/g1.ip"):80")" "no no no"
}

# The minute of the unit is shortened; that it elapses again and again stays its own.
units_timer() {
	is "the timer is no minute late" "$(systemctl show -P AccuracyUSec ocigate-ports-sync.timer)" 1s
	mkdir -p /run/systemd/system/ocigate-ports-sync.timer.d
	[ -n "${OG_LONG:-}" ] || printf '[Timer]\nOnBootSec=\nOnActiveSec=1\nOnUnitActiveSec=2\n' \
		>/run/systemd/system/ocigate-ports-sync.timer.d/short.conf
	systemctl daemon-reload
	nft flush ruleset
	systemctl start ocigate-ports-sync.timer
	timer_back "the timer puts the guard back"
	nft flush ruleset
	timer_back "... again"
	systemctl stop ocigate-ports-sync.timer
}

timer_back() {
	check "$1" wait_for 130 guarded
}

units_firewalld() {
	nft flush ruleset
	systemctl start firewalld
	back "firewalld is started: the guard is back"
	nft delete table inet ocigate
	systemctl reload firewalld
	back "... is reloaded"
	systemctl stop firewalld
}
