#!/usr/bin/env bash
# Measures `milepost import traccar` from a PostgreSQL database that it fills, kills it on the way if asked to, and counts what is stored.
#
#   PGFSYNC=on scripts/with-databases.sh scripts/measure-traccar-import.sh target/release/milepost 1000000 [DEVICES [SECONDS…]]
#
# SECONDS are times after which the command is killed; the last run, which goes on from there, is not killed. The data folder is a temporary one.
set -euo pipefail

[ $# -ge 2 ] || { echo "usage: $0 MILEPOST ROWS [DEVICES [SECONDS…]]" >&2; exit 1; }
milepost=$(realpath "$1") rows=$2 devices=${3:-500}
shift $(($# < 3 ? $# : 3))
schema=$(dirname "$(realpath "$0")")/../crates/server/tests/api/traccar/moving.sql
source=${MILEPOST_TEST_POSTGRES%/*}/traccar_measured
psql() { command psql -qX -v ON_ERROR_STOP=1 "$@"; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/milepost-import.XXXXXX")
trap 'rm -rf "$folder"' EXIT
psql "$MILEPOST_TEST_POSTGRES" -c 'create database traccar_measured'
# The tables alone.
sed '/^INSERT INTO/,$d' "$schema" | psql "$source"
psql "$source" <<SQL
insert into tc_users (id, name, email, administrator, attributes) values (1, 'Root', 'root@old.example', true, '{}');
insert into tc_devices (id, name, uniqueid, attributes)
select d, 'Device ' || d, 'device-' || d, '{}' from generate_series(1, $devices) d;
insert into tc_positions (id, protocol, deviceid, servertime, devicetime, fixtime, valid, latitude, longitude, altitude, speed, course, accuracy, attributes)
select n, 'osmand', 1 + n % $devices, t, t, t, true, 30 + (n / $devices % 20000) / 100000.0, -97.75 + (n % $devices) / 100.0, 150, 20 + n % 10, n % 360, 5,
 '{"batteryLevel":80.0,"ignition":true,"distance":11.1,"totalDistance":' || n || '.5,"motion":true,"hours":' || n::bigint * 1000 || '}'
from generate_series(1, $rows) n, lateral (select timestamp '2025-06-01 00:00:00' + (n / $devices) * interval '10 seconds' as t) at;
create index position_deviceid_fixtime on tc_positions (deviceid, fixtime);
analyze;
SQL

export MILEPOST_DATA=$folder JWT_SECRET=0123456789abcdef0123456789abcdef0123456789abcdef
import() { "$milepost" import traccar --from "$source" --compare-days 0 2>/dev/null; }
for seconds in "$@"; do
    timeout --signal KILL "$seconds" "$milepost" import traccar --from "$source" --compare-days 0 >/dev/null 2>&1 || true
    echo "killed after $seconds s"
done
begun=$(date +%s.%N)
TIMEFORMAT='%U s of user time, %S s of system time'
time import | grep positions
awk -v begun="$begun" -v ended="$(date +%s.%N)" -v rows="$rows" -v killed=$# \
    'BEGIN { s = ended - begun; printf "%.1f s%s\n", s, killed ? " for the rest" : sprintf(", %.0f rows a second", rows / s) }'
import | grep 'positions were stored'
python3 - "$folder/milepost.db" "$rows" <<'PYTHON'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
stored = sum(database.execute(f"select count(*) from {table}").fetchone()[0] for table in ("sorted_positions", "unsorted_positions"))
print(f"{stored} of {sys.argv[2]} positions are in the database")
sys.exit(stored != int(sys.argv[2]))
PYTHON
