#!/usr/bin/env python3
"""Joins two tun devices and delays every packet between them, where the kernel has no netem.

    Scripts/delay_link.py FIRST SECOND SECONDS

The devices are created in this network namespace, from where they can be moved. Scripts/measure_ranks.sh uses it.
The processing of a packet comes on top of the delay.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def opened(name):
    """Returns the descriptor of a new tun device."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def relay(devices, delay):
    """Passes packets on in both directions for ever."""
    other = {devices[0]: devices[1], devices[1]: devices[0]}
    waiting = collections.deque()
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for device in select.select(devices, [], [], timeout)[0]:
            try:
                while True:
                    packet = os.read(device, 65536)
                    waiting.append((time.monotonic() + delay, other[device], packet))
            except OSError:
                # Nothing more to read, or the device is down.
                pass
        while waiting and waiting[0][0] <= time.monotonic():
            _, device, packet = waiting.popleft()
            try:
                os.write(device, packet)
            except OSError:
                # Dropped, as by a full network.
                pass


if __name__ == "__main__":
    pair = [opened(name) for name in sys.argv[1:3]]
    print("ready", flush=True)
    relay(pair, float(sys.argv[3]))
