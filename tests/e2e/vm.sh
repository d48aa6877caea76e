#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the kernel here may lack, in a virtual machine that has it: published ports of
# SCTP, AppArmor and cgroup v2 alone, what "ocigatectl install" tells systemd. The
# tests themselves are tests/vm/guest.sh and what it sources. By software, where the
# processor cannot virtualize, it takes three to six minutes: with OG_LONG, or OG_VM.

# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_outside.sh"
. "$(dirname "$0")/../lib/e2e_system.sh"
. "$(dirname "$0")/../lib/newer.sh"
. "$(dirname "$0")/../lib/e2e_vm.sh"
e2e_begin "$@"

# As "make install" and a package put them.
given() {
	local u
	service_program
	# An image of few files: the daemon there is slow.
	find "$T/rootfs/bin" -type l ! -name sh ! -name cat -delete
	{ mkdir -p "$R/var/lib/given" && cp -a "$T/rootfs" "$R/var/lib/given/"; } || e2e_die "nothing can be given to the guest"
	install -m 755 "$T/bin/ocigate" "$T/bin/ocigatectl" "$R/usr/sbin/"
	for u in "$BUILD"/systemd/*; do
		install -m 644 "$u" "$R/usr/lib/systemd/system/"
	done
}

if ! need_ocigate "the virtual machine"; then
	:
elif [ -n "${OG_LONG:-}${OG_VM:-}" ] && vm_here; then
	vm_system
	given
	vm_run "$E2E_TREE/tests/vm/guest.sh"
	umount -R "$R"
else
	for feature in "SCTP sockets" "cgroup v2 alone" "AppArmor" "systemd"; do
		not_here "$feature" "${VM_WHY:-a virtual machine has it: make check-long, or OG_VM=1}"
	done
fi
e2e_end
