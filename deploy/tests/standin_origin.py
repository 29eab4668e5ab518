"""A stand-in for an origin: says what an origin says, and counts what it is asked for.

    standin_origin.py PORT NAME [SECONDS THAT A RELOAD IS HELD]
"""

import base64
import collections
import gzip
import hashlib
import http.server
import json
import sys
import threading
import time
import urllib.parse

PORT, NAME = int(sys.argv[1]), sys.argv[2]
HELD_SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
MEDIA = bytes(range(256)) * 20
COUNTS = collections.Counter()
LOCK = threading.Lock()


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, fields):
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", "Age, Date, Content-Length, Content-Range")
        self.send_header("Origin-Name", NAME)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def playlist(self, text, seconds):
        body, fields = text.encode(), {
            "Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": f"public, max-age={seconds}",
            "Vary": "Accept-Encoding"}
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body, fields["Content-Encoding"] = gzip.compress(body), "gzip"
        self.answer(200, body, fields)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/count":
            with LOCK:
                self.answer(200, json.dumps(COUNTS).encode(), {"Cache-Control": "no-store"})
            return
        with LOCK:
            COUNTS[self.path] += 1
            count = COUNTS[self.path]
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.websocket()
        elif url.path == "/healthz":
            self.answer(200, b"ok\n", {"Cache-Control": "no-store"})
        elif url.path.startswith("/api/"):
            # A mistake of the application must not become a shared answer.
            document = {"count": count, "fields": {name.lower(): value for name, value in self.headers.items()}}
            self.answer(200, json.dumps(document).encode(), {"Cache-Control": "public, max-age=60"})
        elif "unready" in url.path or ("late" in url.path and count == 1):
            self.answer(503, b"{}", {"Cache-Control": "no-store", "Retry-After": "1"})
        elif "missing" in url.path or ("only" in url.path and f"only-{NAME}" not in url.path):
            self.answer(404, b"{}", {"Cache-Control": "public, max-age=1"})
        elif ("cut-off" in url.path and f"fresh-{NAME}" not in url.path
              and self.headers.get("Twitchy-Other-Origins")):
            self.answer(403, b"{}", {"Cache-Control": "no-store"})
        elif "_HLS_msn=invalid" in url.query:
            self.answer(400, b"{}", {"Cache-Control": "public, max-age=1"})
        elif "_HLS_msn=" in url.query:
            time.sleep(HELD_SECONDS)
            self.playlist(f"#EXTM3U\n#held {self.path}\n", 12)
        elif url.path.endswith(".m3u8"):
            self.playlist(f"#EXTM3U\n#plain {NAME}-{count}\n", 1)
        elif url.path.endswith(".m4s"):
            if "hinted" in url.path or "late" in url.path:
                time.sleep(HELD_SECONDS)
            self.answer(200, MEDIA, {
                "Content-Type": "audio/mp4", "Cache-Control": "public, max-age=86400, immutable",
                "Accept-Ranges": "bytes", "ETag": '"media"'})
        else:
            self.answer(200, f"page {count}\n".encode(), {"Cache-Control": "no-cache", "Content-Type": "text/html"})

    do_HEAD = do_GET

    def do_OPTIONS(self):
        self.answer(204, b"", {"Access-Control-Allow-Methods": "GET, HEAD, OPTIONS"})

    def do_PUT(self):
        """Reads a chunked body as it comes, and says how it came."""
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append((len(self.rfile.read(size)), time.monotonic()))
            self.rfile.readline()
        self.rfile.readline()
        self.answer(200, json.dumps({"spread": pieces[-1][1] - pieces[0][1]}).encode(), {})

    def websocket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while piece := self.connection.recv(4096):
            self.connection.sendall(piece)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


Server(("127.0.0.1", PORT), Origin).serve_forever()
