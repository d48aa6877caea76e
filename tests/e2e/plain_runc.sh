#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Bundles of no engine, with the real runc: the life of a container through
# ocigate, the record of a launch, what a refusal leaves behind (nothing), the
# original config.json that delete puts back, and containers that can be stopped
# whatever has become of the policy.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"

# crun.sh runs the same cases: GLOBAL are flags of every call, ALLOW is what the
# rule invocation must let pass for them, CAN is what the runtime below can do there.
GLOBAL=()
ALLOW=
CAN="ps pause update events keep"
if type plain_begin >/dev/null 2>&1; then
	plain_begin
fi

can() {
	[[ " $CAN " == *" $1 "* ]]
}

PERMISSIVE='{ "version": 1, "extends": "permissive" }'
# Rewrites every launch of root, and refuses what is bind-mounted.
STRICT='{ "version": 1, "extends": "permissive", "rules": {
	"invocation": { "action": "reject", "allow": ['"$ALLOW"'] },
	"user": { "action": "rewrite", "uid": ["65534"], "gid": ["65534"], "groups": ["65534"], "to": "65534:65534" },
	"mounts": { "action": "rewrite", "outside": "reject" } } }'

B=$T/work/bundle
ID=c1

# make [FILTER]: a fresh bundle; its config.json also kept as $T/original
make() {
	rt delete --force $ID >/dev/null 2>&1 8>&-
	unbundle "$B" $ID
	bundle "$B" $ID "${1:-.}"
	cp "$B/config.json" "$T/original"
}

edit() {
	jq "$1" "$B/config.json" >"$T/.edit" && cat "$T/.edit" >"$B/config.json"
}

status() {
	real state $ID 2>/dev/null | jq -r .status
}

stopped() {
	[ "$(status)" = stopped ]
}

records() {
	find "$T/run" -mindepth 1 ! -type d ! -name '*lock*'
}

