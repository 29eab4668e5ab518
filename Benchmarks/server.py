"""A twitchy of its own for a benchmark: free ports, a temporary data folder, and what /proc says about it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
BINARY = pathlib.Path(os.environ.get("TWITCHY_BINARY", PROJECT / ".build" / "release" / "twitchy"))
LADDER = "aac:64,aac:128,aac:256"
PART_SECONDS = 0.192
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """What kept a benchmark from measuring."""


class Server:
    """`twitchy serve --demo`, ready when this returns; ends with the `with` block.

    Without a supervisor, so that the process which was started is the one to measure.
    """

    def __init__(self, *options, channels=(), environment=None):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="twitchy-benchmark-"))
        data = self._folder / "data"
        self._log_path = self._folder / "log"
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                [BINARY, "serve", "--demo", "--no-supervise", "--data", data, "--http-port", "0", "--rtmp-port", "0",
                 "--icecast-port", "0", "--admin-port", "0", "--ladder", LADDER, *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                env={**os.environ, **(environment or {})},
            )
        try:
            ports = self._entry("Serving", seconds=20)["metadata"]
            # Only a server's start makes the database.
            self.stream_keys = [self._make_channel(name, data) for name in channels]
        except BaseException:
            self.close()
            raise
        self.http_port = int(ports["http.port"])
        self.rtmp_port = int(ports["rtmp.port"])
        self.icecast_port = int(ports["icecast.port"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _make_channel(name, data):
        made = subprocess.run(
            [BINARY, "channel", "create", name, "--data", data], capture_output=True, text=True, check=False)
        key = re.search(r"stream key\s+(\S+)", made.stdout)
        if made.returncode != 0 or key is None:
            raise BenchmarkError(f"twitchy channel create failed: {made.stdout}{made.stderr}")
        return key[1]

    def _entries(self):
        for line in self._log_path.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                yield json.loads(line)

    def _entry(self, message, seconds):
        ends = time.monotonic() + seconds
        while True:
            for entry in self._entries():
                if entry.get("message") == message:
                    return entry
            if self._process.poll() is not None or time.monotonic() > ends:
                raise BenchmarkError(f"No “{message}” in the log of the server:\n{self._log_path.read_text()}")
            time.sleep(0.05)

    def died(self):
        """Whether the server ended by itself."""
        return self._process.poll() is not None

    @property
    def process_id(self):
        return self._process.pid

    def rtmp_url(self, key):
        return f"rtmp://127.0.0.1:{self.rtmp_port}/live/{key}"

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def cpu_seconds(process_id):
    """User and system time of a process so far (proc(5), fields 14 and 15 of stat)."""
    fields = pathlib.Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_megabytes(process_id):
    for line in pathlib.Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise BenchmarkError(f"Process {process_id} has no VmRSS.")


def load_average():
    """Of the last minute, as printed beside each figure: what else the machine was doing."""
    return f"{os.getloadavg()[0]:.2f}"


def encode_tune(destination, seconds, bits_per_second=192_000):
    """The tune of Fixtures/, repeated, as 48 kHz stereo AAC; the container follows from the file's name."""
    subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-stream_loop", "-1",
         "-i", PROJECT / "Fixtures" / "tune.opus", "-t", str(seconds), "-vn", "-map_metadata", "-1",
         "-c:a", "aac", "-aac_coder", "twoloop", "-b:a", str(bits_per_second), "-ar", "48000", "-ac", "2", destination],
        check=True,
    )


def push(source, destination):
    """ffmpeg that sends a file in real time as it is, without encoding it again."""
    return subprocess.Popen(
        ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-i", source, "-c", "copy", "-f", "flv",
         destination],
        stdin=subprocess.DEVNULL,
    )


def end(process):
    """Ends a process that was started here."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
