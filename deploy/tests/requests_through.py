"""Requests as a player makes them, many at once where wanted."""

import concurrent.futures
import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    fields: dict
    body: bytes
    # When it was there, on the monotonic clock.
    time: float


def request(port, target, context=None, method="GET", fields=None, source="127.0.0.1"):
    """`source` is an address of this machine to come from."""
    options = {"timeout": 30, "source_address": (source, 0)}
    if context is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, **options)
    else:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, **options)
    with_defaults = {"Accept-Encoding": "identity", **(fields or {})}
    connection.request(method, target, headers=with_defaults)
    response = connection.getresponse()
    body = response.read()
    answer = Answer(
        response.status, {name.lower(): value for name, value in response.getheaders()}, body, time.monotonic())
    connection.close()
    return answer


def at_once(number, ask):
    """Asks that often at the same time."""
    gate = threading.Barrier(number)

    def one(index):
        gate.wait()
        return ask(index)

    with concurrent.futures.ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def counts(port):
    return json.loads(request(port, "/count").body)


def websocket_echo(port, path, context=None):
    """What comes back over an upgraded connection."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection = context.wrap_socket(plain, server_hostname="127.0.0.1") if context else plain
    with connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(1)
            if not piece:
                break
            head += piece
        connection.sendall(b"hello")
        return head.decode(), connection.recv(5)
