#!/usr/bin/env bash
# Pushes the tune of Fixtures/ over RTMP, again and again, until interrupted.
#
#   scripts/demo.sh [URL]
set -euo pipefail
cd "$(dirname "$0")/.."

url=${1:-rtmp://127.0.0.1:1935/live/demo-key}
scripts/install-dependencies.sh demo
echo "Pushing to $url; stop with Ctrl-C. Listen at the page that the server named when it started."

# Decoded by a loop of its own: each pass gives exactly the tune's samples, so that the loop has no seam, which
# -stream_loop on a compressed file would leave.
play_forever() {
    while ffmpeg -nostdin -loglevel error -i Fixtures/tune.opus -f s16le -ar 48000 -ac 2 - 2>/dev/null; do :; done
}
# As this process itself, so that a signal ends the push; the loop then ends with its pipe.
exec ffmpeg -nostdin -hide_banner -loglevel warning -stats -re -f s16le -ar 48000 -ac 2 -i pipe:0 \
    -c:a aac -b:a 256k -metadata title="Evening Loop" -metadata artist="Twitchy" -f flv "$url" < <(play_forever)
