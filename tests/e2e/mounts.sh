#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Mounts that are what they seem: sources exchanged at the very moment between
# the decision and the mount, by a runtime that does it itself; sources in
# disguise; what volumes, sizes and places may be. Through dockerd as its users
# would write it, and with bundles. What docker_lab.sh shows is not repeated.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
e2e_begin "$@"
need_ocigate "mounts" || e2e_end

USER_HOME=$T/work/home	# an ordinary user's: he may exchange what is in it
SITE=$T/work/site	# root's, all the way
FORBIDDEN=$T/work/forbidden
B=$T/work/bundle
ID=m1

# The runtime below: at "create" and "run" it first does what $T/swap says.
swapping() {
	cat >"$T/bin/swapping" <<-SH
		#!/bin/sh
		case " \$* " in
		*" create "* | *" run "*) [ ! -e $T/swap ] || . $T/swap ;;
		esac
		exec $REAL "\$@"
	SH
	chmod 755 "$T/bin/swapping"
}

# site [MEMBERS-OF-THE-RULE]: what may be mounted
site() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "mounts": { '"${1:-}"' "allow": [
		{ "source": "'"$USER_HOME"'", "access": "ro" },
		{ "source": "'"$SITE"'", "access": "ro" },
		{ "source": "'"$SITE"'/rw", "access": "rw" },
		{ "source": "'"$SITE"'/accepted", "access": "rw", "accept": "setuid" },
		{ "source": "'"$SITE"'/*/glob", "access": "rw", "accept": "setuid" } ] } } }'
}

places() {
	rm -rf "$USER_HOME"
	mkdir -p "$USER_HOME"/{d,up/d,vol/real} "$FORBIDDEN/d"
	echo own | tee "$USER_HOME/d/who" "$USER_HOME/up/d/who" >"$USER_HOME/file"
	echo forbidden | tee "$FORBIDDEN/who" >"$FORBIDDEN/d/who"
	ln -s real "$USER_HOME/vol/link"
	ln -s "$T/docker/data/volumes/linked/_data" "$USER_HOME/to-volume"
	chown -hR 1000:1000 "$USER_HOME"
	rm -f "$T/swap"
}

run() {
	D run --rm --runtime ocigate "$@"
}

# refused NAME ERE FLAGS...
refused() {
	local name=$1 ere=$2
	shift 2
	capture D run --name refused --runtime ocigate "$@" bb:1 echo it ran
	has "refused: $name" "$err" "ocigate: rejected: $ere"
	is "... and nothing ran" "$out" ""
	D rm -f refused >/dev/null 2>&1
}

records() {
	find "$T/run" -mindepth 1 -name '*.json'
}

# ---- exchanged --------------------------------------------------------------

# exchanged NAME SWAP MOUNT FILE: Docker's user sees his own file, or a refusal.
exchanged() {
	local name=$1
	places
	capture run -v "$3" bb:1 cat "$4"
	is "not exchanged: $name" "$rc $out" "0 own"
	echo "$2" >"$T/swap"
	capture D run --name refused --runtime swapping -v "$3" bb:1 cat "$4"
	is "alone: $name: the wrong file is read" "$out" forbidden
	D rm -f refused >/dev/null
	places
	echo "$2" >"$T/swap"
	refused "$name" 'mounts: .* was exchanged while it was being mounted' -v "$3"
	is "... no record and no container is left" "$(records)$(ls "$T/docker/exec/runtime-runc/moby")" ""
}

# moved_in NAME SOURCE OWNER'S-MV: a directory with a mount in it gets below the source.
moved_in() {
	places
	rm -rf "$SITE/ro/glob/side"
	mkdir -p "$USER_HOME/side/etc"
	cp -r "$FORBIDDEN" "$T/work/elsewhere"
	mount --bind "$T/work/elsewhere" "$USER_HOME/side/etc"
	chown 1000:1000 "$USER_HOME/side"
	make "$2" '.process.args = ["/bin/cat", "/x/side/etc/who"]'
	[ -z "$3" ] || echo "setpriv --reuid 1000 --clear-groups mv $USER_HOME/side $3" >"$T/swap"
}

