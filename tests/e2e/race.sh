#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The source of a bind is exchanged while containers are launched: an ordinary
# user who may write a directory above it puts a link to a forbidden place there
# (race.c), at the end and in the middle of the path, by exchanging and by
# renaming. The runtimes alone lose some of these races, and must here, or the
# attack is none; through ocigate no container's process ever sees the forbidden
# place, be it launched by "run" or by "create" and "start". 200 launches of
# each, 2,000 with OG_LONG.

# shellcheck source-path=SCRIPTDIR disable=SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"
need_ocigate "races" || e2e_end
e2e_own_run || e2e_die "no /run of its own" # runtimes keep their state there

LAUNCHES=200
[ -z "${OG_LONG:-}" ] || LAUNCHES=2000
WORKERS=2
UID_OF_ATTACKER=1000
HOME_OF_ATTACKER=$T/work/home
FORBIDDEN=$T/work/forbidden
SOURCES=(exchanged renamed middle/b file)
ATTACKERS=()

${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -s -static -o "$T/bin/race" "$E2E_TREE/tests/e2e/race.c" ||
	e2e_die "cannot compile the attacker"

# ---- the attack -------------------------------------------------------------

attack() {
	"$T/bin/race" $UID_OF_ATTACKER "$@" 8>&- &
	ATTACKERS+=($!)
}

attacks_begin() {
	local h=$HOME_OF_ATTACKER
	mkdir -p "$FORBIDDEN/b" "$h"/{exchanged,renamed,middle/b}
	echo forbidden | tee "$FORBIDDEN/who" >"$FORBIDDEN/b/who"
	chmod -R go= "$FORBIDDEN"
	for d in exchanged renamed middle/b; do
		echo own >"$h/$d/who"
	done
	echo own >"$h/file"
	for d in exchanged renamed middle; do
		ln -s "$FORBIDDEN" "$h/.$d"
	done
	ln -s "$FORBIDDEN/who" "$h/.file"
	chown -hR $UID_OF_ATTACKER:$UID_OF_ATTACKER "$h"
	attack exchange "$h/exchanged" "$h/.exchanged"
	attack rotate "$h/renamed" "$h/.aside" "$h/.renamed"
	attack exchange "$h/middle" "$h/.middle"
	attack exchange "$h/file" "$h/.file"
}

attacks_end() {
	local p alive=0
	for p in "${ATTACKERS[@]}"; do
		kill -KILL "$p" 2>/dev/null && alive=$((alive + 1))
		wait "$p" 2>/dev/null
	done
	is "the attackers went on to the end" "$alive" ${#SOURCES[@]}
}

# ---- launches ---------------------------------------------------------------

# call WHO WORDS...: the runtime alone, or through ocigate
call() {
	local who=$1
	shift
	if [ "$who" = alone ]; then
		"$REAL" --root "$RT_ROOT" $GLOBAL "$@"
	else
		"$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" --root "$RT_ROOT" $GLOBAL "$@"
	fi
}

# What became of one launch: $1, its output and messages in $2.
outcome() {
	case $(cat "$2") in
	own*) echo own ;;
	forbidden*) echo lost ;;
	# crun does not show what a hook says
	*"was exchanged while"* | *"cannot be compared"* | *"error executing hook"*) echo caught ;;
	*"ocigate: rejected"*) echo refused ;;
	*) echo failed; sed "s/^/$1: /" "$2" >>"$T/failures" ;;
	esac
}

by_create() {
	call $1 create --bundle "$2" $3 >"$4" 2>&1 </dev/null && call $1 start $3 >>"$4" 2>&1 </dev/null &&
		for _ in {1..100}; do
			[ ! -s "$4" ] || break
			sleep 0.01
		done
	call $1 delete --force $3 >/dev/null 2>&1
}

by_run() {
	call $1 run --bundle "$2" $3 >"$4" 2>&1 </dev/null
	[ $1 = alone ] || call $1 delete --force $3 >/dev/null 2>&1
}

