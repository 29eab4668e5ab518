#!/usr/bin/env python3
"""What a request for live media costs, beside nginx.

    measure.py [--rounds 15] [--seconds 1]

`twitchy serve` has one stream on the air; wrk asks for a part and a segment of its live window over 32 kept connections,
and asks nginx for files of the same bytes with the same fields. Rounds alternate between the two; the result is the
median, of the ratio that of the rounds' own ratios. Of the server's CPU time (user and system) that of the live encode
is taken off, measured before each round with nobody asking. Once with one event loop against one worker of nginx, once
with two against two.

Then, with one loop, requests for one byte of a part with a list of 8 KiB in a header field, beside plain ones and ones with
an opaque field of the same size.

Prints JSON; exits 1 when a request failed.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from server import BenchmarkError, Server, cpu_seconds, encode_tune, end, load_average, push  # noqa: E402

LADDER = "aac:192,aac:256"
CONNECTIONS = 32
LIST_BYTES = 7900
LISTS = {
    "opaque": "X-Padding: " + "x" * LIST_BYTES,
    "If-None-Match": "If-None-Match: " + '"x",' * (LIST_BYTES // 4),
    "Accept-Encoding": "Accept-Encoding: " + "x," * (LIST_BYTES // 2),
    "Connection": "Connection: " + "x," * (LIST_BYTES // 2),
    "Accept": "Accept: " + "a/b," * (LIST_BYTES // 4),
    "X-Forwarded-For": "X-Forwarded-For: " + "10.0.0.1," * (LIST_BYTES // 9),
    "Cookie": "Cookie: " + "a=b; " * (LIST_BYTES // 5),
}
NGINX = """
worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=1000;
    open_file_cache_valid 3600s;
    keepalive_requests 1000000000;
    types {{ audio/mp4 m4s; }}
    server {{
        listen 127.0.0.1:{port}{reuse};
        root {folder}/root;
        add_header Cache-Control "public, max-age=86400, immutable";
        add_header Access-Control-Allow-Origin "*";
        add_header Access-Control-Expose-Headers "Age, Date, Content-Length, Content-Range";
    }}
}}
"""


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read()


class Nginx:
    """nginx with files; ends with the `with` block."""

    def __init__(self, folder, port, workers):
        self.port = port
        self._root = pathlib.Path(folder) / "root"
        self._root.mkdir(mode=0o755)
        pathlib.Path(folder).chmod(0o755)
        configuration = pathlib.Path(folder) / "nginx.conf"
        reuse = " reuseport" if workers > 1 else ""
        configuration.write_text(NGINX.format(folder=folder, port=port, workers=workers, reuse=reuse))
        self._process = subprocess.Popen(
            ["/usr/sbin/nginx", "-c", configuration, "-p", folder], stdin=subprocess.DEVNULL)
        self._workers = []
        ends = time.monotonic() + 10
        while len(self._workers) < workers:
            if time.monotonic() > ends:
                raise BenchmarkError("nginx did not start.")
            time.sleep(0.1)
            children = subprocess.run(
                ["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True, check=False).stdout
            self._workers = [int(line) for line in children.split()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self._process)

    def add(self, path, content):
        file = self._root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def cpu_seconds(self):
        return sum(cpu_seconds(worker) for worker in self._workers)


def ask(port, path, seconds, threads=1, fields=()):
    """Requests that wrk made in so many seconds."""
    # The kernel remembers congestion windows by address and begins new connections with them: what ran before on loopback
    # made 64 KiB cost 47 µs instead of 20 (measured). Forgetting needs root.
    subprocess.run(["ip", "tcp_metrics", "flush"], capture_output=True, check=False)
    headers = [argument for field in fields for argument in ("-H", field)]
    output = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{CONNECTIONS}", f"-d{seconds}s", *headers, f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise BenchmarkError(f"Requests for {path} failed:\n{output}")
    return int(re.search(r"(\d+) requests in", output)[1])


class Live:
    """The server's stream, and what it costs with nobody asking."""

    def __init__(self, server):
        self._server = server
        self.port = server.http_port
        ends = time.monotonic() + 30
        while True:
            try:
                self.stream = json.loads(get(self.port, "/api/v1/channels/demo"))["streamId"]
                get(self.port, f"/hls/demo/{self.stream}/aac-192/live.m3u8")
                return
            except (OSError, KeyError, TypeError):
                if time.monotonic() > ends:
                    raise BenchmarkError("The stream did not begin.") from None
                time.sleep(0.5)

    def paths(self):
        """A part of 5 kB and a segment of 64 KiB that have just become whole and stay for a minute."""
        found = []
        for rendition, pattern in (("aac-192", r'#EXT-X-PART:.*URI="([^"]+)"'), ("aac-256", r"(?m)^([^#\n]+\.m4s)$")):
            base = f"/hls/demo/{self.stream}/{rendition}/"
            names = re.findall(pattern, get(self.port, base + "live.m3u8").decode())
            found.append(base + names[-1])
        return dict(zip(("part", "segment"), found))

    def cost(self, seconds, ask_for):
        """Microseconds of CPU for a request, the live encode taken off."""
        idle_before, began = cpu_seconds(self._server.process_id), time.monotonic()
        time.sleep(seconds)
        idle = (cpu_seconds(self._server.process_id) - idle_before) / (time.monotonic() - began)
        before, began = cpu_seconds(self._server.process_id), time.monotonic()
        count = ask_for()
        spent = cpu_seconds(self._server.process_id) - before - idle * (time.monotonic() - began)
        return spent * 1e6 / count