below_moved() {
	local from
	for from in "$USER_HOME/d" "$SITE/ro/glob"; do
		moved_in "$from" "$from" "$from"
		"$T/bin/swapping" --root "$T/alone" run --bundle "$B" alone >"$T/work/out" 2>&1
		is "alone: a mount that is moved below ${from#"$T/work/"}: is seen" "$(cat "$T/work/out")" forbidden
		"$REAL" --root "$T/alone" delete --force alone
		umount "$from/side/etc"
		moved_in "$from" "$from" "$from"
		capture rt run --bundle "$B" $ID
		is "run: a mount that is moved below ${from#"$T/work/"}: nothing ran" "$((rc != 0)) $out" "1 "
		has "... and it says why" "$err" 'rejected: mounts: .*/side/etc.* is mounted below .* and was not when it was judged'
		rt delete --force $ID
		umount "$from/side/etc"
		moved_in "$from" "$from" "$from"
		rt create --bundle "$B" $ID >/dev/null 2>&1
		capture rt start $ID
		has "create, start: the same" "$rc $out$err" '^1 ocigate: rejected: mounts: "/side/etc" is mounted below'
		rt delete --force $ID
		umount "$from/side/etc"
	done
	# what was there when it was judged may be: a file system, and mounts of the document's
	moved_in "$USER_HOME/d" "$USER_HOME/d" ""
	mkdir "$USER_HOME"/d/{tmp,own}
	mount -t tmpfs -o nosuid,nodev tmpfs "$USER_HOME/d/tmp"
	make "$USER_HOME/d" '.process.args = ["/bin/sh", "-c", "cat /x/who; grep -c \" /x\" /proc/self/mountinfo"] |
		.mounts += [{ destination: "/x/own", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev"] }] |
		.linux.maskedPaths += ["/x/who2"]'
	echo x >"$USER_HOME/d/who2"
	capture rt run --bundle "$B" $ID
	is "mounts below that were judged are no reason to refuse" "$rc $(tr '\n' ' ' <<<"$out")$err" "0 own 4 "
	rt delete --force $ID
	umount "$USER_HOME/d/tmp" "$USER_HOME/side/etc"
}

# Root of another container, who may write a directory of root's, exchanges what is in it.
by_container() {
	local a=$SITE/accepted
	places
	chmod -R go-w "$a"
	D run -d --name changer --runtime ocigate -v "$a:/a" bb:1 sh -c 'while sleep 0.02; do
		[ ! -e /a/go ] || { rm -rf /a/old; mv /a/deep /a/old; ln -s '"$FORBIDDEN"' /a/deep; rm /a/go; }; done' >/dev/null
	local swap="touch $a/go; while [ -e $a/go ]; do sleep 0.02; done"
	echo own >"$a/deep/who"
	echo "$swap" >"$T/swap"
	capture D run --name refused --runtime swapping -v "$a/deep:/x" bb:1 cat /x/who
	is "alone: exchanged by another container: the wrong file is read" "$out" forbidden
	D rm -f refused >/dev/null
	rm "$a/deep" && mv "$a/old" "$a/deep"
	refused "exchanged by another container" 'mounts: .* was exchanged while it was being mounted' -v "$a/deep:/x"
	rm "$a/deep" && mv "$a/old" "$a/deep"
	rm -f "$a/deep/who" "$T/swap"
	chmod -R a+rwX "$a"
	D rm -f changer >/dev/null
}

by_docker() {
	local h=$USER_HOME
	exchanged "the directory" "mv $h/d $h/o; ln -s $FORBIDDEN $h/d" "$h/d:/x" /x/who
	exchanged "the directory above" "mv $h/up $h/o; ln -s $FORBIDDEN $h/up" "$h/up/d:/x" /x/who
	exchanged "a file" "mv $h/file $h/o; ln -s $FORBIDDEN/who $h/file" "$h/file:/x" /x
	D volume create linked >/dev/null
	echo own >"$T/docker/data/volumes/linked/_data/who"
	places
	echo "ln -sfn $FORBIDDEN $h/to-volume" >"$T/swap"
	is "alone: a link to a volume: the wrong file is read" \
		"$(D run --rm --runtime swapping -v "$h/to-volume:/x" bb:1 cat /x/who)" forbidden
	places
	refused "a link to a volume" 'mounts: .*/to-volume" is ".*/volumes/linked/_data", which is not an allowed' -v "$h/to-volume:/x"
	exchanged "and put back after the mount" "mv $h/d $h/o; ln -s $FORBIDDEN $h/d
		$REAL \"\$@\"; rc=\$?; rm $h/d; mv $h/o $h/d; exit \$rc" "$h/d:/x" /x/who
	by_container
	places
	capture run -v "$h/d:/x" -v "$h/up/d:/var/run/y" -v "$SITE/ro:/x2" bb:1 cat /x/who /var/run/y/who
	is "three of them at once, one through a link of the image" "$rc $out" "0 own
own"
	capture run -v "$h/vol:/v" -v "$h/d:/v/real" bb:1 cat /v/real/who
	is "one inside another" "$rc $out" "0 own"
	by_link
}

# Links on the way to a destination: of the image, and of what is mounted already.
by_link() {
	local h=$USER_HOME dev='of a mount leads by a symbolic link to "/dev", which is the runtime'
	capture run -v "$h/vol:/v" -v "$h/d:/v/link" bb:1 cat /v/real/who
	is "through a link in another" "$rc $out" "0 own"
	mkdir "$h/vol/elsewhere"
	echo "ln -sfn elsewhere $h/vol/link" >"$T/swap"
	refused "through a link that was changed" 'mounts: .* (cannot be compared|was exchanged)' -v "$h/vol:/v" -v "$h/d:/v/link"
	places
	D run --rm --runtime "${REAL##*/}" -v ours:/a bb:1 ln -s /dev /a/s
	refused "a volume over /dev, by a link in a volume" "mounts: the destination \"/a/s\" $dev" -v ours:/a -v theirs:/a/s
	refused "a tmpfs there" "mounts: the destination \"/a/s\" $dev" -v ours:/a --tmpfs /a/s
	echo "rm -r $T/docker/data/volumes/ours/_data/s; ln -s /tmp $T/docker/data/volumes/ours/_data/s" >"$T/swap"
	D run --rm --runtime "${REAL##*/}" -v ours:/a bb:1 sh -c 'rm /a/s; mkdir /a/s'
	refused "a directory of a volume that became a link" 'mounts: .* (cannot be compared|was exchanged)' -v ours:/a -v theirs:/a/s
	D run --rm --runtime "${REAL##*/}" -v ours:/a bb:1 sh -c 'rm -r /a/s; ln -s /tmp /a/s'
	echo "ln -sfn /mnt $T/docker/data/volumes/ours/_data/s" >"$T/swap"
	refused "a link of a volume that leads out of it, and then elsewhere" \
		'mounts: .* (cannot be compared|was exchanged)' -v ours:/a -v theirs:/a/s
	rm "$T/swap"
	refused "a tmpfs behind such a link" 'mounts: .* by a symbolic link in another mount' -v ours:/a --tmpfs /a/s
	D run --rm --runtime "${REAL##*/}" -v ours:/a bb:1 sh -c 'rm /a/s; mkdir /a/s'
	capture run -v ours:/a -v theirs:/a/s bb:1 sh -c 'echo in >/a/s/f && cat /a/s/f'
	is "a volume in another" "$rc $out" "0 in"
	D volume rm ours theirs >/dev/null
	mkdir -p "$T/work/linked" && ln -sfn dev "$T/work/linked/x" && ln -sfn / "$T/work/linked/up"
	tar -C "$T/work/linked" -c . | D import - linked:1 >/dev/null
	capture run -v made:/x linked:1 /bin/true
	has "refused: over /dev, by a link of the image" "$rc $err" "^125 .*mounts: the destination \"/x\" $dev"
	capture run -v made:/up linked:1 /bin/true
	has "... over the root" "$rc $err" '^125 .*mounts: the destination "/up" of a mount leads by a symbolic link to "/", which is the root'
	D volume rm made >/dev/null
	by_link_of_the_kernel
}

# Behind a link of sysfs ".." is another directory than its name says: /m leads to /dev.
by_link_of_the_kernel() {
	local up=/sys/devices/virtual/mem/null/subsystem/../../..
	D run --name kernels --runtime "${REAL##*/}" bb:1 sh -c "mkdir -p /a/b/c/d/e/f/g
		ln -s /a/b/c/d/e/f/g /lnk; ln -s /dev /a/b/c/mx; ln -s $up/lnk/../../../../mx /m"
	D commit kernels kernels:1 >/dev/null
	D rm kernels >/dev/null
	if [ "$E2E_DOCKER_MAJOR" -lt 28 ]; then # runc 1.1.5 mounts it
		has "alone: a volume over /dev, by a link of the kernel's" \
			"$(D run --rm --runtime "${REAL##*/}" -v made:/m kernels:1 grep -c '/volumes/made/_data /dev ' /proc/self/mountinfo 2>&1)" '^1$'
	fi
	capture run -v made:/m kernels:1 true
	has "refused: over /dev, by a link of the kernel's" "$rc $err" '^125 .*mounts: the destination "/m" of a mount leads by a symbolic link to "/sys/'
	D volume rm made >/dev/null
}

# make FILTER: a bundle with the user's directory on /x
make() {
	rm -rf "$B"
	bundle "$B" $ID '.process.args = ["/bin/cat", "/x/who"] | del(.linux.cgroupsPath) | .linux.namespaces += [{ "type": "cgroup" }]
		| .mounts += [{ "destination": "/x", "type": "bind", "source": "'"$1"'",
			"options": ["rbind", "rro", "rnosuid", "rnodev", "rprivate"] }] | '"${2:-.}"
	cp "$B/config.json" "$T/original"
}

by_bundle() {
	local swap="mv $USER_HOME/d $USER_HOME/o; ln -s $FORBIDDEN $USER_HOME/d"
	RT_REAL=$T/bin/swapping
	places
	make "$SITE/ro"
	capture rt create --bundle "$B" $ID
	is "root's all the way: on record, for a container's root is root" "$rc $(grep -c '"binds"' "$(records)")" "0 1"
	same "... and the document as it was" "$T/original" "$B/config.json"
	rt delete --force $ID
	make "$USER_HOME/d"
	capture rt create --bundle "$B" $ID
	is "a user's: on record" "$rc $(grep -c '"binds"' "$(records)")" "0 1"
	same "... and the document as it was" "$T/original" "$B/config.json"
	rt delete --force $ID
	capture rt run --bundle "$B" $ID
	is "run: own" "$rc $out" "0 own"
	is "... and dry-run judges what was asked for, not what was launched" \
		"$("$CTL" dry-run --policy "$POLICY" --format json "$B" | jq -c '[.findings[].rule] | contains(["hooks"])')" false
	rt delete --force $ID
	same "... the document is put back" "$T/original" "$B/config.json"
	is "... no record is left" "$(records)$(ls -A "$B" | tr '\n' ' ')" "config.json rootfs "
	echo "$swap" >"$T/swap"
	capture rt run --bundle "$B" $ID
	is "run: exchanged: nothing ran" "$((rc != 0)) $out" "1 "
	has "... and it says why" "$err" 'rejected: mounts: .* was exchanged while'
	places
	echo "$swap" >"$T/swap"
	capture rt create --bundle "$B" $ID
	is "create: exchanged: made" "$rc" 0
	capture rt exec $ID /bin/cat /x/who
	is "exec before start: nothing ran" "$rc $out" "255 "
	has "... and it says why" "$err" 'rejected: mounts: .* was exchanged while'
	wait_for 5 stopped
	is "... the container's process was killed" "$(real state $ID | jq -r .status)" stopped
	capture real start $ID
	is "... and nobody can start it" "$((rc != 0)) $out" "1 "
	capture rt delete $ID
	is "delete" "$rc $err$(records)" "0 "
	killed
	below_moved
}

stopped() {
	[ "$(real state $ID | jq -r .status)" = stopped ]
}

# Whatever was done when it ended, delete leaves nothing.
killed() {
	places
	make "$USER_HOME/d"
	echo 'kill -KILL $$' >"$T/swap"
	capture rt run --bundle "$B" $ID
	is "killed before the runtime: on record" "$rc $(records | wc -l)" "137 1"
	capture rt delete --force $ID
	is "... delete --force" "$rc $(records)" "0 "
	same "... the document is put back" "$T/original" "$B/config.json"
	echo "rm $T/run/*.json" >"$T/swap"
	capture rt run --bundle "$B" $ID
	is "run without its record: nothing ran" "$((rc != 0)) $out" "1 "
	rt delete --force $ID
	cp "$T/original" "$B/config.json"
	is "nothing of ours is mounted" "$(grep -c '/run/ocigate/' /proc/self/mountinfo)" 0
}

# ---- disguises --------------------------------------------------------------

disguises() {
	places
	mount --bind /etc "$SITE/ro/etc"
	: >"$SITE/ro/sock"
	mount --bind "$T/docker/sock" "$SITE/ro/sock"
	mount -t proc proc "$SITE/ro/proc"
	refused "a file system mounted on the allowed directory" 'mounts: .*"/etc"' -v "$SITE/ro/etc:/x"
	refused "... below it" 'mounts: .*' -v "$SITE/ro:/x"
	refused "... on the way" 'mounts: .*"/etc/' -v "$SITE/ro/etc/ssl:/x"
	refused "a second bind of a control socket" 'mounts: .*socket' -v "$SITE/ro/sock:/x"
	refused "procfs mounted there" 'mounts: .*' -v "$SITE/ro/proc:/x"
	umount "$SITE/ro/proc"
	umount "$SITE/ro/sock"
	umount "$SITE/ro/etc"
	D volume create -d local -o type=none -o o=bind -o device=/proc/sys procsys >/dev/null
	refused "a volume of procfs" 'mounts: ' -v procsys:/x
	D volume create -d local -o type=none -o o=bind -o device="$T/docker" sockets >/dev/null
	refused "a volume with a control socket" 'mounts: ' -v sockets:/x
	D volume create -d local -o type=none -o o=bind -o device="$FORBIDDEN" other >/dev/null
	refused "a volume of a directory that is not allowed" 'mounts: ' -v other:/x
	D volume create -d local -o type=none -o o=bind -o device="$SITE/ro" allowed >/dev/null
	capture run -v allowed:/x bb:1 sh -c 'touch /x/new; cat /x/who'
	is "a volume of one that is allowed, read-only" "$out" own
	has "... is read-only" "$err" 'Read-only file system'
	named_init
	refused "/proc/PID/cwd" 'mounts: ' -v "/proc/$$/cwd:/x"
	refused "/dev/fd" 'mounts: ' -v /dev/fd:/x
}

# The engine's init program is known by its place, which no container can write: root of
# one makes a link of that name in a volume, and a layer of an image has it from its maker.
named_init() {
	local data=$T/docker/data link
	D volume create named >/dev/null
	D run --rm --runtime able -v named:/v bb:1 ln -s "$FORBIDDEN/who" /v/docker-init
	D run -d --name named --runtime able bb:1 sh -c "ln -s $FORBIDDEN/who /docker-init; exec sleep 60" >/dev/null
	for link in "$data/volumes/named/_data" "$(D inspect -f '{{.GraphDriver.Data.UpperDir}}' named)"; do
		wait_for 5 [ -L "$link/docker-init" ]
		is "alone: ${link##*/}/docker-init: the wrong file is read" \
			"$(D run --rm --runtime able -v "$link/docker-init:/x" bb:1 cat /x)" forbidden
		refused "a link to a file, named as the engine's init program, in ${link##*/}" \
			'mounts: .* is ".*/forbidden/who"' -v "$link/docker-init:/x"
	done
	D rm -f named >/dev/null
	capture run --init bb:1 cat /proc/1/comm
	has "the engine's init program itself: runs" "$out" '^(docker-init|tini)'
	capture run -v "$(command -v docker-init):/x" bb:1 sh -c ': >>/x'
	has "... and nobody writes it" "$err" 'Read-only file system'
}

# What Docker 28 mounts besides: a directory inside a volume, and an image. The daemon
# resolves both to paths of its own, through which no link may lead out.
by_docker_28() {
	D volume create sub >/dev/null
	D run --rm --runtime able -v sub:/v -v "$FORBIDDEN:/f" bb:1 sh -c 'mkdir /v/in && echo inside >/v/in/who && ln -s '"$FORBIDDEN"' /v/out'
	capture run --mount type=volume,src=sub,dst=/x,volume-subpath=in bb:1 cat /x/who
	is "volume-subpath: what is in the volume" "$rc $out" "0 inside"
	capture run --mount type=volume,src=sub,dst=/x,volume-subpath=out bb:1 cat /x/who
	check "volume-subpath: a link out of it" [ "$rc" -ne 0 ]
	hasnt "... shows nothing" "$out" forbidden
	capture run --mount type=volume,src=sub,dst=/x,volume-subpath=../../.. bb:1 ls /x
	check "volume-subpath: upwards" [ "$rc" -ne 0 ]
	site '"volumes": "ro",'
	capture run --mount type=volume,src=sub,dst=/x,volume-subpath=in bb:1 touch /x/new
	has "volume-subpath: volumes: ro" "$err" 'Read-only file system'
	site '"volumes": "reject",'
	refused "volume-subpath: volumes: reject" 'mounts: volumes are not allowed' --mount type=volume,src=sub,dst=/x,volume-subpath=in
	site
	capture run --mount type=image,src=bb:1,dst=/x bb:1 sh -c 'ls /x/bin/sh; touch /x/new'
	is "type=image: the daemon's own mount" "$out" /x/bin/sh
	has "... read-only" "$err" 'Read-only file system'
	D run -d --name other --runtime ocigate bb:1 sleep 60 >/dev/null
	refused "the root of another container" 'mounts: ' -v "$(D inspect -f '{{.GraphDriver.Data.MergedDir}}' other):/x"
	D rm -f other >/dev/null
}

# ---- what may be where ------------------------------------------------------

options() {
	site '"volumes": "ro", "tmpfs-size": 1048576,'
	capture run -v v1:/v bb:1 touch /v/new
	has "volumes: ro" "$err" 'Read-only file system'
	capture run --tmpfs /t bb:1 df -k /t
	has "tmpfs-size: where none is given" "$out" ' 1024 .* /t$'
	capture run --tmpfs /t:size=1g bb:1 df -k /t
	has "tmpfs-size: where more is given" "$out" ' 1024 .* /t$'
	capture run --tmpfs /t:size=64k bb:1 df -k /t
	has "tmpfs-size: less is kept" "$out" ' 64 .* /t$'
	site '"volumes": "reject",'
	refused "volumes: reject" 'mounts: volumes are not allowed' -v v1:/v
	site
	capture run -v v1:/v bb:1 touch /v/new
	is "volumes: rw" "$rc" 0
	refused "on a masked file" 'mounts: .*"/proc' -v "$SITE/ro/who:/proc/kcore"
	refused "on /sys/firmware" 'mounts: .*"/sys' -v "$SITE/ro:/sys/firmware"
	refused "on /dev" 'mounts: ' -v "$SITE/ro:/dev"
	refused "on /dev/null" 'mounts: ' -v "$SITE/ro/who:/dev/null"
	refused "a tmpfs on /sys/fs/cgroup" 'mounts: ' --tmpfs /sys/fs/cgroup
}

writable() {
	refused "rw where setuid files could be left" 'mounts: .*not mounted nosuid' -v "$SITE/rw:/x"
	capture run -v "$SITE/rw:/x:ro" bb:1 cat /x/who
	is "... read-only it may be" "$rc $out" "0 own"
	mount --bind "$SITE/rw" "$SITE/rw"
	mount -o remount,bind,nosuid,nodev "$SITE/rw"
	refused "... a nosuid view of a file system that is not" 'mounts: .*not mounted nosuid' -v "$SITE/rw:/x"
	umount "$SITE/rw"
	mount -t tmpfs -o nosuid,nodev tmpfs "$SITE/rw"
	capture run -v "$SITE/rw:/x" bb:1 touch /x/new
	is "rw on nosuid, nodev" "$rc$err$(ls "$SITE/rw")" "0new"
	mount -o remount,nosuid,dev "$SITE/rw"
	refused "rw on nosuid only" 'mounts: .*nodev' -v "$SITE/rw:/x"
	umount "$SITE/rw"
	capture run -v "$SITE/accepted:/x" bb:1 touch /x/new
	is "rw with \"accept\": \"setuid\"" "$rc$err$(ls "$SITE/accepted")" "0deep
new"
	capture run -v "$SITE/ro/glob:/x" bb:1 touch /x/new
	is "a glob: the more specific entry decides" "$rc$err$(ls "$SITE/ro/glob")" "0new"
	capture run -v "$SITE/ro/deep/glob:/x" bb:1 touch /x/new
	has "... and * is one component" "$err" 'Read-only file system'
	capture run -v "$SITE/accepted/deep:/x" bb:1 touch /x/new
	is "... a path below an entry" "$rc$err" 0
	rm -f "$SITE/ro/glob/new"
}

# ---- what is mounted below a read-only source -------------------------------

below() {
	local name=$1 global=$2 filter=$3
	mount -t tmpfs -o suid,dev tmpfs "$SITE/ro/sub"
	cp "$T/rootfs/bin/busybox" "$SITE/ro/sub/id"
	chmod 4755 "$SITE/ro/sub/id"
	make "$SITE/ro" '.process.args = ["/bin/sh", "-c", "touch /x/new /x/sub/new; grep \" /x\" /proc/self/mountinfo"]
		| .mounts[-1].options = ["rbind", "rprivate"] | '"$filter"
	capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$name" --root "$T/below" $global run --bundle "$B" $ID
	is "${name##*/}: nothing is written, above and below" "$(find "$SITE/ro" -name new)" ""
	is "... for it is read-only, nosuid, nodev" "$(grep -Ec ' /x(/sub)? ro,([^ ]*,)?nosuid,nodev' <<<"$out")" 2
	"$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$name" --root "$T/below" $global delete --force $ID
	umount "$SITE/ro/sub"
}

# made RUNTIME FLAGS FILTER: what is missing in a read-only directory of the host's is not made there.
made() {
	local name=$1 global=$2 filter=$3 where
	local -A edits=(
		["a mount point"]='.mounts += [{ "destination": "/x/new", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"] }]'
		["a device"]='.linux.devices = [{ "path": "/x/new", "type": "p" }]'
		["the working directory"]='.process.cwd = "/x/new"'
	)
	for where in "${!edits[@]}"; do
		make "$SITE/ro" "${edits[$where]} | .process.args = [\"/bin/true\"] | $filter"
		capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$name" --root "$T/made" $global run --bundle "$B" $ID
		has "${name##*/}: $where is not made in a directory of the host's" "$rc $err" '^1 .*rejected: mounts: the .*"/x/new" .*would be made in'
		is "... and is not there" "$(find "$SITE/ro" -name new)" ""
	done
	make "$SITE/ro" '.process.cwd = "/x/sub" | .process.args = ["/bin/pwd"] | '"$filter"
	capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$name" --root "$T/made" $global run --bundle "$B" $ID
	is "... a working directory that is there" "$rc $out" "0 /x/sub"
	"$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$name" --root "$T/made" $global delete --force $ID
}

# ---- what it costs ----------------------------------------------------------

# Five allowed sources, root's and an ordinary user's, against none: CPU time of "create" up
# to a runtime that does nothing, and of "start" for a container that waits; in turn, the
# median, for other things run here too. A machine on which true(1) takes more than
# two milliseconds is given half of that.
cost() {
	local kind extra
	cp /bin/true "$T/bin/nothing"
	for kind in none root user; do
		mkdir -p "$SITE"/ro/{1..5} "$USER_HOME"/{1..5}
		extra="$SITE/ro"
		[ $kind = root ] || extra=$USER_HOME
		bundle "$T/cost-$kind" cost 'del(.linux.cgroupsPath) | .linux.namespaces += [{ type: "cgroup" }] |
			.mounts += [range(1; 6) | select("'$kind'" != "none") |
			{ destination: "/x\(.)", type: "none", source: "'"$extra"'/\(.)", options: ["rbind", "ro"] }]'
		# as it complies: a rewrite costs the same whatever it is about
		"$CTL" dry-run --policy "$POLICY" --format config "$T/cost-$kind" >"$T/complies"
		cat "$T/complies" >"$T/cost-$kind/config.json"
		rt create --bundle "$T/cost-$kind" "waits-$kind" >/dev/null 2>&1 || not_ok "a container that waits"
	done
	/usr/bin/python3 - "$RT" "--ocigate-policy=$POLICY" "--ocigate-runtime=$T/bin/nothing" >"$T/cost" <<-PY
		import resource, statistics, subprocess, sys
		def cpu(words, shim=sys.argv[1:]):
		    before = resource.getrusage(resource.RUSAGE_CHILDREN)
		    subprocess.run(shim + words, check=True)
		    after = resource.getrusage(resource.RUSAGE_CHILDREN)
		    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
		kinds = ("none", "root", "user")
		spent = {(step, kind): [] for step in ("create", "start") for kind in kinds}
		true = []
		for turn in range(150):
		    true.append(cpu(["/bin/true"], []))
		    for kind in kinds:
		        spent["create", kind].append(cpu(["--root", "$T/cost-root-dir", "create", "--bundle", "$T/cost-" + kind, "%s%d" % (kind, turn)]))
		        spent["start", kind].append(cpu(["--root", "$RT_ROOT", "start", "waits-" + kind]))
		for kind in kinds[1:]:
		    added = [round(statistics.median(a - b for a, b in zip(spent[step, kind], spent[step, "none"])) * 1000000)
		             for step in ("create", "start")]
		    print(kind, *added, sum(added))
		print("true", round(statistics.median(true) * 1000000))
	PY
	note "five mounts add, in microseconds of CPU time (create, start, both):" "$(cat "$T/cost")"
	for kind in root user; do
		check "five mounts of a $kind's sources add at most 1 ms of CPU time" \
			awk -v k=$kind '$1 == k { added = $4 } $1 == "true" { most = $2 > 2000 ? $2 / 2 : 1000 } END { exit !(added > 0 && added <= most) }' "$T/cost"
		check "... and were compared" grep -q '"binds"' "$T"/run/waits-$kind*.json
	done
	for kind in none root user; do
		rt delete --force "waits-$kind"
	done
	rm -rf "$T"/cost-* "$T"/run/*
}

# ---- volumes on another disk, of whose directory root has made a link -----------

volumes_by_link() {
	mkdir "$T/disk" && mount -t tmpfs -o mode=755 tmpfs "$T/disk" || return
	mv "$T/docker/data/volumes" "$T/disk/volumes"
	ln -s "$T/disk/volumes" "$T/docker/data/volumes"
	site
	dockerd_start ocigate
	refused "volumes by a link: where users may enter" 'mounts: .*users of the host may enter .*/disk/volumes.*chmod o-rwx' -v there:/x
	chmod 700 "$T/disk"
	capture D run --rm -v there:/x bb:1 sh -c 'echo kept >/x/f && cat /x/f'
	is "... where they may not: written" "$rc $out" "0 kept"
	is "... on the other disk" "$(cat "$T/disk/volumes/there/_data/f")" kept
	chmod 777 "$T/disk"
	refused "... where others may change what it leads to" 'mounts: ' -v there:/x
	dockerd_stop
	umount "$T/disk"
}

# ---- all of it --------------------------------------------------------------

mkdir -p "$SITE"/{rw,accepted/deep,ro/{etc,proc,sub,glob,deep/glob}} "$FORBIDDEN"
echo own | tee "$SITE/ro/who" >"$SITE/rw/who"
chmod -R a+rwX "$SITE"/{rw,accepted,ro/glob,ro/deep}
places
swapping
site
capture "$CTL" check "$POLICY"
is "check: no source of root's is suspect" "$rc$(grep -c 'by others than root' <<<"$out")" 00
policy "$(jq '.rules.mounts.allow += [{ "source": "'"$USER_HOME"'/d", "access": "ro" }, { "source": "'"$USER_HOME"'/*/x", "access": "ro" }]' "$POLICY")"
capture "$CTL" check "$POLICY"
is "check: warns of what a user could bend" "$rc$(grep -c 'warning: the source .* by others than root' <<<"$out")" 02
site
cost
real_is "$T/bin/swapping"
by_bundle
real_is "$T/bin/swapping"
E2E_RUNTIMES='"swapping": { "path": "'$T'/bin/swapping" },'
dockerd_start ocigate
image bb:1 'CMD ["/bin/sh"]' 'ENV PATH=/bin:/sbin'
by_docker
places
disguises
[ "${E2E_DOCKER_MAJOR:-20}" -lt 28 ] || by_docker_28
options
writable
dockerd_stop
volumes_by_link
site '"outside": "reject",'
below "$REAL" "" .
made "$REAL" "" .
policy "$(jq '.rules.invocation = { "action": "reject", "allow": ["cgroup-manager=disabled"] }' "$POLICY")"
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup || e2e_die "no cgroup2"
below "$(command -v crun)" --cgroup-manager=disabled 'del(.linux.cgroupsPath) | .ociVersion = "1.0.2"'
made "$(command -v crun)" --cgroup-manager=disabled 'del(.linux.cgroupsPath) | .ociVersion = "1.0.2"'
is "no record is left" "$(records)" ""
e2e_end
