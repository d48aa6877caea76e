#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The administrator's tool over what the programs really wrote: launches in audit mode,
# report and suggest over their log, the suggestion checked and enforced; show, rule and
# schema against every preset and example. Speed against jq, memory whatever the size.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
e2e_begin "$@"

LOG=$T/log/audit.jsonl
n=0

# launch EDIT: a bundle with an edit, through ocigate; its status in $rc.
launch() {
	n=$((n + 1))
	bundle "$T/b$n" "c$n" "$1"
	capture rt run --bundle "$T/b$n" "c$n"
	unbundle "$T/b$n" "c$n"
}

caps='.process.capabilities = { bounding: ["CAP_CHOWN","CAP_SYS_PTRACE"], effective: ["CAP_CHOWN","CAP_SYS_PTRACE"], permitted: ["CAP_CHOWN","CAP_SYS_PTRACE"] }'
devices='.linux.devices = [{ path: "/dev/kmsg", type: "c", major: 1, minor: 11 }, { path: "/dev/fuse", type: "c", major: 10, minor: 229 },
	{ path: "/dev/loop7", type: "b", major: 7, minor: 7 }]'
mnt='.mounts += [{ destination: "/data", type: "none", source: "'$T'/allowed", options: ["rbind"] }]'

audited() {
	mkdir -p "$T/allowed"
	policy '{ "version": 1, "extends": "restricted", "mode": "audit", "rules": { "image": { "action": "off" } },
		"audit": { "file": "'"$LOG"'", "complying": true } }'
	launch "$caps"
	is "audit mode: the launch runs" "$rc" 0
	launch "$caps | $mnt"
	launch "$caps | $mnt"
	capture "$CTL" report "$LOG"
	has "report: launches" "$out" '^launches: 0 complied, 0 noted, 0 rewritten, 3 rejected'
	is "... of a log that another program unpacks" "$("$CTL" report <(cat "$LOG"))" "$out"
	has "report: by rule" "$out" '^mounts +2 +0 +0$'
	has "report: by day" "$out" '^[0-9]{4}-[0-9]{2}-[0-9]{2} +3 +0 +0 +0$'
	has "report: by image" "$out" '^\(none\) +3 +0 +0 +0$'
	# Names are the users': what is not plain is quoted, and what is long is cut.
	for image in 'a b' '' $'x\e[31m' 'q"' "$(printf '%041d' 0)" "$(printf '%042d' 1)" 'h\303\266'; do
		head -n 1 "$LOG" | jq -c --arg image "$(printf "$image")" '.image = $image'
	done >"$T/images.jsonl"
	is "... as it is where that is plain" "$("$CTL" report "$T/images.jsonl" | sed -n '/^image/,/^$/s/ *1 *0 *0 *0$//p' | tr '\n' ' ')" \
		'"" '"$(printf '%041d %041d' 0 0)"'... "a b" hö "q\x22" "x\x1b[31m" '
	capture "$CTL" report --format json "$LOG"
	is "report --format json" "$(jq -c '[.rejected, .rules.mounts.rejected, .unreadable]' <<<"$out")" '[3,2,0]'
	capture "$CTL" report --since 2999 "$LOG"
	has "report --since" "$out" '^launches: 0 complied, 0 noted, 0 rewritten, 0 rejected'
	has "... which says what it left out" "$out" '^left out, before 2999: 3 records$'
	is "... also to programs" "$("$CTL" report --format json --since 2999 "$LOG" | jq .left_out)" 3
	has "... and in a page" "$("$CTL" report --html --since 2999 "$LOG")" 'Left out, before 2999: 3 records'
	for since in 20 2026-1 2026-12-24 2026-12-24T 2026-12-24T18:30:00 2026-12-24T18:30:00.25Z; do
		"$CTL" report --since "$since" "$LOG" >/dev/null 2>&1
		is "... since $since" "$?" 0
	done
	# Three records around the second that is asked for: one is before, one in it, one after.
	for since in 2026-12-24T18:29:59.999999Z 2026-12-24T18:30:00.066555Z 2026-12-24T18:30:01.000000Z; do
		head -n 1 "$LOG" | jq -c --arg time "$since" '.time = $time'
	done >"$T/times.jsonl"
	while read -r since n; do
		is "... since $since: left out and counted" \
			"$("$CTL" report --format json --since "$since" "$T/times.jsonl" | jq -c '[.left_out, .rejected]')" "$n"
	done <<-'END'
		2026 [0,3]
		2026-12-24T18:29 [0,3]
		2026-12-24T18:30 [1,2]
		2026-12-24T18:30:00 [1,2]
		2026-12-24T18:30:00Z [1,2]
		2026-12-24T18:30:00.066555Z [1,2]
		2026-12-24T18:30:00.0666Z [2,1]
		2026-12-24T18:30:01Z [2,1]
		2026-12-24T18:30:02 [3,0]
	END
	for since in '' yesterday 24.12.2026 2026-13 2026-00 2026-2-1 2026-12-24T24 '2026-12-24 10' 2026-12-24T18:30:00+02:00 2026-12-24T18:30:00Zx; do
		capture "$CTL" report --since "$since" "$LOG"
		has "... since $since is refused" "$rc $err" '^2 .*--since takes'
	done
	{
		cat "$LOG"
		echo '{"verdict":"rej'
		echo '[]'
	} >"$T/torn.jsonl"
	capture "$CTL" report "$T/torn.jsonl"
	has "a torn line is counted" "$out" "^lines that are no records: 2, the first at $T/torn\.jsonl:4$"
	is "... and is no error" "$rc" 0
	capture "$CTL" report "$T/none.jsonl"
	is "a log that is not there is one" "$rc" 1
}

