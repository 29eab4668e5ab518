#!/usr/bin/env bash
# Builds what must be built, and becomes the server with its demo channel.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh run
scripts/build-release.sh
exec .build/release/twitchy serve --demo "$@"
