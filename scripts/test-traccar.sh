#!/usr/bin/env bash
# Traccar's clients against the binary: pytraccar, with every call that it has and its socket, in a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../clients/traccar"

binary=${MILEPOST_BIN:-$PWD/../../target/debug/milepost}
[ -x "$binary" ] || { echo "$binary is not built." >&2; exit 1; }
venv=$(dirname "$(dirname "$binary")")/traccar-clients
if ! cmp -s requirements.txt "$venv/requirements.txt"; then
    { python3 -m venv --clear "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r requirements.txt \
        && cp requirements.txt "$venv/"; } || {
        echo "Left out: pytraccar, $venv has not what requirements.txt names." >&2
        [ "${CI:-}" != true ] || exit 1
        exit 0
    }
fi

work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$work"' EXIT
MILEPOST_DATA=$work/data MILEPOST_LISTEN=127.0.0.1:0 TRACCAR_LISTEN=127.0.0.1:0 "$binary" serve >"$work/server.log" 2>&1 &
server=$!
said() { sed -n "s/.*$1\([^ ]*\).*/\1/p" "$work/server.log" | head -1; }
for _ in $(seq 600); do
    [ -z "$(said 'password: ')" ] || break
    sleep 0.1
done
[ -n "$(said 'password: ')" ] || { cat "$work/server.log" >&2; exit 1; }
"$venv/bin/python" -W ignore::DeprecationWarning pytraccar_calls.py "$(said 'clients are served on ')" "$(said 'listening on ')" \
    admin "$(said 'password: ')"