# A page of a log that tries to be one itself: it must be whole, hold every number, load
# nothing and run nothing.
page() {
	jq -c '.image = "<script>alert(1)</script>\"'"'"'&<img src=//x onerror=alert(1)>"' "$LOG" >"$T/hostile.jsonl"
	capture "$CTL" report --html "$T/hostile.jsonl"
	is "report --html" "$rc" 0
	check "... is one page with the same numbers, and loads and runs nothing" \
		/usr/bin/python3 - "$("$CTL" report --format json "$T/hostile.jsonl")" "$out" <<-'PY'
		import html.parser, json, sys
		report, page = json.loads(sys.argv[1]), sys.argv[2]
		class Page(html.parser.HTMLParser):
		    open, seen, text, void = [], set(), "", {"meta"}
		    def handle_starttag(self, tag, attrs):
		        self.seen.add(tag)
		        if tag not in self.void: self.open.append(tag)
		        for name, _ in attrs:
		            assert name not in ("src", "href", "data") and not name.startswith("on"), (tag, name)
		    def handle_endtag(self, tag):
		        assert self.open.pop() == tag, tag
		    def handle_data(self, data): self.text += data + "\n"
		p = Page(); p.feed(page); p.close()
		assert not p.open and not p.seen & {"script", "img", "link", "iframe"}, (p.open, p.seen)
		lines = [l for l in p.text.split("\n") if l.strip()]
		for rule, n in report["rules"].items():
		    at = lines.index(rule)
		    assert lines[at + 1:at + 4] == [str(n[k]) for k in ("rejected", "rewritten", "noted")], rule
		for image, n in report["images"].items():
		    assert image in lines, image
		assert page.count("<svg") == sum(len(report[k]) for k in ("rules", "images", "days"))
	PY
	has "... its period to the minute" "$out" \
		"From $(jq -rs 'map(.time[:16] | sub("T"; " ")) | "\(min) UTC to \(max) UTC\\."' "$LOG")"
	check "... with what suggest would print" grep -qF 'What would let them comply' <<<"$out"
	check "... the sources in it" grep -qF '&#34;source&#34;: &#34;' <<<"$out"
	capture env "CTL=$CTL" "LOG=$LOG" script -qec '"$CTL" report "$LOG" >/dev/null; "$CTL" suggest "$LOG" >/dev/null' /dev/null
	is "a bar on a terminal, of report and of suggest" "$(grep -oF '100 %' <<<"$out" | wc -l)" 2
	"$CTL" report "$LOG" 2>"$T/bar" >/dev/null
	check "... and none elsewhere" [ ! -s "$T/bar" ]
}

suggested() {
	launch "$devices"
	"$CTL" suggest --extends restricted "$LOG" >"$T/suggested.json"
	check "suggest: what check accepts" "$CTL" check "$T/suggested.json"
	has "suggest: how often" "$(cat "$T/suggested.json")" "\"source\": \"$T/allowed\", \"access\": \"ro\" } // 2 times"
	has "suggest: what check warns of is said" "$(cat "$T/suggested.json")" '^// line [0-9]+, warning: .'
	is "suggest: each of them" "$(sed -n 's,^// line [0-9]*\, warning: ,,p' "$T/suggested.json" | sort)" \
		"$("$CTL" check "$T/suggested.json" | sed -n 's,^[^ ]*:[0-9]*:[0-9]*: warning: ,,p' | sort)"
	has "suggest: a capability" "$(cat "$T/suggested.json")" '"CAP_SYS_PTRACE",? // 3 times'
	has "suggest: a device, with its numbers" "$(cat "$T/suggested.json")" '"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "access": "rw" },? // once'
	cp "$T/suggested.json" "$T/etc/policy.json"
	chmod 644 "$T/etc/policy.json"
	launch "$caps | $mnt | $devices | .process.user = { uid: 1000, gid: 1000 }"
	hasnt "enforced: nothing that was added is refused" "$out$err" '(capabilities|mounts|devices): '
}

