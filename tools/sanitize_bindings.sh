#!/usr/bin/env bash
# usage: tools/sanitize_bindings.sh      the Python module built with AddressSanitizer: the codec is driven for
#                                        SANITIZE_SECONDS (60) and tested, then the layers' tests run against real servers
set -euo pipefail
cd "$(dirname "$0")/.."
echo "==> the bindings, -fsanitize=address"
dir=build/sanitize-module
cmake -S . -B $dir -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCHANX_BUILD_TESTS=OFF -DCHANX_SANITIZE=address \
    -DPython_EXECUTABLE="$PWD/.venv/bin/python" >/dev/null
cmake --build $dir >/dev/null
rm -rf $dir/package
mkdir -p $dir/package
cp -r python/chanx $dir/package/
rm -f $dir/package/chanx/_core*.so
cmake --install $dir --component python --prefix $dir/package >/dev/null
# Python itself is not built with it, so the runtime has to be there first; Python's own leaks at exit are not ours.
sanitized() {
    LD_PRELOAD="$(c++ -print-file-name=libasan.so) $(c++ -print-file-name=libstdc++.so.6)" \
        ASAN_OPTIONS=detect_leaks=0:halt_on_error=1 PYTHONMALLOC=malloc PYTHONPATH=$dir/package .venv/bin/python "$@"
}
# The paths in pyproject.toml would find the module in the tree.
sanitized_tests() {
    sanitized -m pytest -q -p no:cacheprovider -o pythonpath="$dir/package . tests/support" --timeout 600 "$@"
}
sanitized tests/fuzz/drive_bindings.py "${SANITIZE_SECONDS:-60}"
# Freed memory stays in AddressSanitizer's quarantine, so what measures resident memory is left out.
sanitized_tests tests/python/test_codec_{camel,decode,encode,instances,types}.py tests/python/test_field_nodes.py \
    -k "not memory"
echo "==> the layers, -fsanitize=address"
sanitized_tests \
    tests/integration/test_layer_{redis,pubsub,serializers,concurrency,refusals,server_faults}.py \
    tests/integration/test_redis_layer_ends.py tests/python/test_layer_memory_{api,attach,cancel,loops}.py \
    -k "not hundred_thousand and not every_byte"
