#!/usr/bin/env bash
# CPU time of the default ladder beside the ffmpeg command: median of five interleaved runs. The aim is 1.05×.
#
# usage: run.sh [--rounds 5] [--seconds 30] [--limit 1.05]
# needs: ffmpeg
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