# Nothing of a launch is left: no container, record, second file in the bundle.
nothing_left() {
	is "$1: no container" "$(real list -q)" ""
	is "$1: no record" "$(records)" ""
	is "$1: no other file in the bundle" "$(ls -A "$B" | tr '\n' ' ')" "config.json rootfs "
	same "$1: config.json as it was" "$T/original" "$B/config.json"
	is "$1: no cgroup" "$(ls -d /sys/fs/cgroup/*/"${T##*/}"/$ID 2>/dev/null)" ""
}

# A foreground run ends inside the runtime, where nobody of ours is left to clean
# up; delete --force, which succeeds for an unknown id, does.
swept() {
	capture rt delete --force $ID
	is "$1: delete --force" "$rc $out$err" "0 "
	nothing_left "$1"
}

# ---- the life of a container ------------------------------------------------

# What a runtime does by means of cgroups.
managed() {
	if can ps; then
		capture rt ps $ID
		has "ps" "$out" 'probe wait'
		capture rt ps --format json $ID
		is "ps --format json" "$(jq length <<<"$out")" 1
	fi
	if can pause; then
		capture rt pause $ID
		is "pause" "$rc $(status)" "0 paused"
		capture rt resume $ID
		is "resume" "$rc $(status)" "0 running"
	fi
	if can update; then
		capture rt update --memory 67108864 $ID
		is "update" "$rc $err" "0 "
	fi
	if can events; then
		capture rt events --stats $ID
		is "events" "$rc $(jq -r .data.memory.usage.limit <<<"$out")" "0 67108864"
	fi
}

life() {
	make '.process.args = ["/bin/probe", "wait"]'
	policy "$PERMISSIVE"
	capture rt create --bundle "$B" --pid-file "$T/pid" $ID
	is "create" "$rc $out$err" "0 "
	is "create: state is created" "$(status)" created
	is "create: pid file is the pid" "$(cat "$T/pid")" "$(real state $ID | jq .pid)"
	capture rt start $ID
	is "start" "$rc $err" "0 "
	is "start: running" "$(status)" running
	capture rt state $ID
	is "state: id, bundle" "$(jq -r '.id + " " + .bundle' <<<"$out")" "$ID $B"
	capture rt list
	has "list: the caller's bundle path" "$out" "^$ID .* $B "
	capture rt exec $ID /bin/probe exit 42
	is "exec: status and streams" "$rc $out $err" "42 to stdout to stderr"
	capture rt exec --user 1000:1000 --cwd /tmp --env A=b $ID /bin/sh -c 'id -u; pwd; echo $A'
	is "exec: flags" "$(tr '\n' ' ' <<<"$out")" "1000 /tmp b "
	managed
	capture rt kill $ID KILL
	is "kill" "$rc" 0
	check "stopped" wait_for 5 stopped
	capture rt delete $ID
	is "delete" "$rc $out$err" "0 "
	nothing_left "delete"
}

kept() {
	make
	capture rt --log "$T/runc-log.json" --log-format json run --bundle "$B" --keep $ID
	is "BuildKit's run --keep" "$rc $out" "0 hello"
	is "... keeps the container" "$(status)" stopped
	capture rt --log "$T/runc-log.json" --log-format json delete $ID
	is "... until delete" "$rc" 0
	nothing_left "run --keep, delete"
}

run_forms() {
	make '.process.args = ["/bin/probe", "exit", "1"]'
	policy "$PERMISSIVE"
	capture rt run --bundle "$B" $ID
	is "run: status 1 and both streams" "$rc $out $err" "1 to stdout to stderr"
	swept "run"
	! can keep || kept
	make '.process.args = ["/bin/probe", "wait"]'
	capture rt run -d --bundle "$B" --pid-file "$T/pid" $ID
	is "run -d" "$rc $(status)" "0 running"
	capture rt delete --force $ID
	is "delete --force of a running container" "$rc" 0
	nothing_left "delete --force"
	make
	(cd "$B" && capture rt run $ID; echo "$rc $out") >"$T/here"
	is "run without --bundle: the working directory" "$(cat "$T/here")" "0 hello"
	swept "run without --bundle"
}

# ---- rewritten --------------------------------------------------------------

rewritten() {
	make '.process.args = ["/bin/probe", "wait"]'
	policy "$STRICT"
	capture rt create --bundle "$B" $ID
	is "rewritten create" "$rc $err" "0 "
	is "config.json is the rewritten one" "$(jq -c '.process.user | [.uid, .gid]' "$B/config.json")" "[65534,65534]"
	same "config.json.ocigate is the original" "$T/original" "$B/config.json.ocigate"
	isnt "there is a record" "$(records)" ""
	is "... for root only" "$(records | xargs -r stat -c '%u %A' | cut -c 1-6,9-12 | sort -u | grep -v '^0 -rw-')" ""
	rt start $ID
	is "runs as the policy's user" "$(awk '/^Uid:/ { print $2 }' "/proc/$(real state $ID | jq .pid)/status")" 65534
	capture rt exec $ID /bin/probe state
	has "exec is judged too: uid" "$out" '^Uid:.65534.65534'
	capture rt exec --user 0:0 $ID /bin/probe state
	has "exec --user 0:0 gains nothing" "$out" '^Uid:.65534.65534'
	printf '{"user":{"uid":0,"gid":0},"args":["/bin/probe","state"],"env":["A=b"],"cwd":"/"}' >"$T/process.json"
	capture rt exec --process "$T/process.json" $ID
	has "exec --process: uid" "$out" '^Uid:.65534.65534'
	has "exec --process: the rest of it" "$out" '^env: A=b'
	has "... the file is as it was" "$(cat "$T/process.json")" '^\{"user":\{"uid":0,"gid":0\}'
	rt delete --force $ID
	nothing_left "rewritten, deleted"
}

# A second launch of the same bundle starts from the same original.
again() {
	make '.process.args = ["/bin/probe", "state"]'
	policy "$STRICT"
	capture rt run --bundle "$B" $ID
	has "run, rewritten" "$out" '^Uid:.65534'
	capture rt run --bundle "$B" $ID
	has "... again, without a delete" "$out" '^Uid:.65534'
	swept "again"
	capture rt run --bundle "$B" $ID
	has "... and after one" "$out" '^Uid:.65534'
	swept "and again"
}

# ---- refused ----------------------------------------------------------------

refused() {
	make '.mounts += [{"destination": "/x", "type": "bind", "source": "/etc", "options": ["rbind"]}]'
	policy "$STRICT"
	for verb in create run; do
		capture rt --log "$T/log.json" --log-format json $verb --bundle "$B" --pid-file "$T/refused.pid" $ID
		is "refused $verb: status" "$rc" 1
		has "refused $verb: stderr says why" "$err" '^ocigate: rejected: mounts: "/etc" '
		is "refused $verb: nothing on stdout" "$out" ""
		is "refused $verb: one line on stderr" "$(grep -c . <<<"$err")" 1
		is "refused $verb: one line in the log" "$(wc -l <"$T/log.json")" 1
		is "refused $verb: the same text there" "$(jq -r .msg "$T/log.json")" "$err"
		is "refused $verb: its level" "$(jq -r .level "$T/log.json")" error
		check "refused $verb: its time" date -d "$(jq -r .time "$T/log.json")"
		is "refused $verb: no pid file" "$(ls "$T/refused.pid" 2>/dev/null)" ""
		rm -f "$T/log.json"
		nothing_left "refused $verb"
		capture rt delete --force $ID
		is "delete --force after a refused $verb" "$rc" 0
	done
	capture rt --log "$T/log.txt" run --bundle "$B" $ID
	is "refused, no --log-format: one line of JSON all the same" "$(jq -r .msg "$T/log.txt")" "$err"
}

# dev_is WHAT...: makes the root file system's "dev" with that command.
dev_is() {
	make
	rm -rf "$B/rootfs/dev" "$T/host-dir"
	mkdir -p "$T/host-dir" "$B/rootfs$T/host-dir"
	"$@" "$B/rootfs/dev"
}

# An image whose /dev is a link: older runtimes make files of the host where it leads.
dev_of_image() {
	policy "$STRICT"
	dev_is ln -s "$T/host-dir"
	capture real run --bundle "$B" $ID
	note "without ocigate, made in the host's directory: $(ls -A "$T/host-dir" | tr '\n' ' ')"
	dev_is ln -s "$T/host-dir"
	capture rt run --bundle "$B" $ID
	is "/dev of the image is a link" "$rc $out" "1 "
	has "... said so" "$err" '^ocigate: rejected: mounts: "/dev" of the root file system is a symlink, '
	is "... nothing is made where it leads" "$(ls -A "$T/host-dir")" ""
	nothing_left "/dev is a link"
	dev_is touch
	capture rt run --bundle "$B" $ID
	has "/dev of the image is a file" "$rc $err" '^1 ocigate: rejected: mounts: "/dev" of the root file system is no directory, '
	dev_is true
	capture rt run --bundle "$B" $ID
	is "no /dev in the image" "$rc $out" "0 hello"
}

ambiguous() {
	make
	policy "$PERMISSIVE"
	sed -i '1s/{/{"Process":{"args":["\/bin\/id"]},/' "$B/config.json"
	cp "$B/config.json" "$T/original"
	capture rt run --bundle "$B" $ID
	is "a key that folds onto another: refused" "$rc $out" "1 "
	has "... and it is named" "$err" '^ocigate: .*Process'
	nothing_left "ambiguous"
	printf '{ "ociVersion": ' >"$B/config.json"
	cp "$B/config.json" "$T/original"
	capture rt create --bundle "$B" $ID
	is "no JSON: refused" "$rc" 1
	has "... with its place" "$err" 'config\.json:[0-9]+:[0-9]+'
	nothing_left "no JSON"
	rm "$B/config.json"
	capture rt create --bundle "$B" $ID
	is "no config.json: refused" "$rc" 1
	capture rt create --bundle "$T/nowhere" $ID
	is "no bundle: refused" "$rc" 1
}

refused_commands() {
	policy "$STRICT"
	capture rt init
	isnt "init is refused" "$rc" 0
	capture rt --frobnicate list
	isnt "an unknown flag is refused" "$rc" 0
	capture rt frobnicate $ID
	isnt "an unknown command is refused" "$rc" 0
	policy '{ "version": 1, "extends": "baseline" }'
	capture rt restore --image-path "$T" --bundle "$B" $ID
	has "restore is refused" "$err" '^ocigate: rejected: (.*; )?invocation: '
	make
	capture rt create --no-pivot --bundle "$B" $ID
	has "create --no-pivot is refused" "$err" '^ocigate: rejected: (.*; )?invocation: '
	capture rt create --preserve-fds 2 --bundle "$B" $ID
	has "create --preserve-fds is refused" "$err" '^ocigate: rejected: (.*; )?descriptors: '
	nothing_left "refused by the command line"
}

# ---- whatever becomes of the policy -----------------------------------------

# without WHAT: the policy is unusable; a running container can be managed.
without() {
	capture rt create --bundle "$T/work/other" other
	is "$1: create is refused" "$rc" 1
	has "... and says so" "$err" '^ocigate: .*policy'
	capture rt exec $ID /bin/probe hello
	is "$1: exec is refused" "$rc $out" "255 "
	capture rt state $ID
	is "$1: state" "$rc $(jq -r .status <<<"$out")" "0 running"
	capture rt list -q
	is "$1: list" "$out" $ID
	if can pause; then
		capture rt pause $ID
		capture rt resume $ID
		is "$1: pause, resume" "$rc" 0
	fi
	capture rt kill $ID KILL
	is "$1: kill" "$rc" 0
	wait_for 5 stopped
	capture rt delete $ID
	is "$1: delete" "$rc" 0
	nothing_left "$1"
}

running() {
	make '.process.args = ["/bin/probe", "wait"]'
	policy "$STRICT"
	rt create --bundle "$B" $ID </dev/null >/dev/null 2>&1 8>&-
	rt start $ID
}

policy_unusable() {
	bundle "$T/work/other" other
	running
	rm "$POLICY"
	without "no policy file"
	running
	echo '{ "version": 1, "extends": ' >"$POLICY"
	without "broken policy"
	running
	policy '{ "version": 1, "extends": "permissive", "no-such-key": 1 }'
	without "unknown key"
	running
	chmod 666 "$POLICY"
	without "policy that others may write"
	rm -f "$POLICY"
	running
	chown 1000 "$POLICY"
	without "policy of another owner"
	rm -f "$POLICY"
	running
	mv "$POLICY" "$T/etc/elsewhere.json"
	ln -s elsewhere.json "$POLICY"
	chmod 777 "$T/etc"
	without "policy in a directory that others may write"
	chmod 755 "$T/etc"
	rm -f "$POLICY" "$T/etc/elsewhere.json"
	rm -rf "$T/work/other"
}

# A container launched by the runtime alone, before ocigate came.
no_record() {
	make '.process.args = ["/bin/probe", "wait"]'
	policy "$STRICT"
	real create --bundle "$B" $ID </dev/null >/dev/null 2>&1 8>&-
	capture rt start $ID
	is "no record: start is refused" "$rc" 1
	real start $ID
	capture rt exec $ID /bin/probe hello
	is "no record: exec is refused" "$rc $out" "255 "
	has "... and says why" "$err" '^ocigate: '
	capture rt kill $ID KILL
	is "no record: kill" "$rc" 0
	wait_for 5 stopped
	capture rt delete $ID
	is "no record: delete" "$rc" 0
	is "no record: gone" "$(real list -q)" ""
}

# Two state directories may hold the same id.
two_roots() {
	local first=$RT_ROOT
	make '.process.args = ["/bin/probe", "wait"] | .linux.cgroupsPath += "-1"'
	policy "$PERMISSIVE"
	rt run -d --bundle "$B" $ID </dev/null >/dev/null 2>&1 8>&-
	bundle "$T/work/second" $ID '.process.args = ["/bin/probe", "wait"] | .linux.cgroupsPath += "-2"'
	RT_ROOT=$T/second-root
	capture rt run -d --bundle "$T/work/second" $ID
	is "the same id in another root" "$rc $(status)" "0 running"
	rt delete --force $ID
	is "... deleted there" "$(real list -q)" ""
	RT_ROOT=$first
	is "... and not here" "$(status)" running
	capture rt exec $ID /bin/probe hello
	is "... where exec still has its record" "$rc $out" "0 hello"
	rt delete --force $ID
	rm -rf "$T/work/second"
	is "... and deleted here" "$(real list -q) $(records)" " "
}

# As rt, with the runtime that the link names.
by_link() {
	"$RT" --ocigate-policy="$POLICY" --root "$RT_ROOT" "${GLOBAL[@]}" "$@"
}

# The launch says which runtime it used; later commands use that one.
runtime_recorded() {
	make '.process.args = ["/bin/probe", "wait"]'
	policy "$PERMISSIVE"
	real_is "$REAL"
	capture by_link run -d --bundle "$B" $ID
	is "run by the link's runtime" "$rc $(status)" "0 running"
	printf '#!/bin/sh\necho another runtime >&2\nexit 9\n' >"$T/bin/other-runtime"
	chmod 755 "$T/bin/other-runtime"
	real_is "$T/bin/other-runtime"
	capture by_link list
	is "list: by the one that the link now names" "$rc" 9
	capture by_link state $ID
	is "state: by the recorded runtime" "$rc $(jq -r .status <<<"$out")" "0 running"
	capture by_link exec $ID /bin/probe hello
	is "exec: by the recorded runtime" "$rc $out" "0 hello"
	capture by_link delete --force $ID
	is "delete: by the recorded runtime" "$rc $(real list -q)" "0 "
	rm "$T/etc/runtime"
}

# What a launch recorded may be ocigate by now, or gone (install --as-runc, and its undo):
# its container can be stopped all the same.
runtime_replaced() {
	make '.process.args = ["/bin/probe", "wait"]'
	policy "$PERMISSIVE"
	cp "$REAL" "$T/bin/first"
	real_is "$T/bin/first"
	capture by_link run -d --bundle "$B" $ID
	is "run by a runtime that will not stay" "$rc $(status)" "0 running"
	ln -sf "$RT" "$T/bin/first"
	real_is "$REAL"
	capture by_link exec $ID /bin/probe hello
	is "... that is ocigate now: exec" "$rc $out" "0 hello"
	rm "$T/bin/first"
	capture by_link state $ID
	is "... that is gone: state" "$rc $(jq -r .status <<<"$out")" "0 running"
	capture by_link kill $ID KILL
	is "... kill" "$rc" 0
	wait_for 5 stopped
	capture by_link delete $ID
	is "... delete" "$rc $(real list -q) $(records)" "0  "
	rm "$T/etc/runtime"
	cp "$REAL" "$T/etc/runtime"
	capture by_link list
	is "a program in the place of the link" "$rc" 1
	has "... is not passed over in silence" "$err" '/etc/ocigate/runtime is no symbolic link: make it one'
	rm "$T/etc/runtime"
	mkdir "$T/work/theirs"
	cp "$REAL" "$T/work/theirs/runtime"
	chown 1000 "$T/work/theirs"
	RT_REAL=$T/work/theirs/runtime capture rt list
	is "a runtime that a user could exchange" "$rc" 1
	has "... is not executed" "$err" 'others than root may write a directory on the way to it'
	rm -r "$T/work/theirs"
}

# Below a directory of a user's, root's bundle can be exchanged once it was judged.
bundle_of_others() {
	policy "$PERMISSIVE"
	mkdir -p "$T/work/theirs"
	bundle "$T/work/theirs/bundle" $ID
	chown 1000 "$T/work/theirs"
	capture rt run --bundle "$T/work/theirs/bundle" $ID
	is "a bundle that a user could exchange" "$rc $out" "1 "
	has "... says so" "$err" "$T/work/theirs/bundle: others than root may write a directory on the way to the bundle"
	nothing_left "a bundle that a user could exchange"
	chown 0 "$T/work/theirs"
	capture rt run --bundle "$T/work/theirs/bundle" $ID
	is "... that only root can: runs" "$rc" 0
	unbundle "$T/work/theirs/bundle" $ID
	rm -r "$T/work/theirs"
}

# A runtime that shows the process document of exec.
SHOW='#!/bin/sh
for arg; do
	case $arg in --process=*) cat "${arg#*=}" ;; --process-label* | --apparmor*) exit 9 ;; esac
