#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What ocigate costs: the time and the memory of a whole process that becomes a
# runtime, with ocigate and with a program that does nothing else, in one run of
# hyperfine; system calls and instructions besides. The bundle is one that
# dockerd wrote, in the places where dockerd keeps things, on a tmpfs; the
# runtime exits at once. Last, how time and memory grow with the input (growth.c);
# it fails if that is faster than in proportion. Needs root, for mounts of its own.
#
# Environment: BUILD, the build directory; BENCH_RUNS (1000, with OG_LONG 5000);
# OCIGATE, another program to measure; BENCH_STEPS or OG_LONG: count instructions
# too. Figures also go to $BUILD/bench/.
#
# run.sh instructions: only counts of instructions, against those that are kept in
# instructions.txt; what takes more than there, by more than 3 %, is a regression. By
# callgrind, up to the report of --ocigate-mode=explain: one by one, as in the table,
# takes minutes for a launch. (This valgrind does not know openat2(2); to ocigate
# nothing can be resolved then, and the judgement is all the same.)
set -eu
export LC_ALL=C
umask 022

here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(readlink -f "${BUILD:-$here/../../build/default}")
ocigate=${OCIGATE:-$BUILD/ocigate}
runs=${BENCH_RUNS:-${OG_LONG:+5000}}
runs=${runs:-1000}
out=$BUILD/bench

[ "$(id -u)" -eq 0 ] || { echo "the benchmark needs root" >&2; exit 1; }
if [ -z "${BENCH_INSIDE:-}" ]; then
	BENCH_INSIDE=1 exec unshare -m --propagation private -- "$0" "$@"
fi
mkdir -p "$out"
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/lib

# Static, as ocigate is: what the loader costs is no merit of ocigate's.
bin=/run/bench/bin
mkdir -p "$bin"
for program in baseline nothing usage; do
	${CC:-cc} -O2 -fPIE -static-pie -o "$bin/$program" "$here/$program.c"
done
cp "$ocigate" "$bin/ocigate"
ocigate=$bin/ocigate

# ---- as dockerd leaves it ---------------------------------------------------

