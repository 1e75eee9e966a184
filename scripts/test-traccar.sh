#!/usr/bin/env bash
# Traccar's clients against the binary: pytraccar, with every call that it has and its socket, in a virtual environment of its own; and
# traccar-web in Chromium, built from the checkout that TRACCAR_WEB_SOURCE names. It is no part of this repository.
set -euo pipefail
cd "$(dirname "$0")/../clients/traccar"

binary=${MILEPOST_BIN:-$PWD/../../target/debug/milepost}
[ -x "$binary" ] || { echo "$binary is not built." >&2; exit 1; }
venv=$(dirname "$(dirname "$binary")")/traccar-clients
has_pytraccar=yes
if ! cmp -s requirements.txt "$venv/requirements.txt"; then
    { python3 -m venv --clear "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r requirements.txt \
        && cp requirements.txt "$venv/"; } || {
        echo "Left out: pytraccar, $venv has not what requirements.txt names." >&2
        [ "${CI:-}" != true ] || exit 1
        has_pytraccar=
    }
fi

web=
if [ -z "${TRACCAR_WEB_SOURCE:-}" ]; then
    echo "Left out: traccar-web, TRACCAR_WEB_SOURCE names no checkout of it." >&2
elif ! command -v "${CHROMIUM:-chromium}" >/dev/null; then
    echo "Left out: traccar-web, Chromium is not installed." >&2
else
    web=$TRACCAR_WEB_SOURCE/build
    [ -f "$web/index.html" ] || (cd "$TRACCAR_WEB_SOURCE" && npm ci --no-audit --no-fund && npm run build)
fi

work=$(mktemp -d)
server=
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; } || true; server=; }
trap 'stop; rm -rf "$work"' EXIT
said() { sed -n "s/.*$1\([^ ]*\).*/\1/p" "$work/server.log" | head -1; }
# Starts a server without any data.
start() {
    stop
    rm -rf "$work/data" "$work/server.log"
    MILEPOST_DATA=$work/data MILEPOST_LISTEN=127.0.0.1:0 TRACCAR_LISTEN=127.0.0.1:0 TRACCAR_WEB=$web "$binary" serve >"$work/server.log" 2>&1 &
    server=$!
    for _ in $(seq 600); do
        [ -z "$(said 'password: ')" ] || break
        sleep 0.1
    done
    [ -n "$(said 'password: ')" ] || { cat "$work/server.log" >&2; exit 1; }
    clients=$(said 'clients are served on ') listens=$(said 'listening on ') password=$(said 'password: ')
}
if [ -n "$has_pytraccar" ]; then
    start
    "$venv/bin/python" -W ignore::DeprecationWarning pytraccar_calls.py "$clients" "$listens" admin "$password"
fi
if [ -n "$web" ]; then
    echo "traccar-web at $(git -C "$TRACCAR_WEB_SOURCE" rev-parse HEAD 2>/dev/null || echo 'an unknown commit')"
    start
    cd ../../e2e
    TRACCAR_URL=$clients MILEPOST_URL=$listens MILEPOST_PASSWORD=$password npx playwright test --config traccar-web.config.ts
fi
