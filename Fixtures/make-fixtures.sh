#!/usr/bin/env bash
# Makes every audio file of this directory anew; README.md says what each is for.
#
# Encoders of another version give other bytes: run it when a file is added, not as part of the tests.
set -euo pipefail
cd "$(dirname "$0")"

../scripts/prepare-tests.sh
python=../.build-tools/venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p audio
rm -f audio/*

# The signal of 2.5 s, or its beginning, so that the tests can make it again.
# make NAME SECONDS RATE CHANNELS LEVEL ENCODER-OPTIONS...
make() {
    local name=$1 seconds=$2 rate=$3 channels=$4 level=$5
    shift 5
    "$python" make-signal.py "$work/signal.wav" \
        --seconds 2.5 --rate "$rate" --channels "$channels" --level "$level" --seed 1
    ffmpeg -nostdin -v error -y -i "$work/signal.wav" -t "$seconds" -map_metadata -1 -fflags +bitexact -flags:a +bitexact \
        "$@" "audio/$name"
}

make adts-aac-44100-stereo.aac 2.5 44100 2 -12 -c:a aac -b:a 96k -f adts
make adts-aac-48000-stereo.aac 2.5 48000 2 -12 -c:a aac -b:a 96k -f adts
make adts-aac-48000-mono.aac 2.5 48000 1 -12 -c:a aac -b:a 64k -f adts
make mp3-44100-stereo.mp3 2.5 44100 2 -12 -c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0 -f mp3
make mp3-48000-stereo.mp3 2.5 48000 2 -12 -c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0 -f mp3
make mp3-22050-mono.mp3 2.5 22050 1 -12 -c:a libmp3lame -b:a 48k -write_xing 0 -id3v2_version 0 -f mp3
make mp3-44100-tagged.mp3 2.5 44100 2 -12 -c:a libmp3lame -q:a 4 -write_xing 1 -id3v2_version 3 \
    -metadata title="Signal" -metadata artist="Twitchy" -f mp3
make ogg-vorbis-44100-stereo.ogg 2.5 44100 2 -12 -c:a libvorbis -q:a 3 -serial_offset 1 -f ogg
make ogg-vorbis-48000-mono.ogg 2.5 48000 1 -12 -c:a libvorbis -q:a 3 -serial_offset 1 -f ogg
make ogg-opus-48000-stereo.opus 2.5 48000 2 -12 -c:a libopus -b:a 96k -serial_offset 1 -f ogg
make ogg-opus-48000-mono-60ms.opus 2.5 48000 1 -12 -c:a libopus -b:a 48k -frame_duration 60 -serial_offset 1 -f ogg
make ogg-flac-44100-mono.oga 1.2 44100 1 -30 -c:a flac -serial_offset 1 -f ogg
make flac-48000-mono.flac 1.2 48000 1 -30 -c:a flac -f flac
make flac-44100-stereo.flac 0.7 44100 2 -30 -c:a flac -f flac
# What a browser's MediaRecorder sends: clusters of unknown length, no cues.
make webm-opus-48000-stereo.webm 2.5 48000 2 -12 -c:a libopus -b:a 96k -live 1 -cluster_time_limit 1000 -f webm
make matroska-flac-48000-mono.mka 1.2 48000 1 -30 -c:a flac -live 1 -f matroska
make fragmented-aac-44100-stereo.mp4 2.5 44100 2 -12 -c:a aac -b:a 96k \
    -movflags empty_moov+default_base_moof+frag_keyframe -frag_duration 200000 -f mp4
make fragmented-opus-48000-stereo.mp4 2.5 48000 2 -12 -c:a libopus -b:a 96k \
    -movflags empty_moov+default_base_moof -frag_duration 200000 -f mp4
make mpegts-aac-48000-stereo.ts 2.5 48000 2 -12 -c:a aac -b:a 96k -f mpegts
make flv-aac-44100-stereo.flv 2.5 44100 2 -12 -c:a aac -b:a 96k -flvflags no_duration_filesize -f flv
make flv-aac-48000-mono.flv 2.5 48000 1 -12 -c:a aac -b:a 64k -flvflags no_duration_filesize -f flv
make flv-mp3-44100-stereo.flv 2.5 44100 2 -12 -c:a libmp3lame -b:a 128k -flvflags no_duration_filesize -f flv

"$python" make-tune.py "$work/tune.wav"
ffmpeg -nostdin -v error -y -i "$work/tune.wav" -fflags +bitexact -flags:a +bitexact -c:a libopus -b:a 80k \
    -metadata title="Evening Loop" -metadata artist="Twitchy" -serial_offset 1 -f ogg tune.opus

oversized=$(find audio -size +60k)
if [ -n "$oversized" ]; then
    echo "Larger than 60 kB: $oversized" >&2
    exit 1
fi
if [ "$(stat -c %s tune.opus)" -gt 1000000 ]; then
    echo "tune.opus is larger than 1 MB" >&2
    exit 1
fi
