#!/usr/bin/env bash
# Ends with one line when Swift is missing or too old. Cheap enough to be called before every build.
set -euo pipefail

if ! command -v swift >/dev/null; then
    echo "Swift 6.2 or newer is needed and not in PATH; install it as https://www.swift.org/install/linux/debian/12 says." >&2
    exit 69
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if [ $((major * 100 + minor)) -lt 602 ]; then
    echo "Swift 6.2 or newer is needed, this one is $major.$minor; see https://www.swift.org/install/linux/debian/12." >&2
    exit 69
fi
