#!/usr/bin/env python3
"""Publishes one file to many channels from one process: publish.py PORT ADTS_FILE

Reads stream keys from standard input, a line each, and connects as they come. Frames are sent in real time, ten groups of
connections one after the other, so that not all parts come at once. Ends when standard input does.
"""

import os
import pathlib
import select
import sys
import time

from rtmp_publisher import SAMPLES_PER_FRAME, RTMPPublisher, adts_frames

GROUPS = 10


def main():
    port, path = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    configuration, frames = adts_frames(path.read_bytes())
    publishers = []
    started = time.monotonic()
    tick = 0
    while True:
        if select.select([0], [], [], 0)[0]:
            # Not by sys.stdin, which would take more lines than it gives, so that `select` no longer tells of them.
            keys = os.read(0, 65_536).decode().split()
            if not keys:
                return
            publishers += [(RTMPPublisher(port, key, configuration), tick // GROUPS) for key in keys]
        for publisher, first in publishers[tick % GROUPS::GROUPS]:
            number = tick // GROUPS - first
            publisher.send(frames[number % len(frames)], number)
        tick += 1
        wait = started + tick * SAMPLES_PER_FRAME / 48_000 / GROUPS - time.monotonic()
        if wait > 0:
            time.sleep(wait)


if __name__ == "__main__":
    main()
