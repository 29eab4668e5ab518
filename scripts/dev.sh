#!/usr/bin/env bash
# Builds for debugging and serves; on every change of a source file builds again and, if that works, starts again.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh run
scripts/require-swift.sh
mkdir -p .build
stamp=.build/dev.stamp
server=

stop_server() {
    if [ -n "$server" ] && kill -TERM "$server" 2>/dev/null; then wait "$server" || true; fi
    server=
}
trap stop_server EXIT
trap 'exit 130' INT TERM

while :; do
    touch "$stamp"
    if swift build --product twitchy; then
        stop_server
        .build/debug/twitchy serve --demo "$@" &
        server=$!
    else
        echo "The build failed; waiting for the next change." >&2
    fi
    # Polling works on every file system, also on those that containers and virtual machines share.
    until [ -n "$(find Package.swift Sources -newer "$stamp" -print -quit)" ]; do sleep 0.5; done
    echo "Changed: $(find Package.swift Sources -type f -newer "$stamp" -print | head -n 5 | tr '\n' ' ')"
done
