#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a kubelet asks of containerd, by CRI: cri.py SOCKET METHOD JSON. A METHOD with its
service, /SERVICE/METHOD, is one of containerd's own, in the namespace "default".

The messages are written by hand, field numbers and all: no generated code for them is
packaged. In JSON a message is an object with the numbers as keys; an array repeats its
field, a string is bytes, a boolean or a number is a varint.
"""

import json
import sys

import grpc


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def encode(message):
    out = b""
    for number, values in message.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, (bool, int)):
                out += varint(int(number) << 3) + varint(int(value))
                continue
            data = encode(value) if isinstance(value, dict) else value.encode()
            out += varint(int(number) << 3 | 2) + varint(len(data)) + data
    return out


def read_varint(data, i):
    n = shift = 0
    while True:
        n |= (data[i] & 127) << shift
        shift += 7
        i += 1
        if data[i - 1] < 128:
            return n, i


def decode(data):
    """The message's own fields; what is a message itself stays text."""
    out, i = {}, 0
    while i < len(data):
        key, i = read_varint(data, i)
        if key & 7 == 0:
            out[key >> 3], i = read_varint(data, i)
        else:
            length, i = read_varint(data, i)
            out[key >> 3] = data[i:i + length].decode("utf-8", "replace")
            i += length
    return out


def main():
    socket, method, message = sys.argv[1:]
    if "/" not in method:
        method = "/runtime.v1.RuntimeService/" + method
    with grpc.insecure_channel("unix://" + socket) as channel:
        call = channel.unary_unary(method, request_serializer=encode, response_deserializer=decode)
        try:
            answer = call(json.loads(message), timeout=60,
                          metadata=[("containerd-namespace", "default")])
        except grpc.RpcError as error:
            sys.exit(error.details())
    print(json.dumps(answer))


main()
