#!/usr/bin/env bash
# What one request costs `twitchy serve` and nginx in CPU time, for a part of 5 kB and a segment of 64 KiB of a live
# stream; and what long lists in header fields cost beside a plain request.
#
# usage: run.sh [--rounds 15] [--seconds 1]
# needs: ffmpeg, nginx, wrk; root, for the kernel to forget congestion windows between rounds
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
