#!/usr/bin/env bash
# Compares what one request costs this server and nginx in CPU time (user and system), for a part of 5 kB and a
# segment of 64 KiB: the same bytes and fields over 32 kept connections, one event loop against one worker.
# Rounds alternate between the two servers; the result is the median of five.
#
# usage: run.sh [PATH-OF-HTTPBenchmarkServer]
# needs: nginx, wrk
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# -eq 0 ]; then swift build --package-path "$root" -c release --product HTTPBenchmarkServer; fi
server=${1:-$root/.build/release/HTTPBenchmarkServer}
rounds=${ROUNDS:-5}
seconds=${SECONDS_PER_ROUND:-3}
folder=$(mktemp -d)
ours_port=${OURS_PORT:-18471}
nginx_port=${NGINX_PORT:-18472}
part=/hls/demo/1/aac-192/1-7.3.m4s
segment=/hls/demo/1/aac-256/1-7.m4s

"$server" "$ours_port" >"$folder/ours.log" &
ours=$!
trap 'kill $ours $nginx 2>/dev/null; wait; rm -rf "$folder"' EXIT
nginx=

for _ in $(seq 50); do curl -sfo /dev/null "http://127.0.0.1:$ours_port$part" && break; sleep 0.1; done
for path in $part $segment; do
    mkdir -p "$folder/root$(dirname $path)"
    curl -sf "http://127.0.0.1:$ours_port$path" -o "$folder/root$path"
done
chmod -R a+rX "$folder"

cat >"$folder/nginx.conf" <<EOF
worker_processes 1;
daemon off;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    open_file_cache_valid 3600s;
    keepalive_requests 1000000000;
    types { audio/mp4 m4s; }
    server {
        listen 127.0.0.1:$nginx_port;
        root $folder/root;
        add_header Cache-Control "public, max-age=86400, immutable";
        add_header Access-Control-Allow-Origin "*";
        add_header Access-Control-Expose-Headers "Age, Date, Content-Length, Content-Range";
    }
}
EOF
/usr/sbin/nginx -c "$folder/nginx.conf" -p "$folder" &
nginx=$!
for _ in $(seq 50); do curl -sfo /dev/null "http://127.0.0.1:$nginx_port$part" && break; sleep 0.1; done
worker=$(pgrep -P $nginx)

for path in $part $segment; do
    cmp -s <(curl -sf "http://127.0.0.1:$nginx_port$path") <(curl -sf "http://127.0.0.1:$ours_port$path") ||
        { echo "The two servers give different bytes for $path" >&2; exit 1; }
done

# CPU time of a process in ticks of 10 ms: fields 14 and 15, counted behind the name in parentheses.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{print $12 + $13}'; }

# Prints microseconds of CPU for one request. The kernel remembers congestion windows by address and begins new connections
# with them: what ran before on loopback made 64 KiB cost 47 µs instead of 20 (measured). Forgetting needs root.
measure() { # process port path
    local before after requests
    ip tcp_metrics flush >/dev/null 2>&1 || echo "Not root: the kernel's old congestion windows count" >&2
    before=$(ticks "$1")
    requests=$(wrk -t1 -c32 -d"${seconds}s" "http://127.0.0.1:$2$3" | awk '/requests in/ {print $1}')
    after=$(ticks "$1")
    awk -v t=$((after - before)) -v n="$requests" 'BEGIN {printf "%.3f %d\n", t * 10000 / n, n}'
}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

for path in $part $segment; do
    : >"$folder/ours.times"
    : >"$folder/nginx.times"
    for round in $(seq "$rounds"); do
        a=$(measure $ours $ours_port $path)
        b=$(measure "$worker" $nginx_port $path)
        echo "$a" >>"$folder/ours.times"
        echo "$b" >>"$folder/nginx.times"
        echo "$path round $round: ours ${a% *} µs (${a#* } requests), nginx ${b% *} µs (${b#* } requests)"
    done
    a=$(median <"$folder/ours.times")
    b=$(median <"$folder/nginx.times")
    awk -v p=$path -v a="$a" -v b="$b" 'BEGIN {printf "%s median: ours %s µs, nginx %s µs, ratio %.2f\n", p, a, b, a / b}'
done
