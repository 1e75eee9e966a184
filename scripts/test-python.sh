#!/usr/bin/env bash
# The Python client: format, lints, types, the wheel, and its tests against the binary, in a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../clients/python"

export MILEPOST_BIN=${MILEPOST_BIN:-$PWD/../../target/debug/milepost}
[ -x "$MILEPOST_BIN" ] || { echo "$MILEPOST_BIN is not built." >&2; exit 1; }
venv=$(dirname "$(dirname "$MILEPOST_BIN")")/python-client
wanted=$(cat requirements-test.txt pyproject.toml)
if [ "$(cat "$venv/wanted" 2>/dev/null)" != "$wanted" ]; then
    { python3 -m venv --clear "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r requirements-test.txt -e . \
        && echo "$wanted" >"$venv/wanted"; } || {
        echo "Left out: the tests of the Python client, $venv has not what they need." >&2
        [ "${CI:-}" != true ] || exit 1
        exit 0
    }
fi
"$venv/bin/ruff" format --check .
"$venv/bin/ruff" check .
"$venv/bin/mypy"
"$venv/bin/pytest" -q
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
"$venv/bin/pip" wheel -q --disable-pip-version-check --no-deps -w "$wheels" .
unzip -l "$wheels"/milepost-*.whl 2>/dev/null | grep -q milepost/py.typed || python3 -m zipfile -l "$wheels"/milepost-*.whl | grep -q milepost/py.typed
