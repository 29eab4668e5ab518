#!/usr/bin/env bash
# Ten minutes of 20 encoders that push damaged sessions beside a good one with 200 listeners: resident memory, and the
# listeners' longest wait.
#
# usage: run.sh [--minutes 10] [--encoders 20] [--listeners 200] [--seed 1]
# needs: ffmpeg, a C compiler
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
