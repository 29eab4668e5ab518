#!/usr/bin/env bash
# Runs every benchmark: each is a directory of Benchmarks/ with a run.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/prepare-tests.sh
TWITCHY_TEST_PYTHON=$PWD/.build-tools/venv/bin/python
export TWITCHY_TEST_PYTHON
scripts/build-release.sh

failed=()
shopt -s nullglob
for benchmark in Benchmarks/*/run.sh; do
    name=$(basename "$(dirname "$benchmark")")
    echo "== $name"
    "$benchmark" || failed+=("$name")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "Failed: ${failed[*]}" >&2
    exit 1
fi