done'

# exec takes what the container was launched with, and leaves it where it is.
exec_beside() {
	make '.process.args = ["/bin/probe", "wait"]'
	policy "$STRICT"
	rt run -d --bundle "$B" $ID </dev/null >/dev/null 2>&1 8>&-
	is "the launch was rewritten" "$(jq .process.user.uid "$B/config.json")" 65534
	capture rt exec $ID /bin/probe hello
	is "exec beside it" "$rc $out" "0 hello"
	is "... config.json is what was launched" "$(jq .process.user.uid "$B/config.json")" 65534
	check "... and the original is kept" cmp -s "$B/config.json.ocigate" "$T/original"
	printf '%s\n' "$SHOW" >"$T/bin/show"
	chmod 755 "$T/bin/show"
	policy "${STRICT/'"allow": ['/'"allow": ["apparmor", "process-label"'${ALLOW:+,}}"
	RT_REAL=$T/bin/show capture rt exec --user 0 --apparmor some-profile --process-label some_u:some_r:some_t:s0 $ID /bin/probe
	is "exec by flags: the profile and the label are in the document" \
		"$(jq -c '[.apparmorProfile, .selinuxLabel, .user.uid]' <<<"$out")" '["some-profile","some_u:some_r:some_t:s0",65534]'
	rt delete --force $ID
	check "delete puts the original back" cmp -s "$B/config.json" "$T/original"
}

