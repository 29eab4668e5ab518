"""A small W3C WebDriver client for headless Chromium, with nothing but the standard library."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


class WebDriverError(Exception):
    """The driver or the page answered with an error."""


class Browser:
    """A browser of its own with an empty profile. Use it in a `with` statement, so that it always ends."""

    def __init__(self, width=1280, height=800, arguments=()):
        driver = shutil.which("chromedriver")
        if driver is None:
            raise WebDriverError("chromedriver is not installed (Debian: apt-get install chromium-driver).")
        self._profile = tempfile.TemporaryDirectory(prefix="twitchy-browser-", ignore_cleanup_errors=True)
        self._session = None
        try:
            self._base = f"http://127.0.0.1:{self._start(driver)}"
            options = {
                "args": [*CHROMIUM_ARGUMENTS, f"--window-size={width},{height}",
                         f"--user-data-dir={self._profile.name}", *arguments],
            }
            chromium = shutil.which("chromium")
            if chromium:
                options["binary"] = chromium
            capabilities = {
                "browserName": "chrome",
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"},
            }
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self._session = answer["sessionId"]
            self._command("POST", "/timeouts", {"script": 120_000, "pageLoad": 30_000})
        except BaseException:
            self.close()
            raise

    def _start(self, driver):
        """Starts the driver; returns its port. It takes one that is free for IPv4, and ends when IPv6 has it in use."""
        said = ""
        for _ in range(5):
            self._process = subprocess.Popen(
                [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            for line in self._process.stdout:
                said += line
                match = re.search(r"started successfully on port (\d+)", line)
                if match:
                    return int(match.group(1))
            self._process.wait()
        raise WebDriverError(f"chromedriver ended before it listened:\n{said}")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._base + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=150) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error).get("value", {})
            raise WebDriverError(f"{value.get('error')}: {value.get('message')}") from error

    def _command(self, method, path, body=None):
        return self._call(method, f"/session/{self._session}{path}", body)

    def open(self, url):
        self._command("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs the body of a function in the page; promises are awaited."""
        return self._command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments, seconds=10, what=None):
        """Polls the script until its value is true, and returns the value."""
        ends = time.monotonic() + seconds
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            if time.monotonic() > ends:
                raise WebDriverError(f"Nothing after {seconds} s: {what or script}")
            time.sleep(0.05)

    def click(self, selector):
        """A real click, which counts as a gesture of the user."""
        element = self._command("POST", "/element", {"using": "css selector", "value": selector})
        self._command("POST", f"/element/{next(iter(element.values()))}/click", {})

    def press(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._command("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def developer_tools(self, command, parameters):
        """A command of the Chrome DevTools Protocol."""
        return self._command("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def screenshot(self):
        """PNG of the visible part of the page."""
        return base64.b64decode(self._command("GET", "/screenshot"))

    def console_errors(self):
        """Messages of level SEVERE since the last call."""
        entries = self._command("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def close(self):
        try:
            if self._session:
                self._command("DELETE", "")
        finally:
            self._session = None
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
