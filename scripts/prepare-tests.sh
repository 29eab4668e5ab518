#!/usr/bin/env bash
# Installs what the tests drive, and makes the Python environment of Fixtures/ and the end-to-end tests.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh test

venv=.build-tools/venv
requirements=scripts/python-requirements.txt
if [ -x "$venv/bin/python" ] && cmp -s "$requirements" "$venv/requirements.txt" && "$venv/bin/python" -c ''; then
    exit 0
fi
echo "Making the Python environment $venv ..."
rm -rf "$venv"
mkdir -p "$(dirname "$venv")"
# Debian's own Python, to which its python3-venv package belongs; another may come first in PATH.
python=/usr/bin/python3
if [ ! -x "$python" ]; then python=python3; fi
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --retries 5 -r "$requirements"
cp "$requirements" "$venv/requirements.txt"
