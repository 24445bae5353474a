#!/usr/bin/env bash
# usage: FUZZ_SECONDS=600 tools/fuzz.sh      every fuzzer of tests/fuzz in turn, the time shared between them
set -euo pipefail
cd "$(dirname "$0")/.."
dir=build/fuzz
cmake -S . -B $dir -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCHANX_BUILD_MODULE=OFF \
    -DCHANX_BUILD_TESTS=OFF -DCHANX_BUILD_FUZZERS=ON -DCHANX_SANITIZE=address,undefined,fuzzer-no-link >/dev/null
cmake --build $dir >/dev/null
mapfile -t fuzzers < <(find $dir/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x | sort)
[ ${#fuzzers[@]} -gt 0 ] || { echo "no fuzzers were built" >&2; exit 1; }
each=$((${FUZZ_SECONDS:-600} / ${#fuzzers[@]}))
for fuzzer in "${fuzzers[@]}"; do
    name=$(basename "$fuzzer")
    echo "==> $name, $each s"
    mkdir -p "build/fuzz-corpus/$name"
    "$fuzzer" -max_total_time=$each -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="build/$name-" \
        "build/fuzz-corpus/$name" "tests/fuzz/corpus/${name#fuzz_}" 2>&1 | tail -12
done
