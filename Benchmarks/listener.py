"""A low-latency HLS client for benchmarks: it notes when it holds each part."""

import http.client
import re
import time

from server import BenchmarkError


def decode_time(part):
    """baseMediaDecodeTime of the tfdt (ISO 14496-12 §8.8.12): where the part begins, in samples of 48 kHz."""
    offset = part.find(b"tfdt")
    if offset < 0:
        raise BenchmarkError("A part without tfdt.")
    size = 8 if part[offset + 4] == 1 else 4
    return int.from_bytes(part[offset + 8:offset + 8 + size], "big")


class Listener:
    """A client that always waits for the next part."""

    def __init__(self, port, rendition):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        self._rendition = rendition
        # First sample of each part, and the moment at which its last byte was there.
        self.held = []
        self.error = None

    def listen(self, stop):
        """Runs until `stop` is set."""
        try:
            playlist = self._find_playlist(stop)
            while not stop.is_set():
                hint = re.search(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', self._get(playlist).decode())
                if hint is None:
                    raise BenchmarkError("The playlist hints at no part.")
                part = self._get(f"{playlist.rpartition('/')[0]}/{hint[1]}")
                self.held.append((decode_time(part), time.monotonic()))
        except (BenchmarkError, OSError, http.client.HTTPException) as error:
            if not stop.is_set():
                self.error = error

    def _find_playlist(self, stop):
        while not stop.is_set():
            status, master = self._request("/hls/demo/master.m3u8")
            if status == 200:
                for line in master.decode().splitlines():
                    if f"/{self._rendition}/" in line and not line.startswith("#"):
                        return f"/hls/demo/{line}"
                raise BenchmarkError(f"No rendition {self._rendition} in {master.decode()}")
            time.sleep(0.1)
        return ""

    def _get(self, path):
        status, body = self._request(path)
        if status != 200:
            raise BenchmarkError(f"{path}: status {status}")
        return body

    def _request(self, path):
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        return response.status, response.read()
