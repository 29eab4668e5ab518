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
# Suites that only compute fill both cores for minutes. What keeps time with sockets, and with real clients, runs after
# them, and not all of it at once: a test that is starved of its thread for seconds would blame the server for it.
# Mutated pushes fill a core for minutes, so they count as computing. A broker that starts fills both, so outages are by
# themselves. Fault drills, which look at fractions of a second, come last and by themselves, too.
drills='^EndToEndTests\.[A-Za-z]*Drills/'
outages='^MessageBusTests\.BrokerOutageTests/'
services='AccountService|HTTPService|Ingest|MessageBus|Origin|Persistence|SegmentStore|Telemetry|TLS|Web|WebSocket'
serving="^($services)Tests\\.(?!BrokerOutageTests|WholePushMutationTests)"
swift test --skip-build --skip '^EndToEndTests\.' --skip "$serving" --skip "$outages"
swift test --skip-build --experimental-maximum-parallelization-width 8 --filter "$serving"
swift test --skip-build --experimental-maximum-parallelization-width 8 --filter '^EndToEndTests\.' --skip "$drills"
swift test --skip-build --filter "$outages"
exec swift test --skip-build --experimental-maximum-parallelization-width 2 --filter "$drills"
