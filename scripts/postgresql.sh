#!/usr/bin/env bash
# A PostgreSQL server of our own, apart from Debian's service: its data in one folder, its port on 127.0.0.1 only.
#
#   scripts/postgresql.sh start DATA_DIR PORT [SETTING=VALUE...]    make the cluster if it is missing, start, wait
#   scripts/postgresql.sh stop DATA_DIR [immediate]                end every connection and stop; immediate: as a crash
#   scripts/postgresql.sh supervise DATA_DIR PORT [SETTING=VALUE...]
#       start, say "ready", and stop and remove DATA_DIR, and its folder if that is empty then, when standard input
#       ends: so the server never outlives who started it
#
# The superuser is `twitchy`, with the password in POSTGRESQL_PASSWORD (default: twitchy), and so is the database.
# Started by root, the server runs as the user `postgres`, who must be able to reach DATA_DIR.
set -euo pipefail

usage() {
    sed -n 's/^#   //p' "$0" >&2
    exit 64
}

programs() {
    local folder
    # The newest of the versions that are installed.
    folder=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$folder" ]; then
        echo "PostgreSQL is missing: install Debian's package postgresql." >&2
        exit 69
    fi
    echo "$folder"
}

as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

# Runs the server's own program with no other descriptor than the standard ones: what a caller has open, and may wait for
# to be closed, must not live on in the server.
detached() {
    (
        for path in /proc/self/fd/*; do
            descriptor=${path##*/}
            if [ "$descriptor" -gt 2 ]; then eval "exec $descriptor>&-"; fi
        done
        "$@"
    )
}

make_cluster() {
    local password
    mkdir -p "$data"
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$data"; fi
    chmod 700 "$data"
    password=$(mktemp "${TMPDIR:-/tmp}/postgresql-password.XXXXXX")
    printf '%s\n' "${POSTGRESQL_PASSWORD:-twitchy}" >"$password"
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$password"; fi
    as_server "$bin/initdb" --pgdata "$data/cluster" --username twitchy --pwfile "$password" \
        --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 --no-sync >"$data.initdb.log" 2>&1 || {
        cat "$data.initdb.log" >&2
        rm -f "$password" "$data.initdb.log"
        exit 69
    }
    rm -f "$password" "$data.initdb.log"
}

start() {
    local options="-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
    local setting
    for setting in "$@"; do options+=" -c $setting"; done
    if [ ! -f "$data/cluster/PG_VERSION" ]; then make_cluster; fi
    # Run from a folder that the server's user can enter.
    cd /
    if ! detached as_server "$bin/pg_ctl" start --silent --wait --timeout 60 --pgdata "$data/cluster" \
        --log "$data/server.log" --options "$options" >/dev/null </dev/null 2>&1; then
        tail -n 20 "$data/server.log" >&2 || true
        exit 69
    fi
    PGPASSWORD=${POSTGRESQL_PASSWORD:-twitchy} "$bin/psql" --quiet --no-psqlrc --host 127.0.0.1 --port "$port" \
        --username twitchy --dbname postgres --tuples-only --command \
        "SELECT 'CREATE DATABASE twitchy' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'twitchy')" |
        PGPASSWORD=${POSTGRESQL_PASSWORD:-twitchy} "$bin/psql" --quiet --no-psqlrc --host 127.0.0.1 --port "$port" \
            --username twitchy --dbname postgres --file -
}

stop() {
    cd /
    as_server "$bin/pg_ctl" stop --silent --wait --mode "${1:-fast}" --pgdata "$data/cluster" >/dev/null 2>&1 || true
}

[ $# -ge 2 ] || usage
command=$1
data=$2
bin=$(programs)
case $command in
    start)
        [ $# -ge 3 ] || usage
        port=$3
        shift 3
        start "$@"
        ;;
    stop) stop "${3:-fast}" ;;
    supervise)
        [ $# -ge 3 ] || usage
        port=$3
        shift 3
        # Interrupted together with who started it, it still has to clean up.
        trap '' INT TERM HUP
        # Also after a start that failed half way.
        trap 'stop immediate; rm -rf "$data"; rmdir "$(dirname "$data")" 2>/dev/null || true' EXIT
        start "$@"
        echo ready
        cat >/dev/null
        ;;
    *) usage ;;
esac
