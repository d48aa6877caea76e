#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the administrator's tool makes of an audit log: drafts under which what was seen
# complies, launches counted apart from what is done in containers, and which log it is.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2154
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"
need_ocigate "reading logs" || e2e_end

LOG=$T/log/audit.jsonl
AUDIT='"audit": { "file": "'$LOG'" }'

# seen EDIT: a bundle with an edit, launched in audit mode into an empty log.
seen() {
	rm -f "$LOG"
	policy '{ "version": 1, "extends": "lab", "mode": "audit", '"$AUDIT"' }'
	bundle "$T/b" c "$1"
	capture rt create --bundle "$T/b" c
	rt delete --force c >/dev/null 2>&1
}

# mount_of SOURCE DESTINATION
mount_of() {
	printf '.mounts += [{ destination: "%s", type: "none", source: "%s", options: ["rbind", "ro"] }]' "$2" "$1"
}

# drafted NAME SOURCE...: what the draft of the log allows to be mounted.
drafted() {
	local name=$1
	shift
	"$CTL" suggest --extends lab "$LOG" >"$T/draft.json"
	is "$name: suggested" "$(sed -n 's/.*{ "source": \("[^"]*"\),.*/\1/p' "$T/draft.json" | tr '\n' ' ')" "$(printf '"%s" ' "$@")"
}

permitted() {
	capture "$CTL" dry-run --policy "$T/draft.json" "$T/b"
	hasnt "$1: permitted by the draft" "$out$err" 'is not an allowed source'
}

sources() {
	local odd="$T/x is not an allowed source"
	mkdir -p "$T/real" "$T/below/m" "$odd"
	ln -s real "$T/link"
	ln -s "$odd" "$T/odd"
	mount -t tmpfs tmpfs "$T/below/m"
	seen "$(mount_of "$T/link" /a) | $(mount_of "$T/odd" /b) | $(mount_of "$T/below" /c)"
	drafted "links" "$T/below" "$T/real" "$odd"
	permitted "links"
	echo '{ "version": 1, "extends": "lab", "rules": { "mounts": { "allow": [{ "source": "'"$T"'/link", "access": "ro" }] } } }' >"$T/link.json"
	has "check: a source that is a link" "$("$CTL" check "$T/link.json")" "warning: the source \"$T/link\" leads .* it leads to, \"$T/real\""
	sed -i 's,/link",/real",' "$T/link.json"
	hasnt "... and one that is none" "$("$CTL" check "$T/link.json")" 'symbolic link'
	# What no list can permit is not asked for again and again.
	mkdir -p "$T/proc/p"
	mount -t proc proc "$T/proc/p"
	seen "$(mount_of "$T/proc" /a)"
	drafted "a proc file system below" "$T/proc"
	capture "$CTL" dry-run --policy "$T/draft.json" "$T/b"
	has "... which is never allowed" "$rc$out" '^  reject +mounts: .*"'"$T"'/proc/p", a proc file system .* never allowed .*bind-recursive=disabled'
	jq -n --arg why "$(sed -n 's/^  reject *mounts: //p' <<<"$out")" '{ command: "create", verdict: "reject", findings: [{ rule: "mounts", path: "/mounts/7", why: $why }] }' |
		jq -c . >"$LOG"
	capture "$CTL" suggest "$LOG"
	hasnt "... so nothing is suggested" "$out" '"source"'
	umount "$T/proc/p" "$T/below/m"
}

# One container, three execs and an update in it.
counted() {
	local i
	rm -f "$LOG"
	for i in create exec exec exec update; do
		jq -nc --arg command "$i" '{ time: "2026-10-01T00:00:00.000000Z", command: $command, image: "i:1", verdict: "rewrite",
			findings: [{ rule: (if $command == "create" then "mounts" else "capabilities" end), action: "rewrite", path: "/x", why: "y" }] }'
	done >"$LOG"
	capture "$CTL" report "$LOG"
	has "report: one launch" "$out" '^launches: 0 complied, 0 noted, 1 rewritten, 0 rejected$'
	has "... beside it what was done in it" "$out" '^exec, update: 0 complied, 0 noted, 4 rewritten, 0 rejected$'
	is "... the tables apart, too" "$(sed -n 's/  */ /g; /^\(mounts\|capabilities\|i:1\|2026-10-01\|of\) /p' <<<"$out")" 'mounts 0 1 0
