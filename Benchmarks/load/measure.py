#!/usr/bin/env python3
"""What listeners cost.

    measure.py [--listeners 1000] [--seconds 20]

`twitchy serve` on one core, with one event loop and one stream of the default ladder; on another core a program that
listens --listeners times to the middle rendition: low-latency (a blocking reload and a part every 192 ms), then plain (a
playlist every two seconds and each segment). What the server spends with nobody listening, over as long, is taken off.
Prints JSON; exits 1 when a request failed.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from crowd import Crowd, build  # noqa: E402
from server import (  # noqa: E402
    LADDER, PART_SECONDS, BenchmarkError, Server, cpu_seconds, encode_tune, end, load_average, push,
)

RENDITION = "aac-128"
WARM_UP_SECONDS = 5


def measure(arguments, folder):
    program = build(folder)
    source = folder / "tune.flv"
    encode_tune(source, 4 * arguments.seconds + 60)
    result = {}
    with Server("--event-loops", "1") as server:
        for thread in os.listdir(f"/proc/{server.process_id}/task"):
            os.sched_setaffinity(int(thread), {0})
        pusher = push(source, server.rtmp_url("demo-key"))
        try:
            time.sleep(5)
            before = cpu_seconds(server.process_id)
            time.sleep(arguments.seconds)
            idle = (cpu_seconds(server.process_id) - before) / arguments.seconds
            for kind in ("low", "plain"):
                crowd = Crowd(program, server.http_port, RENDITION, kind, arguments.listeners, arguments.seconds, core=1)
                time.sleep(WARM_UP_SECONDS)
                before, began = cpu_seconds(server.process_id), time.monotonic()
                heard = crowd.result()
                elapsed = time.monotonic() - began
                spent = (cpu_seconds(server.process_id) - before) / elapsed - idle
                heard["cpuMicrosecondsPerListenerSecond"] = round(spent * 1e6 / arguments.listeners, 1)
                heard["serverCores"] = round(spent + idle, 3)
                result[kind] = heard
                print(f"{kind}: {heard}", file=sys.stderr)
            if pusher.poll() is not None:
                raise BenchmarkError("The push ended early.")
        finally:
            end(pusher)
    return {"idleCores": round(idle, 3), **result}


def main():
    parser = argparse.ArgumentParser(description="Measures what listeners cost.")
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20, help="how long each kind is measured")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(arguments, pathlib.Path(folder))
    failures = sum(result[kind]["failures"] for kind in ("low", "plain"))
    result.update(ladder=LADDER, rendition=RENDITION, partSeconds=PART_SECONDS, loadAverage=load_average())
    print(json.dumps(result, indent=2))
    sys.exit(0 if failures == 0 else 1)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
