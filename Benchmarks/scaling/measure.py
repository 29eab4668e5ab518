#!/usr/bin/env python3
"""What one more stream costs each process.

    measure.py [--seconds 20] [--only default|cheap]

Separate processes on RabbitMQ and PostgreSQL: Ingest, two workers, an origin with one low-latency listener, accounts. For
1, 2, 4, 8 and 16 streams of the tune with the default ladder, then for 1, 10, 50 and 100 of a sine with `aac:32` alone:
CPU time per second and stream, and resident memory, of each process, over --seconds once all streams are on the air. They
are pushed by RTMP in real time as they are, by one small process; what that takes is not counted.

Prints a table, and JSON as its last line.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from distributed import Distributed  # noqa: E402
from listener import Listener  # noqa: E402
from server import (  # noqa: E402
    LADDER, BenchmarkError, cpu_seconds, encode_tune, load_average, resident_megabytes,
)

PUBLISH = pathlib.Path(__file__).resolve().parents[1] / "publish.py"


def encode_sine(destination, seconds):
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", f"sine=440:r=48000:d={seconds}",
         "-ac", "2", "-c:a", "aac", "-b:a", "64k", destination], check=True)


def sample(processes):
    return {
        name: (sum(map(cpu_seconds, ids)), sum(map(resident_megabytes, ids))) for name, ids in processes.items()
    }


def measure(ladder, counts, seconds, source):
    rows = []
    pushed = 0
    stop = threading.Event()
    with Distributed(ladder) as site:
        accounts = site.start("accounts", "accounts", "--demo")
        ingest = site.start("ingest", "ingest")
        origin = site.start("origin", "origin")
        slots = str(2 * max(counts))
        workers = [site.start(f"worker-{name}", "transcoder", "--slots", slots) for name in "ab"]
        keys = ["demo-key", *site.make_channels(max(counts) - 1)]
        listener = Listener(origin.ports["http"], ladder.split(",")[0].replace(":", "-"))
        thread = threading.Thread(target=listener.listen, args=(stop,), daemon=True)
        thread.start()
        processes = {
            "ingest": [ingest.process.pid], "workers": [worker.process.pid for worker in workers],
            "origin": [origin.process.pid], "accounts": [accounts.process.pid], **site.server_processes(),
        }
        publisher = subprocess.Popen(
            [sys.executable, PUBLISH, str(ingest.ports["rtmp"]), source], stdin=subprocess.PIPE, text=True)
        try:
            for count in counts:
                for key in keys[pushed:count]:
                    publisher.stdin.write(key + "\n")
                    publisher.stdin.flush()
                    # Encoders do not begin all at once; their parts come at different moments.
                    time.sleep(0.05)
                pushed = count
                time.sleep(8)
                before, began = sample(processes), time.monotonic()
                time.sleep(seconds)
                after, elapsed = sample(processes), time.monotonic() - began
                if publisher.poll() is not None:
                    raise BenchmarkError("The pushes ended early.")
                late = lateness(listener.held, began)
                rows.append({
                    "streams": count, "listenerP95LateSeconds": late,
                    "cpuMillisecondsPerSecond": {
                        name: round(1000 * (after[name][0] - before[name][0]) / elapsed, 2) for name in processes},
                    "residentMB": {name: round(after[name][1], 1) for name in processes},
                })
                show(rows[-1])
        finally:
            stop.set()
            publisher.stdin.close()
            publisher.wait(timeout=10)
            thread.join(timeout=10)
    if listener.error:
        raise BenchmarkError(f"The client failed: {listener.error}")
    return rows


def lateness(held, began):
    """p95 of how much later than the earliest the parts came: whether the machine kept up."""
    values = sorted(moment - position / 48_000 for position, moment in held if moment > began)
    return round(values[int(len(values) * 0.95)] - values[0], 3) if values else None


def show(row):
    count = row["streams"]
    total = sum(row["cpuMillisecondsPerSecond"].values())
    columns = "  ".join(
        f"{name} {spent:.1f} ms/s {row['residentMB'][name]:.0f} MB"
        for name, spent in row["cpuMillisecondsPerSecond"].items())
    print(f"{count:4} streams: {total / count:6.2f} ms of CPU a second and stream, "
          f"part p95 {row['listenerP95LateSeconds']} s late | {columns}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Measures the cost of one more stream, process by process.")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--only", choices=["default", "cheap"])
    arguments = parser.parse_args()
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        tune, sine = pathlib.Path(folder) / "tune.aac", pathlib.Path(folder) / "sine.aac"
        encode_tune(tune, 30)
        encode_sine(sine, 30)
        for name, ladder, counts, source in (
            ("default", LADDER, [1, 2, 4, 8, 16], tune), ("cheap", "aac:32", [1, 10, 50, 100], sine),
        ):
            if arguments.only in (None, name):
                print(f"ladder {ladder}, load average {load_average()}", flush=True)
                result[ladder] = measure(ladder, counts, arguments.seconds, source)
    print(json.dumps({"secondsEach": arguments.seconds, "ladders": result}))


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
