"""Whole pushes as bytes, and what damage does to them: the sessions of encoders that nobody should have to fear."""

import base64
import pathlib
import random
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from rtmp_publisher import AUDIO, COMMAND, SAMPLES_PER_FRAME, SET_CHUNK_SIZE, adts_frames, amf0  # noqa: E402
from server import PROJECT  # noqa: E402

# Name, Content-Type, and what ffmpeg is told to make of the tune.
BODIES = [
    ("adts", "audio/aac", ["-c:a", "aac", "-b:a", "96k", "-f", "adts"]),
    ("mp3", "audio/mpeg", ["-c:a", "libmp3lame", "-b:a", "96k", "-f", "mp3"]),
    ("opus", "application/ogg", ["-c:a", "libopus", "-b:a", "64k", "-f", "ogg"]),
    ("vorbis", "application/ogg", ["-c:a", "libvorbis", "-b:a", "96k", "-f", "ogg"]),
    ("oggflac", "application/ogg", ["-c:a", "flac", "-ar", "24000", "-f", "ogg"]),
    ("flac", "audio/flac", ["-c:a", "flac", "-ar", "24000", "-f", "flac"]),
    ("webm", "audio/webm", ["-c:a", "libopus", "-b:a", "64k", "-live", "1", "-f", "webm"]),
    ("mp4", "audio/mp4", ["-c:a", "aac", "-b:a", "96k", "-movflags", "frag_keyframe+empty_moov+default_base_moof",
                          "-frag_duration", "500000", "-f", "mp4"]),
    ("ts", "video/mp2t", ["-c:a", "aac", "-b:a", "96k", "-f", "mpegts"]),
    ("flv", "video/x-flv", ["-c:a", "aac", "-b:a", "96k", "-f", "flv"]),
]
# What a field may hold that no encoder writes on purpose.
EXTREMES = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFF, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
            1 << 55, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
RTMP_CHUNK_SIZE = 65_536


def make_bodies(seconds):
    """The tune in every container: {name: (content type, bytes)}."""
    bodies = {}
    for name, content_type, arguments in BODIES:
        made = subprocess.run(
            ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-stream_loop", "-1",
             "-i", PROJECT / "Fixtures" / "tune.opus", "-t", str(seconds), "-vn", *arguments, "-"],
            check=True, stdout=subprocess.PIPE)
        bodies[name] = (content_type, made.stdout)
    return bodies


def rtmp_session(key, configuration, frames):
    """What a publisher sends that does not wait for answers: its greeting, and messages of 1024 samples each."""
    def message(chunk_stream, kind, payload, timestamp=0):
        stream = 1 if chunk_stream == 4 else 0
        return (bytes([chunk_stream]) + timestamp.to_bytes(3, "big") + len(payload).to_bytes(3, "big") + bytes([kind])
                + struct.pack("<I", stream) + payload)

    def command(*values):
        return message(3, COMMAND, b"".join(amf0(value) for value in values))

    greeting = (
        b"\x03" + bytes(8) + bytes(1528) + bytes(1536)
        + message(2, SET_CHUNK_SIZE, struct.pack(">I", RTMP_CHUNK_SIZE))
        + command("connect", 1, {"app": "live", "type": "nonprivate", "tcUrl": "rtmp://127.0.0.1/live"})
        + command("createStream", 2, None) + command("publish", 3, None, key, "live"))
    audio = message(4, AUDIO, b"\xaf\x00" + configuration)
    for number, frame in enumerate(frames):
        audio += message(4, AUDIO, b"\xaf\x01" + frame, number * SAMPLES_PER_FRAME // 48)
    return greeting, audio


def damage(data, dice):
    """Some faults of every kind, the same for the same dice."""
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 4, 16])):
        if len(data) < 32:
            break
        at = dice.randrange(len(data) - 16)
        kind = dice.randrange(6)
        if kind == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            width = dice.choice([1, 2, 3, 4, 8])
            value = dice.choice(EXTREMES) & ((1 << 8 * width) - 1)
            data[at:at + width] = value.to_bytes(width, dice.choice(["big", "little"]))
        elif kind == 2:
            del data[at:at + dice.choice([1, 7, 188, 4096])]
        elif kind == 3:
            run = data[at:at + dice.choice([16, 512, 16_384])]
            data[at:at] = run
        elif kind == 4:
            data[at:at] = dice.randbytes(dice.choice([1, 64, 4096]))
        else:
            # A piece of the session comes again later.
            other = dice.randrange(len(data) - 16)
            run = data[other:other + 2048]
            data[at:at + len(run)] = run
    return bytes(data)


class Encoder:
    """Pushes one damaged session after the other into a channel of its own until told to stop."""

    def __init__(self, number, server, channel, key, bodies, adts, seed):
        self._dice = random.Random(seed * 1000 + number)
        self._server = server
        self._channel = channel
        self._key = key
        self._bodies = bodies
        self._configuration, self._frames = adts_frames(adts)
        self.sessions = 0
        self.refused = 0

    def run(self, stop):
        while not stop.is_set():
            self.sessions += 1
            try:
                self._session(stop)
            except OSError:
                self.refused += 1  # The server closed the connection, as it may.
            stop.wait(self._dice.uniform(0.2, 3))

    def _session(self, stop):
        seconds = self._dice.uniform(2, 12)
        if self._dice.random() < 0.35:
            greeting, audio = rtmp_session(self._key, self._configuration, self._frames)
            if self._dice.random() < 0.2:
                greeting = damage(greeting, self._dice)
            port, greeting, body = self._server.rtmp_port, greeting, damage(audio, self._dice)
        else:
            name = self._dice.choice(sorted(self._bodies))
            content_type, body = self._bodies[name]
            if self._dice.random() < 0.2:
                content_type = self._dice.choice([kind for kind, _ in self._bodies.values()])
            credentials = base64.b64encode(f"source:{self._key}".encode()).decode()
            greeting = (f"PUT /push/{self._channel} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {credentials}\r\n"
                        f"Content-Type: {content_type}\r\n\r\n").encode()
            port, body = self._server.icecast_port, damage(body, self._dice)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(greeting)
            self._send(connection, body, seconds, stop)

    def _send(self, connection, body, seconds, stop):
        """In the rhythm of a live encoder; answers are read and thrown away. Ends cleanly, or not."""
        connection.settimeout(5)
        tick, ticks = 0.1, int(seconds / 0.1)
        step = max(1, len(body) // int(SECONDS / tick))
        began = time.monotonic()
        for number in range(ticks):
            piece = body[number * step:(number + 1) * step]
            if not piece or stop.is_set():
                break
            connection.sendall(piece)
            connection.setblocking(False)
            try:
                if connection.recv(65_536) == b"":
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            connection.settimeout(5)
            time.sleep(max(0, began + (number + 1) * tick - time.monotonic()))
        if self._dice.random() < 0.5:
            connection.shutdown(socket.SHUT_WR)


# Of sound in each body.
SECONDS = 12
