#!/usr/bin/env bash
# What listeners cost the server: CPU per listener-second, the spread of a part over them, the longest wait.
#
# usage: run.sh [--listeners 1000] [--seconds 20]
# needs: ffmpeg, a C compiler
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
