#!/usr/bin/env bash
# What is in deploy/, as far as it can be tried without a container engine: two nodes behind nginx and Caddy with the files as shipped, the
# image's contents and health check by hand, PgBouncer, the rules, the dashboard and the manifests. Takes the debug binary.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${MILEPOST_TEST_POSTGRES:-}" ]; then
    exec scripts/with-databases.sh "$0" "$@"
fi

binary=${MILEPOST_BIN:-$PWD/target/debug/milepost}
[ -x "$binary" ] || { echo "$binary is not built." >&2; exit 1; }
left_out() {
    echo "Left out: $1" >&2
    [ "${CI:-}" != true ] || exit 1
}

wanted=()
for program in nginx caddy pgbouncer promtool openssl; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || wanted+=("${program/promtool/prometheus}")
done
/usr/bin/python3 -c 'import yaml' 2>/dev/null || wanted+=(python3-yaml)
if [ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ${wanted[*]} …"
    # The packages start no services: the tests start their own.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${wanted[@]}"; } >/dev/null || true
    rm -f /usr/sbin/policy-rc.d
fi
PATH=$PATH:/usr/sbin
python=/usr/bin/python3
"$python" -c 'import yaml' 2>/dev/null || { left_out "the deployment's files, Python has no yaml"; exit 0; }

work=$(mktemp -d "${TMPDIR:-/tmp}/milepost-deploy.XXXXXX")
chmod 755 "$work"
started=()
cleanup() {
    trap - EXIT INT TERM
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
    "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
until_true() { # SECONDS COMMAND…
    local tries=$(($1 * 10))
    shift
    for _ in $(seq "$tries"); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    return 1
}
fail() {
    echo "$*" >&2
    tail -n 40 "$work"/*.log >&2 || true
    exit 1
}

export JWT_SECRET="a secret for this run alone, $RANDOM$RANDOM"
VAPID_PRIVATE_KEY=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')
export VAPID_PRIVATE_KEY
unset DATABASE_URL REDIS_URL
server=${MILEPOST_TEST_POSTGRES%/*}

# Starts a node in the variables `node` and `port`: NAME SETTING…
start_node() {
    local name=$1
    shift
    port=$(free_port)
    env MILEPOST_LISTEN="127.0.0.1:$port" MILEPOST_DATA="$work/$name" "$@" "$binary" serve >"$work/$name.log" 2>&1 &
    node=$!
    started+=("$node")
}
is_ready() { "$binary" healthcheck "http://127.0.0.1:$1"; }

new_database() {
    psql --quiet "$MILEPOST_TEST_POSTGRES" --command "create database $1"
}

echo "== The files"
"$python" deploy/test/check_files.py
until_true 1 openssl version || fail "openssl does not run"
deploy/make-secrets.sh "$work/secrets"
cp "$work/secrets/milepost.toml" "$work/first.toml"
deploy/make-secrets.sh "$work/secrets"
cmp "$work/first.toml" "$work/secrets/milepost.toml"
# The keys of its file are settings, and their values are taken.
env -u JWT_SECRET -u VAPID_PRIVATE_KEY "$binary" check-config --config "$work/secrets/milepost.toml" >"$work/config.log"
! grep -q "$(cat "$work/secrets/postgres-password")" "$work/config.log" || fail "check-config shows a password"

if command -v systemd-analyze >/dev/null; then
    sed "s#^ExecStart=/usr/local/bin/milepost#ExecStart=$binary#" deploy/systemd/milepost.service >"$work/milepost.service"
    systemd-analyze verify "$work/milepost.service" 2>&1 | tee "$work/systemd.log"
    ! grep -q milepost.service "$work/systemd.log" || fail "systemd does not take the unit"
else
    left_out "the unit, there is no systemd-analyze"
fi
if command -v kubectl >/dev/null && kubectl kustomize deploy/kubernetes >"$work/manifests.yaml" 2>"$work/kustomize.log"; then
    "$python" deploy/test/check_files.py "$work/manifests.yaml"
else
    # Every machine of the CI has one.
    left_out "the Kustomize base, there is no kubectl"
fi
if command -v promtool >/dev/null; then
    promtool check rules deploy/prometheus/alerts.yml
    promtool test rules deploy/prometheus/alerts.test.yml
    promtool check config --syntax-only deploy/prometheus/scrape.yml
else
    left_out "the alert rules, there is no promtool"
fi

echo "== The image, by hand"
# As in the Dockerfile: the user 65532, a data folder of its own, no environment but the image's.
in_image=()
if [ "$(id -u)" = 0 ]; then
    in_image=(setpriv --reuid=65532 --regid=65532 --clear-groups)
    install -d -o 65532 -g 65532 -m 700 "$work/image"
else
    install -d -m 700 "$work/image"
fi
image_port=$(free_port)
image=(env -i MILEPOST_LISTEN="0.0.0.0:$image_port" MILEPOST_DATA="$work/image" MILEPOST_LOG_FORMAT=json "${in_image[@]}")
# The binary may be in a folder that only its owner enters.
install -m 755 "$binary" "$work/milepost"
! "${image[@]}" "$work/milepost" healthcheck 2>/dev/null || fail "a server that does not run is healthy"
"${image[@]}" "$work/milepost" serve >"$work/image.log" 2>&1 &
image_pid=$!
started+=("$image_pid")
until_true 60 "${image[@]}" "$work/milepost" healthcheck || fail "the image's health check does not pass"
[ -s "$work/image/milepost.db" ] || fail "the image's user has no database"
curl --silent --fail "http://127.0.0.1:$image_port/metrics" >"$work/sqlite.metrics"
kill -TERM "$image_pid"
wait "$image_pid" || fail "the image's stop signal does not end it well"

new_database deploy
export DATABASE_URL="$server/deploy"
for proxy in nginx caddy; do
    echo "== Behind $proxy"
    command -v "$proxy" >/dev/null || { left_out "the nodes behind $proxy, it is not installed"; continue; }
    start_node "$proxy-1" MILEPOST_TRUSTED_PROXIES=127.0.0.1
    first=$node first_port=$port
    start_node "$proxy-2" MILEPOST_TRUSTED_PROXIES=127.0.0.1
    second_port=$port
    until_true 60 is_ready "$first_port" || fail "the first node does not start"
    until_true 60 is_ready "$second_port" || fail "the second node does not start"
    proxy_port=$(free_port) plain_port=$(free_port)
    nodes=(-e "s/node-1:8080/127.0.0.1:$first_port/" -e "s/node-2:8080/127.0.0.1:$second_port/")
    if [ "$proxy" = nginx ]; then
        url=https://127.0.0.1:$proxy_port asks=()
        mkdir "$work/nginx"
        sed "${nodes[@]}" -e "s/listen 80;/listen 127.0.0.1:$plain_port;/" -e "s/listen 443 /listen 127.0.0.1:$proxy_port /" \
            -e "s#/etc/nginx/tls#$work/secrets/tls#" -e "s#/var/log/nginx#$work/nginx#" \
            deploy/nginx/milepost.conf >"$work/nginx/milepost.conf"
        # The files that it writes are in a folder of this run.
        temporary=
        for kind in client_body proxy fastcgi uwsgi scgi; do temporary+="${kind}_temp_path $work/nginx/$kind; "; done
        sed -e "s#/run/nginx.pid#$work/nginx/pid#" -e "s#/etc/nginx/conf.d/\*.conf#$work/nginx/milepost.conf#" \
            -e "s#^http {#daemon off; http { $temporary#" deploy/nginx/nginx.conf >"$work/nginx/nginx.conf"
        nginx -t -q -e "$work/nginx.log" -c "$work/nginx/nginx.conf" || fail "nginx does not take the file"
        nginx -e "$work/nginx.log" -c "$work/nginx/nginx.conf" &
    else
        url=http://127.0.0.1:$proxy_port asks=(--asks-once)
        caddy validate --adapter caddyfile --config deploy/caddy/Caddyfile >"$work/caddy.log" 2>&1 || fail "Caddy does not take the file"
        # Over plain HTTP: certificates need a name on the internet.
        sed "${nodes[@]}" -e "s#^track.example.org {#$url {#" -e '0,/^{/s//{\n\tadmin off/' deploy/caddy/Caddyfile >"$work/Caddyfile"
        XDG_DATA_HOME=$work/caddy XDG_CONFIG_HOME=$work/caddy caddy run --adapter caddyfile --config "$work/Caddyfile" \
            >>"$work/caddy.log" 2>&1 &
    fi
    proxy_pid=$!
    started+=("$proxy_pid")
    until_true 30 curl --silent --insecure --fail "$url/ready" || fail "$proxy does not answer"
    ADMIN=$("$binary" token --sub boss --role admin --ttl 1h) timeout 300 "$python" deploy/test/through_proxy.py "$url" "$first" "${asks[@]}" \
        || fail "$proxy: see above"
    wait "$first" || fail "the node that was told to stop did not end well"
    curl --silent --fail "http://127.0.0.1:$second_port/metrics" >"$work/postgres.metrics"
    if [ "$proxy" = nginx ]; then
        [ "$(curl --silent --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$plain_port/")" = 301 ] \
            || fail "plain HTTP is not sent to TLS"
        # No log has what stands in a query.
        curl --silent --insecure --output /dev/null "$url/ws/updates/?token=a-token-in-a-query" || fail "a refusal at a socket's path is malformed"
        ! grep -rq a-token-in-a-query "$work/nginx" "$work/nginx.log" || fail "nginx logs tokens"
    fi
    for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done
    wait || true
    started=()
done
"$python" deploy/test/check_metrics.py "$work/sqlite.metrics" "$work/postgres.metrics"

echo "== A backup of a live PostgreSQL"
start_node backed-up
until_true 60 is_ready "$port" || fail "the node to back up does not start"
ADMIN=$("$binary" token --sub boss --role admin --ttl 1h)
admin() { # PATH JSON
    curl --silent --fail --header "Authorization: Bearer $ADMIN" --header 'Content-Type: application/json' --data "$2" "http://127.0.0.1:$port$1"
}
admin /api/v1/vehicles '{"id":"backed-up","kind":"bus","label":"b"}' >/dev/null
drive() {
    for minute in $(seq 1000); do
        admin /api/v1/positions "{\"vehicle_id\":\"backed-up\",\"latitude\":1,\"longitude\":2,\"timestamp\":$((1700000000 + minute * 60))}" \
            >/dev/null && echo "$minute" >>"$work/answered"
    done
}
drive &
driver=$!
started+=("$driver")
has_answers() { [ -s "$work/answered" ] && [ "$(wc -l <"$work/answered")" -gt "$1" ]; }
until_true 60 has_answers 20 || fail "no positions are stored"
answered=$(wc -l <"$work/answered")
pg_dump --format=custom --file="$work/milepost.dump" "$DATABASE_URL"
until_true 60 has_answers "$(wc -l <"$work/answered")" || fail "nothing is stored after the dump"
kill "$driver"
wait "$driver" || true
kill -TERM "$node"
wait "$node" || fail "the node that was backed up did not end well"
new_database restored
pg_restore --exit-on-error --no-owner --dbname="$server/restored" "$work/milepost.dump"
[ -z "$("$binary" migrate --pending --database-url "$server/restored" | grep Pending || true)" ] || fail "the restored database misses migrations"
start_node restored DATABASE_URL="$server/restored"
until_true 60 is_ready "$port" || fail "no start on the restored database"
stored=$(psql --tuples-only --no-align "$server/restored" --command \
    "select count(*) from positions p join vehicles v on v.vehicle_no = p.vehicle_no where v.id = 'backed-up'")
[ "$stored" -ge "$answered" ] || fail "$answered positions were answered before the dump, and $stored are in it"
admin /api/v1/positions '{"vehicle_id":"backed-up","latitude":1,"longitude":2}' >/dev/null || fail "nothing is stored after the restore"
echo "  all $answered positions that were answered before are there again"

echo "== PgBouncer"
if command -v pgbouncer >/dev/null; then
    pool_port=$(free_port)
    mkdir -m 755 "$work/pool"
    # It refuses to run as root.
    as_pool=()
    if [ "$(id -u)" = 0 ]; then as_pool=(setpriv --reuid=65534 --regid=65534 --clear-groups) && chown 65534:65534 "$work/pool"; fi
    new_database pooled
    pool() { # SETTING…
        if [ -n "${pool_pid:-}" ]; then
            kill "$pool_pid"
            wait "$pool_pid" || true
        fi
        {
            printf '[databases]\npooled = host=127.0.0.1 port=%s dbname=pooled user=milepost\n[pgbouncer]\n' "${server##*:}"
            printf 'listen_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\nauth_type = any\n' "$pool_port"
            printf '%s\n' "$@"
        } >"$work/pool.ini"
        "${as_pool[@]}" pgbouncer "$work/pool.ini" >"$work/pgbouncer.log" 2>&1 &
        pool_pid=$!
        started+=("$pool_pid")
        until_true 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$pool_port" || fail "PgBouncer does not start"
    }
    pooled="postgres://milepost@127.0.0.1:$pool_port/pooled"
    is_refused() { # SENTENCE
        # It would wait for a database that is away.
        local code=0
        DATABASE_URL=$pooled MILEPOST_DATA=$work/pooled timeout 60 "$binary" serve --listen 127.0.0.1:0 >"$work/pooled.log" 2>&1 || code=$?
        grep -q "$1" "$work/pooled.log" || code="$code, without the sentence"
        [ "$code" = 1 ] || fail "a start through PgBouncer ended with $code"
    }
    pool "pool_mode = session"
    is_refused "ignore_startup_parameters = extra_float_digits"
    for mode in transaction statement; do
        pool "pool_mode = $mode" "ignore_startup_parameters = extra_float_digits"
        is_refused "connect to PostgreSQL itself, or to a pool with pool_mode = session"
        pool "pool_mode = $mode" "ignore_startup_parameters = extra_float_digits" "server_round_robin = 1" "min_pool_size = 5"
        is_refused "connect to PostgreSQL itself, or to a pool with pool_mode = session"
    done
    pool "pool_mode = session" "ignore_startup_parameters = extra_float_digits" "default_pool_size = 20"
    start_node pooled-node DATABASE_URL="$pooled"
    until_true 60 is_ready "$port" || fail "no start through a pool of sessions"
    token=$("$binary" token --sub boss --role admin --ttl 1h)
    curl --silent --fail --output /dev/null --header "Authorization: Bearer $token" --header 'Content-Type: application/json' \
        --data '{"id":"b","kind":"bus","label":"b"}' "http://127.0.0.1:$port/api/v1/vehicles" || fail "nothing is written through PgBouncer"
    sessions=$(psql --tuples-only --no-align "$server/pooled" --command "select count(*) from pg_stat_activity where application_name = 'milepost'")
    [ "$sessions" -gt 0 ] || fail "PgBouncer has no connection to the database"
    echo "  transaction pooling is refused, session pooling works"
else
    left_out "PgBouncer, it is not installed"
fi
echo "deploy/: all of it is as the tests say."
