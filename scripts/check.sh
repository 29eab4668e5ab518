#!/usr/bin/env bash
# Everything that a change must pass, the quick things first.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/require-swift.sh
echo "Format"
scripts/format.sh --lint

# The manifest makes warnings errors in our targets, and leaves those of dependencies alone.
export TWITCHY_WARNINGS_AS_ERRORS=1
scripts/prepare-tests.sh
echo "Build"
swift build --build-tests
echo "Tidiness"
swift test --skip-build --filter TidyTests
echo "Tests"
exec scripts/test.sh