# worker N WHO: its part of the launches, each with the next source
worker() {
	local i b=$T/work/bundle$1 out=$T/out$1
	exec 8>&-
	for ((i = 0; i < LAUNCHES / WORKERS; i++)); do
		cp "$T/config$((i % ${#SOURCES[@]})).json" "$b/config.json"
		if ((i / ${#SOURCES[@]} % 2)); then
			by_create $2 "$b" "race-$1" "$out"
		else
			by_run $2 "$b" "race-$1" "$out"
		fi
		outcome $2 "$out"
	done >"$T/outcomes$1"
}

count() {
	cat "$T"/outcomes* | grep -cx "$1"
}

launches() {
	local n pids=() start=$SECONDS
	for ((n = 0; n < WORKERS; n++)); do
		worker $n $1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	note "$NAME $1: $(cat "$T"/outcomes* | wc -l) launches in $((SECONDS - start)) s:" \
		"$(count own) ran, $(count refused) refused, $(count caught) caught, $(count failed) failed, $(count lost) lost"
}

# ---- runtimes ---------------------------------------------------------------

# A document of the kind that is launched as it is.
documents() {
	local i n
	for ((n = 0; n < WORKERS; n++)); do
		bundle "$T/work/bundle$n" race-$n
	done
	# crun 1.8 takes the recursive words for directories only
	for i in "${!SOURCES[@]}"; do
		jq --arg source "$HOME_OF_ATTACKER/${SOURCES[$i]}" --arg kind "${SOURCES[$i]}" '
			(if $kind == "file" then ["/file", "/file", ""] else ["/mnt", "/mnt/who", "r"] end) as [$at, $read, $r]
			| .process.args = ["/bin/cat", $read] | del(.linux.cgroupsPath) | '"$1"'
			| .linux.namespaces += [{ "type": "cgroup" }]
			| .mounts += [{ "destination": $at, "type": "bind", "source": $source,
				"options": ["rbind", $r + "ro", $r + "nosuid", $r + "nodev", "rprivate"] }]' \
			"$T/work/bundle0/config.json" >"$T/config$i.json" || e2e_die "no document"
	done
}

races() {
	REAL=$(readlink -f "$1") NAME=$(basename "$1")
	GLOBAL=$2
	RT_ROOT=$T/$NAME-root
	documents "$3"
	launches alone
	isnt "$NAME alone lost some of $LAUNCHES: the attack is real" "$(count lost)" 0
	launches ocigate
	is "$NAME through ocigate lost none of $LAUNCHES" "$(count lost)" 0
	is "... and each was launched" "$(cat "$T"/outcomes* | wc -l)" $LAUNCHES
	isnt "... some ran with what was allowed" "$(count own)" 0
	isnt "... some were caught after the decision" "$(count caught)" 0
	is "... no container is left" "$(ls -A "$RT_ROOT" 2>/dev/null)" ""
	is "... no record is left" "$(find "$T/run" -name '*.json')" ""
	rm -rf "$T"/work/bundle*
}

# ---- what is exchanged for certain --------------------------------------------

# late NAME RUNTIME COMMANDS: a runtime called NAME in $REAL: it does that when it creates, and is RUNTIME.
late() {
	REAL=$T/bin/$1
	printf '#!/bin/bash\ncase " $* " in *" create "* | *" run "*) %s ;; esac\nexec %s "$@"\n' "$3" "$2" >"$REAL"
	chmod 755 "$REAL"
}

# What the namespaces in $NS lead to from now on: those of the process $1.
point() {
	local t
	for t in net pid ipc uts; do
		ln -sfn /proc/$1/ns/$t "$NS/$t"
	done
}

# document NAME TYPE PATH: joins it, and tells which one it is in.
joining() {
	local b=$T/work/joining
	[ -d "$b" ] || bundle "$b" joining
	jq --arg proc "$1" --arg type "$2" --arg path "$3" '
		.process.args = ["/bin/sh", "-c", "echo in $(readlink /proc/self/ns/\($proc))"]
		| del(.hostname, .linux.sysctl, .linux.cgroupsPath) | '"$FILTER"' | .linux.namespaces += [{ "type": "cgroup" }]
		| (.linux.namespaces[] | select(.type == $type)).path = $path' \
		"$T/work/joining/config.json" >"$b/new" && cat "$b/new" >"$b/config.json"
}

# namespaces RUNTIME GLOBAL FILTER: one of "other" is judged, and the host's is joined.
namespaces() {
	local runtime pid t proc theirs hosts swap NS=$T/work/ns
	runtime=$(readlink -f "$1") GLOBAL=$2 FILTER=$3 NAME=$(basename "$1") REAL=$(readlink -f "$1")
	RT_ROOT=$T/$NAME-root
	rm -rf "$NS" "$T/work/other"
	mkdir "$NS"
	bundle "$T/work/other" other '.process.args = ["/bin/sleep", "1000"] | del(.linux.cgroupsPath) | '"$FILTER"' | .linux.namespaces += [{ "type": "cgroup" }]'
	call ocigate run --detach --bundle "$T/work/other" other >"$T/out" 2>&1 </dev/null
	is "$NAME: a container to be joined" "$? $(cat "$T/out")" "0 "
	pid=$(call ocigate state other | jq .pid)
	swap=$(for t in net pid ipc uts; do printf 'ln -sfn /proc/1/ns/%s %s/%s; ' $t "$NS" $t; done)
	for t in network:net pid:pid ipc:ipc uts:uts; do
		proc=${t#*:} t=${t%:*} theirs=$(readlink "/proc/$pid/ns/$proc") hosts=$(readlink "/proc/1/ns/$proc")
		isnt "$NAME: the $t namespace is not the host's" "$theirs" "$hosts"
		rm -rf "$T/work/joining"
		joining $proc $t "$NS/$proc"
		point "$pid"
		REAL=$runtime
		by_create ocigate "$T/work/joining" joins "$T/out"
		is "... is joined by create and start" "$(cat "$T/out")" "in $theirs"
		by_run ocigate "$T/work/joining" joins "$T/out"
		is "... and by run" "$(cat "$T/out")" "in $theirs"
		late late-$NAME "$runtime" "$swap"
		by_create ocigate "$T/work/joining" joins "$T/out"
		has "... exchanged for the host's: not started" "$(cat "$T/out")" "the $t namespace was exchanged"
		hasnt "... nothing ran in it" "$(cat "$T/out")" '^in '
		point "$pid"
		by_run ocigate "$T/work/joining" joins "$T/out"
		has "... nor run" "$(cat "$T/out")" "the $t namespace was exchanged|error executing hook"
		hasnt "... nothing ran in it" "$(cat "$T/out")" '^in '
		# in a directory of a user's it is not even judged
		REAL=$runtime
		point "$pid"
		chmod 777 "$NS"
		capture call ocigate create --bundle "$T/work/joining" joins
		has "... a link in a user's directory: refused" "$err" 'can be exchanged for another'
		chmod 755 "$NS"
	done
	call ocigate delete --force other
	is "... no record is left" "$(find "$T/run" -name '*.json')" ""
}

# A runtime whose name does not tell where it keeps its state: with no --root.
bare() {
	"$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" $GLOBAL "$@"
}

unnamed() {
	local h=$HOME_OF_ATTACKER/certain crun how
	crun=$(readlink -f "$1") GLOBAL=$2
	rm -rf "$T/work/bundle0"
	mkdir -p "$h/src"
	echo own >"$h/src/who"
	bundle "$T/work/bundle0" unnamed '.process.args = ["/bin/cat", "/mnt/who"] | del(.linux.cgroupsPath) | '"$3"'
		| .linux.namespaces += [{ "type": "cgroup" }] | .mounts += [{ "destination": "/mnt", "type": "bind",
			"source": "'"$h/src"'", "options": ["rbind", "rro", "rnosuid", "rnodev", "rprivate"] }]'
	for how in oci link; do
		rm -f "$T/bin/$how"
		case $how in
		oci) late oci "$crun" : ;;
		link) REAL=$T/bin/runc && ln -sf "$crun" "$REAL" ;;
		esac
		capture bare create --bundle "$T/work/bundle0" unnamed
		is "crun, called ${REAL##*/}: created" "$rc $err" "0 "
		bare start unnamed >"$T/out" 2>&1
		wait_for 5 test -s "$T/out"
		capture bare delete --force unnamed
		is "... deleted" "$rc" 0
		is "... no record is left" "$(find "$T/run" -name '*.json')" ""
	done
	late oci "$crun" "mv $h/src $h/.src; ln -s $FORBIDDEN $h/src"
	bare create --bundle "$T/work/bundle0" unnamed >"$T/out" 2>&1
	bare start unnamed >>"$T/out" 2>&1
	has "... a bind is exchanged: not started" "$(cat "$T/out")" 'was exchanged while'
	capture bare delete --force unnamed
	rm "$h/src"
	mv "$h/.src" "$h/src"
	# where nobody would look
	late oci "$crun --root $T/elsewhere" :
	bare create --bundle "$T/work/bundle0" unnamed >"$T/out" 2>&1
	bare start unnamed >>"$T/out" 2>&1
	has "... its state is nowhere: not started" "$(cat "$T/out")" "state of the container cannot be found"
	capture bare exec unnamed /bin/cat /mnt/who
	has "... nor anything in it" "$err" "state of the container cannot be found"
	capture bare delete --force unnamed
	is "... deleted" "$rc" 0
	capture bare start unnamed
	isnt "a container that is not there is not started" "$rc" 0
}

policy '{ "version": 1, "extends": "baseline", "rules": {
	"invocation": { "action": "reject", "allow": ["cgroup-manager=disabled"] },
	"mounts": { "action": "rewrite", "outside": "reject",
		"allow": [{ "source": "'"$HOME_OF_ATTACKER"'", "access": "ro" }] } } }'

attacks_begin
races "$(command -v runc)" "" .
namespaces "$(command -v runc)" "" .
# crun wants either kind of cgroups, and to be able to write to them
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup || e2e_die "no cgroup2"
crun=$(command -v crun) || e2e_die "no crun"
races "$crun" --cgroup-manager=disabled '.ociVersion = "1.0.2"'
namespaces "$crun" --cgroup-manager=disabled '.ociVersion = "1.0.2"'
attacks_end
unnamed "$crun" --cgroup-manager=disabled '.ociVersion = "1.0.2"'
[ ! -s "$T/failures" ] || note "failures:" "$(sort "$T/failures" | uniq -c | sort -rn | head -n 5)"
e2e_end
