#!/usr/bin/env bash
# Has tsc check generated browser clients: a use of the test project's, the example of docs/clients.md, and the frames
# of the AI chat page against the sandbox's. TypeScript is the one of frontend/.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-.venv/bin/python}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export SANDBOX_DATA_DIR=$work/data

# Usage: client SETTINGS PATH DIRECTORY
client() {
    PYTHONPATH="python:$2" DJANGO_SETTINGS_MODULE=$1 "$python" -m django generate_asyncapi_schema --format json --file "$work/schema.json" >/dev/null
    PYTHONPATH=python "$python" -m chanx.cli.main generate-client -l typescript -s "$work/schema.json" -o "$work/$3" >/dev/null
}

client tests.settings . client
client config.settings.dev sandbox_django sandbox
cp tests/typing/browser_client.mts tests/typing/ai_chat_contract.mts frontend/src/api/types.ts "$work/"
{
    echo 'declare const show: (text: string) => void, showState: (state: string) => void;'
    sed -n '/^```ts$/,/^```$/{/^```/d;p}' docs/clients.md | sed 's#\./roomclient/#./client/#'
} >"$work/page.mts"
echo '{"type": "module"}' >"$work/package.json"
tools/frontend.sh run tsc --ignoreConfig --strict --noEmit --target es2022 --module nodenext --moduleResolution nodenext \
    --allowImportingTsExtensions "$work/browser_client.mts" "$work/page.mts" "$work/ai_chat_contract.mts"
echo "tsc is content with the generated clients"
