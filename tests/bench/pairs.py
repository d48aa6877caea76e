#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times that are compared launch by launch.

pairs.py run ROUNDS WARMUP FILE REFERENCE NAME... -- COMMAND...: in each round
every name once, in an order drawn anew (with a fixed seed), "{}" in the command
replaced by it. Prints the medians, and the ratio of each to the reference of its
own round: the geometric mean and the median, each with its 95 % interval by
bootstrap. What a machine does meanwhile hits all of a round alike, so the
interval, not the medians, tells what is known. The times go to FILE.

pairs.py calls FILE: of what stamp.c wrote, how often a launch calls the runtime,
with which command, and how long it takes from one stamp to the other.

Exit status 1 if a command fails.
"""
import collections
import math
import random
import statistics
import subprocess
import sys
import time

SEED = 20260101
RESAMPLES = 4000
BAR = 1.03


def launch(command, name):
    words = [word.replace("{}", name) for word in command]
    start = time.perf_counter()
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit("pairs: %s: status %d: %s" % (" ".join(words), done.returncode,
                                               done.stderr.decode(errors="replace")))
    return seconds


def interval(values, statistic, draw):
    """Of the statistic of |values|: 2.5 % of the resamples lie below, 2.5 % above."""
    found = sorted(statistic(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return found[int(RESAMPLES * 0.025)], found[int(RESAMPLES * 0.975)]


def verdict(low, high):
    if high <= BAR:
        return "yes"
    return "no" if low > BAR else "no (not shown: the interval reaches over it)"


def measure(rounds, warmup, names, command, draw):
    times = {name: [] for name in names}
    for i in range(warmup + rounds):
        for name in draw.sample(names, len(names)):
            seconds = launch(command, name)
            if i >= warmup:
                times[name].append(seconds)
    return times


def run(argv):
    split = argv.index("--")
    rounds, warmup, file = int(argv[0]), int(argv[1]), argv[2]
    names, command = argv[3:split], argv[split + 1:]
    draw = random.Random(SEED)
    times = measure(rounds, warmup, names, command, draw)
    with open(file, "w", encoding="ascii") as out:
        print("\t".join(names), file=out)
        for row in zip(*(times[name] for name in names)):
            print("\t".join("%.6f" % seconds for seconds in row), file=out)
    reference = times[names[0]]
    print("%-13s %10s %10s  %-26s %-26s within %.0f %%" % (
        "", "median", "least", "mean ratio (95 %)", "median ratio (95 %)", (BAR - 1) * 100))
    for name in names:
        line = "%-13s %7.1f ms %7.1f ms" % (
            name, statistics.median(times[name]) * 1e3, min(times[name]) * 1e3)
        if name != names[0]:
            logs = [math.log(a / b) for a, b in zip(times[name], reference)]
            low, high = interval(logs, statistics.fmean, draw)
            mlow, mhigh = interval(logs, statistics.median, draw)
            line += "  %.4f (%.4f to %.4f)  %.4f (%.4f to %.4f)  %s" % (
                math.exp(statistics.fmean(logs)), math.exp(low), math.exp(high),
                math.exp(statistics.median(logs)), math.exp(mlow), math.exp(mhigh),
                verdict(math.exp(low), math.exp(high)))
        print(line)


def read_calls(file):
    """[chain][command]: milliseconds between the stamps, and how many launches there were."""
    calls = collections.defaultdict(lambda: collections.defaultdict(list))
    first = {}
    with open(file, encoding="ascii") as lines:
        for line in lines:
            name, pid, command, came, went = line.split()
            if name != "runc":
                first[pid] = (name, command, int(went))
            elif pid in first:
                chain, command, left = first.pop(pid)
                calls[chain][command].append((int(came) - left) / 1e6)
    if first:
        sys.exit("pairs: the runtime was not reached: %s" % list(first.values()))
    return calls


def report_calls(argv):
    calls = read_calls(argv[0])
    plain = calls.get("stamp-plain")
    if not plain or not plain["create"]:
        sys.exit("pairs: no launch in %s" % argv[0])
    print("%-13s %-10s %10s %12s %14s %14s" % ("", "command", "a launch", "median", "beyond plain",
                                              "in a launch"))
    for chain in sorted(calls):
        launches = len(calls[chain]["create"])
        total = 0.0
        for command, found in calls[chain].items():
            often = len(found) / launches
            median = statistics.median(found)
            line = "%-13s %-10s %10.2f %9.3f ms" % (chain[len("stamp-"):], command, often, median)
            if chain != "stamp-plain":
                beyond = median - statistics.median(plain[command])
                total += beyond * often
                line += " %11.3f ms %11.3f ms" % (beyond, beyond * often)
            print(line)
        if chain != "stamp-plain":
            print("%-13s %-10s %*s %11.3f ms" % (chain[len("stamp-"):], "all", 38, "", total))


def main(argv):
    {"run": run, "calls": report_calls}[argv[0]](argv[1:])


main(sys.argv[1:])
