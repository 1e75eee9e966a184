#!/usr/bin/env bash
# Runs fuzz targets with libFuzzer, without cargo-fuzz and with the compiler of rust-toolchain.toml:
#     scripts/fuzz.sh SECONDS TARGET…        all targets but those of the feature "server" if none is named
# An input that fails is written to fuzz/artifacts/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?how long, in seconds}
shift
host=$(rustc -vV | sed -n 's/^host: //p')
target_dir=${CARGO_TARGET_DIR:-fuzz/target}/fuzz
# The coverage that libFuzzer looks at. Sanitizers would need a nightly compiler: there is no unsafe code to find.
flags="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1"
for arg in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$arg"
done
features=()
for target in "$@"; do
    case $target in bus_json | delivery_json | feed_body) features=(--features server) ;; esac
done
bins=()
for target in "$@"; do bins+=(--bin "$target"); done
# With --target, so that build scripts are compiled without coverage.
RUSTFLAGS=$flags cargo build --manifest-path fuzz/Cargo.toml --target "$host" --target-dir "$target_dir" \
    "${features[@]}" "${bins[@]:---bins}"
if [ $# = 0 ]; then
    set -- $(sed -n 's/^name = "\(.*\)"/\1/p' fuzz/Cargo.toml | grep -vE 'milepost-fuzz|bus_json|delivery_json|feed_body')
fi
for target in "$@"; do
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    echo "== $target"
    "$target_dir/$host/debug/$target" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/" "fuzz/corpus/$target" 2>&1 |
        grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse|RELOAD)' | tail -n 25
done