# named FILE: the log that this draft names.
named() {
	sed -n 's/.*"file": "\([^"]*\)".*/\1/p' "$1"
}

# What is read where no log is given: what the policy names, after what was rotated last.
usual_logs() {
	local site=$T/log/site.jsonl
	policy '{ "version": 1, "extends": "lab", "mode": "audit", "audit": { "file": "'"$site"'" } }'
	"$CTL" report "$LOG" >"$T/whole"
	head -n 2 "$LOG" >"$site.1"
	tail -n +3 "$LOG" >"$site"
	"$CTL" report >"$T/parts"
	same "report: the policy's log and the rotated one" "$T/whole" "$T/parts"
	is "... suggest: so many launches" "$("$CTL" suggest 2>&1 | grep -c "^// What $(wc -l <"$LOG") recorded launches")" 1
	: >"$site"
	is "... just rotated, it is the rotated one alone" "$("$CTL" report --format json | jq '.rejected + .noted + .rewritten')" 2
	rm "$site"
	is "... also before there is a new one" "$("$CTL" report --format json | jq '.rejected + .noted + .rewritten')" 2
	is "... given by name a log is read alone" "$("$CTL" report --format json "$LOG" | jq '.rejected + .noted + .rewritten')" "$(wc -l <"$LOG")"
	"$CTL" suggest "$site.1" >"$T/draft.json"
	is "suggest: records go on to the policy's log" "$(named "$T/draft.json")" "$site"
	rm "$site.1"
	capture "$CTL" report
	has "where there is none, it is named" "$rc $err" "^1 ocigatectl: \"?$site\"? .*ENOENT"
	: >"$site"
	capture "$CTL" suggest
	is "suggest: of no launch there is no draft" "$rc $out $err" "1  ocigatectl: no launch is recorded in \"$site\""
	hasnt "... nor in a page" "$("$CTL" report --html)" 'What would let them comply'
	# Without one that the policy names; a log must be where nobody but root can write.
	policy '{ "version": 1, "extends": "lab", "mode": "audit" }'
	"$CTL" report >"$T/parts"
	same "report: a policy that names no log" "$T/whole" "$T/parts"
	cp "$LOG" "$site"
	cp "$LOG" "$site.1"
	cp "$LOG" /tmp/copy.jsonl
	"$CTL" suggest "$site" >"$T/draft.json"
	is "suggest: ... records go on to the log that was read" "$(named "$T/draft.json")" "$site"
	(cd "$T/log" && "$CTL" suggest site.jsonl) >"$T/draft.json"
	is "... also where it was named from within its directory" "$(named "$T/draft.json")" "$site"
	"$CTL" suggest "$site.1" "$site" >"$T/draft.json"
	is "... the first that is one" "$(named "$T/draft.json")" "$site"
	head -n 1 "$site" >"$T/one.jsonl"
	has "suggest: of one launch" "$("$CTL" suggest "$T/one.jsonl")" '^// What 1 recorded launch would'
	has "... one finding" "$("$CTL" suggest "$T/one.jsonl")" '^// [a-z-]+: 1 finding that no'
	for log in "$site.1" /tmp/copy.jsonl -; do
		"$CTL" suggest "$log" <"$LOG" >"$T/draft.json"
		is "... of $log to the usual one" "$(named "$T/draft.json")" /var/log/ocigate/audit.jsonl
	done
	rm "$site" "$site.1" /tmp/copy.jsonl
}

# Names are the users': one with a "*" in it would be a pattern in the policy.
patterns() {
	local log=$T/patterns.jsonl
	mkdir -p "$T/al*"
	policy '{ "version": 1, "extends": "restricted", "mode": "audit", "audit": { "file": "'"$log"'" } }'
	launch '.annotations = { "run.oci.*": "1", "*": "2" } | .linux.sysctl = { "net.*": "1" }
		| .mounts += [{ destination: "/data", type: "none", source: "'"$T"'/al*", options: ["rbind"] }]'
	is "a launch with patterns for names is recorded" "$(jq -r '[.findings[].rule] | map(select(. == "annotations" or . == "mounts" or . == "sysctls")) | unique | join(" ")' "$log")" \
		"annotations mounts sysctls"
	capture "$CTL" suggest --extends restricted "$log"
	hasnt "suggest: none of them" "$out" '"[^"]*[*][^"]*"'
	rmdir "$T/al*"
	printf '{ "ociVersion": "1.0.2", "process": { "user": { "uid": 0, "gid": 0 }, "args": ["x"], "cwd": "/" }, "root": { "path": "r" }, "linux": {}, "x\\u001b[31m\\u0007": 1 }' >"$T/config.json"
	policy '{ "version": 1, "extends": "restricted" }'
	capture "$CTL" dry-run "$T/config.json"
	has "dry-run shows where, and obeys no key" "$out" 'at "/x.x1b\[31m.x07"'
}

