#!/usr/bin/env python3
"""Synthesises the tune of `make demo`: 24 bars at 80 beats a minute, 72 s, as a loop without a seam.

Everything is added into a buffer that wraps around, and the reverberation is a circular convolution: what still
sounds at the end goes on at the beginning.
"""

import argparse

import numpy

import wave_file

RATE = 48000
BEAT = 60 / 80
BAR = 4 * BEAT
PASSES = 3
BARS_IN_PASS = 8
LENGTH = round(PASSES * BARS_IN_PASS * BAR * RATE)

# One pass of the progression: bass note and voicing as MIDI note numbers, F major 9 to G 7 sus.
CHORDS = [
    (41, (57, 60, 64, 67)), (40, (55, 59, 62, 67)), (38, (53, 57, 60, 64)), (43, (53, 57, 62, 64)),
    (36, (52, 55, 59, 62)), (45, (55, 59, 60, 64)), (38, (53, 57, 60, 64)), (43, (53, 57, 60, 62)),
]

# The melody of a pass: bar, beat, note, length in beats.
MELODY = [
    (0, 0, 76, 1.5), (0, 1.5, 79, 0.5), (0, 2, 81, 2), (1, 0, 71, 1.5), (1, 1.5, 74, 0.5), (1, 2, 79, 2),
    (2, 0.5, 76, 1), (2, 1.5, 72, 1), (2, 2.5, 69, 1.5), (3, 0, 74, 2), (3, 2, 76, 2),
    (4, 0, 79, 1), (4, 1, 76, 0.5), (4, 1.5, 74, 1), (4, 2.5, 71, 1.5), (5, 0, 72, 1.5), (5, 1.5, 76, 2.5),
    (6, 0, 77, 1), (6, 1, 76, 1), (6, 2, 72, 2), (7, 0, 74, 2), (7, 2, 69, 2),
]
# The first pass only hints at it.
SPARSE_MELODY = [MELODY[2], MELODY[5], MELODY[9], MELODY[16], MELODY[20]]

ARPEGGIO = (0, 2, 1, 3, 2, 1, 3, 2)
ACCENTS = (1.0, 0.55, 0.75, 0.6, 0.9, 0.5, 0.7, 0.6)
# Off-beat eighths come a little late.
SWING = 0.06


def frequency(note):
    return 440 * 2 ** ((note - 69) / 12)


def times(seconds):
    return numpy.arange(round(seconds * RATE)) / RATE


def add(track, start, sound, pan=0.0):
    """Adds a mono sound at `start` seconds, wrapping around; pan from -1 (left) to 1, at equal power."""
    positions = (round(start * RATE) + numpy.arange(len(sound))) % LENGTH
    angle = (pan + 1) * numpy.pi / 4
    track[positions, 0] += sound * numpy.cos(angle)
    track[positions, 1] += sound * numpy.sin(angle)


def envelope(t, attack, hold, release):
    rise = numpy.minimum(1, t / attack)
    fall = numpy.clip(1 - (t - hold) / release, 0, 1)
    return (numpy.sin(rise * numpy.pi / 2) * numpy.sin(fall * numpy.pi / 2)) ** 1.5


def pad(note, seconds, cents):
    t = times(seconds + 1.5)
    pitch = frequency(note) * 2 ** (cents / 1200)
    vibrato = 0.8 * numpy.sin(2 * numpy.pi * 0.3 * t + note)
    sound = sum(
        numpy.sin(2 * numpy.pi * pitch * partial * t + vibrato * 0.3 * partial + note * partial) / partial**1.9
        for partial in range(1, 8))
    return sound * envelope(t, 0.9, seconds, 1.5)


def electric_piano(note, seconds, velocity):
    t = times(seconds)
    pitch = frequency(note)
    bite = 1.1 * velocity * numpy.exp(-t * 5)
    body = numpy.sin(2 * numpy.pi * pitch * t + bite * numpy.sin(2 * numpy.pi * pitch * t))
    tine = 0.12 * velocity * numpy.sin(2 * numpy.pi * pitch * 7 * t) * numpy.exp(-t * 18)
    fade = numpy.minimum(1, t / 0.004) * numpy.exp(-t * 1.9) * numpy.clip((seconds - t) / 0.08, 0, 1)
    return velocity * (body + tine) * fade


def bell(note, seconds):
    t = times(seconds + 1.8)
    pitch = frequency(note)
    vibrato = 0.02 * numpy.sin(2 * numpy.pi * 4.6 * t) * numpy.minimum(1, t)
    sound = (
        numpy.sin(2 * numpy.pi * pitch * t + vibrato * 3)
        + 0.28 * numpy.sin(2 * numpy.pi * pitch * 2 * t) * numpy.exp(-t * 2.5)
        + 0.10 * numpy.sin(2 * numpy.pi * pitch * 3.98 * t) * numpy.exp(-t * 7))
    fade = numpy.minimum(1, t / 0.012) * numpy.exp(-t * 1.1) * numpy.clip((seconds + 1.8 - t) / 1.5, 0, 1)
    return sound * fade


