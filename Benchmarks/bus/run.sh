#!/usr/bin/env bash
# Bundles a second through RabbitMQ on this machine, from one client that publishes with confirms and reads everything
# back: entries of 5.4 kB and 11 kB, by confirm window. Times are from publishing to the broker's confirmation.
#
# usage: run.sh [PATH-OF-BusBenchmark]
# needs: rabbitmq-server
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# -eq 0 ]; then swift build --package-path "$root" -c release --product BusBenchmark; fi
benchmark=${1:-$root/.build/release/BusBenchmark}
folder=$(mktemp -d)
chmod 755 "$folder"
trap '"$root/scripts/rabbitmq.sh" stop "$folder/broker"; rm -rf "$folder"' EXIT
RABBITMQ_MEMORY=2GB "$root/scripts/rabbitmq.sh" start "$folder/broker" >/dev/null
echo "RabbitMQ on $(nproc) cores, client on the same machine, loopback, no TLS"
"$benchmark" "$(cat "$folder/broker/url")"
