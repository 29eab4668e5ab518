#!/usr/bin/env python3
"""CPU time of the default ladder beside the ffmpeg command doing the same ladder.

    measure.py [--rounds 5] [--seconds 30] [--limit 1.05]

Both take the same AAC stream in real time, decode it, and encode the same three AAC renditions with FFmpeg's own
encoder (coder twoloop, same rates). The figure is user + system time from /proc/PID/stat over the same seconds of the
input, so that neither's start is counted. ffmpeg throws its packets away; twitchy also receives RTMP, cuts and packages
parts, keeps the live window and stores segments in files. What it takes while nobody pushes is measured beside it: that
is in its figure, and is spent once however many streams there are. Rounds alternate, so that what else the machine does
falls on both. Prints JSON; exits 1 when the ratio is above --limit.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from server import (  # noqa: E402
    LADDER, PART_SECONDS, BenchmarkError, Server, cpu_seconds, encode_tune, end, load_average, push,
)

WARM_UP_SECONDS = 5
IDLE_SECONDS = 5


def over_the_window(process_id, started, seconds, pusher):
    """CPU seconds between `WARM_UP_SECONDS` and `seconds` later in the input, which began at `started`."""
    time.sleep(max(0, started + WARM_UP_SECONDS - time.monotonic()))
    before = cpu_seconds(process_id)
    time.sleep(max(0, started + WARM_UP_SECONDS + seconds - time.monotonic()))
    spent = cpu_seconds(process_id) - before
    if pusher.poll() is not None:
        raise BenchmarkError("The input ended before the measurement did.")
    return spent


def ours(source, seconds):
    """CPU seconds of the stream's window, and of a second without a stream."""
    with Server() as server:
        # Nothing of its start shall fall into either.
        time.sleep(1)
        before = cpu_seconds(server.process_id)
        time.sleep(IDLE_SECONDS)
        idle = (cpu_seconds(server.process_id) - before) / IDLE_SECONDS
        pusher = push(source, server.rtmp_url("demo-key"))
        try:
            return over_the_window(server.process_id, time.monotonic(), seconds, pusher), idle
        finally:
            end(pusher)


def command(source, seconds):
    outputs = []
    for rendition in LADDER.split(","):
        rate = rendition.partition(":")[2]
        outputs += ["-map", "0:a", "-c:a", "aac", "-aac_coder", "twoloop", "-b:a", f"{rate}k", "-f", "null", "-"]
    process = subprocess.Popen(
        ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-i", source, *outputs],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )
    try:
        return over_the_window(process.pid, time.monotonic(), seconds, process)
    finally:
        end(process)


def main():
    parser = argparse.ArgumentParser(description="Compares the ladder's CPU time with the ffmpeg command's.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=30, help="seconds of the stream that count")
    parser.add_argument("--limit", type=float, help="greatest ratio that is a success")
    arguments = parser.parse_args()
    rounds, idles = [], []
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "tune.flv"
        encode_tune(source, WARM_UP_SECONDS + arguments.seconds + 5)
        for number in range(arguments.rounds):
            (mine, idle), theirs = ours(source, arguments.seconds), command(source, arguments.seconds)
            rounds.append((mine, theirs))
            idles.append(idle * arguments.seconds)
            print(f"round {number + 1}: twitchy {mine:.2f} s, ffmpeg {theirs:.2f} s of CPU, ratio {mine / theirs:.3f}, "
                  f"load average {load_average()}", file=sys.stderr)
    mine = statistics.median(pair[0] for pair in rounds)
    theirs = statistics.median(pair[1] for pair in rounds)
    ratio = mine / theirs
    print(json.dumps({
        "twitchyCPUSeconds": round(mine, 3), "ffmpegCPUSeconds": round(theirs, 3), "ratio": round(ratio, 3),
        "twitchyCPUSecondsWithoutStream": round(statistics.mean(idles), 3),
        "medianOfRatios": round(statistics.median(first / second for first, second in rounds), 3),
        "streamSeconds": arguments.seconds, "rounds": arguments.rounds, "ladder": LADDER,
        "encoder": "FFmpeg aac, coder twoloop", "partSeconds": PART_SECONDS,
        "input": "tune of Fixtures/, AAC 192 kbit/s, 48 kHz stereo, over RTMP in real time",
        "loadAverage": load_average(),
    }, indent=2))
    sys.exit(0 if arguments.limit is None or ratio <= arguments.limit else 1)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
