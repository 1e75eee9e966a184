#!/usr/bin/env bash
# What other people's programs make of the OpenAPI document of a running server: linters (Redocly, Spectral), generated clients
# (TypeScript, Python) on the walk of the README, and generated requests (Schemathesis).
set -euo pipefail
cd "$(dirname "$0")/../clients/openapi"

binary=${MILEPOST_BIN:-$PWD/../../target/debug/milepost}
[ -x "$binary" ] || { echo "$binary is not built." >&2; exit 1; }
venv=$(dirname "$(dirname "$binary")")/openapi-tools
left_out() {
    echo "Left out: $1" >&2
    [ "${CI:-}" != true ] || exit 1
}

rm -rf build && mkdir build
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$work"' EXIT
export JWT_SECRET="a secret for this run alone, $RANDOM$RANDOM" MILEPOST_DATA=$work/data MILEPOST_LISTEN=127.0.0.1:0
"$binary" serve >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 300); do
    MILEPOST_URL=$(sed -n 's/.*listening on \(http:[^ ]*[0-9]\).*/\1/p' "$work/server.log" | head -1)
    [ -z "$MILEPOST_URL" ] || break
    sleep 0.1
done
[ -n "$MILEPOST_URL" ] || { cat "$work/server.log" >&2; exit 1; }
SUPERADMIN=$("$binary" token --sub ops --role superadmin --ttl 2h)
ADMIN=$("$binary" token --sub boss --role admin --ttl 2h)
export MILEPOST_URL SUPERADMIN ADMIN
curl -sf "$MILEPOST_URL/api/v1/openapi.json" -o build/openapi.json

echo "== Linters"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
# It exits with 0 after warnings.
npm run --silent lint:redocly >"$work/redocly.log" 2>&1 && grep -q 'API description is valid' "$work/redocly.log" \
    || { cat "$work/redocly.log"; exit 1; }
npm run --silent lint:spectral

echo "== A client in TypeScript"
npm run --silent generate
npm run --silent walk

if ! { [ -x "$venv/bin/schemathesis" ] && cmp -s requirements.txt "$venv/requirements.txt"; }; then
    { python3 -m venv --clear "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r requirements.txt \
        && cp requirements.txt "$venv/"; } || { left_out "the client in Python and generated requests, $venv has not what requirements.txt names"; exit 0; }
fi

echo "== A client in Python"
mkdir build/python
"$venv/bin/openapi-python-client" generate --path build/openapi.json --output-path build/python/milepost_client --meta none \
    --config python-client.yaml --fail-on-warning
MYPYPATH=build/python "$venv/bin/mypy" --strict --cache-dir "$work/mypy" walk.py
PYTHONPATH=build/python "$venv/bin/python" walk.py

echo "== Generated requests"
requests() ( # ROLE TOKEN ARGUMENT…
    local role=$1 token=$2
    shift 2
    echo "as $role"
    # It remembers failures in its folder; every run begins anew. The streams have no end. One worker: in two threads ast.parse of
    # Python 3.11 fails now and then.
    cd build
    PYTHONPATH=.. SCHEMATHESIS_HOOKS=schemathesis_hooks "$venv/bin/schemathesis" run openapi.json --url "$MILEPOST_URL" \
        --header "Authorization: Bearer $token" --exclude-path /api/events --exclude-path /api/v1/stream --checks all \
        --exclude-checks positive_data_acceptance --generation-deterministic --workers 1 --request-timeout 30 \
        --continue-on-failure --warnings off --no-color "$@" >"$work/requests.log" 2>&1 || { cat "$work/requests.log"; exit 1; }
    grep generated, "$work/requests.log"
)
requests superadmin "$SUPERADMIN" --max-examples 2
requests admin "$ADMIN" --phases coverage,fuzzing --max-examples 1
