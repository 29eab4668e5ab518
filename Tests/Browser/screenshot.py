#!/usr/bin/env python3
"""Takes a picture of a page: screenshot.py URL out.png [--width W] [--height H] [--dark|--light] [--play SECONDS]"""

import argparse
import sys
import time

from webdriver import Browser, WebDriverError


def main():
    parser = argparse.ArgumentParser(description="Takes a picture of a page in headless Chromium.")
    parser.add_argument("url")
    parser.add_argument("output")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    scheme = parser.add_mutually_exclusive_group()
    scheme.add_argument("--dark", dest="scheme", action="store_const", const="dark", default="dark")
    scheme.add_argument("--light", dest="scheme", action="store_const", const="light")
    parser.add_argument("--play", type=float, default=0, metavar="SECONDS", help="press play and wait first")
    parser.add_argument("--script", help="JavaScript to run before the picture is taken")
    arguments = parser.parse_args()
    try:
        with Browser() as browser:
            browser.developer_tools("Emulation.setDeviceMetricsOverride", {
                "width": arguments.width, "height": arguments.height,
                "deviceScaleFactor": 1, "mobile": arguments.width < 600,
            })
            browser.developer_tools("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": arguments.scheme}],
            })
            browser.open(arguments.url)
            time.sleep(1)
            if arguments.play:
                browser.click("#play")
                time.sleep(arguments.play)
            if arguments.script:
                browser.run(arguments.script)
                time.sleep(0.5)
            with open(arguments.output, "wb") as file:
                file.write(browser.screenshot())
            errors = browser.console_errors()
    except WebDriverError as error:
        sys.exit(str(error))
    for error in errors:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
