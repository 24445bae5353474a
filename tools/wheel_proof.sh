#!/usr/bin/env bash
# usage: sudo tools/wheel_proof.sh [DIRECTORY]
# Proves that the wheel of dist/ needs none of the libraries it was built with: installs it in a new Debian root file
# system (made by debootstrap in DIRECTORY, kept for the next time) that has no compiler and no -dev package, and runs the tests of
# the tutorial on it there. Takes some five minutes the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
root=${1:-build/wheel-proof}
release=${CHANX_PROOF_RELEASE:-bookworm}
[ "$(id -u)" = 0 ] || { echo "error: a root file system is made by root: sudo tools/wheel_proof.sh" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "error: apt-get install debootstrap" >&2; exit 1; }
wheel=$(ls -t dist/chanx_native-*linux*.whl 2>/dev/null | head -1) || true
[ -n "$wheel" ] || { echo "error: no wheel in dist/: run make wheel first" >&2; exit 1; }

if [ ! -x "$root/usr/bin/python3" ]; then
    echo "==> making a root file system of Debian $release in $root"
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$release" "$root" http://deb.debian.org/debian >"$root.log" 2>&1 || { tail -20 "$root.log" >&2; exit 1; }
fi
cp /etc/resolv.conf "$root/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
for kind in proc tmpfs:dev/shm; do
    place=$root/${kind#*:}
    mkdir -p "$place"
    mountpoint -q "$place" || mount -t "${kind%:*}" "${kind%:*}" "$place"
done
trap 'umount "$root/proc" "$root/dev/shm"' EXIT

rm -rf "$root/proof"
mkdir -p "$root/proof"
# Neither python/ nor src/: only what the wheel brings can be imported.
cp -r docs tests llm_server pyproject.toml "$root/proof/"
cp "$wheel" "$root/proof/"
echo "==> installing $(basename "$wheel") there"
chroot "$root" /bin/bash -euc "
    export LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1
    command -v redis-server >/dev/null || { apt-get update -q; apt-get install -y -q --no-install-recommends redis-server; } >/tmp/apt.log 2>&1
    if dpkg -l | grep -E '^ii +(g\+\+|lib(boost|simdjson|hiredis|ssl)[^ ]*-dev)'; then echo 'error: a -dev package is there'; exit 1; fi
    cd /proof
    python3 -m venv .venv
    .venv/bin/pip install -q \"./$(basename "$wheel")[channels,cli]\" daphne django-environ fastapi httpx langchain-openai pytest pytest-asyncio \\
        pytest-django pytest-timeout uvicorn websockets channels_redis
    .venv/bin/python -m pytest -q -p no:cacheprovider tests/integration/test_tutorial.py
    .venv/bin/python -c 'import chanx; print(\"==> the tutorial runs on\", chanx.__file__)'
"
