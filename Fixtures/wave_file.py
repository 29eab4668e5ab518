"""Reading and writing WAV files as arrays: shape (samples, channels), full scale at 1.0."""

import struct

import numpy


class WaveFileError(Exception):
    """The file is not a WAV file of a kind that is read here."""


def read(path):
    """Reads PCM of 16, 24 or 32 bits or float of 32 bits; returns (samples, rate).

    A file that was written to a pipe announces no length or a false one: what is there counts.
    """
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WaveFileError(f"{path} is not a WAV file")
    kind = channels = rate = bits = None
    position = 12
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        body = data[position + 8 : position + 8 + size]
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if kind == 0xFFFE:
                kind = struct.unpack_from("<H", body, 24)[0]
        elif name == b"data":
            if kind is None:
                raise WaveFileError(f"{path} has no format before its samples")
            return _decode(body, kind, channels, bits, path), rate
        position += 8 + size + (size & 1)
    raise WaveFileError(f"{path} has no samples")


def _decode(body, kind, channels, bits, path):
    frame = channels * bits // 8
    body = body[: len(body) // frame * frame]
    if (kind, bits) == (1, 16):
        samples = numpy.frombuffer(body, "<i2") / 2.0**15
    elif (kind, bits) == (1, 24):
        raw = numpy.frombuffer(body, numpy.uint8).reshape(-1, 3).astype(numpy.int32)
        samples = ((raw[:, 0] << 8 | raw[:, 1] << 16 | raw[:, 2] << 24) >> 8) / 2.0**23
    elif (kind, bits) == (1, 32):
        samples = numpy.frombuffer(body, "<i4") / 2.0**31
    elif (kind, bits) == (3, 32):
        samples = numpy.frombuffer(body, "<f4").astype(float)
    else:
        raise WaveFileError(f"{path}: format {kind} with {bits} bits is not read here")
    return samples.reshape(-1, channels)


def write(path, samples, rate):
    """Writes PCM of 16 bits."""
    channels = samples.shape[1]
    body = numpy.clip(numpy.rint(samples * 2.0**15), -(2**15), 2**15 - 1).astype("<i2").tobytes()
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16,
        1, channels, rate, rate * channels * 2, channels * 2, 16, b"data", len(body))
    with open(path, "wb") as file:
        file.write(header + body)
