#!/usr/bin/env bash
# nginx as in deploy/nginx, on loopback and without TLS, in front of roles on this machine. Runs until it is told to end.
#
# usage: nginx.sh FOLDER --listen PORT --accounts PORT --web PORT --push PORT --origin PORT [--origin PORT ...]
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(realpath -m "$1")
shift
origins=
while [ $# -gt 0 ]; do
    case $1 in
        --listen) listen=$2 ;;
        --accounts) accounts=$2 ;;
        --web) web=$2 ;;
        --push) push=$2 ;;
        --origin) origins+="server 127.0.0.1:$2 max_fails=1 fail_timeout=2s; " ;;
        *) echo "nginx.sh: unknown option $1" >&2; exit 64 ;;
    esac
    shift 2
done

mkdir -p "$dir/twitchy" "$dir/cache"
cp deploy/nginx/{twitchy,hls,proxy,forwarded,own-answer}.conf "$dir/twitchy/"
sed -i "s|/var/cache/nginx/twitchy|$dir/cache|; s|access_log /dev/stdout|access_log $dir/access.log|
    s|include twitchy/|include $dir/twitchy/|" "$dir/twitchy/"*.conf
# On one machine everybody comes from one address.
sed -i "/^ *limit_conn twitchy_/d; /^ *limit_req zone=/d" "$dir/twitchy/twitchy.conf"
echo "listen 127.0.0.1:$listen;" >"$dir/twitchy/listen.conf"
# What deploy/nginx leads from port 80 to 443 has nowhere to listen here.
echo "listen unix:$dir/redirect.sock;" >"$dir/twitchy/redirect.conf"
rm -f "$dir/redirect.sock"
cat >"$dir/nginx.conf" <<END
pid $dir/nginx.pid;
error_log stderr warn;
worker_processes 1;
daemon off;
events { worker_connections 4096; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    upstream twitchy_origin { ${origins}keepalive 64; }
    upstream twitchy_accounts { server 127.0.0.1:$accounts; keepalive 16; }
    upstream twitchy_web { server 127.0.0.1:$web; keepalive 16; }
    upstream twitchy_push { server 127.0.0.1:$push; }
    upstream twitchy_chat { server 127.0.0.1:$accounts; }
    include $dir/twitchy/twitchy.conf;
}
END
exec nginx -p "$dir" -c "$dir/nginx.conf"
