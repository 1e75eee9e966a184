#!/usr/bin/env bash
# Runs a command beside a temporary PostgreSQL, and removes it afterwards.
#
#   scripts/with-databases.sh cargo test -p milepost-store
#
# The command sees MILEPOST_TEST_POSTGRES, a server on which it may create databases.
# PGFSYNC=on makes PostgreSQL flush to the disk, for measurements; tests need no survival of a power cut.
# PGBIN names the folder of PostgreSQL's programs, if they are in an unusual place.
set -euo pipefail

fail() { echo "with-databases: $*" >&2; exit 1; }

[ $# -gt 0 ] || fail "usage: $0 COMMAND [ARGUMENT…]"

pgbin=${PGBIN:-}
if [ -z "$pgbin" ]; then
    for folder in "$(dirname "$(command -v initdb || echo /nowhere/initdb)")" \
        $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) /opt/homebrew/opt/postgresql*/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then pgbin=$folder; break; fi
    done
fi
[ -n "$pgbin" ] || fail "PostgreSQL is not installed (no initdb found): apt-get install postgresql, or set PGBIN"

# PostgreSQL refuses to run as root.
as_server=()
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    id "$owner" >/dev/null 2>&1 || owner=nobody
    command -v runuser >/dev/null || fail "running as root needs runuser (util-linux)"
    as_server=(runuser -u "$owner" --)
fi

home=$(mktemp -d "${TMPDIR:-/tmp}/milepost-databases.XXXXXX")
cleanup() {
    trap - EXIT INT TERM
    if [ -f "$home/data/postmaster.pid" ]; then
        "${as_server[@]}" "$pgbin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$home"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ ${#as_server[@]} -gt 0 ]; then
    chmod 711 "$home"
    install -d -o "$owner" "$home/data" "$home/socket"
else
    mkdir "$home/data" "$home/socket"
fi

free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
    done
    fail "no free port found"
}

pg_port=$(free_port)
cd_home=$PWD
cd "$home"
"${as_server[@]}" "$pgbin/initdb" -D "$home/data" -U milepost --auth=trust --encoding=UTF8 --locale=C --no-sync \
    >"$home/initdb.log" 2>&1 || { cat "$home/initdb.log" >&2; fail "initdb failed"; }
"${as_server[@]}" "$pgbin/pg_ctl" -D "$home/data" -w -t 30 -l "$home/data/server.log" -o "-p $pg_port -k $home/socket \
    -c listen_addresses=127.0.0.1 -c fsync=${PGFSYNC:-off} -c max_connections=300 -c max_wal_size=2GB \
    -c full_page_writes=${PGFSYNC:-off}" start >"$home/start.log" 2>&1 \
    || { cat "$home/start.log" "$home/data/server.log" >&2; fail "PostgreSQL did not start"; }
cd "$cd_home"
export MILEPOST_TEST_POSTGRES="postgres://milepost@127.0.0.1:$pg_port/postgres"

# Not exec: the trap has to clean up afterwards.
"$@"
