#!/usr/bin/env bash
# Formats all Swift files in place, or with --lint only says what differs from the format, and fails if anything does.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/require-swift.sh
mapfile -d '' files < <(find Package.swift Sources Tests Benchmarks -name '*.swift' -type f -not -path '*/.build*' -print0 2>/dev/null)
if [ "${1:-}" = --lint ]; then
    exec swift format lint --strict --parallel "${files[@]}"
fi
exec swift format format --in-place --parallel "${files[@]}"
