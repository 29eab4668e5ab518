#!/usr/bin/env python3
"""Aligns a decoded WAV file with the test signal it came from and prints, as JSON, where and how they differ.

A lag is a position in the decoded file less the position in the reference of the same sound, in samples.

  lengthDifferenceSamples  decoded less reference
  firstLagSamples          of the first window (0.25 s) that was found in the reference
  lastLagSamples           of the last one
  maxLagChangeSamples      the largest jump between neighbouring stretches
  droppedOrRepeated        every jump: kind (dropped, inserted), samples, decodedSample, seconds
  unmatchedSeconds         stretches of the decoded file that are nowhere in the reference: silence, other sound
  snrDb, worstWindowSnrDb  aligned signal to difference, the worse channel; overall and in the worst window
  gainDb                   level of the decoded file against the reference

Exits 1 if no part of the decoded file is found in the reference, 2 if a file cannot be compared.
"""

import argparse
import json
import sys

import signal_model
import wave_file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("decoded")
    options = parser.parse_args()
    try:
        reference, reference_rate = wave_file.read(options.reference)
        decoded, decoded_rate = wave_file.read(options.decoded)
    except (OSError, wave_file.WaveFileError) as error:
        print(error, file=sys.stderr)
        return 2
    if reference_rate != decoded_rate:
        print(f"the rates differ: {reference_rate} and {decoded_rate} Hz; resample one first", file=sys.stderr)
        return 2
    result = signal_model.compare(reference, decoded, reference_rate)
    print(json.dumps(result))
    return 0 if result["matchedWindows"] else 1


if __name__ == "__main__":
    sys.exit(main())
