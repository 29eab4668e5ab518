"""A sound by which a delay can be measured: short bursts at whole seconds of the wall clock, some of them missing."""

import array
import math
import subprocess
import threading
import time

RATE = 48_000
CHUNK = 480
BURST_SECONDS = 0.05
FREQUENCY = 2000
AMPLITUDE = 0.5


def _pattern():
    """One period (31) of the maximal sequence of x^5 + x^2 + 1: any 5 neighbours occur once."""
    register, bits = 1, []
    for _ in range(31):
        bits.append(register & 1)
        register = (register >> 1) | (((register ^ (register >> 2)) & 1) << 4)
    return bits


PATTERN = _pattern()


def sounds_at(second):
    """Whether a burst is sent at this second since 1970."""
    return PATTERN[second % len(PATTERN)] == 1


def chunk(first_sample):
    """10 ms of 16 bit mono, by the number of its first sample since 1970."""
    samples = array.array("h", bytes(2 * CHUNK))
    second, offset = divmod(first_sample, RATE)
    if offset < BURST_SECONDS * RATE and sounds_at(second):
        for index in range(CHUNK):
            within = offset + index
            if within < BURST_SECONDS * RATE:
                samples[index] = round(32767 * AMPLITUDE * math.sin(2 * math.pi * FREQUENCY * within / RATE))
    return samples.tobytes()


class Push:
    """ffmpeg that pushes the bursts to an address, fed as a microphone would feed it: each 10 ms when they are over."""

    def __init__(self, destination, bit_rate="160k"):
        self._process = subprocess.Popen(
            ["ffmpeg", "-hide_banner", "-loglevel", "error", "-fflags", "nobuffer", "-probesize", "32",
             "-analyzeduration", "0", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0",
             "-c:a", "aac", "-b:a", bit_rate, "-flush_packets", "1", "-f", "flv", destination],
            stdin=subprocess.PIPE,
        )
        self._stopped = threading.Event()
        self.late = 0
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def _feed(self):
        position = int(time.time() * RATE) // CHUNK * CHUNK
        while not self._stopped.is_set():
            over = (position + CHUNK) / RATE
            wait = over - time.time()
            if wait > 0:
                time.sleep(wait)
            elif wait < -0.02:
                self.late += 1
            try:
                self._process.stdin.write(chunk(position))
                self._process.stdin.flush()
            except (BrokenPipeError, ValueError):
                return
            position += CHUNK

    @property
    def is_running(self):
        return self._process.poll() is None

    def close(self):
        self._stopped.set()
        self._thread.join(timeout=2)
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
