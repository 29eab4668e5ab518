#!/usr/bin/env bash
# Builds .build/release/twitchy, or does nothing when it is newer than every source.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=.build/release/twitchy
stamp=.build/twitchy-release.stamp
# Directories count too: a deleted file changes the time of the one that held it.
if [ -x "$binary" ] && [ -f "$stamp" ] &&
    [ -z "$(find Package.swift Sources -newer "$stamp" -print -quit)" ]; then
    exit 0
fi

scripts/require-swift.sh
mkdir -p .build
# Taken before the build: a file that is saved while it runs belongs to the next one.
touch "$stamp.new"
echo "Building (the first time takes some minutes) ..."
swift build -c release --product twitchy
mv "$stamp.new" "$stamp"