i:1 0 1 0 0
2026-10-01 0 1 0 0
of exec and update:
capabilities 0 4 0
i:1 0 4 0 0'
	is "... to programs" "$("$CTL" report --format json "$LOG" | jq -c '[.rewritten, .rules, .days[].rewritten, .exec_update.rewritten, .exec_update.images[].rewritten] | map(objects |= keys)')" \
		'[1,["mounts"],1,4,4]'
	capture "$CTL" report --html "$LOG"
	has "... in a page" "$out" '<h1>ocigate: 1 launch</h1>'
	has "... beside it" "$out" 'exec and update: 0 rejected, 4 rewritten, 0 noted, 0 complied\.'
	capture "$CTL" suggest "$LOG"
	has "suggest: one launch" "$out" '^// What 1 recorded launch would'
	has "... beside it" "$out" '^// Counted with them, exec and update: 4$'
	grep -v '"create"' "$LOG" >"$T/execs.jsonl"
	capture "$CTL" suggest "$T/execs.jsonl"
	has "... of no launch, but execs" "$rc$out" '^0// What 0 recorded launches would'
	head -n 1 "$LOG" >"$T/one.jsonl"
	hasnt "report: without any" "$("$CTL" report "$T/one.jsonl")" 'exec'
}

# Why the policy's log is not the one that is read.
policies_log() {
	local what
	echo '{ "version": 1, "extends": "lab", '"$AUDIT"', }' >"$POLICY"
	for what in report "report --html" suggest; do
		capture "$CTL" $what
		is "$what, with a typo in the policy: said, once" "$rc $(grep -c 'which log the policy names is not known: .*policy\.json:1:[0-9]*: ' <<<"$err")" "0 1"
	done
	capture "$CTL" report "$LOG"
	is "... the policy is not asked where a log is given" "$err" ""
	policy '{ "version": 1, "extends": "lab", '"$AUDIT"' }'
	chmod 666 "$POLICY"
	capture "$CTL" report
	has "... nor is one that others may write trusted" "$err" 'is not known: .*policy\.json: .*writ'
	rm "$POLICY"
	capture "$CTL" report
	is "... no policy is no mistake" "$rc $err" "0 "
}

# A log that is a link is not followed: whoever may write its directory chose it.
linked() {
	mkdir -p "$T/log/real"
	ln -sf real/a.jsonl "$T/log/link.jsonl"
	policy '{ "version": 1, "extends": "lab", "audit": { "file": "'"$T"'/log/link.jsonl" } }'
	bundle "$T/b" c "$(mount_of /etc /a)"
	capture rt create --bundle "$T/b" c
	has "a log that is a link: the launch says so" "$rc $err" "^1 .*the audit log \"$T/log/link\.jsonl\" is a symbolic link, which is not followed: name the file itself"
	check "... and nothing is written" test ! -e "$T/log/real/a.jsonl"
	capture "$CTL" status
	has "... status, too" "$out" "log-not-writable: the log $T/log/link\.jsonl is a symbolic link"
	rm "$T/log/link.jsonl"
	mkfifo "$T/log/link.jsonl"
	has "... and of a FIFO" "$("$CTL" status)" "log-not-writable: the log $T/log/link\.jsonl is no regular file"
	rm "$T/log/link.jsonl"
	touch "$T/log/link.jsonl"
	hasnt "... not of a file" "$("$CTL" status)" 'log-not-writable'
}

# One bundle that is not there says nothing of the next.
several() {
	local b=$E2E_TREE/examples/bundles
	policy '{ "version": 1, "extends": "lab" }'
	capture "$CTL" dry-run "$b/ordinary" "$T/missing" "$b/privileged"
	has "dry-run of several: the first" "$out" "^$b/ordinary: "
	has "... one is missing" "$err" 'missing.*ENOENT'
	has "... the next is judged" "$out" "^$b/privileged: would be re"
	is "... the worst is told" "$rc" 1
}

# A parent that is slow to take note of the end: the record goes with the container.
zombie() {
	policy '{ "version": 1, "extends": "baseline", "rules": { "rootfs": { "storage": false }, "cgroup": { "action": "off" } } }'
	bundle "$T/b" z '.process.args = ["/bin/sleep", "1000"]'
	check "delete of an unreaped container" /usr/bin/python3 - "$RT" --ocigate-policy="$POLICY" --ocigate-runtime="$REAL" --root "$RT_ROOT" "$T/b" <<-'PY'
		import ctypes, glob, subprocess, sys, time
		PR_SET_CHILD_SUBREAPER = 36
		ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
		rt, bundle = sys.argv[1:-1], sys.argv[-1]
		null = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		pidfile = bundle + "/pid"
		for args in (["create", "--bundle", bundle, "--pid-file", pidfile, "z"], ["start", "z"], ["kill", "z", "KILL"]):
		    subprocess.run(rt + args, check=True, **null)
		assert glob.glob("/run/ocigate/z-*")
		pid = open(pidfile).read()
		while open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z": time.sleep(0.01)
		sys.exit(subprocess.run(rt + ["delete", "z"]).returncode)
	PY
	is "... leaves no record" "$(find "$T/run" -name 'z-*')" ""
	unbundle "$T/b" z
}

sources
counted
policies_log
linked
several
zombie
e2e_end
