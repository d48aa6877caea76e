#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job on the example bundles, with the real runc: what was asked for,
# what became of it and why, and what the kernel says inside. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-$PWD/build/default}
[ "$(id -u)" = 0 ] || { echo "the demo launches containers: run it as root" >&2; exit 1; }

# Below /run, because a policy may not lie where others could write.
work=/run/ocigate-demo
rm -rf "$work"
mkdir -p -m 755 "$work" "$work/data"
trap 'rm -rf "$work"' EXIT
cp examples/policies/demo.json "$work/policy.json"
echo "for the lab" >"$work/data/readme"
policy=$work/policy.json
runc=$(command -v runc) || { echo "no runc: install it, or run 'make deps'" >&2; exit 1; }

mkdir -p "$work/rootfs"/{bin,dev,proc,sys,tmp,etc,data,host}
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/sh"
echo 'root:x:0:0:root:/:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh' >"$work/rootfs/etc/passwd"
cat >"$work/rootfs/probe" <<'PROBE'
b=/bin/busybox
field() { $b sed -n "s/^$1:[[:space:]]*//p" /proc/self/status; }
echo "uid $($b id -u), capabilities $(field CapEff), no_new_privs $(field NoNewPrivs), seccomp $(field Seccomp)"
if [ -e /data/readme ]; then
	if $b touch /data/x 2>/dev/null; then echo "/data can be written"; else echo "/data is read-only"; fi
fi
PROBE

failed=0
# demo BUNDLE VERDICT: launch it and see that it came out as the policy says.
demo() {
	local name=$1 expected=$2 bundle=$work/bundle status=0 verdict
	rm -rf "$bundle"
	mkdir -m 755 "$bundle"
	cp "examples/bundles/$name/config.json" "$bundle/config.json"
	cp -a "$work/rootfs" "$bundle/rootfs"
	echo
	echo "== asked for:  $(cat "examples/bundles/$name/asked")"
	"$BUILD/ocigatectl" dry-run --policy "$policy" "$bundle" >"$work/report" || status=$?
	case $status in 0) verdict=allowed ;; 3) verdict=rewritten ;; 4) verdict=rejected ;; *) verdict="error $status" ;; esac
	echo "   verdict:    $verdict"
	sed -n '/^---/q;/^  /{/^ *at /d;s/^  */   why:        /;p}' "$work/report"
	status=0
	"$BUILD/ocigate" --ocigate-policy="$policy" --ocigate-runtime="$runc" \
		run --bundle "$bundle" "ocigate-demo-$name" >"$work/out" 2>&1 </dev/null || status=$?
	if [ "$verdict" = rejected ]; then
		echo "   the user reads: $(cat "$work/out")"
	else
		sed 's/^/   inside:     /' "$work/out"
	fi
	"$BUILD/ocigate" --ocigate-runtime="$runc" delete --force "ocigate-demo-$name" 2>/dev/null || true
	if [ "$verdict" != "$expected" ] || { [ "$verdict" = rejected ] && [ "$status" = 0 ]; } ||
		{ [ "$verdict" != rejected ] && [ "$status" != 0 ]; }; then
		echo "   NOT AS EXPECTED ($expected, exit status $status)"
		failed=$((failed + 1))
	fi
}

echo "The policy: $(sed -n 's,^// ,,p' "$policy")"
demo ordinary allowed
demo root rewritten
demo privileged rewritten
demo data rewritten
demo host-etc rejected
demo network-host rejected
demo pid-host rejected
demo device rejected
demo folded-key rejected
echo
if [ "$failed" = 0 ]; then
	echo "All of it as the policy says."
else
	echo "$failed not as expected." >&2
	exit 1
fi
