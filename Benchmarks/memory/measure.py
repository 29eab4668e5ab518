#!/usr/bin/env python3
"""Resident memory that one more stream costs.

    measure.py [--more 8] [--seconds 90] [--limit 6]

Pushes one AAC stream, reads VmRSS of `twitchy serve` after --seconds, pushes the same into --more other channels, and
reads it again after as long. Nobody listens. The log of each stream holds 60 s, so 90 s are enough for it to be full.
Prints JSON in MB (10⁶ bytes); exits 1 when a further stream takes more than --limit.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from server import (  # noqa: E402
    LADDER, PART_SECONDS, BenchmarkError, Server, cpu_seconds, encode_tune, end, load_average, push, resident_megabytes,
)


def measure(arguments, source):
    channels = [f"bench_{number}" for number in range(arguments.more)]
    pushers = []
    # As many slots as streams, whatever this machine has.
    with Server("--slots", str(arguments.more + 1), channels=channels) as server:
        def sample(what):
            time.sleep(arguments.seconds)
            if any(pusher.poll() is not None for pusher in pushers):
                raise BenchmarkError("A push ended early.")
            megabytes = resident_megabytes(server.process_id)
            print(f"{what}: {megabytes:.1f} MB, {cpu_seconds(server.process_id):.1f} s of CPU so far, "
                  f"load average {load_average()}", file=sys.stderr)
            return megabytes

        time.sleep(1)
        idle = resident_megabytes(server.process_id)
        try:
            pushers.append(push(source, server.rtmp_url("demo-key")))
            one = sample("1 stream")
            pushers += [push(source, server.rtmp_url(key)) for key in server.stream_keys]
            all_of_them = sample(f"{arguments.more + 1} streams")
        finally:
            for pusher in pushers:
                end(pusher)
    return {
        "idleMB": round(idle, 1), "oneStreamMB": round(one, 1), "allStreamsMB": round(all_of_them, 1),
        "streams": arguments.more + 1, "perAdditionalStreamMB": round((all_of_them - one) / arguments.more, 2),
    }


def main():
    parser = argparse.ArgumentParser(description="Measures the memory of an additional stream.")
    parser.add_argument("--more", type=int, default=8, help="streams beyond the first")
    parser.add_argument("--seconds", type=int, default=90, help="how long each state lasts")
    parser.add_argument("--limit", type=float, help="most MB for one more stream that is a success")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "tune.flv"
        encode_tune(source, 2 * arguments.seconds + 30)
        result = measure(arguments, source)
    result.update(
        secondsEach=arguments.seconds, ladder=LADDER, partSeconds=PART_SECONDS,
        encoder="FFmpeg aac, coder twoloop",
        input="tune of Fixtures/, AAC 192 kbit/s, 48 kHz stereo, over RTMP in real time",
        mallocArenas=os.environ.get("MALLOC_ARENA_MAX", "default"), loadAverage=load_average(),
    )
    print(json.dumps(result, indent=2))
    sys.exit(0 if arguments.limit is None or result["perAdditionalStreamMB"] <= arguments.limit else 1)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
