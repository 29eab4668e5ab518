#!/usr/bin/env python3
"""Runs the unit tests of the page's modules in headless Chromium: unit.py ASSETS

ASSETS is the folder with the modules. Prints {"passed": N, "failed": [{name, error}]}; exits 1 if any failed.
"""

import json
import pathlib
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from webdriver import Browser, WebDriverError


def server_for(assets):
    tests = pathlib.Path(__file__).resolve().parent / "unit"

    class Files(SimpleHTTPRequestHandler):
        extensions_map = {".js": "text/javascript", ".html": "text/html"}

        def translate_path(self, path):
            name = path.split("?")[0].rsplit("/", 1)[-1]
            return str((assets if path.startswith("/assets/") else tests) / name)

        def log_message(self, *_):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Files)


def main():
    server = server_for(pathlib.Path(sys.argv[1]).resolve())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Browser() as browser:
            browser.open(f"http://127.0.0.1:{server.server_port}/unit.html")
            outcome = browser.wait("return globalThis.outcome ?? null", seconds=30, what="the outcome of the tests")
    except WebDriverError as error:
        sys.exit(str(error))
    finally:
        server.shutdown()
    failed = [entry for entry in outcome if entry["error"]]
    print(json.dumps({"passed": len(outcome) - len(failed), "failed": failed}))
    sys.exit(1 if failed or not outcome else 0)


if __name__ == "__main__":
    main()
