# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# A virtual machine for what the host's kernel may lack: SCTP, cgroup v2 alone, AppArmor,
# and systemd as its first process. It runs Debian's kernel on a copy of this system,
# which it cannot write to, so it has all of the host's programs and this tree. It has
# no network but its own. For scripts that have sourced e2e.sh, e2e_system.sh and newer.sh:
#
#	vm_here || ...		what is needed is here
#	vm_system		the copy of the system, in $R; more can be put there
#	vm_run SCRIPT		runs it in the machine, counts what it reports, ends the machine
#
# It is emulated in software where the processor has no virtualization to give.

# What a machine of one job does without: all of it is slow to emulate, and some of it
# would clear the host's directories as this sees them.
VM_UNITS="systemd-tmpfiles-setup systemd-tmpfiles-setup-dev systemd-journal-flush systemd-journal-catalog-update
systemd-sysusers systemd-update-done systemd-machine-id-commit systemd-timesyncd systemd-random-seed
systemd-remount-fs systemd-update-utmp systemd-hwdb-update systemd-firstboot systemd-binfmt systemd-modules-load
systemd-pstore ldconfig apparmor modprobe@ e2scrub_reap console-setup keyboard-setup networking"
VM_MOUNTS="proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount
sys-kernel-config.mount sys-fs-fuse-connections.mount systemd-ask-password-console.path systemd-ask-password-wall.path"
VM_FILES=/usr/lib/qemu/virtiofsd

# vm_here: true, or why not, in $VM_WHY.
vm_here() {
	VM_WHY=
	if [ "$(uname -m)" != x86_64 ]; then
		VM_WHY="the virtual machine is an x86_64"
	elif ! command -v qemu-system-x86_64 >/dev/null || [ ! -x "$VM_FILES" ]; then
		VM_WHY="no qemu-system-x86_64 with $VM_FILES"
	elif ! newer_path vm >/dev/null; then
		VM_WHY="a kernel for a virtual machine: $(cat "$NEWER/why-vm" 2>/dev/null || echo 'run "make newer"')"
	fi
	[ -z "$VM_WHY" ]
}

vm_system() {
	local u kernel
	kernel=$(newer_path vm) || e2e_die "no kernel"
	VM_KERNEL=$(basename "$kernel")
	copy_of_system
	{ tar -C "$NEWER/vm" --exclude=./usr/lib/modules --exclude=./boot -cf - . | tar -C "$R" --keep-directory-symlink -xf - &&
		mkdir -p "$R/usr/lib/modules" && mount --bind "$NEWER/vm/usr/lib/modules" "$R/usr/lib/modules" &&
		mkdir -p "$R$E2E_TREE" && mount --rbind "$E2E_TREE" "$R$E2E_TREE"; } || e2e_die "no copy of the system"
	rm -rf "$R/etc/systemd/system" && mkdir -p "$R/etc/systemd/system"
	rm -f "$R/.dockerenv" # by which systemd would take itself to be in a container
	: >"$R/etc/fstab"
	echo 0123456789abcdef0123456789abcdef >"$R/etc/machine-id"
	for u in $VM_MOUNTS; do
		ln -s /dev/null "$R/etc/systemd/system/$u"
	done
	for u in $VM_UNITS; do
		ln -s /dev/null "$R/etc/systemd/system/$u.service"
	done
}

# The one job of the machine; when it has ended, however, the machine is switched off.
vm_unit() {
	cat >"$R/etc/systemd/system/vm.target" <<-'UNIT'
		[Unit]
		Requires=vm.service
		AllowIsolate=yes
	UNIT
	cat >"$R/etc/systemd/system/vm.service" <<-UNIT
		[Unit]
		Requires=sysinit.target dbus.socket
		After=sysinit.target dbus.socket
		[Service]
		Type=oneshot
		Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root BUILD=$BUILD OG_LONG=${OG_LONG:-}
		Environment=D_TIMEOUT=240 E2E_DOCKERD_SECONDS=240
		ExecStart=/bin/bash $1
		StandardOutput=file:/dev/ttyS1
		StandardError=inherit
		ExecStopPost=/bin/systemctl poweroff --force --force
	UNIT
}

