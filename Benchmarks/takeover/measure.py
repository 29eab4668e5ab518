#!/usr/bin/env python3
"""How late a listener gets the part that was in flight when the active worker was killed.

    measure.py [--kills 20] [--no-standby] [--streams 1] [--limit 0.4]

One AAC stream over RTMP, or several of which one is listened to, two workers on RabbitMQ, one origin, one client that
always waits for the next part. Again and again the active worker is ended with SIGKILL, and another is started as the
next standby a second later, as the shipped units do. Of each kill:

* successor: moment of the kill → the client holds the first part that the successor wrote,
* late: by how much that part, or the latest one after it, came later than usual; what a listener's buffer must hold.

With --no-standby there is only one worker, and the next is started in the moment of the kill.
Prints JSON in seconds; exits 1 when the latest part is later than --limit.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from distributed import Distributed  # noqa: E402
from listener import Listener  # noqa: E402
from server import LADDER, PART_SECONDS, BenchmarkError, encode_tune, load_average  # noqa: E402

PUBLISH = pathlib.Path(__file__).resolve().parents[1] / "publish.py"


def taken_at(worker, after):
    """When the worker got the say, on the monotonic clock; None if it has not."""
    for entry in worker.entries():
        if entry["message"] == "Stream taken" and entry["metadata"]["channel"] == "demo":
            wall = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00")).timestamp()
            moment = wall - time.time() + time.monotonic()
            if moment > after - 0.01:
                return moment
    return None


def wait_for_take(workers, after):
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        for worker in workers:
            if (moment := taken_at(worker, after)) is not None:
                return worker, moment
        time.sleep(0.02)
    raise BenchmarkError("No worker took the stream.")


def measure(arguments, source):
    stop = threading.Event()
    kills = []
    with Distributed() as site:
        site.start("accounts", "accounts", "--demo")
        ingest = site.start("ingest", "ingest")
        origin = site.start("origin", "origin")
        standby = None if arguments.no_standby else site.start("worker-b", "transcoder", "--slots", "100")
        active = site.start("worker-a", "transcoder", "--slots", "100")
        publisher = subprocess.Popen(
            [sys.executable, PUBLISH, str(ingest.ports["rtmp"]), source], stdin=subprocess.PIPE, text=True)
        for key in ["demo-key", *site.make_channels(arguments.streams - 1)]:
            publisher.stdin.write(key + "\n")
        publisher.stdin.flush()
        listener = Listener(origin.ports["http"], "aac-256")
        thread = threading.Thread(target=listener.listen, args=(stop,), daemon=True)
        thread.start()
        try:
            both = [worker for worker in (active, standby) if worker]
            active, _ = wait_for_take(both, 0)
            standby = next((worker for worker in both if worker is not active), None)
            time.sleep(6)
            for number in range(arguments.kills):
                moment = time.monotonic()
                active.kill()
                if arguments.no_standby:
                    standby = site.start(f"worker-{number}", "transcoder", "--slots", "100")
                active, taken = wait_for_take([standby], moment)
                kills.append((moment, taken))
                if not arguments.no_standby:
                    time.sleep(1)  # RestartSec of deploy/systemd
                    standby = site.start(f"worker-{number}", "transcoder", "--slots", "100")
                # The next standby is offered the stream once a second.
                time.sleep(3 + number % 5 * 0.04)
        finally:
            stop.set()
            publisher.stdin.close()
            publisher.wait(timeout=10)
            thread.join(timeout=10)
    if listener.error:
        raise BenchmarkError(f"The client failed: {listener.error}")
    return report(listener.held, kills)


def report(held, kills):
    lateness = [(moment, moment - position / 48_000) for position, moment in held]
    usual = statistics.median(value for _, value in lateness)
    holes = sum(later[0] - earlier[0] != 9216 for earlier, later in zip(held, held[1:]))
    successor, late, taken = [], [], []
    for moment, fence in kills:
        successor.append(next(at for at, _ in lateness if at > fence) - moment)
        late.append(max(value - usual for at, value in lateness if moment < at < moment + 2.5))
        taken.append(fence - moment)
    return {
        "killToSuccessorTaken": summary(taken), "killToSuccessorsFirstPart": summary(successor),
        "latestPartLate": summary(late), "partsMissingOrRepeated": holes,
    }


def summary(values):
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 3), "p95": round(ordered[int(len(ordered) * 0.95)], 3),
        "most": round(ordered[-1], 3),
    }


def main():
    parser = argparse.ArgumentParser(description="Measures what a listener notices of a killed worker.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--no-standby", action="store_true")
    parser.add_argument("--streams", type=int, default=1, help="all of them lose their worker in the same moment")
    parser.add_argument("--limit", type=float, help="most seconds that the latest part may be late")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "tune.aac"
        encode_tune(source, 30)
        result = measure(arguments, source)
    result.update(
        kills=arguments.kills, streams=arguments.streams, standby=not arguments.no_standby, ladder=LADDER, partSeconds=PART_SECONDS,
        encoder="FFmpeg aac, coder twoloop", preRoll="10 source packets + 40 AAC frames, 16 below 192 kbit/s",
        input="tune of Fixtures/, AAC 192 kbit/s, 48 kHz stereo, over RTMP in real time", loadAverage=load_average(),
    )
    print(json.dumps(result, indent=2))
    sys.exit(0 if arguments.limit is None or result["latestPartLate"]["most"] <= arguments.limit else 1)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