shown() {
	local p f whole
	"$CTL" schema >"$T/schema.json"
	for p in permissive baseline restricted cis-docker lab; do
		check "show $p is a policy" sh -c "'$CTL' show --preset $p >'$T/shown.json' && '$CTL' check '$T/shown.json'"
		"$CTL" show "$T/shown.json" | sed 's,//.*,,' | grep -v '"extends"' >"$T/again"
		sed 's,//.*,,' "$T/shown.json" | grep -v '"extends"' >"$T/once"
		same "... and shows the same again" "$T/once" "$T/again"
	done
	jq -n '{ version: 1, extends: "lab", exceptions: [{ name: "gpu", reason: "r", match: { engine: ["docker"] }, rules: { devices: { action: "off" } } }] }' >"$T/excepted.json"
	jq '.exceptions[0].expires = "2020-01-01"' "$T/excepted.json" >"$T/ended.json"
	has "check: an exception that has ended" "$("$CTL" check "$T/ended.json")" 'ended\.json: warning: the exception "gpu" ended on 2020-01-01'
	echo '{ "version": 1, "extends": "/nowhere/base.json" }' >"$T/above.json"
	has "check: who extends a file that is not there" "$("$CTL" check "$T/above.json" 2>&1)" '/nowhere/base\.json: .*extended by .*above\.json'
	is "show names the exceptions, which it leaves out" "$("$CTL" show "$T/excepted.json" | tail -n 2)" '	// without the exceptions, which are for some launches: "image-builds", "cri-sandboxes", "gpu"
}'
	echo '{ "version": 1, "extends": "lab", "rules": { "devices": { "allow": [ "/dev/fuse",
		{ "path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "access": "r" },
		{ "path": "/dev/video1", "type": "c", "major": 240 } ] } } }' >"$T/devices.json"
	"$CTL" show "$T/devices.json" >"$T/shown.json"
	check "show of devices is a policy" "$CTL" check "$T/shown.json"
	is "... and means the same ones" "$(grep -E '"/dev/(fuse|kmsg|video1)"' "$T/shown.json" | sed 's,^[[:space:]]*,,; s, *//.*,,')" \
		'{ "path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "access": "rwm" },
{ "path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "access": "r" },
{ "path": "/dev/video1", "type": "c", "major": 240, "access": "rwm" }'
	for f in "$E2E_TREE"/policy/presets/*.json "$E2E_TREE"/examples/policies/*.json; do
		check "schema: ${f##*/}" valid "$f"
	done
	check "schema: the policy of every fixture" valid "$E2E_TREE"/tests/fixtures/*/*/policy.json
	echo '{ "version": 1, "extends": "lab", "rules": { "user": { "acton": "off" } } }' >"$T/wrong.json"
	check_fails "schema: a wrong key" valid "$T/wrong.json"
	# What check rejects the schema rejects, in its own words.
	whole='{ "version": 1, "extends": "lab", "exceptions": [ { "name": "n", "reason": "r", "match": { "engine": ["docker"] },
		"rules": { "user": { "action": "off" } } } ] }'
	echo "$whole" >"$T/wrong.json"
	check "schema: an exception" valid "$T/wrong.json"
	for p in name reason match rules; do
		jq "del(.exceptions[0].$p)" <<<"$whole" >"$T/wrong.json"
		check_fails "... without $p, for check" "$CTL" check "$T/wrong.json"
		check_fails "... without $p, for the schema" valid "$T/wrong.json"
	done
	for f in audit off rewrite; do
		echo '{ "version": 1, "extends": "lab", "rules": { "document": { "action": "'$f'" } } }' >"$T/wrong.json"
		check_fails "document: $f, for check" "$CTL" check "$T/wrong.json"
		check_fails "document: $f, for the schema" valid "$T/wrong.json"
	done
	has "rule document names its action" "$("$CTL" rule document)" '^actions: reject$'
	for p in $("$CTL" rule | awk '{print $1}'); do
		has "rule $p says what it stops" "$("$CTL" rule "$p")" '^  - '
	done
	capture "$CTL" rule mount
	is "a rule that is none" "$rc $err" '1 ocigatectl: there is no rule "mount"; did you mean "mounts"?'
	for p in $("$CTL" --help | awk '/^  [a-z]/ {print $1}'); do
		has "$p --help has an example" "$("$CTL" "$p" --help)" "^for example: .*ocigatectl $p"
	done
}

