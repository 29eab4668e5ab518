"""Programs that a test starts, and stops by their process id."""

import os
import pathlib
import signal
import socket
import subprocess
import time

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
ROOT = DEPLOY.parent


def free_port():
    """A port that nobody has at the moment: from below the range of which the system deals, and far from those of the
    test process beside this one."""
    for port in range(20000 + os.getpid() * 97 % 10000, 32000):
        with socket.socket() as probe:
            if port not in _given:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                _given.add(port)
                return port
    raise RuntimeError("no free port")


_given = set()


def wait_until(condition, what, seconds=30):
    """Waits until a condition holds; what it throws counts as no."""
    deadline = time.monotonic() + seconds
    reason = None
    while time.monotonic() < deadline:
        try:
            result = condition()
            if result:
                return result
        except Exception as error:  # The program may not be there yet.
            reason = error
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what} ({reason})")


def accepts(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


class Program:
    """A running program with its output in a file."""

    def __init__(self, arguments, log, environment=None):
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})

    def output(self):
        return self.log.read_text(errors="replace")

    def wait_for_port(self, port):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.output()}")
            return accepts(port)

        wait_until(ready, f"{self.process.args[0]} on port {port}: {self.output()[-2000:]}")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
