#!/usr/bin/env bash
# usage: tools/test.sh      all tests, after tools/setup.sh test; every part runs even when an earlier one failed
set -uo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
failed=()
started=$SECONDS

part() {
    local name=$1 from=$SECONDS
    shift
    printf '\n==> %s\n' "$name"
    "$@" || failed+=("$name")
    printf '    (%s: %d s)\n' "$name" $((SECONDS - from))
}

part "C++ unit tests" ctest --test-dir build/dev --output-on-failure
part "formatting, linting and types" tools/lint.sh
part "Python, integration, robustness and browser tests" $python -m pytest tests -m "not soak"
part "sandbox tests" $python -m pytest sandbox_django -c sandbox_django/pytest.ini

printf '\n==> %d s in all\n' $((SECONDS - started))
if [ ${#failed[@]} -gt 0 ]; then
    printf 'FAILED: %s\n' "${failed[@]}"
    exit 1
fi
echo "==> every part passed"
