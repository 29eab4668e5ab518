#!/usr/bin/env bash
# Tries the runtime image without a container engine: makes a Debian 12 root, installs exactly the packages that the
# Dockerfile names, and starts the server there as the image would: as user 10001, with a root that cannot be written.
# Needs root and debootstrap; takes a minute or two.
#
#   deploy/docker/try-runtime.sh BINARY     BINARY: built with --static-swift-stdlib
set -euo pipefail
binary=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"

mapfile -t packages < <(sed -n '/--no-install-recommends/,/&& rm/{s/^ *\([a-z0-9.+-]*\) \\$/\1/p}' "$here/../../Dockerfile")
echo "Packages: ${packages[*]}"
debootstrap --variant=minbase bookworm "$root" >/dev/null
chroot "$root" apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null 2>&1
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
install -m 0755 "$binary" "$root/usr/local/bin/twitchy"
install -m 0755 "$here/twitchy-health" "$root/usr/local/bin/twitchy-health"
mkdir "$root/data"
du -sh "$root" | sed 's/\t.*/ in all/'

# Mounts of a namespace of its own end with it.
unshare --mount --propagation private bash -euc '
    root=$1
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o uid=10001,gid=10001,mode=750 tmpfs "$root/data"
    inside() {
        chroot --userspec=10001:10001 "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin TWITCHY_DATA=/data \
            TWITCHY_BIND=0.0.0.0 TWITCHY_NO_SUPERVISE=true TWITCHY_HTTP_PORT=0 TWITCHY_RTMP_PORT=0 TWITCHY_ICECAST_PORT=0 \
            TWITCHY_ADMIN_PORT=19100 "$@"
    }
    inside twitchy version
    # Not through a function: its process would be a shell, and not the server.
    chroot --userspec=10001:10001 "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin TWITCHY_DATA=/data \
        TWITCHY_BIND=0.0.0.0 TWITCHY_NO_SUPERVISE=true TWITCHY_HTTP_PORT=0 TWITCHY_RTMP_PORT=0 TWITCHY_ICECAST_PORT=0 TWITCHY_ADMIN_PORT=19100 \
        twitchy serve &
    server=$!
    for attempt in $(seq 100); do
        if inside twitchy-health /readyz >/dev/null 2>&1; then break; fi
        sleep 0.1
    done
    inside twitchy-health /readyz
    if inside twitchy-health /nowhere >/dev/null; then echo "The health check accepts a 404." >&2; exit 1; fi
    kill -TERM "$server"
    wait "$server"
    if inside twitchy-health 2>/dev/null; then echo "The health check accepts nobody." >&2; exit 1; fi
' bash "$root"
echo "The image's root runs the server."