# of_user COMMAND...: as somebody who is not root, with a home of his own.
of_user() {
	capture setpriv --reuid 1000 --regid 1000 --clear-groups env -i PATH="$PATH" HOME="$T/home" "$@"
}

# Whose policy is looked at where none is given: the user's own, or else the host's.
of_users() {
	local own=$T/home/.config/ocigate bundle=$E2E_TREE/examples/bundles/privileged/config.json
	mkdir -p "$own" && chown -R 1000:1000 "$T/home"
	cp "$bundle" "$T/config.json" && chmod 644 "$T/config.json"
	policy '{ "version": 1, "extends": "lab", "message": "the host" }'
	of_user "$CTL" check
	has "check by a user who has no policy: the host's" "$rc $out" '^0 /etc/ocigate/policy\.json: 0 errors'
	of_user env -u HOME "$CTL" check
	has "... also without a home" "$rc $out" '^0 /etc/ocigate/policy\.json: 0 errors'
	of_user "$CTL" show
	has "... show" "$out" '"message": "the host"'
	of_user "$CTL" dry-run --format json "$T/config.json"
	is "... dry-run" "$(jq -r .policy <<<"$out")" /etc/ocigate/policy.json
	of_user "$RT" --root "$T/home/root" create --bundle "$T" x
	has "... a launch of his is not judged by it" "$rc $err" "^1 .*$own/policy\.json"
	echo '{ "version": 1, "extends": "lab", "message": "his own" }' >"$own/policy.json"
	of_user "$CTL" show
	has "... who has one: his own" "$out" '"message": "his own"'
	rm "$own/policy.json" "$POLICY"
	of_user "$CTL" check
	has "... where there is neither, his own is missed" "$rc $err" "^1 ocigatectl: $own/policy\.json: .*ENOENT"
	capture "$CTL" check
	has "... and root's is the host's" "$rc $err" '^1 ocigatectl: /etc/ocigate/policy\.json: .*ENOENT'
}

# The word that is not understood is named, on one line before the usage.
misunderstood() {
	local args said
	while IFS='|' read -r args said; do
		capture "$CTL" $args
		is "usage: $args" "$rc $(sed '/^usage: /,$d' <<<"$err")" "2 ocigatectl: ${args%% *}: $said"
	done <<-'END'
		check --foo|"--foo" is no option
		check a b|"b": one policy file at most
		show --foo|"--foo" is no option
		show --preset|--preset is given no value
		show --preset lab b|"b": --preset NAME or one policy file is expected
		show a b|"b": --preset NAME or one policy file is expected
		rule --x|"--x" is no option
		rule mounts user|"user": one rule at most
		schema x|"x": no argument is expected
		ports x|"x": list or sync is expected
		ports list x|"x": nothing is expected behind list
		suggest --extends|--extends is given no value
		report --since|--since is given no value
		install docker --root|--root is given no value
		uninstall docker --config|--config is given no value
		status --root|--root is given no value
		dry-run --polcy x|"--polcy" is no option
		dry-run bundle --policy|--policy is given no value
		dry-run -xy bundle|"-x" is no option
		dry-run --format xml bundle|--format "xml": it is text, diff, json or config
		dry-run --command run bundle|--command "run": it is create, exec or update
		dry-run|no bundle given
	END
	is "schema --help ends without a blank" "$("$CTL" schema --help | grep -c ' $')" 0
}

# What dry-run cannot do it says.
dry_runs() {
	local p format bundles=$E2E_TREE/examples/bundles
	policy '{ "version": 1, "extends": "permissive", "rules": { "capabilities": { "action": "rewrite", "allow": ["CHOWN"] },
		"descriptors": { "action": "rewrite" } } }'
	for format in diff config; do
		capture "$CTL" dry-run --format $format "$bundles/folded-key"
		is "dry-run --format $format of what would be rejected: nothing" "$rc $out" "4 "
		has "... and why, beside it" "$err" '^ +reject +document: '
	done
	for format in text diff json config; do
		capture sh -c '"$@" >/dev/full' sh "$CTL" dry-run --format $format "$bundles/privileged"
		has "dry-run --format $format to a full disk" "$rc$(grep '^ocigatectl' <<<"$err")" \
			'^1ocigatectl: (standard output cannot be written|/usr/bin/diff failed)$'
		is "... said once" "$(grep -c '^ocigatectl' <<<"$err")" 1
	done
	"$CTL" dry-run "$bundles/ordinary" >"$T/plain"
	# one that holds errors: 1 is its ordinary status
	for p in check "check $T/wrong.json" rule "rule mounts" show schema "report $LOG" "report --html $LOG" "suggest $LOG" \
		status "status --format json" --version --help "check --help"; do
		capture sh -c '"$@" >/dev/full' sh "$CTL" $p
		is "$p to a full disk" "$rc $err" "1 ocigatectl: standard output cannot be written"
	done
	capture sh -c '"$@" >/dev/full' sh "$CTL" ports list
	is "ports list to a full disk" "$rc $err" "1 ocigate-ports: standard output cannot be written"
	env LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=x NOTIFY_SOCKET=/run/n "$CTL" dry-run "$bundles/ordinary" >"$T/inherited"
	same "dry-run takes nothing of its own caller's for the launch's" "$T/plain" "$T/inherited"
	mkdir -p "$T/gone" && cp "$bundles/ordinary/config.json" "$T/"
	capture sh -c 'cd "$1" && rmdir "$1" && exec "$2" dry-run - <"$3"' sh "$T/gone" "$CTL" "$T/config.json"
	has "dry-run - in a directory that is gone" "$rc $err" '^1 ocigatectl: the working directory'
}

