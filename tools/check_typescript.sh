#!/usr/bin/env bash
# Has tsc check the generated browser client and a use of it. Needs npm (it fetches TypeScript); not part of make test.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
command -v npx >/dev/null || { echo "npx is missing: apt-get install npm" >&2; exit 1; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export PYTHONPATH="python:." DJANGO_SETTINGS_MODULE=tests.settings
"$python" -m django generate_asyncapi_schema --format json --file "$work/schema.json"
"$python" -m chanx.cli.main generate-client -l typescript -s "$work/schema.json" -o "$work/client"
cp tests/typing/browser_client.mts "$work/"
cd "$work"
npx --yes --package typescript@5 tsc --strict --noEmit --target es2022 --module nodenext --moduleResolution nodenext browser_client.mts
echo "tsc is content"
