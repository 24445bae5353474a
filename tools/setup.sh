#!/usr/bin/env bash
# usage: tools/setup.sh build|sandbox|test|fuzz
# Brings a machine with Python, git and make to where the named work can start. Each step is skipped when it is done
# already, so a second run takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:?usage: tools/setup.sh build|sandbox|test|fuzz}
python=${CHANX_PYTHON:-python3}
venv=.venv

say() { printf '==> %s\n' "$*"; }
die() { printf '\nerror: %s\n' "$*" >&2; exit 1; }

command -v "$python" >/dev/null || die "no $python. Install Python 3.11 or later (Debian: apt-get install python3), or name one: make PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$("$python" --version) is too old: chanx-native needs 3.11 or later. Name another: make PYTHON=/path/to/python3.11"

# --- system packages -------------------------------------------------------------------------------------------------
missing=()
need_command() { command -v "$1" >/dev/null || missing+=("$2"); }
# Without a compiler every header counts as missing; apt passes over what is installed already.
need_header() { printf '#include <%s>\n' "$1" | g++ -x c++ -std=c++20 -fsyntax-only - 2>/dev/null || missing+=("$2"); }
boost_package() {
    if apt-cache show libboost1.81-dev >/dev/null 2>&1; then echo libboost1.81-dev; else echo libboost-dev; fi
}

need_command g++ g++
need_command cmake cmake
need_command ninja ninja-build
headers_found=build/.headers-$(cksum <tools/setup.sh | tr ' ' -)
if [ ! -f "$headers_found" ]; then
    need_header boost/asio.hpp BOOST
    need_header simdjson.h libsimdjson-dev
    need_header hiredis/hiredis.h libhiredis-dev
    need_header openssl/ssl.h libssl-dev
fi
if [ ! -x "$venv/bin/python" ]; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
fi
"$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' ||
    missing+=(python3-dev)
if [ "$mode" = sandbox ] && [[ ${CHANNEL_LAYER_BACKEND:-} == *[Rr]edis* ]] && [ -z "${REDIS_URL:-}" ]; then
    need_command redis-server redis-server
fi
if [ "$mode" = test ] || [ "$mode" = fuzz ]; then
    [ -f /usr/include/doctest/doctest.h ] || need_header doctest/doctest.h doctest-dev
    need_command redis-server redis-server
    need_command clang-format clang-format
    need_command ccache ccache
    # Debian keeps the server's programs outside the search path.
    command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
fi
[ "$mode" != fuzz ] || need_command clang++ clang

if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null ||
        die "these are missing and there is no apt here: ${missing[*]}. On macOS: brew install cmake ninja boost simdjson hiredis openssl doctest redis"
    if [ "$(id -u)" = 0 ]; then
        as_root=()
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=(sudo)
    else
        die "not root and no sudo. Ask an administrator to run
    apt-get update && apt-get install -y ${missing[*]/BOOST/$(boost_package)}
then run the same make command again."
    fi
    say "installing system packages: ${missing[*]/BOOST/Boost headers}"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    "${as_root[@]}" apt-get update -q >"$log" 2>&1 || { tail -20 "$log" >&2; die "apt-get update failed"; }
    # Only now is it sure which Boost this release carries.
    missing=("${missing[@]/BOOST/$(boost_package)}")
    "${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
        { tail -30 "$log" >&2; die "apt-get could not install ${missing[*]}; the lines above say why"; }
    rm -f "$log"
fi
mkdir -p build && rm -f build/.headers-* && touch "$headers_found"

# --- Python packages -------------------------------------------------------------------------------------------------
minor() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
version=$(minor "$python")
if [ -e "$venv" ] && [ "$(minor $venv/bin/python)" != "$version" ]; then
    say "$venv is unfinished or of another Python: making it anew"
    rm -rf "$venv"
fi
if [ ! -x "$venv/bin/python" ]; then
    say "creating $venv with Python $version"
    "$python" -m venv "$venv"
fi
# The document of the AI chat activates the environment from the application's folder.
[ -e sandbox_django/.venv ] || ln -s ../.venv sandbox_django/.venv
work=$mode
[ "$mode" = fuzz ] && work=test
requirements=$("$venv/bin/python" tools/requirements.py "$work")
installed=$venv/.installed-$work
if [ "$(cat "$installed" 2>/dev/null)" != "$requirements" ]; then
    say "installing Python packages for '$work' (a minute or two the first time)"
    printf '%s\n' "$requirements" >"$venv/requirements.txt"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --progress-bar off -r "$venv/requirements.txt"
    # The package is used from the source tree, the core being built into it: an edit needs no reinstallation.
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    printf '%s\n' "$PWD/python" >"$site/chanx-native-source.pth"
    printf '%s\n' "$requirements" >"$installed"
fi

# --- the C++ core ----------------------------------------------------------------------------------------------------
tests=OFF
if [ "$work" = test ] || grep -qs 'CHANX_BUILD_TESTS:BOOL=ON' build/dev/CMakeCache.txt; then tests=ON; fi
config="$tests $version $PWD"
if [ ! -f build/dev/build.ninja ] || [ "$(cat build/dev/.config 2>/dev/null)" != "$config" ]; then
    say "configuring the C++ core"
    # Switching the tests on keeps what is compiled; another Python or another place does not.
    [[ "$(cat build/dev/.config 2>/dev/null)" == *" $version $PWD" ]] || rm -rf build/dev
    mkdir -p build/dev
    cmake -S . -B build/dev -G Ninja -DCHANX_BUILD_TESTS=$tests -DPython_EXECUTABLE="$PWD/$venv/bin/python" >build/dev/configure.log 2>&1 ||
        { tail -25 build/dev/configure.log >&2; die "cmake could not configure the core"; }
    printf '%s' "$config" >build/dev/.config
fi
ninja -C build/dev -n | grep -q 'no work to do' || say "building the C++ core (a few minutes the first time)"
cmake --build build/dev >build/dev/build.log 2>&1 || { grep -E -A12 'error|FAILED' build/dev/build.log | head -60 >&2; die "the C++ core did not build: build/dev/build.log"; }
cmake --install build/dev --component python --prefix python >/dev/null

# --- the AI chat page ------------------------------------------------------------------------------------------------
# Without it the rest of the sandbox works, and /ai-chat/ says what to do; the tests need it.
if [ "$mode" = sandbox ]; then
    tools/frontend.sh build || say "going on without the page of the AI chat: /ai-chat/ is there once tools/frontend.sh build has worked"
elif [ "$work" = test ]; then
    tools/frontend.sh build
fi