def compare(live, nginx, arguments, loops):
    rounds = {"part": [], "segment": []}
    sizes = {}
    for number in range(arguments.rounds):
        for kind, path in live.paths().items():
            content = get(live.port, path)
            sizes[kind] = len(content)
            nginx.add(path, content)
            if get(nginx.port, path) != content:
                raise BenchmarkError(f"The two servers give different bytes for {path}.")
            ours = live.cost(
                arguments.seconds, lambda path=path: ask(live.port, path, arguments.seconds, threads=loops))
            before = nginx.cpu_seconds()
            count = ask(nginx.port, path, arguments.seconds, threads=loops)
            theirs = (nginx.cpu_seconds() - before) * 1e6 / count
            rounds[kind].append((ours, theirs))
            print(f"{loops} loop(s), round {number + 1}, {kind}: {ours:.2f} : {theirs:.2f} µs", file=sys.stderr)
    result = {}
    for kind, pairs in rounds.items():
        ours, theirs = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
        result[kind] = {
            "bytes": sizes[kind], "oursMicroseconds": round(ours, 2), "nginxMicroseconds": round(theirs, 2),
            # Of each round by itself: the machine's own pace changes from one to the next.
            "ratio": round(statistics.median(ours / theirs for ours, theirs in pairs), 2)}
    return result


def lists(live, arguments):
    """Microseconds of CPU for a request of one byte, by what else is in its head."""
    result = {}
    kinds = {"plain": (), **{name: (field,) for name, field in LISTS.items()}}
    for name, fields in kinds.items():
        rounds = []
        for _ in range(3):
            part = live.paths()["part"]
            rounds.append(live.cost(
                2, lambda: ask(live.port, part, arguments.seconds, fields=("Range: bytes=0-0", *fields))))
        result[name] = round(statistics.median(rounds), 2)
        print(f"{name}: {result[name]} µs", file=sys.stderr)
    return result


def main():
    parser = argparse.ArgumentParser(description="Measures what requests for live media cost.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=1, help="of each round")
    parser.add_argument("--loops", type=int, nargs="*", default=[1, 2])
    arguments = parser.parse_args()
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "tune.flv"
        encode_tune(source, 600)
        for loops in arguments.loops:
            with tempfile.TemporaryDirectory() as root, Server(
                    "--ladder", LADDER, "--event-loops", str(loops)) as server:
                pusher = push(source, server.rtmp_url("demo-key"))
                try:
                    live = Live(server)
                    with Nginx(root, 18_472, loops) as nginx:
                        result[f"loops{loops}"] = compare(live, nginx, arguments, loops)
                    if loops == 1:
                        result["lists"] = lists(live, arguments)
                    if pusher.poll() is not None:
                        raise BenchmarkError("The push ended early.")
                finally:
                    end(pusher)
    result["loadAverage"] = load_average()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