# On a terminal no line is wider than it, colours are by NO_COLOR, and no word is cut;
# elsewhere there are neither colours nor folds. A bundle's path can be long: wherever this
# tree lies, this one's and the verdict do not fit the narrowest.
on_terminals() {
	local bundle=$T/a-bundle-whose-path-is-nearly-as-wide-as-a-terminal

	cp -r "$E2E_TREE/examples/bundles/privileged" "$bundle"
	check "on terminals of 60, 80 and 120 columns" /usr/bin/python3 - "$CTL" "$T/hostile.jsonl" "$T/wrong.json" "$bundle" <<-'PY'
		import fcntl, os, pty, re, struct, subprocess, sys, termios
		ctl, log, wrong, bundle = sys.argv[1:]
		def run(columns, *args, **env):
		    pid, fd = pty.fork()
		    if pid == 0:
		        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
		        os.environ.pop("NO_COLOR", None)
		        os.environ.update(env)
		        # The terminal is hung up when its first process ends, and what is on its
		        # way can be lost: that one waits until all of it is here.
		        os.execv("/bin/sh", ("sh", "-c", '"$@"; printf "\\036"; read -r x', "sh", ctl) + args)
		    out = b""
		    while not out.endswith(b"\x1e"): out += os.read(fd, 65536)
		    os.close(fd)
		    os.waitpid(pid, 0)
		    return re.sub(r"\r\[[= ]*\] *\d+ %|\r {60}\r", "", out[:-1].decode()).replace("\r\n", "\n")
		plain = lambda text: re.sub(r"\x1b\[[0-9;]*m", "", text)
		piped = lambda *args: subprocess.run((ctl,) + args, stdout=-1, stderr=-1, text=True).stdout
		rules = [line.split()[0] for line in piped("rule").splitlines()]
		subs = re.findall(r"^  ([a-z-]+)", piped("--help"), re.M)
		coloured = [("report", log), ("status",), ("rule", "mounts"), ("check", wrong), ("dry-run", bundle)]
		for args in coloured + [("--help",), ("rule",)] + [(s, "--help") for s in subs] + [("rule", r) for r in rules]:
		    for columns in (60, 80, 120):
		        # What status sees can change between two runs: the same before and after.
		        for attempt in range(20):
		            flat = piped(*args)
		            text = run(columns, *args)
		            if flat == piped(*args): break
		        assert "\x1b" not in flat, args
		        assert args not in coloured or "\x1b[" in text, args
		        if args[0] == "dry-run":
		            text, flat = (re.split(r"\n(?=\S*--- )", plain(t))[0] for t in (text, flat))
		        for line in plain(text).splitlines():
		            assert len(line) <= columns or not line.strip().count(" "), (columns, args, line)
		        if args[0] != "report":
		            assert plain(text).split() == flat.split(), args
		for args in coloured:
		    assert "\x1b" not in run(80, *args, NO_COLOR="1"), args
	PY
}

# words TEXT...: what bash offers after these, the last one being typed.
completed() {
	PATH=$T/bin:$PATH bash -c '. "$1"; shift
		COMP_WORDS=(ocigatectl "$@") COMP_CWORD=$#; _ocigatectl; printf "%s\n" "${COMPREPLY[@]}"' \
		bash "$E2E_TREE/shim/completion/ocigatectl.bash" "$@"
}

