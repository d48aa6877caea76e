#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What ocigate costs: the time and the memory of a whole process that becomes a
# runtime, with ocigate and with a program that does nothing else, in one run of
# hyperfine; system calls and instructions besides. The bundle is one that
# dockerd wrote, in the places where dockerd keeps things, on a tmpfs; the
# runtime exits at once. "exec" and "start" are asked of a container that runc has
# created and that waits, "delete" of one whose process has ended, each with its
# record of the launch. Needs root, for mounts and two containers of its own.
#
# Environment: BUILD, the build directory; BENCH_RUNS (1000, with OG_LONG 5000);
# OCIGATE, another program to measure; BENCH_STEPS or OG_LONG: count instructions
# too; BENCH_MOUNTS, the length of a long mount table (10000). Figures also go to
# $BUILD/bench/. Last, how a launch grows with its input (inputs.sh, growth.c): the
# bench fails if that is faster than in proportion.
#
# run.sh instructions: only counts: of system calls, which must not depend on the
# host's mounts and the policy's size, and of instructions, against those kept in
# instructions.txt; what takes more than there, by more than 3 %, is a regression. By
# callgrind, up to the report of --ocigate-mode=explain: one by one, as in the table,
# takes minutes for a launch. (This valgrind does not know openat2(2); to ocigate
# nothing can be resolved then, and the judgement is all the same.)
#
# run.sh layout: which functions these calls execute, written to shim/launch.ld by
# layout.py ("make layout").
# shellcheck source-path=SCRIPTDIR disable=SC2317
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
for program in baseline nothing usage mounts; do
	${CC:-cc} -O2 -fPIE -static-pie -o "$bin/$program" "$here/$program.c"
done
mv "$bin/nothing" /run/bench/nothing # as deep as /usr/bin/runc: each directory is looked at
ocigate_map=$ocigate.map
cp "$ocigate" "$bin/ocigate"
ocigate=$bin/ocigate

# ---- as dockerd leaves it ---------------------------------------------------

id=14fc0130fab23e81f520b6f47c84f687241ed212870230188c4127afd3e66551
image=sha256:9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c
data=/var/lib/docker
state=/run/docker/runtime-runc/moby
bundle=/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/$id
config=$here/../lib/bundle.json
rootfs=$(jq -r .root.path "$config")
mkdir -p "$state" "$data/image/overlay2" "$rootfs"

# container ID: what dockerd keeps of it, and its bundle
container() {
	mkdir -p "${bundle%/*}/$1" "$data/containers/$1/mounts/shm"
	sed "s/$id/$1/g" "$config" >"${bundle%/*}/$1/config.json"
	for file in resolv.conf hostname hosts; do
		echo "127.0.0.1 localhost" >"$data/containers/$1/$file"
	done
	cat >"$data/containers/$1/config.v2.json" <<JSON
{"StreamConfig":{},"State":{"Running":false,"Pid":0},"ID":"$1","Created":"2026-01-01T00:00:00Z","Managed":false,
"Path":"/bin/sleep","Args":["5"],"Config":{"Hostname":"14fc0130fab2","User":"","Env":["PATH=/bin"],"Cmd":["/bin/sleep","5"],
"Image":"busybox","Labels":{}},"Image":"$image","NetworkSettings":{"Bridge":"","Networks":{"bridge":{"IPAddress":""}},"Ports":null},
"Name":"/bench","Driver":"overlay2","OS":"linux","MountPoints":{},"SecretReferences":null,"AppArmorProfile":""}
JSON
	cat >"$data/containers/$1/hostconfig.json" <<'JSON'
{"Binds":null,"NetworkMode":"bridge","PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,
"CapAdd":null,"CapDrop":null,"CgroupnsMode":"host","IpcMode":"private","PidMode":"","Privileged":false,"PublishAllPorts":false,
"ReadonlyRootfs":false,"SecurityOpt":null,"UsernsMode":"","ShmSize":67108864,"Runtime":"ocigate","CgroupParent":"","Devices":[]}
JSON
}
container "$id"
echo "{\"Repositories\":{\"busybox\":{\"busybox:latest\":\"$image\"}}}" >"$data/image/overlay2/repositories.json"
for preset in permissive lab; do
	echo "{\"version\":1,\"extends\":\"$preset\"}" >"/run/bench/$preset.json"
done

# ---- the subjects -----------------------------------------------------------

flags="--root $state --log $bundle/log.json --log-format json"
create="create --bundle $bundle --pid-file $bundle/init.pid $id"
shim="$ocigate --ocigate-runtime=/run/bench/nothing"
runc=$(command -v runc)
ln -s "$(readlink -f "$config")" /run/bench/input.json
waiting=${id%1}2 ended=${id%1}3
own=/run/bench/$waiting.json
names=(baseline state permissive lab start delete exec exec-lab runc runc-ocigate)
commands=(
	"$bin/baseline /run/bench/nothing $flags $create"
	"$shim $flags state $id"
	"$shim --ocigate-policy=/run/bench/permissive.json $flags $create"
	"$shim --ocigate-policy=/run/bench/lab.json $flags $create"
	"$ocigate $flags start $waiting"
	"$ocigate $flags delete $ended"
	"$ocigate --ocigate-policy=/run/bench/permissive.json $flags exec --process $own --detach --pid-file $bundle/exec.pid $waiting"
	"$ocigate --ocigate-policy=/run/bench/lab.json $flags exec --process $own --detach --pid-file $bundle/exec.pid $waiting"
	"$runc --root /run/bench/none list"
	"$ocigate --ocigate-runtime=$runc --root /run/bench/none list"
)
aims=(1 1.05 1.25 1.5 - - - - - -)

