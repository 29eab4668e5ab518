#!/usr/bin/env bash
# From the sound at the encoder to the sound in headless Chromium, on a server of its own on free ports.
#
# usage: run.sh [options of measure.py, such as --seconds 60 --limit 1.0]
# needs: ffmpeg, chromium, chromium-driver
set -euo pipefail
benchmark=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$benchmark/../.." && pwd)
[ -n "${TWITCHY_BINARY:-}" ] || "$project/scripts/build-release.sh"
binary=${TWITCHY_BINARY:-$project/.build/release/twitchy}
folder=$(mktemp -d)
"$binary" serve --demo --data "$folder/data" --http-port 0 --rtmp-port 0 --icecast-port 0 --admin-port 0 \
    --ladder aac:64,aac:128,aac:256 >"$folder/out" 2>"$folder/log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true; rm -rf "$folder"' EXIT

serving=
for _ in $(seq 100); do
    serving=$(grep -m 1 '"message":"Serving"' "$folder/log" || true)
    if [ -n "$serving" ] || ! kill -0 $server 2>/dev/null; then break; fi
    sleep 0.1
done
if [ -z "$serving" ]; then
    echo "The server did not start:" >&2
    cat "$folder/log" >&2
    exit 1
fi
port() { sed "s/.*\"$1\.port\":\"\([0-9]*\)\".*/\1/" <<<"$serving"; }

echo "Ladder aac:64,aac:128,aac:256 (coder twoloop), parts of 192 ms, input AAC 160 kbit/s at 48 kHz over RTMP," \
    "load average $(cut -d ' ' -f 1 /proc/loadavg)"
"${TWITCHY_TEST_PYTHON:-python3}" "$benchmark/measure.py" "http://127.0.0.1:$(port http)/demo" \
    --push "rtmp://127.0.0.1:$(port rtmp)/live/demo-key" "$@"