# What the guest's first program needs to see the host's files.
vm_initrd() {
	local d=$T/vm/first n=10 m f
	mkdir -p "$d/bin" "$d/modules" && cp "$(command -v busybox)" "$d/bin/busybox" &&
		cp "$E2E_TREE/tests/vm/init" "$d/init" && chmod 755 "$d/init" || return 1
	for m in virtio_pci virtiofs overlay; do
		chroot "$R" /sbin/modprobe -S "$VM_KERNEL" --show-depends "$m"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$T/vm/modules"
	while read -r f; do
		cp "$R/$f" "$d/modules/$((n++)).ko" || return 1
	done <"$T/vm/modules"
	(cd "$d" && find . | busybox cpio -o -H newc) >"$T/vm/initrd" 2>/dev/null
}

# vm_start ACCEL: leaves the machine's process in $VM, that of its files in $VM_HOST.
vm_start() {
	rm -f "$T/vm/socket"
	"$VM_FILES" --socket-path="$T/vm/socket" -o "source=$R" -o cache=always >>"$T/vm/files" 2>&1 8>&- &
	VM_HOST=$!
	wait_for 20 [ -S "$T/vm/socket" ] || return 1
	: >"$T/vm/console"
	: >"$T/vm/result"
	# shellcheck disable=SC2086 # words
	qemu-system-x86_64 -accel $1 -M pc -smp 2 -m 1536 -object memory-backend-memfd,id=mem,size=1536M,share=on -numa node,memdev=mem \
		-display none -nodefaults -no-reboot -serial "file:$T/vm/console" -serial "file:$T/vm/result" \
		-chardev "socket,id=files,path=$T/vm/socket" -device vhost-user-fs-pci,chardev=files,tag=root \
		-kernel "$NEWER/vm/boot/vmlinuz-$VM_KERNEL" -initrd "$T/vm/initrd" \
		-append "console=ttyS0 panic=-1 edd=off quiet mitigations=off nopti nokaslr audit=0 systemd.unit=vm.target systemd.show_status=0" >>"$T/vm/files" 2>&1 8>&- &
	VM=$!
}

vm_stop() {
	kill -KILL "$VM" "$VM_HOST" 2>/dev/null
	wait "$VM" "$VM_HOST" 2>/dev/null
}

vm_gone() {
	! kill -0 "$VM"
}

vm_spoke() {
	[ -s "$T/vm/console" ] || [ -s "$T/vm/result" ] || vm_gone
}

# Where the processor cannot virtualize, /dev/kvm may be there and bring no guest up.
vm_boot() {
	if grep -Eqw 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then
		VM_ACCEL=kvm
		vm_start "kvm -cpu host" || return 1
		wait_for 10 vm_spoke && ! vm_gone 2>/dev/null && return
		vm_stop
	fi
	VM_ACCEL="software emulation"
	vm_start "tcg,thread=multi,tb-size=256 -cpu Nehalem"
}

# What the guest counted is counted here.
vm_relay() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#ok * - }" ;;
		"not ok "*) not_ok "${line#not ok * - }" ;;
		"not here: "*) line=${line#not here: } && line=${line%)} && not_here "${line%% (*}" "${line#* (}" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done < <(tr -d '\r' <"$T/vm/result" | sed '/^the guest has ended$/d')
	grep -q '^the guest has ended' "$T/vm/result" ||
		not_ok "the guest came to its end" "$(tail -n 20 "$T/vm/console")" "$(cat "$T/vm/files")"
}

vm_run() {
	local start=$SECONDS
	{ mkdir -p "$T/vm" && vm_unit "$1" && vm_initrd && vm_boot; } || e2e_die "no virtual machine" "$(cat "$T/vm/files")"
	wait_for "${VM_SECONDS:-600}" vm_gone || note "the machine is stopped after its time"
	vm_stop
	vm_relay
	note "a virtual machine by $VM_ACCEL, kernel $VM_KERNEL: $((SECONDS - start)) s"
}
