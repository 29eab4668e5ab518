#!/usr/bin/env python3
"""What a day of bad encoders costs those who listen to a good one, in ten minutes.

    measure.py [--minutes 10] [--encoders 20] [--listeners 200] [--seed 1]

`twitchy serve` takes a good push of the tune, to which --listeners low-latency clients listen, and beside it --encoders
that push sessions of every container and protocol with damage done to them: flipped bits, extreme numbers, pieces missing,
doubled or moved, wrong content types, connections cut. The same seed gives the same sessions.
Prints JSON: resident memory each minute, and the longest that a listener waited for a part. Exits 1 when the server died or
a listener was refused anything.
"""

import argparse
import json
import pathlib
import random
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from crowd import Crowd, build  # noqa: E402
from server import (  # noqa: E402
    PART_SECONDS, BenchmarkError, Server, cpu_seconds, encode_tune, end, load_average, push, resident_megabytes,
)
from sessions import SECONDS, Encoder, make_bodies  # noqa: E402

# One rendition of little cost: 21 streams share two cores with their encoders and with the listeners.
LADDER, RENDITION = "aac:64", "aac-64"


def measure(arguments, folder):
    seconds = arguments.minutes * 60
    tune, adts = folder / "tune.flv", folder / "tune.aac"
    encode_tune(tune, seconds + 60)
    encode_tune(adts, SECONDS)
    bodies = make_bodies(SECONDS)
    program = build(folder)
    channels = [f"soak_{number}" for number in range(arguments.encoders)]
    stop = threading.Event()
    with Server("--ladder", LADDER, "--slots", str(2 * arguments.encoders + 2), channels=channels) as server:
        good = push(tune, server.rtmp_url("demo-key"))
        try:
            encoders = [
                Encoder(number, server, name, key, bodies, adts.read_bytes(), arguments.seed)
                for number, (name, key) in enumerate(zip(channels, server.stream_keys))
            ]
            crowd = Crowd(program, server.http_port, RENDITION, "low", arguments.listeners, seconds)
            threads = [threading.Thread(target=encoder.run, args=(stop,), daemon=True) for encoder in encoders]
            for thread in threads:
                thread.start()
            memory = [round(resident_megabytes(server.process_id), 1)]
            before, began = cpu_seconds(server.process_id), time.monotonic()
            for minute in range(arguments.minutes):
                time.sleep(max(0, began + 60 * (minute + 1) - time.monotonic()))
                if server.died():
                    raise BenchmarkError(f"The server died in minute {minute + 1}.")
                memory.append(round(resident_megabytes(server.process_id), 1))
                print(f"{minute + 1} min: {memory[-1]} MB, {sum(e.sessions for e in encoders)} sessions, "
                      f"load average {load_average()}", file=sys.stderr)
            spent = cpu_seconds(server.process_id) - before
            heard = crowd.result()
            stop.set()
            for thread in threads:
                thread.join(timeout=20)
            if good.poll() is not None:
                raise BenchmarkError("The good push ended early.")
        finally:
            stop.set()
            end(good)
    return {
        "sessions": sum(encoder.sessions for encoder in encoders),
        "refusedSessions": sum(encoder.refused for encoder in encoders),
        "residentMB": memory, "serverCPUSeconds": round(spent, 1), **heard,
    }


def main():
    parser = argparse.ArgumentParser(description="Measures what damaged pushes cost the listeners of a good one.")
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--encoders", type=int, default=20, help="that push damaged sessions")
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(arguments, pathlib.Path(folder))
    result.update(
        minutes=arguments.minutes, encoders=arguments.encoders, seed=arguments.seed, ladder=LADDER,
        partSeconds=PART_SECONDS, loadAverage=load_average())
    print(json.dumps(result, indent=2))
    sys.exit(0 if result["failures"] == 0 else 1)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
