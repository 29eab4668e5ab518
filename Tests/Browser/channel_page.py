#!/usr/bin/env python3
"""Shows the page of a channel in headless Chromium what the server says in turn: channel_page.py ASSETS

ASSETS is the folder with the pages. Exits 1 with what is wrong, if anything is.
"""

import json
import pathlib
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from webdriver import Browser, WebDriverError

OFF_AIR = {
    "id": "1", "name": "radio", "title": "A long title " * 10, "live": False, "waiting": False, "listeners": 0,
    "startedAt": None, "streamId": None, "nowPlaying": None, "hls": "/hls/radio/master.m3u8",
}
LIVE = {**OFF_AIR, "live": True, "listeners": 3, "startedAt": "2026-01-02T03:04:05.000Z", "streamId": "s2"}
RECORDING = {
    "id": "s2", "startedAt": "2026-01-02T03:04:05.000Z", "duration": 79.2, "hls": "/hls/radio/recordings/s2/master.m3u8",
}
TEXT = "return document.getElementById({}).textContent"


class State:
    channel = LIVE
    recordings = [{**RECORDING, "id": "s1"}]


def server_for(assets):
    class Pages(SimpleHTTPRequestHandler):
        extensions_map = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}

        def do_GET(self):
            if self.path.startswith("/api/"):
                is_list = self.path.endswith("/recordings")
                self.answer({"items": State.recordings, "nextCursor": None} if is_list else State.channel)
            else:
                super().do_GET()

        def answer(self, document):
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def translate_path(self, path):
            return str(assets / (path.rsplit("/", 1)[-1] if path.startswith("/assets/") else "channel.html"))

        def log_message(self, *_):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Pages)


def shown(browser, element, wanted):
    browser.wait(f"return document.getElementById({json.dumps(element)}).checkVisibility() === {json.dumps(wanted)}",
                 seconds=15, what=f"#{element} to be {'shown' if wanted else 'hidden'}")


def says(browser, element, wanted):
    browser.wait(f"{TEXT.format(json.dumps(element))}.startsWith({json.dumps(wanted)})",
                 seconds=15, what=f"#{element} to say {wanted!r}")


def visit(browser, address):
    for width, height in [(740, 360), (360, 740)]:
        browser.developer_tools("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": True,
        })
        browser.open(address)
        shown(browser, "play", True)
        browser.wait("const { top, bottom } = document.getElementById('play').getBoundingClientRect();"
                     "return top >= 0 && bottom <= innerHeight && document.documentElement.scrollWidth <= innerWidth",
                     seconds=5, what=f"the button on the first screen at {width} × {height}")
    shown(browser, "live", True)
    says(browser, "playlist", address.replace("/radio", "/hls/radio/master.m3u8"))

    State.channel = {**LIVE, "waiting": True}
    says(browser, "facts", "Waiting for the broadcaster…")
    shown(browser, "live", False)
    shown(browser, "play", True)

    State.channel = OFF_AIR
    says(browser, "away-title", "The stream has ended")
    shown(browser, "play", False)
    # The one of another stream is not offered for it.
    shown(browser, "recording", False)
    State.recordings = [RECORDING, *State.recordings]
    shown(browser, "recording", True)
    shown(browser, "play-recording", True)
    if "1:19" not in browser.run(TEXT.format('"recording-facts"')):
        raise WebDriverError("The recording's length is missing.")

    State.channel = {**LIVE, "streamId": "s3"}
    shown(browser, "play", True)
    shown(browser, "recording", False)


def main():
    server = server_for(pathlib.Path(sys.argv[1]).resolve())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Browser() as browser:
            visit(browser, f"http://127.0.0.1:{server.server_port}/radio")
    except WebDriverError as error:
        sys.exit(str(error))
    finally:
        server.shutdown()


if __name__ == "__main__":
    main()
