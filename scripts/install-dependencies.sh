#!/usr/bin/env bash
# Installs the Debian packages that a task needs, as far as they are missing.
#
#   scripts/install-dependencies.sh TASK...     TASK: run, demo, distributed, test
#
# When nothing is missing it costs one dpkg-query. Otherwise it says what it installs and uses sudo if need be.
set -euo pipefail

# What the Swift tools use on Debian, then what our modules link.
build_packages=(
    git ca-certificates binutils libc6-dev libgcc-12-dev libstdc++-12-dev tzdata libcurl4 libxml2
    pkg-config zlib1g-dev libsqlite3-dev libpq-dev librabbitmq-dev
    libavcodec-dev libavformat-dev libavutil-dev libswresample-dev
)
# Encoders, players, browsers and servers that tests and benchmarks drive.
test_packages=(
    ffmpeg mpv chromium chromium-driver curl jq openssl python3 python3-venv procps
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
    gstreamer1.0-libav nginx-light wrk postgresql rabbitmq-server
)
# What judges the files of deploy/: caches, and the programs that read such files themselves.
test_packages+=(varnish prometheus systemd)
# Another maker's package of kubectl cannot be there beside Debian's, and does as well.
if ! command -v kubectl >/dev/null; then test_packages+=(kubernetes-client); fi

wanted=()
for task in "$@"; do
    case $task in
        run) wanted+=("${build_packages[@]}") ;;
        demo) wanted+=(ffmpeg) ;;
        distributed) wanted+=(curl nginx-light postgresql rabbitmq-server) ;;
        test) wanted+=("${build_packages[@]}" "${test_packages[@]}") ;;
        *)
            echo "usage: $0 run|demo|distributed|test ..." >&2
            exit 64
            ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system: make sure that the equivalents of these are there: ${wanted[*]}" >&2
    exit 0
fi

# dpkg-query exits 1 when it does not know one of the names; what it knows is printed all the same. A foreign
# architecture's copy is no help, but `name:arch` lines of the native one count under the plain name.
declare -A installed=()
while read -r name status; do
    if [ "$status" = installed ]; then installed[$name]=1; fi
done < <(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for package in "${wanted[@]}"; do
    if [ -z "${installed[$package]:-}" ]; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing packages. As root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
    # Without a terminal nobody could type a password.
    if [ ! -t 0 ]; then as_root+=(-n); fi
fi

# Debian starts a server as soon as it is installed, and fails the installation if that does not start (in a container,
# say). Ours are started by whoever needs them, on ports of their own.
policy=/usr/sbin/policy-rc.d
placed_policy=
release_services() {
    if [ -n "$placed_policy" ]; then "${as_root[@]}" rm -f "$policy"; fi
}
hold_services() {
    if [ -e "$policy" ]; then return; fi
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    placed_policy=yes
    "${as_root[@]}" chmod 755 "$policy"
}
# Nor at the next boot, unless it was there before us.
disable_services() {
    case " ${missing[*]} " in
        *" rabbitmq-server "*) "${as_root[@]}" update-rc.d rabbitmq-server disable >/dev/null 2>&1 || true ;;
    esac
}
trap release_services EXIT

echo "Installing Debian packages: ${missing[*]}"
# Another apt may hold the locks (unattended upgrades do so after every boot): apt waits for dpkg's lock by itself,
# but not for the lock on the package lists, hence the loop below.
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
        -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null
}
hold_services
for attempt in 1 2 3 4 5; do
    # A third party's broken repository makes `update` fail although Debian's lists are fresh: installing decides.
    apt update || echo "The package lists could not be refreshed; trying with those that are there." >&2
    if apt install --no-install-recommends "${missing[@]}"; then
        disable_services
        exit 0
    fi
    if [ "$attempt" -lt 5 ]; then
        echo "Once more in 10 seconds." >&2
        sleep 10
    fi
done
echo "Not all packages could be installed. Needed on Debian 12: ${missing[*]}" >&2
exit 1
