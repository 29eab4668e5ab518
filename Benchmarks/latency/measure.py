#!/usr/bin/env python3
"""Time from the last byte of a source packet until a low-latency HLS client holds the part with its samples.

    measure.py [--seconds 60] [--limit 0.302]

Publishes AAC frames over RTMP, each when a live encoder would send it, and notes when its last byte left. A client asks
for the part that the playlist hints at (EXT-X-PRELOAD-HINT, RFC 8216bis §4.4.5.3) before it exists, over one kept
connection, and notes when it has the last byte of it. Both read the monotonic clock of this machine.

Of each packet: moment at which the client held the part that has the packet's last sample − moment at which the packet
was sent. The first packet of a part waits for its last; FFmpeg's AAC encoder needs 2048 samples (43 ms) more. The same
for the last packet of each part alone is what the server costs beside the duration of the part.
Prints JSON; exits 1 when p95 over all packets is above --limit (part duration + 110 ms is the aim).
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from listener import Listener  # noqa: E402
from rtmp_publisher import SAMPLES_PER_FRAME, RTMPError, RTMPPublisher, adts_frames  # noqa: E402
from server import LADDER, PART_SECONDS, BenchmarkError, Server, cpu_seconds, encode_tune, load_average  # noqa: E402

SLOT_SAMPLES = 9216


def measure(arguments, source):
    configuration, frames = adts_frames(source.read_bytes())
    stop = threading.Event()
    with Server() as server:
        publisher = RTMPPublisher(server.rtmp_port, "demo-key", configuration)
        listener = Listener(server.http_port, arguments.rendition)
        thread = threading.Thread(target=listener.listen, args=(stop,), daemon=True)
        thread.start()
        before = cpu_seconds(server.process_id)
        publisher.publish(frames, arguments.warm_up + arguments.seconds)
        spent = cpu_seconds(server.process_id) - before
        stop.set()
        publisher.close()
        thread.join(timeout=10)
    if listener.error:
        raise BenchmarkError(f"The client failed: {listener.error}")
    by_packet, by_part = delays(publisher.sent_at, listener.held, arguments.warm_up)
    if len(by_part) < 0.9 * arguments.seconds / PART_SECONDS:
        raise BenchmarkError(f"The client held {len(by_part)} parts of {arguments.seconds} s.")
    return {
        "packets": summary(by_packet), "lastPacketOfEachPart": summary(by_part),
        "parts": len(by_part), "serverCPUSeconds": round(spent, 2),
    }


def delays(sent_at, held, warm_up):
    """Seconds for each source packet, and for the last packet of each part, behind the warm-up."""
    by_packet, by_part = [], []
    for first_sample, moment in held:
        last = (first_sample + SLOT_SAMPLES) // SAMPLES_PER_FRAME - 1
        first = first_sample // SAMPLES_PER_FRAME
        if first * SAMPLES_PER_FRAME < warm_up * 48_000 or last >= len(sent_at):
            continue
        by_packet += [moment - sent_at[number] for number in range(first, last + 1)]
        by_part.append(moment - sent_at[last])
    return by_packet, by_part


def summary(values):
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 4), "p95": round(ordered[int(len(ordered) * 0.95)], 4),
        "least": round(ordered[0], 4), "most": round(ordered[-1], 4),
    } if ordered else {}


def main():
    parser = argparse.ArgumentParser(description="Measures the time from a source packet to its part at a client.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=8, help="seconds of the stream that do not count")
    parser.add_argument("--rendition", default="aac-128")
    parser.add_argument("--limit", type=float, help="greatest p95 in seconds, over all packets, that is a success")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "tune.aac"
        encode_tune(source, 30)
        result = measure(arguments, source)
    result.update(
        aimP95=round(PART_SECONDS + 0.11, 3), seconds=arguments.seconds, rendition=arguments.rendition,
        ladder=LADDER, partSeconds=PART_SECONDS, encoder="FFmpeg aac, coder twoloop",
        input="tune of Fixtures/, AAC 192 kbit/s, 48 kHz stereo, one RTMP message every 21.3 ms, loopback",
        loadAverage=load_average(),
    )
    print(json.dumps(result, indent=2))
    sys.exit(0 if arguments.limit is None or result["packets"]["p95"] <= arguments.limit else 1)


if __name__ == "__main__":
    try:
        main()
    except (BenchmarkError, RTMPError) as error:
        sys.exit(str(error))