# The reason reaches the user whatever else fails.
refused_and_told() {
	make '.mounts += [{"destination": "/x", "type": "bind", "source": "/etc", "options": ["rbind"]}]'
	policy "${STRICT/'"version": 1,'/'"version": 1, "audit": { "file": "/none/such/audit.jsonl", "required": true },'}"
	capture rt run --bundle "$B" $ID
	is "refused, and no log to write that to" "$rc" 1
	has "... the reason" "$err" 'mounts: "/etc" is not an allowed source'
	has "... and the log" "$err" 'and the audit log "/none/such/audit.jsonl" cannot be opened'
	policy "$STRICT"
	rm -f "$T/log/runtime.json"
	(
		exec 2> >(exit 0)
		sleep 0.2
		rt --log "$T/log/runtime.json" run --bundle "$B" $ID </dev/null >/dev/null 8>&-
	)
	has "nobody reads the standard error: the engine's log has the reason" "$(jq -r .msg "$T/log/runtime.json")" 'mounts: "/etc"'
}

modes() {
	make '.process.args = ["/bin/probe", "state"] | .mounts += [{"destination": "/x", "type": "bind", "source": "/etc", "options": ["rbind"]}]'
	policy "${STRICT/'"version": 1,'/'"version": 1, "mode": "audit", "audit": { "file": "'"$T/log/audit.jsonl"'" },'}"
	capture rt run --bundle "$B" $ID
	is "audit: runs" "$rc" 0
	has "audit: as it came" "$out" '^Uid:.0'
	is "audit: verdict recorded" "$(jq -r .verdict "$T/log/audit.jsonl")" reject
	is "audit: nothing applied" "$(jq -r '[.findings[].applied] | unique | .[]' "$T/log/audit.jsonl")" false
	is "audit: the rules" "$(jq -r '[.findings[] | select(.action != "audit") | .rule] | unique | join(" ")' "$T/log/audit.jsonl")" "mounts user"
	swept "audit"
	capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" --ocigate-mode=enforce --root "$RT_ROOT" "${GLOBAL[@]}" run --bundle "$B" $ID
	is "a stricter mode by the command line" "$rc" 1
	policy "$STRICT"
	capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" --ocigate-mode=audit --root "$RT_ROOT" "${GLOBAL[@]}" run --bundle "$B" $ID
	is "a looser one is refused" "$rc $out" "1 "
	make
	capture "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" --ocigate-mode=explain --root "$RT_ROOT" "${GLOBAL[@]}" run --bundle "$B" $ID
	is "explain: does not run" "$rc $out" "1 "
	has "explain: what would be rewritten" "$err" 'user: '
	nothing_left "explain"
}

# With another runtime there is no policy to test: the life of a container only.
if [ -n "$IS_OCIGATE" ]; then
	mkdir -p "$T/work"
	life
	run_forms
	rewritten
	again
	refused
	dev_of_image
	ambiguous
	refused_commands
	policy_unusable
	no_record
	two_roots
	runtime_recorded
	runtime_replaced
	bundle_of_others
	exec_beside
	refused_and_told
	modes
else
	life
	run_forms
	need_ocigate "policies and records"
fi
if type plain_more >/dev/null 2>&1; then
	plain_more
fi
unbundle "$B" $ID
e2e_end
