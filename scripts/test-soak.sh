#!/usr/bin/env bash
# Three nodes on a PostgreSQL and a Redis of the test's own: each fault is made once, while clients write and watch. Takes the debug
# binaries. SOAK_SEED chooses another order and other nodes.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${MILEPOST_BIN:-$PWD/target/debug/milepost}
soak=$(dirname "$binary")/milepost-soak
[ -x "$soak" ] || { echo "$soak is not built." >&2; exit 1; }
for program in redis-server psql; do
    if ! command -v "$program" >/dev/null; then
        echo "Left out: the faults of three nodes, $program is not installed" >&2
        [ "${CI:-}" != true ] || exit 1
        exit 0
    fi
done
MILEPOST_BIN=$binary exec "$soak" --rounds 1 --seconds 0 --clients 40 --seed "${SOAK_SEED:-1}"
