#!/usr/bin/env bash
# usage: tools/sanitize.sh      the C++ unit tests under address+undefined, then under thread; then the codec's bindings under
#                               address, driven from Python for SANITIZE_SECONDS (60)
set -euo pipefail
cd "$(dirname "$0")/.."
for sanitizer in address,undefined thread; do
    echo "==> -fsanitize=$sanitizer"
    dir=build/sanitize-${sanitizer%%,*}
    cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCHANX_BUILD_MODULE=OFF -DCHANX_SANITIZE=$sanitizer >/dev/null
    cmake --build "$dir" >/dev/null
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ctest --test-dir "$dir" --output-on-failure
done
exec tools/sanitize_bindings.sh