# The man page and the completions against the programs' own table.
documented() {
	local sub option options page
	page=$(sed 's/\\f[BRI]//g; s/\\-/-/g' "$E2E_TREE/shim/man/ocigatectl.8")
	has "completion: presets" "$(completed show --preset cis)" '^cis-docker$'
	has "completion: formats" "$(completed dry-run --format '' | tr '\n' ' ')" '^text diff json config'
	has "completion: engines" "$(completed install d)" '^docker$'
	has "completion: rules" "$(completed rule mask)" '^masked-paths$'
	is "completion: nothing for what there is not" "$(completed nonsense --)" "--help"
	for sub in $("$CTL" --help | awk '/^  [a-z]/ {print $1}'); do
		has "$sub is in the man page" "$page" "^(\\.B )?$sub( |\$)"
		has "$sub is completed" "$(completed "${sub:0:2}")" "^$sub\$"
		for option in $("$CTL" "$sub" --help | sed -n 1p | grep -oE -- '--[a-z-]+'); do
			has "$sub $option is in the man page" "$(grep -E "^$sub " <<<"$page")" "[[]$option"
			has "$sub $option is completed" "$(completed "$sub" "${option:0:4}")" "^$option\$"
		done
	done
	for page in "$E2E_TREE"/shim/man/*; do
		is "${page##*/}: mandoc has nothing to say" "$(mandoc -T lint -W warning "$page" 2>&1)" ""
	done
	page=$(sed 's/\\f[BRI]//g; s/\\-/-/g' "$E2E_TREE/shim/man/ocigate.8")
	capture "$RT" --ocigate-bogus
	options=$(grep -oE -- '--ocigate-[a-z]+' <<<"$err" | grep -v bogus | sort -u)
	for option in $options; do
		has "$option is in ocigate(8)" "$page" "^\.BI? .*$option"
	done
	is "... which has no others" "$(grep -oE -- '--ocigate-[a-z]+' <<<"$page" | sort -u)" \
		"$options"
	page=$(sed 's/\\f[BRI]//g; s/\\-/-/g' "$E2E_TREE/shim/man/ocigate-policy.5")
	for option in $(jq -r '.properties | keys[]' "$T/schema.json") $(jq -r '.. | .audit?.properties? // empty | keys[]' "$T/schema.json" | sort -u); do
		has "the member $option is in ocigate-policy(5)" "$page" "^\.B \"?$option"
	done
	check "zsh reads its completion" zsh -n "$E2E_TREE/shim/completion/_ocigatectl"
	has "zsh offers the subcommands" "$(zsh_completed 'ocigatectl ' uninstall)" 'uninstall'
	has "zsh offers options" "$(zsh_completed 'ocigatectl install --' --as-runc)" '--as-runc'
}

# zsh_completed LINE WORD: what zsh offers there, by its own completion on a terminal of
# ours, up to the word.
zsh_completed() {
	/usr/bin/python3 - "$E2E_TREE/shim/completion" "$T/bin" "$1" "$2" <<-'PY'
		import os, pty, re, select, sys, time
		directory, path, line, word = sys.argv[1:]
		pid, fd = pty.fork()
		if pid == 0:
		    os.environ.update(TERM="dumb", PATH=path + ":/usr/sbin:/usr/bin", PS1="> ", ZDOTDIR="/nonexistent")
		    os.execvp("zsh", ["zsh", "-f", "-i"])
		def read(last):
		    out, end = b"", time.time() + 60
		    while time.time() < end and select.select([fd], [], [], max(0, end - time.time()))[0]:
		        try: out += os.read(fd, 65536)
		        except OSError: break
		        if last in out: break
		    return out
		os.write(fd, f"fpath=({directory} $fpath); autoload -U compinit; compinit -u -D; echo READ''Y\n".encode())
		read(b"READY\r\n")
		os.write(fd, line.encode() + b"\t\t")
		print(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", read(word.encode()).decode(errors="replace")))
		os.kill(pid, 9)
	PY
}

# valid FILES...: by the schema; comments are not JSON's.
valid() {
	/usr/bin/python3 - "$T/schema.json" "$@" <<-'PY'
		import json, re, sys
		import jsonschema
		schema = json.load(open(sys.argv[1]))
		validator = getattr(jsonschema, "Draft202012Validator", jsonschema.Draft7Validator)
		validator.check_schema(schema)
		for name in sys.argv[2:]:
		    text = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m.group(1) or "", open(name).read(), flags=re.S)
		    document = json.loads(text)
		    document.setdefault("extends", "permissive")  # a preset extends nothing
		    for error in validator(schema).iter_errors(document):
		        sys.exit(f"{name}: {list(error.path)}: {error.message}")
	PY
}

# User time of a command in ms, and its peak memory in kB.
cost() {
	/usr/bin/python3 - "$@" <<-'PY'
		import os, resource, subprocess, sys
		subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
		usage = resource.getrusage(resource.RUSAGE_CHILDREN)
		print(int(usage.ru_utime * 1000), usage.ru_maxrss)
	PY
}