# Before each: the bundle as the engine has just written it, and no record of its
# launch, but those of the two other containers once they are there. Their directory
# stays, as it does from the first launch after boot on.
cat >"$bin/reset" <<SH
#!/bin/sh
mkdir -p -m 700 /run/ocigate
rm -rf /run/ocigate/* $bundle/*
[ ! -d /run/bench/records ] || cp -a /run/bench/records/. /run/ocigate
cp /run/bench/input.json $bundle/config.json
SH
chmod 755 "$bin/reset"

# ---- two launches that were made ----------------------------------------------

cgroup=ocigate-bench.$$

end_launches() {
	local one
	for one in "$waiting" "$ended"; do
		[ ! -d "$state/$one" ] || "$runc" --root "$state" delete --force "$one" || :
	done
	rmdir /sys/fs/cgroup/*/"$cgroup" /sys/fs/cgroup/"$cgroup" 2>/dev/null || :
}

# made ID: judged and recorded by ocigate, with a runtime that does nothing; then runc
# makes the container, as ocigate has rewritten it, which waits for its "start".
made() {
	local dir=${bundle%/*}/$1
	container "$1"
	sed -i "s,\"cgroupsPath\":\"/docker/,\"cgroupsPath\":\"/$cgroup/," "$dir/config.json"
	$shim --ocigate-policy=/run/bench/lab.json --root "$state" create --bundle "$dir" --pid-file "$dir/init.pid" "$1"
	"$runc" --root "$state" create --bundle "$dir" --pid-file "$dir/init.pid" "$1" </dev/null >/dev/null 2>&1
}

launches() {
	trap end_launches EXIT
	mkdir -p "$rootfs/bin"
	cp "$(command -v busybox)" "$rootfs/bin/sleep"
	"$bin/reset"
	made "$waiting"
	made "$ended"
	"$runc" --root "$state" kill "$ended" KILL
	jq '.process | .args = ["/bin/sleep", "0"] | .terminal = false' "$config" >"$own"
	# its process needs a moment to be gone
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$("$runc" --root "$state" state "$ended" | jq -r .status)" != stopped ] || break
		sleep 0.1
	done
	cp -a /run/ocigate /run/bench/records
}

[ "${1:-}" = instructions ] || launches

# runs NAME: whether it is measured; the count of instructions has no use for launches
runs() {
	[ -d /run/bench/records ] || case $1 in start | delete | exec*) return 1 ;; esac
}

for i in "${!names[@]}"; do
	runs "${names[$i]}" || continue
	"$bin/reset"
	# shellcheck disable=SC2086 # words, by intention
	if ! ${commands[$i]} >/dev/null; then
		echo "bench: ${names[$i]} fails" >&2
		exit 1
	fi
	case ${names[$i]} in
	permissive) cmp "$bundle/config.json" "$config" ;;
	lab) ! cmp -s "$bundle/config.json" "$config" ;;
	delete) ! ls /run/ocigate/"$ended"-*.json >/dev/null 2>&1 && ls /run/ocigate/"$waiting"-*.json >/dev/null ;;
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

. "$here/inputs.sh"

regressions() {
	local passed=0 failed=0 preset
	compare state "$(steps "$shim $flags state $id")"
	for preset in permissive lab; do
		compare "$preset" "$(callgrind "$shim --ocigate-mode=explain --ocigate-policy=/run/bench/$preset.json $flags $create")"
	done
	inputs
	steady_calls || failed=$((failed + 1))
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

# In this order: what every command needs, then what a launch needs, then the rest.
layout() {
	local i trace traces=()
	for i in "${!names[@]}"; do
		case ${names[$i]} in baseline | runc*) continue ;; esac
		trace=$out/${names[$i]}.trace
		"$bin/reset"
		# shellcheck disable=SC2086
		"$bin/usage" --trace ${commands[$i]} >"$trace"
		traces+=("$trace")
	done
	"$here/layout.py" "$ocigate_map" "${traces[@]}"
}

case ${1:-} in
instructions)
	regressions
	exit
	;;
layout)
	layout >"$out/launch.ld"
	mv "$out/launch.ld" "$here/../../shim/launch.ld"
	exit
	;;
esac

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

rc=0
inputs
growth_of_create | tee "$out/inputs.txt"
[ "${PIPESTATUS[0]}" -eq 0 ] || rc=1

mkdir -p /run/bench/growth
"$BUILD/bench/growth" "$BUILD/ocigatectl" /run/bench/growth | tee "$out/growth.txt"
[ "${PIPESTATUS[0]}" -eq 0 ] || rc=1
exit $rc
