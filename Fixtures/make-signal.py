#!/usr/bin/env python3
"""Writes the test signal: noise and a wandering tone in which every sample can be told from its neighbours."""

import argparse

import signal_model
import wave_file


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", help="the WAV file to write (16 bits)")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--channels", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--level", type=float, default=-12.0, help="peak in dBFS")
    options = parser.parse_args()
    signal = signal_model.make(options.seconds, options.rate, options.channels, options.seed, options.level)
    wave_file.write(options.output, signal, options.rate)


if __name__ == "__main__":
    main()
