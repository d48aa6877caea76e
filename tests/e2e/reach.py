#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reach.py PROTO ADDRESS PORT [SECONDS]: "yes" when a service there answers, else "no"."""
import socket
import sys

proto, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 0.6
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM
try:
    with socket.socket(family, kind, 132 if proto == "sctp" else 0) as s:
        s.settimeout(seconds)
        s.connect((address, port))
        s.send(b"?")
        print("yes" if s.recv(100) else "no")
except OSError:
    print("no")
