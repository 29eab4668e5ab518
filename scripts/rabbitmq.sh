#!/usr/bin/env bash
# A RabbitMQ of one's own: private ports, node name and data folder, bound to loopback, no plugin.
#
#   scripts/rabbitmq.sh start DIR [--tls]   starts it (again), waits until it takes connections, prints its URL
#   scripts/rabbitmq.sh run DIR [--tls]     the same in the foreground; stops it when standard input ends, and with
#                                           --temporary removes DIR then
#   scripts/rabbitmq.sh stop DIR            stops it; DIR stays
#   scripts/rabbitmq.sh ctl DIR ARG...      rabbitmqctl for it
#
# DIR/url has the URL; with --tls DIR/url-tls and DIR/tls/ca.pem, a certificate for localhost. Ports and password are
# picked at the first start and kept. It never touches Debian's own instance: other ports, other epmd, other cookie.
set -euo pipefail

usage() {
    sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
    exit 64
}
[ $# -ge 2 ] || usage
command=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2
tls= temporary=
if [ "$command" != ctl ]; then
    for option in "$@"; do
        case $option in
            --tls) tls=yes ;;
            --temporary) temporary=yes ;;
            *) usage ;;
        esac
    done
fi

home=${RABBITMQ_SERVER_HOME:-}
if [ -z "$home" ]; then
    # Debian's wrapper in /usr/sbin insists on Debian's folders; what it wraps does not.
    for home in /usr/lib/rabbitmq/lib/rabbitmq_server-* /usr/lib/rabbitmq /opt/rabbitmq; do
        [ -x "$home/sbin/rabbitmq-server" ] && break
    done
fi
[ -x "$home/sbin/rabbitmq-server" ] || {
    echo "rabbitmq-server is not installed: scripts/install-dependencies.sh test, or set RABBITMQ_SERVER_HOME" >&2
    exit 69
}

# Erlang does not need root, and files of root would be in the way of a later start without.
as_server=()
if [ "$(id -u)" -eq 0 ] && id rabbitmq >/dev/null 2>&1; then
    as_server=(setpriv --reuid rabbitmq --regid rabbitmq --init-groups)
fi

free_port() {
    local port
    while true; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

prepare() {
    if [ ! -f "$dir/settings" ]; then
        {
            echo "amqp_port=${RABBITMQ_TEST_PORT:-$(free_port)}"
            echo "tls_port=$(free_port)"
            echo "dist_port=$(free_port)"
            echo "epmd_port=$(free_port)"
            echo "password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')"
        } >"$dir/settings"
        chmod 600 "$dir/settings"
    fi
    # shellcheck disable=SC1091
    . "$dir/settings"
    export HOME=$dir ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1
    export RABBITMQ_NODENAME=twitchy-$amqp_port@localhost RABBITMQ_DIST_PORT=$dist_port
    export RABBITMQ_MNESIA_BASE=$dir/mnesia RABBITMQ_LOG_BASE=$dir/log RABBITMQ_PID_FILE=$dir/server.pid
    export RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$dir/enabled_plugins
    export RABBITMQ_CONF_ENV_FILE=$dir/environment RABBITMQ_ADVANCED_CONFIG_FILE=$dir/advanced.config
    export RABBITMQ_GENERATED_CONFIG_DIR=$dir/generated RABBITMQ_SCHEMA_DIR=$dir/schema
    # Schedulers that spin while they wait take the time from whoever shares the cores.
    export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+sbwt none +sbwtdcpu none +sbwtdio none +A 16 -kernel inet_dist_use_interface {127,0,0,1}"
}

certificates() {
    mkdir -p "$dir/tls"
    (
        cd "$dir/tls"
        [ -f server.pem ] && exit
        exec 2>/dev/null
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=Twitchy private CA" -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:localhost\n' >server.ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile server.ext \
            -out server.pem
    )
}

configure() {
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp_port
default_user = twitchy
default_pass = $password
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = ${RABBITMQ_MEMORY:-512MB}
log.file.level = info
# Queues of events write ahead to a log that is held in memory up to this size.
raft.wal_max_size_bytes = 33554432
CONF
    if [ -n "$tls" ]; then
        certificates
        cat >>"$dir/rabbitmq.conf" <<CONF
listeners.ssl.1 = 127.0.0.1:$tls_port
ssl_options.cacertfile = $dir/tls/ca.pem
ssl_options.certfile = $dir/tls/server.pem
ssl_options.keyfile = $dir/tls/server.key
ssl_options.verify = verify_none
CONF
        (umask 077 && echo "amqps://twitchy:$password@localhost:$tls_port/%2F?cacertfile=$dir/tls/ca.pem" >"$dir/url-tls")
    fi
    (umask 077 && echo "amqp://twitchy:$password@127.0.0.1:$amqp_port/%2F" >"$dir/url")
    echo '[].' >"$dir/enabled_plugins"
    : >"$dir/environment"
    if [ ${#as_server[@]} -gt 0 ]; then
        chown -R rabbitmq:rabbitmq "$dir"
        # Below a folder of root's own only root gets there.
        if ! "${as_server[@]}" test -w "$dir/rabbitmq.conf"; then as_server=(); fi
    fi
}

is_up() { (exec 3<>"/dev/tcp/127.0.0.1/$amqp_port") 2>/dev/null; }

runs() { [ -f "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# In a session of its own: an interrupt typed at a test run is not for the broker, which is stopped in order. Whoever
# started this script may wait for the end of what it inherits, so nothing else is left open.
spawn() {
    local name=$1 output=$2
    shift 2
    (
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
        done
        exec setsid "${as_server[@]}" "$@"
    ) >"$output" 2>&1 </dev/null &
    echo $! >"$dir/$name.pid"
    disown
}

launch() {
    stop
    cd "$dir"
    spawn epmd "$dir/epmd.out" epmd -port "$epmd_port" -address 127.0.0.1
    spawn group "$dir/server.out" "$home/sbin/rabbitmq-server"
    local end=$((SECONDS + 120))
    until is_up; do
        if ! runs "$dir/group.pid" || [ $SECONDS -gt $end ]; then
            echo "RabbitMQ did not start:" >&2
            tail -n 30 "$dir/server.out" >&2
            stop
            exit 1
        fi
        sleep 0.1
    done
}

# In order if it goes quickly, otherwise not: its data is of this machine's tests and demonstrations.
stop() {
    if runs "$dir/server.pid"; then
        local pid
        # The server removes the file before it has ended.
        pid=$(cat "$dir/server.pid")
        kill -TERM "$pid" 2>/dev/null || true
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
    fi
    for file in group.pid epmd.pid; do
        if runs "$dir/$file"; then kill -KILL -- "-$(cat "$dir/$file")" 2>/dev/null || true; fi
        rm -f "$dir/$file"
    done
    rm -f "$dir/server.pid"
}

prepare
case $command in
    start)
        configure
        launch
        cat "$dir/url"
        ;;
    run)
        configure
        trap 'stop; if [ -n "$temporary" ]; then rm -rf "$dir"; fi' EXIT
        trap 'exit 0' TERM INT HUP
        launch
        cat "$dir/url"
        # Nobody waits for more, and Erlang is not to hold the reader of this up.
        exec >/dev/null
        # Ends with the process that holds the other end, however that dies.
        cat >/dev/null
        ;;
    stop) stop ;;
    ctl) exec "${as_server[@]}" "$home/sbin/rabbitmqctl" "$@" ;;
    *) usage ;;
esac
