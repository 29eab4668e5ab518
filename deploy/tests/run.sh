#!/usr/bin/env bash
# Runs the tests of this folder, those of one file beside those of the others: they wait for clocks most of the time.
#
#   deploy/tests/run.sh [PYTHON]     PYTHON: one with scripts/python-requirements.txt; $TWITCHY_BINARY: the server
set -euo pipefail
# Without following links: a virtual environment's Python is one.
python=$(realpath -s "$(command -v "${1:-python3}")")
cd "$(dirname "$0")"
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

run() { "$python" -m unittest "$@" >"$output/$1" 2>&1; }
others=()
for file in *_tests.py; do
    case $file in
        nginx_tests.py | varnish_tests.py | real_stream_tests.py) ;;
        *) others+=("${file%.py}") ;;
    esac
done
run nginx_tests & jobs=($!)
run varnish_tests & jobs+=($!)
run real_stream_tests & jobs+=($!)
run "${others[@]}" & jobs+=($!)

result=0
for job in "${jobs[@]}"; do wait "$job" || result=1; done
cat "$output"/*
exit $result
