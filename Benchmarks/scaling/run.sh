#!/usr/bin/env bash
# CPU and memory of every process as streams go from 1 to 16 with the default ladder, and from 1 to 100 with one
# cheap rendition; separate processes on RabbitMQ and PostgreSQL.
#
# usage: run.sh [--seconds 20]
# needs: ffmpeg, rabbitmq-server, postgresql
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$folder/../../scripts/build-release.sh"
exec "${TWITCHY_TEST_PYTHON:-python3}" "$folder/measure.py" "$@"