def bass(note, seconds):
    t = times(seconds)
    pitch = frequency(note)
    sound = numpy.sin(2 * numpy.pi * pitch * t) + 0.25 * numpy.sin(4 * numpy.pi * pitch * t) * numpy.exp(-t * 3)
    return sound * numpy.minimum(1, t / 0.015) * numpy.exp(-t * 0.7) * numpy.clip((seconds - t) / 0.12, 0, 1)


def kick():
    t = times(0.35)
    phase = 2 * numpy.pi * (46 * t + 60 * (1 - numpy.exp(-t * 28)) / 28)
    return numpy.sin(phase) * numpy.exp(-t * 11) * numpy.minimum(1, t / 0.002)


def shaker(random, seconds, brightness):
    t = times(seconds)
    noise = random.standard_normal(len(t))
    # Two differences lift the high end, which is what sand in a box sounds like.
    noise = numpy.diff(noise, prepend=0.0)
    noise = numpy.diff(noise, prepend=0.0) if brightness > 0.5 else noise
    return noise * 0.3 * numpy.minimum(1, t / 0.006) * numpy.exp(-t * (26 - 10 * brightness))


def brush(random):
    t = times(0.28)
    noise = numpy.convolve(random.standard_normal(len(t)), numpy.ones(6) / 6, mode="same")
    return noise * numpy.minimum(1, t / 0.01) * numpy.exp(-t * 14)


def reverberate(track, random, seconds=2.2):
    """A circular convolution with noise that fades, a different one for each side."""
    t = times(seconds)
    wet = numpy.empty_like(track)
    for side in range(2):
        response = numpy.zeros(LENGTH)
        tail = random.standard_normal(len(t)) * numpy.exp(-t * 3.1) * numpy.minimum(1, t / 0.015)
        # The high end of a room dies first.
        response[: len(t)] = numpy.convolve(tail, numpy.hanning(24) / 12, mode="same")
        response /= numpy.sqrt(numpy.sum(response**2))
        wet[:, side] = numpy.fft.irfft(numpy.fft.rfft(track[:, side]) * numpy.fft.rfft(response), LENGTH)
    return wet


def compose():
    random = numpy.random.default_rng(20)
    pads, keys, melody, low, drums = (numpy.zeros((LENGTH, 2)) for _ in range(5))
    for bar in range(PASSES * BARS_IN_PASS):
        start = bar * BAR
        part = bar // BARS_IN_PASS
        root, voicing = CHORDS[bar % BARS_IN_PASS]
        for index, note in enumerate(voicing):
            add(pads, start - 0.2, pad(note, BAR, -4), pan=-0.7 + 0.2 * index)
            add(pads, start - 0.2, pad(note, BAR, 4), pan=0.7 - 0.2 * index)
        add(low, start, bass(root, 2.2 * BEAT))
        add(low, start + 2.5 * BEAT, 0.7 * bass(root + (12 if bar % 2 else 7), 1.2 * BEAT))
        for step, (index, accent) in enumerate(zip(ARPEGGIO, ACCENTS)):
            late = SWING * BEAT if step % 2 else 0
            # Rests let the first pass breathe.
            if part == 0 and step in (1, 5, 6):
                continue
            note = voicing[index] + (12 if step in (3, 6) else 0)
            velocity = accent * (0.9 + 0.1 * random.random())
            add(keys, start + step * BEAT / 2 + late, electric_piano(note, 1.6, velocity), pan=0.35 * (-1) ** step)
        if part == 0 and bar < 4:
            continue
        for beat in (0, 2) if bar % 4 != 3 else (0, 2, 3.5):
            add(drums, start + beat * BEAT, 0.9 * kick())
        for beat in (1, 3):
            add(drums, start + beat * BEAT, 0.5 * brush(random), pan=0.1)
        for step in range(8):
            late = SWING * BEAT if step % 2 else 0
            strength = (0.5, 0.3, 0.9, 0.35)[step % 4]
            add(drums, start + step * BEAT / 2 + late, strength * 0.3 * shaker(random, 0.12, strength), pan=-0.4)
    for part in range(PASSES):
        for bar, beat, note, beats in SPARSE_MELODY if part == 0 else MELODY:
            start = (part * BARS_IN_PASS + bar) * BAR + beat * BEAT
            octave = 12 if part == 2 and bar in (3, 7) else 0
            add(melody, start, bell(note + octave, beats * BEAT), pan=0.15)
    dry = 0.10 * pads + 0.32 * keys + 0.42 * melody + 0.85 * low + 0.7 * drums
    room = reverberate(0.10 * pads + 0.30 * keys + 0.50 * melody + 0.10 * drums, random)
    mix = dry + 0.33 * room
    mix -= mix.mean(axis=0)
    mix /= numpy.sqrt(numpy.mean(mix**2))
    # Soft at the top, so that the loudest moments round off instead of clipping.
    return 0.8 * numpy.tanh(0.15 * mix / 0.8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", help="the WAV file to write")
    wave_file.write(parser.parse_args().output, compose(), RATE)


if __name__ == "__main__":
    main()
