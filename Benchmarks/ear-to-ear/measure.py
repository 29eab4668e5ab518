#!/usr/bin/env python3
"""Measures the time from the sound at the encoder to the sound in the browser.

    measure.py http://127.0.0.1:8080/demo --push rtmp://127.0.0.1:1935/live/demo-key --seconds 60

Pushes 50 ms bursts of 2 kHz at whole seconds of the wall clock, some of them missing so that a delay of more than a
second cannot pass for a short one, opens the page in headless Chromium, presses Play, and hears them through an
AnalyserNode on captureStream() of the audio element, polled every 4 ms. Both ends have the clock of this machine.
Prints JSON; exits 1 when fewer than half of the bursts were heard, or p95 is above --limit.
"""

import argparse
import json
import pathlib
import platform
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Browser"))

from bursts import Push, sounds_at  # noqa: E402
from webdriver import Browser, WebDriverError  # noqa: E402

LISTEN = """
const audio = document.querySelector("audio");
const context = new AudioContext();
const analyser = context.createAnalyser();
analyser.fftSize = 256;
const samples = new Float32Array(analyser.fftSize);
globalThis.heard = [];
globalThis.analysed = context.createMediaStreamSource(audio.captureStream());
analysed.connect(analyser);
let loud = false;
setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    if (!loud && peak > 0.1) heard.push(Date.now() / 1000);
    if (peak > 0.1) globalThis.lastLoud = Date.now();
    loud = peak > 0.1 || Date.now() - (globalThis.lastLoud ?? 0) < 200;
}, 4);
return context.resume().then(() => context.state);
"""
STATE = """
const state = globalThis.twitchy;
if (!state) return null;
const names = ["kind", "state", "delay", "target", "jitter", "secondsBehind", "stalls", "seeks", "rate", "rendition"];
return Object.fromEntries(names.map((name) => [name, state[name]]));
"""


def delays_of(heard):
    """Delays in seconds of the bursts heard: the whole seconds are those that fit the pattern best."""

    def hits(shift):
        sent = [round(moment - fraction - shift) for moment in heard]
        span = range(min(sent), max(sent) + 1)
        return sum((second in sent) == sounds_at(second) for second in span) / len(span)

    fractions = sorted(moment % 1 for moment in heard)
    # The bursts lie within less than a second of one another; cut the circle of seconds where nothing was heard.
    gaps = [(later - earlier, later) for earlier, later in zip(fractions, fractions[1:] + [fractions[0] + 1])]
    start = max(gaps)[1] % 1
    fraction = (start + statistics.mean(((value - start) % 1) for value in fractions)) % 1
    shift = max(range(12), key=hits)
    return [moment - round(moment - fraction - shift) for moment in heard], hits(shift)


def measure(arguments):
    push = Push(arguments.push) if arguments.push else None
    try:
        with Browser() as browser:
            wait_until_live(browser, arguments.url)
            browser.wait(arguments.ready, seconds=15, what="a button to press")
            browser.click(arguments.button)
            browser.wait(
                "const audio = document.querySelector('audio'); return audio.currentTime > 0.5 && !audio.paused",
                seconds=20, what="sound",
            )
            time.sleep(arguments.warm_up)
            before = browser.run(STATE)
            if browser.run(LISTEN) != "running":
                raise WebDriverError("The audio context does not run.")
            started = time.time()
            time.sleep(arguments.seconds)
            heard = [moment for moment in browser.run("return heard") if moment > started + 0.3]
            state = browser.run(STATE)
        late = push.late if push else None
    finally:
        if push:
            push.close()
    expected = sum(sounds_at(second) for second in range(int(started) + 1, int(started + arguments.seconds)))
    result = {"heard": len(heard), "expected": expected}
    if len(heard) >= 5:
        delays, fit = delays_of(heard)
        ordered = sorted(delays)
        result.update(
            p50=round(statistics.median(ordered), 3),
            p95=round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3),
            least=round(ordered[0], 3), most=round(ordered[-1], 3), patternFit=round(fit, 3),
        )
    result.update(
        stallsWhileMeasured=state and before and state["stalls"] - before["stalls"], player=state,
        lateChunks=late, machine=platform.machine(), seconds=arguments.seconds,
    )
    return result


def wait_until_live(browser, url):
    ends = time.monotonic() + 20
    while True:
        browser.open(url)
        time.sleep(1.5)
        live = browser.run("const pill = document.getElementById('live'); return !pill || !pill.hidden")
        if live:
            return
        if time.monotonic() > ends:
            raise WebDriverError("The channel does not go live.")


def main():
    parser = argparse.ArgumentParser(description="Measures the delay from encoder to browser.")
    parser.add_argument("url", help="page of the channel")
    parser.add_argument("--push", help="where ffmpeg pushes to; without it something else must send the bursts")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=10, help="seconds to listen before measuring")
    parser.add_argument("--button", default="#play", help="CSS selector of what starts the sound")
    parser.add_argument("--ready", default="return document.querySelector('#play')?.checkVisibility() ?? true",
                        help="script that returns true when the button can be pressed")
    parser.add_argument("--limit", type=float, help="greatest p95 in seconds that is a success")
    arguments = parser.parse_args()
    try:
        result = measure(arguments)
    except WebDriverError as error:
        sys.exit(str(error))
    print(json.dumps(result, indent=2))
    enough = "p95" in result and result["heard"] >= result["expected"] / 2
    sys.exit(0 if enough and (arguments.limit is None or result["p95"] <= arguments.limit) else 1)


if __name__ == "__main__":
    main()
