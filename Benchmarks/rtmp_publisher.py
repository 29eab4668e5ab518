"""Publishes AAC frames over RTMP, and knows when the last byte of each has left.

What Adobe's RTMP specification 1.0 asks of a publisher, and no more: handshake, connect, createStream, publish, audio.
"""

import os
import socket
import struct
import threading
import time

CHUNK_SIZE = 65_536
SAMPLES_PER_FRAME = 1024
SET_CHUNK_SIZE, AUDIO, COMMAND = 1, 8, 20


class RTMPError(Exception):
    """What the server said instead of what was hoped for."""


def adts_frames(data):
    """The AudioSpecificConfig (ISO 14496-3 §1.6.2.1) of an ADTS file, and its frames without their headers."""
    frames, offset, configuration = [], 0, None
    while offset + 7 <= len(data):
        if data[offset] != 0xFF or data[offset + 1] & 0xF6 != 0xF0:
            raise RTMPError(f"No ADTS header at byte {offset}.")
        header = 7 if data[offset + 1] & 1 else 9
        object_type = (data[offset + 2] >> 6) + 1
        frequency_index = data[offset + 2] >> 2 & 15
        channels = (data[offset + 2] & 1) << 2 | data[offset + 3] >> 6
        configuration = struct.pack(">H", object_type << 11 | frequency_index << 7 | channels << 3)
        length = (data[offset + 3] & 3) << 11 | data[offset + 4] << 3 | data[offset + 5] >> 5
        frames.append(data[offset + header:offset + length])
        offset += length
    return configuration, frames


def amf0(value):
    """A value as AMF 0: number, string, object or null."""
    if value is None:
        return b"\x05"
    if isinstance(value, str):
        return b"\x02" + _name(value)
    if isinstance(value, dict):
        return b"\x03" + b"".join(_name(key) + amf0(item) for key, item in value.items()) + b"\x00\x00\x09"
    return b"\x00" + struct.pack(">d", value)


def _name(text):
    return struct.pack(">H", len(text.encode())) + text.encode()


class RTMPPublisher:
    """A publisher that sends each AAC frame of 48 kHz when a live encoder would."""

    def __init__(self, port, key, configuration):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = self._socket.makefile("rb")
        self._incoming_chunk_size = 128
        self._messages = {}
        self._stream = 0
        # Moment on the monotonic clock at which the last byte of frame n was handed to the kernel.
        self.sent_at = []
        self._handshake()
        self._send(2, SET_CHUNK_SIZE, struct.pack(">I", CHUNK_SIZE))
        self._command("connect", 1, {"app": "live", "type": "nonprivate", "tcUrl": f"rtmp://127.0.0.1:{port}/live"})
        self._expect(b"_result")
        self._command("createStream", 2, None)
        # The stream's number is the last value of the answer.
        self._stream = int(struct.unpack(">d", self._expect(b"_result")[-8:])[0])
        self._command("publish", 3, None, key, "live")
        self._expect(b"NetStream.Publish.Start")
        self._send(4, AUDIO, b"\xaf\x00" + configuration)
        # Acknowledgements of the server are of no interest, but must not fill its socket.
        self._socket.settimeout(None)
        threading.Thread(target=self._drain, daemon=True).start()

    def publish(self, frames, seconds):
        """Sends frames in real time, from the first again after the last; returns after `seconds`."""
        started = time.monotonic()
        number = 0
        while number * SAMPLES_PER_FRAME < seconds * 48_000:
            wait = started + number * SAMPLES_PER_FRAME / 48_000 - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self.send(frames[number % len(frames)], number)
            self.sent_at.append(time.monotonic())
            number += 1

    def send(self, frame, number):
        """Sends one frame as the stream's frame `number`."""
        self._send(4, AUDIO, b"\xaf\x01" + frame, number * SAMPLES_PER_FRAME // 48)

    def close(self):
        """Ends the stream as an encoder does that is told to stop."""
        self._command("deleteStream", 4, None, self._stream)
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _handshake(self):
        self._socket.sendall(b"\x03" + bytes(8) + os.urandom(1528))
        answer = self._read(1 + 1536 + 1536)
        self._socket.sendall(answer[1:1537])

    def _command(self, *values):
        self._send(3, COMMAND, b"".join(amf0(value) for value in values))

    def _send(self, chunk_stream, kind, payload, timestamp=0):
        if len(payload) > CHUNK_SIZE:
            raise RTMPError("A message of more than one chunk is not what this is for.")
        stream = self._stream if kind == AUDIO or chunk_stream == 4 else 0
        header = bytes([chunk_stream]) + timestamp.to_bytes(3, "big") + len(payload).to_bytes(3, "big")
        self._socket.sendall(header + bytes([kind]) + struct.pack("<I", stream) + payload)

    def _read(self, count):
        data = self._input.read(count)
        if len(data) < count:
            raise RTMPError("The server closed the connection.")
        return data

    def _expect(self, text):
        while True:
            kind, payload = self._message()
            if kind == COMMAND and (b"_error" in payload or b"NetStream.Publish.BadName" in payload):
                raise RTMPError(f"The server refuses: {payload!r}")
            if kind == COMMAND and text in payload:
                return payload

    def _message(self):
        """The next whole message: (type, payload). RTMP 1.0 §5.3.1; timestamps are of no interest."""
        while True:
            first = self._read(1)[0]
            chunk_stream = first & 63
            if chunk_stream == 0:
                chunk_stream = 64 + self._read(1)[0]
            elif chunk_stream == 1:
                chunk_stream = 64 + int.from_bytes(self._read(2), "little")
            header = self._read((11, 7, 3, 0)[first >> 6])
            length, kind, payload = self._messages.get(chunk_stream, (0, 0, b""))
            if len(header) >= 7:
                length, kind = int.from_bytes(header[3:6], "big"), header[6]
            if header[:3] == b"\xff\xff\xff":
                self._read(4)
            payload += self._read(min(self._incoming_chunk_size, length - len(payload)))
            if len(payload) < length:
                self._messages[chunk_stream] = (length, kind, payload)
                continue
            self._messages[chunk_stream] = (length, kind, b"")
            if kind == SET_CHUNK_SIZE:
                self._incoming_chunk_size = struct.unpack(">I", payload[:4])[0]
            return kind, payload

    def _drain(self):
        try:
            while self._socket.recv(65_536):
                pass
        except OSError:
            return  # Closed by `close`.
