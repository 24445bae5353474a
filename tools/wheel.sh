#!/usr/bin/env bash
# usage: tools/wheel.sh     builds dist/chanx_native-*.whl for this Python and says how to install it
set -euo pipefail
cd "$(dirname "$0")/.."
echo "==> building the wheel"
.venv/bin/python -m build --wheel --outdir dist . >build/wheel.log 2>&1 || { tail -30 build/wheel.log >&2; exit 1; }
wheel=$(ls -t dist/chanx_native-*.whl | head -1)
echo "==> $wheel ($(du -h "$wheel" | cut -f1))"
echo "    install it with: pip install '$wheel[channels]'"
