#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests; arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/prepare-tests.sh
scripts/require-swift.sh
TWITCHY_TEST_PYTHON=$PWD/.build-tools/venv/bin/python
export TWITCHY_TEST_PYTHON

"$TWITCHY_TEST_PYTHON" -m unittest discover --start-directory Fixtures --pattern '*_tests.py'
swift build --build-tests
if [ $# -gt 0 ]; then
    exec swift test --skip-build "$@"
fi
# Checks the files of deploy/, and puts nginx and Varnish in front of the server that was just built.
deploy/tests/run.sh "$TWITCHY_TEST_PYTHON"
# Real clients keep time with real streams: they do not share the machine with the suites that only compute.
swift test --skip-build --skip EndToEndTests
exec swift test --skip-build --filter EndToEndTests