# records N: a log of N launches, out of the real ones of this script and of the example
# bundles: a month, a hundred images, every id its own, most of them with few findings.
records() {
	local dir
	policy '{ "version": 1, "extends": "lab", "mode": "audit", "audit": { "file": "'"$T/kinds.jsonl"'", "complying": true } }'
	for dir in "$E2E_TREE"/examples/bundles/*/; do
		mkdir -p "$T/kind" && cp "$dir/config.json" "$T/kind/" &&
			"$RT" --ocigate-runtime=/bin/true create --bundle "$T/kind" kind </dev/null
	done
	policy '{ "version": 1, "extends": "permissive", "audit": { "file": "'"$T/kinds.jsonl"'", "complying": true } }'
	for ((dir = 0; dir < 6; dir++)); do
		"$RT" --ocigate-runtime=/bin/true create --bundle "$T/kind" kind </dev/null
	done
	cat "$LOG" "$T/kinds.jsonl" | /usr/bin/python3 -c '
import re, sys
n, kinds = int(sys.argv[1]), []
for line in sys.stdin:
    rest = re.sub(r"^{\"time\":\"[^\"]*\",\"id\":\"[^\"]*\"", "", line)
    before, after = rest.split("\"image\":null", 1)
    kinds += [(before, after)] * (6 if len(line) < 4000 else 1)
for i in range(n):
    before, after = kinds[i * 7 % len(kinds)]
    sys.stdout.write("{\"time\":\"2026-10-%02dT%02d:%02d:%02d.%06dZ\",\"id\":\"%064x\"%s\"image\":\"registry.example/team-%d/app:%d\"%s" % (
        i * 30 // n + 1, i // 3600 % 24, i // 60 % 60, i % 60, i % 1000000, i * 0x9e3779b97f4a7c15, before, i % 10, i % 13, after))' "$1"
}

# What the reader leaves out unread must not change what it counts.
left_out() {
	records 300 >"$T/compact.jsonl"
	/usr/bin/python3 - "$T" <<-'PY'
		import json, sys
		lines = open(sys.argv[1] + "/compact.jsonl").read().splitlines()
		with open(sys.argv[1] + "/blanks.jsonl", "w") as out:
		    out.writelines(json.dumps(json.loads(l)) + "\n" for l in lines)
		line = min(lines, key=len)
		with open(sys.argv[1] + "/torn.jsonl", "w") as out:
		    out.writelines(line[:n] + "\n" for n in range(1, len(line)))
		    out.write(line.replace(",", ",,", 1) + "\n" + line[:-1] + ",}\n" + line.replace(":", "", 1) + "\n")
	PY
	for what in "report --format json" "suggest" "report --html"; do
		is "$what: with blanks as without" "$("$CTL" $what - <"$T/blanks.jsonl" | md5sum)" "$("$CTL" $what - <"$T/compact.jsonl" | md5sum)"
	done
	is "a record torn anywhere is none" "$("$CTL" report --format json "$T/torn.jsonl" | jq '[.complied + .noted + .rewritten + .rejected, .unreadable] | tojson' -r)" \
		"[0,$(wc -l <"$T/torn.jsonl")]"
}

fast() {
	local n=${OG_LONG:+1000000} ours reading copying memory
	local least_ours=0 least_reading=0 least_copying=0 i
	n=${n:-5000}
	records "$n" >"$T/big.jsonl"
	is "a log of $n records" "$("$CTL" report --format json "$T/big.jsonl" | jq '[.rejected + .rewritten + .noted + .complied, (.images | length > 100)] | tojson' -r)" "[$n,true]"
	# The least of some rounds, in turns: other work on the machine only adds.
	for ((i = 0; i < 10 && (i == 0 || least_ours * 5 > least_reading); i++)); do
		read -r ours memory < <(cost "$CTL" report "$T/big.jsonl")
		read -r reading _ < <(cost jq empty "$T/big.jsonl")
		read -r copying _ < <(cost jq -c . "$T/big.jsonl")
		least_ours=$((i && least_ours < ours ? least_ours : ours))
		least_reading=$((i && least_reading < reading ? least_reading : reading))
		least_copying=$((i && least_copying < copying ? least_copying : copying))
	done
	note "report over $n records, $(stat -c %s "$T/big.jsonl") bytes: $least_ours ms, $memory kB;" \
		"jq empty: $least_reading ms, jq -c .: $least_copying ms"
	check "report is at least 5 times as fast as jq" [ $((least_ours * 5)) -le "$least_reading" ]
	check "... in less than 64 MiB" [ "$memory" -lt 65536 ]
	rm "$T/big.jsonl"
}

if need_ocigate "the tool"; then
	audited
	page
	suggested
	usual_logs
	patterns
	shown
	misunderstood
	dry_runs
	on_terminals
	documented
	left_out
	fast
	of_users
fi
e2e_end
