"""Twitchy as separate processes for a benchmark, on a RabbitMQ and a PostgreSQL of its own."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from server import BINARY, LADDER, PROJECT, BenchmarkError


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Role:
    """One process of Twitchy, serving when this returns."""

    def __init__(self, name, role, folder, environment, options=()):
        self._log_path = folder / f"{name}.log"
        with open(self._log_path, "wb") as log:
            self.process = subprocess.Popen(
                [BINARY, role, "--http-port", "0", "--rtmp-port", "0", "--icecast-port", "0", "--admin-port", "0",
                 *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env={**os.environ, **environment},
            )
        ends = time.monotonic() + 30
        while not (serving := [entry for entry in self.entries() if entry["message"] == "Serving"]):
            if self.process.poll() is not None or time.monotonic() > ends:
                raise BenchmarkError(f"{name} does not serve:\n{self._log_path.read_text()}")
            time.sleep(0.05)
        self.ports = {
            key.removesuffix(".port"): int(value) for key, value in serving[0]["metadata"].items()
            if key.endswith(".port")
        }

    def entries(self):
        """What it has logged so far."""
        for line in self._log_path.read_text(errors="replace").splitlines():
            if line.startswith("{") and line.endswith("}"):
                yield json.loads(line)

    def kill(self):
        """SIGKILL, at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Distributed:
    """Both servers; ends with the `with` block, and all roles with it."""

    def __init__(self, ladder=LADDER):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="twitchy-benchmark-"))
        # The servers' own users must be able to reach theirs.
        self._folder.chmod(0o755)
        self._roles = []
        try:
            broker = self._script("rabbitmq", "start", self._folder / "broker").strip()
            port = free_port()
            self._script("postgresql", "start", self._folder / "database", port)
        except BaseException:
            self.close()
            raise
        self._environment = {
            "TWITCHY_AMQP_URL": broker, "TWITCHY_LADDER": ladder,
            "TWITCHY_DATABASE_URL": f"postgres://twitchy:twitchy@127.0.0.1:{port}/twitchy",
            "TWITCHY_SEGMENT_STORE": f"file:{self._folder / 'segments'}",
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _script(name, *arguments):
        done = subprocess.run(
            [PROJECT / "scripts" / f"{name}.sh", *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchmarkError(f"{name}.sh {arguments[0]}: {done.stderr}")
        return done.stdout

    def start(self, name, role, *options):
        started = Role(name, role, self._folder, self._environment, options)
        self._roles.append(started)
        return started

    def make_channels(self, count):
        """→ stream keys."""
        keys = []
        for number in range(count):
            made = subprocess.run(
                [BINARY, "channel", "create", f"bench_{number}"], capture_output=True, text=True, check=False,
                env={**os.environ, **self._environment})
            key = re.search(r"stream key\s+(\S+)", made.stdout)
            if made.returncode != 0 or key is None:
                raise BenchmarkError(f"twitchy channel create failed: {made.stdout}{made.stderr}")
            keys.append(key[1])
        return keys

    def server_processes(self):
        """→ {"RabbitMQ": [pid], "PostgreSQL": [pid, …]}."""
        found = {"RabbitMQ": [], "PostgreSQL": []}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # It ended while we looked.
            if "beam" in command and str(self._folder) in command:
                found["RabbitMQ"].append(int(entry.name))
            elif str(self._folder / "database") in command:
                found["PostgreSQL"].append(int(entry.name))
            elif "postgres:" in command and parent in found["PostgreSQL"]:
                found["PostgreSQL"].append(int(entry.name))
        return found

    def close(self):
        for role in self._roles:
            if role.process.poll() is None:
                role.process.terminate()
        for role in self._roles:
            try:
                role.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                role.kill()
        for name, folder, *options in (("rabbitmq", "broker"), ("postgresql", "database", "immediate")):
            if (self._folder / folder).exists():
                self._script(name, "stop", self._folder / folder, *options)
        shutil.rmtree(self._folder, ignore_errors=True)
