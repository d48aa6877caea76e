#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""early.py [--from PORT] [--later] SECONDS FILE PROTO ADDRESS PORT [PROTO ADDRESS PORT...]

Who asks once, and waits: each is connected to, or is sent one datagram, and FILE is made. "yes" for
each that answers within the time, else "no"; --later: that still says something when FILE is gone
again. ADDRESS may be one of many listeners' (broadcast, multicast), with %LINK."""
import argparse
import contextlib
import pathlib
import selectors
import socket
import time


def begin(proto, address, port, source):
    host, _, link = address.partition("%")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM)
    s.setblocking(False)
    if source:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", source))
    if link:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
    if proto == "udp":  # unconnected: whoever answers has another address
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.sendto(b"?", (host, int(port)))
    else:
        with contextlib.suppress(BlockingIOError):
            s.connect((host, int(port)))
    return s


def receive(s):
    with contextlib.suppress(OSError):
        return s.recv(1 << 16)
    return b""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", type=int, dest="source")
    parser.add_argument("--later", action="store_true")
    parser.add_argument("seconds", type=float)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("whom", nargs="+")
    args = parser.parse_args()
    asked = [begin(*args.whom[i:i + 3], args.source) for i in range(0, len(args.whom), 3)]
    time.sleep(0.3)  # for those that are quick
    args.file.touch()
    while args.later and args.file.exists():
        time.sleep(0.05)
    if args.later:
        time.sleep(0.5)
        for s in asked:
            receive(s)
    answers = dict.fromkeys(asked, "no")
    end = time.monotonic() + args.seconds
    with selectors.DefaultSelector() as waiting:
        for s in asked:
            waiting.register(s, selectors.EVENT_READ)
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                if receive(key.fileobj):
                    answers[key.fileobj] = "yes"
                waiting.unregister(key.fileobj)
    print(*answers.values())


main()
