#!/usr/bin/env bash
# The whole system on this machine as separate processes: a RabbitMQ and a PostgreSQL of its own, two workers, and two
# origins behind nginx. Its data lies in data-distributed/. Ctrl-C ends everything.
#
# TWITCHY_BINARY names another binary than the release build, DIR another folder (which the servers' own users must be
# able to reach).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${TWITCHY_BINARY:-}" ]; then
    scripts/install-dependencies.sh run distributed
    scripts/build-release.sh
fi
binary=$(realpath "${TWITCHY_BINARY:-.build/release/twitchy}")
dir=$(realpath -m "${DIR:-data-distributed}")
mkdir -p "$dir/log" "$dir/segments"
chmod 755 "$dir"

children=()
stop() {
    trap - EXIT INT TERM
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait || true
    scripts/rabbitmq.sh stop "$dir/rabbitmq" || true
    scripts/postgresql.sh stop "$dir/postgresql" || true
    exit "${1:-0}"
}
trap 'stop 1' EXIT
trap 'stop 0' INT TERM

echo "Starting RabbitMQ and PostgreSQL ..."
TWITCHY_AMQP_URL=$(scripts/rabbitmq.sh start "$dir/rabbitmq")
scripts/postgresql.sh start "$dir/postgresql" 5439
export TWITCHY_AMQP_URL
export TWITCHY_DATABASE_URL=postgres://twitchy:twitchy@127.0.0.1:5439/twitchy
export TWITCHY_SEGMENT_STORE=file:$dir/segments
export TWITCHY_TRUSTED_PROXIES=127.0.0.1
# As in deploy/systemd: a crashed worker is gone at once.
export SWIFT_BACKTRACE=symbolicate=off,threads=crashed

role() {
    local name=$1
    shift
    "$binary" "$@" >"$dir/log/$name.log" 2>&1 &
    children+=($!)
}
role accounts accounts --demo --http-port 8091 --admin-port 9101
role ingest ingest --rtmp-port 1935 --icecast-port 8000 --admin-port 9102
role transcoder-1 transcoder --admin-port 9103
role transcoder-2 transcoder --admin-port 9104
role origin-1 origin --http-port 8093 --admin-port 9105
role origin-2 origin --http-port 8094 --admin-port 9106
role web web --http-port 8092 --admin-port 9107

scripts/nginx.sh "$dir/nginx" --listen 8080 --accounts 8091 --web 8092 --push 8000 --origin 8093 --origin 8094 \
    >"$dir/log/nginx.log" 2>&1 &
children+=($!)

for port in 9101 9102 9103 9104 9105 9106 9107; do
    for attempt in $(seq 150); do
        if curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; then break; fi
        if [ "$attempt" -eq 150 ]; then
            echo "Not ready: the role with admin port $port. Look into $dir/log." >&2
            exit 1
        fi
        sleep 0.2
    done
done

cat <<END

  Listen   http://127.0.0.1:8080/demo
  Push     rtmp://127.0.0.1:1935/live   stream key: demo-key
  Logs     $dir/log
  Try it   kill -9 \$(pgrep -f 'twitchy transcoder --admin-port 9103')
           kill -9 \$(pgrep -f 'twitchy origin --http-port 8093')

END
# One that ends takes all with it, so that nobody wonders; workers and origins (children 2 to 5) may be killed to see what
# happens then: nothing.
wait -n "${children[0]}" "${children[1]}" "${children[@]:6}"
echo "A process ended. Look into $dir/log." >&2
