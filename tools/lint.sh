#!/usr/bin/env bash
# usage: tools/lint.sh [--fix]      formatters, linters, type checkers and the drift check of the _core stub
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
status=0
mapfile -t sources < <(git ls-files 'src/*.hpp' 'src/*.cpp' 'tests/cpp/*.cpp' 'tests/cpp/*.hpp' 'tests/fuzz/*.cpp')

check() {
    local name=$1
    shift
    local out
    if ! out=$("$@" 2>&1); then
        printf -- '--- %s\n%s\n' "$name" "$out"
        status=1
    fi
}

if [ "${1:-}" = --fix ]; then
    $bin/ruff check --fix -q . && $bin/ruff format -q . && clang-format -i "${sources[@]}"
    exit
fi
check "ruff check" $bin/ruff check .
check "ruff format (make format mends it)" $bin/ruff format --check .
check "clang-format (make format mends it)" clang-format --dry-run -Werror "${sources[@]}"
check "mypy --strict" $bin/mypy
check "pyright" $bin/pyright --pythonpath $bin/python
check "the stub of _core (make stubs mends it)" $bin/python tools/stubs.py
[ $status = 0 ] && echo "no complaints"
exit $status
