# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# A copy of this system that a script may change as an administrator would: packages,
# engines' configurations, /etc. An overlay in memory, for scripts that have sourced
# e2e.sh; it lies in $R, and "here" runs a command in it.

copy_of_system() {
	R=$T/system
	mkdir -p "$T/over" "$R" && mount -t tmpfs tmpfs "$T/over" && mkdir "$T/over"/{upper,work} &&
		mount -t overlay -o "lowerdir=/,upperdir=$T/over/upper,workdir=$T/over/work" overlay "$R" &&
		mount -t proc proc "$R/proc" && mount -t tmpfs tmpfs "$R/run" || e2e_die "no copy of the system"
	rm -rf "$R/etc/ocigate" "$R/var/log/ocigate" "$R/usr/libexec/ocigate"
}

here() {
	chroot "$R" env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

end_of_copy() {
	umount -R "$R"
	umount "$T/over"
}