id=14fc0130fab23e81f520b6f47c84f687241ed212870230188c4127afd3e66551
image=sha256:9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c
data=/var/lib/docker
state=/run/docker/runtime-runc/moby
bundle=/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/$id
config=$here/../lib/bundle.json
mkdir -p "$state" "$bundle" "$data/containers/$id/mounts/shm" "$data/image/overlay2" \
	"$(sed 's/.*"root":{"path":"\([^"]*\)".*/\1/' "$config")"
for file in resolv.conf hostname hosts; do
	echo "127.0.0.1 localhost" >"$data/containers/$id/$file"
done
cat >"$data/containers/$id/config.v2.json" <<JSON
{"StreamConfig":{},"State":{"Running":false,"Pid":0},"ID":"$id","Created":"2026-01-01T00:00:00Z","Managed":false,
"Path":"/bin/sleep","Args":["5"],"Config":{"Hostname":"14fc0130fab2","User":"","Env":["PATH=/bin"],"Cmd":["/bin/sleep","5"],
"Image":"busybox","Labels":{}},"Image":"$image","NetworkSettings":{"Bridge":"","Networks":{"bridge":{"IPAddress":""}},"Ports":null},
"Name":"/bench","Driver":"overlay2","OS":"linux","MountPoints":{},"SecretReferences":null,"AppArmorProfile":""}
JSON
cat >"$data/containers/$id/hostconfig.json" <<'JSON'
{"Binds":null,"NetworkMode":"bridge","PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,
"CapAdd":null,"CapDrop":null,"CgroupnsMode":"host","IpcMode":"private","PidMode":"","Privileged":false,"PublishAllPorts":false,
"ReadonlyRootfs":false,"SecurityOpt":null,"UsernsMode":"","ShmSize":67108864,"Runtime":"ocigate","CgroupParent":"","Devices":[]}
JSON
echo "{\"Repositories\":{\"busybox\":{\"busybox:latest\":\"$image\"}}}" >"$data/image/overlay2/repositories.json"
for preset in permissive lab; do
	echo "{\"version\":1,\"extends\":\"$preset\"}" >"/run/bench/$preset.json"
done

# ---- the subjects -----------------------------------------------------------

flags="--root $state --log $bundle/log.json --log-format json"
create="create --bundle $bundle --pid-file $bundle/init.pid $id"
shim="$ocigate --ocigate-runtime=$bin/nothing"
runc=$(command -v runc)
names=(baseline state permissive lab runc runc-ocigate)
commands=(
	"$bin/baseline $bin/nothing $flags $create"
	"$shim $flags state $id"
	"$shim --ocigate-policy=/run/bench/permissive.json $flags $create"
	"$shim --ocigate-policy=/run/bench/lab.json $flags $create"
	"$runc --root /run/bench/none list"
	"$ocigate --ocigate-runtime=$runc --root /run/bench/none list"
)
aims=(1 1.05 1.25 1.5 - -)

# Before each: the bundle as the engine has just written it, and no record of a launch.
cat >"$bin/reset" <<SH
#!/bin/sh
rm -rf /run/ocigate $bundle/*
cp "$config" $bundle/config.json
SH
chmod 755 "$bin/reset"

for i in "${!names[@]}"; do
	"$bin/reset"
	# shellcheck disable=SC2086 # words, by intention
	if ! ${commands[$i]} >/dev/null; then
		echo "bench: ${names[$i]} fails" >&2
		exit 1
	fi
	case ${names[$i]} in
	permissive) cmp "$bundle/config.json" "$config" ;;
	lab) ! cmp -s "$bundle/config.json" "$config" ;;
	esac || { echo "bench: ${names[$i]} does not what it is to do" >&2; exit 1; }
done

# ---- the figures ------------------------------------------------------------

# in SECONDS: median and least
seconds() { jq -r ".results[] | select(.command == \"$1\") | \"\(.median) \(.min)\"" "$out/times.json"; }

# The least peak of several runs, in kB, and its page faults.
memory() {
	for _ in 1 2 3 4 5; do
		"$bin/reset"
		# shellcheck disable=SC2086
		"$bin/usage" $1 | tail -n 1
	done | sort -n | head -n 1
}

syscalls() {
	"$bin/reset"
	# shellcheck disable=SC2086
	strace -o "$out/$1.strace" -- $2 >/dev/null 2>&1 || :
	awk 'index($0, "execve(") == 1 && NR > 1 { exit } { n++ } END { print n - 1 }' "$out/$1.strace"
}

hwcaps=glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-BMI2,-ERMS,-FSRM

# One by one. In an environment that is always the same, and by functions of libc
# that every such processor has.
steps() {
	"$bin/reset"
	# shellcheck disable=SC2086
	env -i PATH=/usr/sbin:/usr/bin GLIBC_TUNABLES=$hwcaps "$bin/usage" --steps $1 | tail -n 1
}

instructions() {
	[ -n "${OG_LONG:-}${BENCH_STEPS:-}" ] || { echo -; return; }
	steps "$1"
}

# The same by callgrind: of what ends by itself.
callgrind() {
	"$bin/reset"
	# shellcheck disable=SC2086
	env -i PATH=/usr/sbin:/usr/bin GLIBC_TUNABLES=$hwcaps valgrind --tool=callgrind \
		--callgrind-out-file=/run/bench/callgrind.out $1 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}

# compare NAME COUNT: with what is kept.
compare() {
	local kept
	kept=$(sed -n "s/^$1 //p" "$here/instructions.txt")
	echo "$1: ${2:-no} instructions, ${kept:-none} are kept"
	if [ -n "$2" ] && [ -n "$kept" ] && [ "$2" -gt 0 ] && [ $(($2 * 100)) -le $((kept * 103)) ]; then
		passed=$((passed + 1))
		[ $(($2 * 100)) -ge $((kept * 97)) ] || echo "$1 takes less: write that down in tests/bench/instructions.txt"
	else
		failed=$((failed + 1))
		echo "$1 takes more than tests/bench/instructions.txt says: find out why, or write it down there"
	fi
}

regressions() {
	local passed=0 failed=0 preset
	compare state "$(steps "$shim $flags state $id")"
	for preset in permissive lab; do
		compare "$preset" "$(callgrind "$shim --ocigate-mode=explain --ocigate-policy=/run/bench/$preset.json $flags $create")"
	done
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

if [ "${1:-}" = instructions ]; then
	regressions
	exit
fi

hyperfine_args=(-N -w 50 -r "$runs" --prepare "$bin/reset" --export-json "$out/times.json" --style none)
for i in "${!names[@]}"; do
	hyperfine_args+=(-n "${names[$i]}" "${commands[$i]}")
done
hyperfine "${hyperfine_args[@]}" >/dev/null 2>"$out/hyperfine.log" || { cat "$out/hyperfine.log" >&2; exit 1; }

printf '%-13s %9s %9s %7s %7s %5s  %8s %6s %7s  %8s %12s\n' "" "median" "least" "ratio" "ratio" "aim" \
	"peak kB" "ratio" "faults" "syscalls" "instructions"
for i in "${!names[@]}"; do
	name=${names[$i]}
	read -r median least <<<"$(seconds "$name")"
	read -r peak faults <<<"$(memory "${commands[$i]}")"
	calls=- instr=-
	case $name in
	baseline | runc)
		median0=$median least0=$least peak0=$peak
		;;
	runc-*) ;;
	*)
		calls=$(syscalls "$name" "${commands[$i]}")
		instr=$(instructions "${commands[$i]}")
		;;
	esac
	awk -v name="$name" -v m="$median" -v l="$least" -v m0="$median0" -v l0="$least0" -v aim="${aims[$i]}" \
		-v peak="$peak" -v peak0="$peak0" -v faults="$faults" -v calls="$calls" -v instr="$instr" 'BEGIN {
		printf "%-13s %6.3f ms %6.3f ms %7.2f %7.2f %5s  %8d %6.2f %7d  %8s %12s\n", name, m * 1000, l * 1000, \
			m / m0, l / l0, aim, peak, peak / peak0, faults, calls, instr }'
done | tee "$out/table.txt"

# ---- growth -----------------------------------------------------------------

mkdir -p /run/bench/growth
"$BUILD/bench/growth" "$BUILD/ocigatectl" /run/bench/growth | tee "$out/growth.txt"
[ "${PIPESTATUS[0]}" -eq 0 ]
