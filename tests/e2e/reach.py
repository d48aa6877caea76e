#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reach.py PROTO ADDRESS PORT [PROTO ADDRESS PORT...] [SECONDS]

"yes" when a service there answers, else "no". Several are asked at the same time."""
import contextlib
import socket
import sys
import threading


def ask(proto, address, port, seconds):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM
    try:
        with socket.socket(family, kind, 132 if proto == "sctp" else 0) as s:
            s.settimeout(seconds)
            s.connect((address, int(port)))
            with contextlib.suppress(OSError):  # who answers at once may be gone already
                s.send(b"?")
            return "yes" if s.recv(100) else "no"
    except OSError:
        return "no"


def main(words):
    seconds = float(words.pop()) if len(words) % 3 else 0.6
    answers = [""] * (len(words) // 3)

    def one(i):
        answers[i] = ask(*words[3 * i:3 * i + 3], seconds)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(answers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*answers)


main(sys.argv[1:])
