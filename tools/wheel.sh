#!/usr/bin/env bash
# usage: tools/wheel.sh [DIRECTORY]    builds a wheel for this Python into DIRECTORY (dist/), with the C++ libraries inside,
# and says how to install it
set -euo pipefail
cd "$(dirname "$0")/.."
to=${1:-dist}
work=build/wheel
bin=.venv/bin
rm -rf "$work" && mkdir -p "$work" "$to"
echo "==> building the wheel"
$bin/python -m build --wheel --no-isolation --outdir "$work" . >build/wheel.log 2>&1 || { tail -30 build/wheel.log >&2; exit 1; }
made=$(ls "$work"/chanx_native-*.whl)
case $(uname -s) in
Linux)
    echo "==> putting simdjson, hiredis and OpenSSL into it"
    PATH="$PWD/$bin:$PATH" $bin/python -m auditwheel repair --wheel-dir "$to" "$made" >>build/wheel.log 2>&1 || { tail -30 build/wheel.log >&2; exit 1; }
    ;;
*) cp "$made" "$to" ;;  # the release workflow has delocate do it on macOS
esac
wheel=$(ls -t "$to"/chanx_native-*.whl | head -1)
echo "==> $wheel ($(du -h "$wheel" | cut -f1))"
echo "    install it with: pip install '$wheel[channels]'"
