#!/usr/bin/env bash
# What must not be in the repository: build output, large files, registries' addresses in lock files.
set -euo pipefail
cd "$(dirname "$0")/.."

fail=0
report() { [ -z "$2" ] || { printf '%s\n%s\n' "$1" "$2" >&2; fail=1; }; }
report 'Build output is tracked:' "$(git ls-files | grep -E '(^|/)(target|node_modules|dist|test-results)/' || true)"
report 'Files over 1 MiB:' "$(git ls-files -z | xargs -0 -r stat -c '%s %n' 2>/dev/null | awk '$1 > 1048576' || true)"
report 'A lock file names a registry:' "$(git ls-files -z '*package-lock.json' | xargs -0 grep -l '"resolved"' || true)"
exit $fail
