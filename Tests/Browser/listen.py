#!/usr/bin/env python3
"""Opens a channel page, presses Play and listens: listen.py URL [--seconds N] [--steady]

Prints one JSON object {startedAfterSeconds, advancedSeconds, listenedSeconds, stalls, seeks, delaySeconds,
targetSeconds, secondsBehind, rate, rendition, state, errors, failedRequests}. Exits 1 when no sound starts within
15 s, or when the clock of the audio element does not advance like the clock on the wall (0.93 to 1.07 of it).
"""

import argparse
import json
import sys
import time

from webdriver import Browser, WebDriverError

FIND_BUTTON = """
const button = [...document.querySelectorAll("button")]
    .find((candidate) => /^(play|listen)$/i.test(candidate.textContent.trim()) && candidate.checkVisibility());
if (!button) return false;
button.dataset.underTest = "play";
return true;
"""
CLOCK = """
const audio = document.querySelector("audio");
return { time: audio.currentTime, at: performance.now() / 1000, paused: audio.paused };
"""
STATE = """
const state = globalThis.twitchy;
if (!state) return {};
const names = ["state", "delay", "target", "jitter", "secondsBehind", "stalls", "seeks", "rate", "rendition", "errors"];
return Object.fromEntries(names.map((name) => [name, state[name]]));
"""
COUNT_WAITING = """
const audio = document.querySelector("audio");
globalThis.waitings = 0;
audio.addEventListener("waiting", () => { if (!audio.seeking) globalThis.waitings += 1; });
"""


def add_console(result, browser):
    """A request that fails is in the console, too; the player lives with 404 and lost connections."""
    for message in browser.console_errors():
        result["failedRequests" if "Failed to load resource" in message else "errors"].append(message)


CHOOSE_STEADY = """
const select = document.getElementById("delay");
select.value = "steady";
select.dispatchEvent(new Event("change"));
"""


def listen(url, seconds, steady):
    result = {"errors": [], "failedRequests": []}
    with Browser() as browser:
        browser.open(url)
        browser.wait(FIND_BUTTON, seconds=15, what="a button labelled Play or Listen")
        if steady:
            browser.run(CHOOSE_STEADY)
        pressed = time.monotonic()
        browser.click("[data-under-test=play]")
        first = browser.run(CLOCK)
        try:
            browser.wait(
                "const audio = document.querySelector('audio');"
                "globalThis.seen ??= null;"
                "const before = globalThis.seen; globalThis.seen = audio.currentTime;"
                "return before !== null && !audio.paused && audio.currentTime > before && audio.readyState > 2"
                " && audio.currentTime - before < 1;",
                seconds=15, what="the audio clock to advance",
            )
        except WebDriverError as error:
            result["errors"] += [str(error), *browser.run(STATE).get("errors", [])]
            add_console(result, browser)
            result["advancedSeconds"] = browser.run(CLOCK)["time"] - first["time"]
            return result, 1
        result["startedAfterSeconds"] = round(time.monotonic() - pressed, 3)
        print("playing", file=sys.stderr, flush=True)
        browser.run(COUNT_WAITING)
        start = browser.run(CLOCK)
        time.sleep(seconds)
        end = browser.run(CLOCK)
        state = browser.run(STATE)
        advanced = end["time"] - start["time"]
        listened = end["at"] - start["at"]
        result.update(
            advancedSeconds=round(advanced, 3),
            listenedSeconds=round(listened, 3),
            stalls=state.get("stalls", browser.run("return globalThis.waitings")),
            seeks=state.get("seeks"),
            delaySeconds=state.get("delay"),
            targetSeconds=state.get("target"),
            jitterSeconds=state.get("jitter"),
            secondsBehind=state.get("secondsBehind"),
            rate=state.get("rate"),
            rendition=state.get("rendition"),
            state=state.get("state"),
        )
        result["errors"] += state.get("errors", [])
        add_console(result, browser)
        return result, 0 if 0.93 * listened <= advanced <= 1.07 * listened else 1


def main():
    parser = argparse.ArgumentParser(description="Listens to a channel page in headless Chromium.")
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--steady", action="store_true", help="three parts behind instead of as little as can be")
    arguments = parser.parse_args()
    try:
        result, code = listen(arguments.url, arguments.seconds, arguments.steady)
    except WebDriverError as error:
        result, code = {"errors": [str(error)], "failedRequests": []}, 1
    print(json.dumps(result))
    sys.exit(code)


if __name__ == "__main__":
    main()
