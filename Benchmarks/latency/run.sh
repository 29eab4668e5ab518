#!/usr/bin/env bash
# From the last byte of a source packet until a low-latency HLS client holds the part with its samples. The aim is a p95
# of the part's duration + 110 ms.
#
# usage: run.sh [--seconds 60] [--rendition aac-128] [--limit 0.302]
# needs: ffmpeg
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
