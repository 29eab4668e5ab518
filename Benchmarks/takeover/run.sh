#!/usr/bin/env bash
# Time from the `kill -9` of the active worker until a listener holds the first part of its successor.
#
# usage: run.sh [--kills 20] [--no-standby] [--streams 1] [--limit 0.4]
# needs: ffmpeg, rabbitmq-server, postgresql
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
