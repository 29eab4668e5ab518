#!/usr/bin/env bash
# Resident memory of one and of nine streams, and so of one more. The aim is 6 MB.
#
# usage: run.sh [--more 8] [--seconds 90] [--limit 6]
# needs: ffmpeg
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
