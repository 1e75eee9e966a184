#!/usr/bin/env bash
# The pages in a real browser against the real binary.
set -euo pipefail
cd "$(dirname "$0")/../e2e"

if ! command -v "${CHROMIUM:-chromium}" >/dev/null; then
    echo "Left out: the browser tests, Chromium is not installed." >&2
    [ "${CI:-}" != true ] && exit 0
    exit 1
fi
npm run check
MILEPOST_BIN=${MILEPOST_BIN:-$PWD/../target/debug/milepost} npm test
