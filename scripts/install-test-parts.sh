#!/usr/bin/env bash
# Installs what the tests talk to, where that is possible: PostgreSQL, Redis, an MQTT broker, a mail server, namespaces, a turned clock, Chromium, and Python with its virtual environments (Debian
# packages, as root); an S3 server (npm).
set -euo pipefail

cd "$(dirname "$0")/.."
s3=crates/test-support/s3rver
if [ ! -e "$s3/node_modules/s3rver" ] && ! npm --prefix "$s3" ci >/dev/null; then
    echo "Not installed: s3rver. The tests that need an S3 server are left out." >&2
    [ "${CI:-}" != true ] || exit 1
fi

wanted=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || wanted+=(postgresql)
command -v redis-server >/dev/null || wanted+=(redis-server)
{ command -v mosquitto || [ -x /usr/sbin/mosquitto ]; } >/dev/null || wanted+=(mosquitto)
command -v ip >/dev/null || [ "$(uname)" != Linux ] || wanted+=(iproute2)
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || [ "$(uname)" != Linux ] || wanted+=(libfaketime)
command -v "${CHROMIUM:-chromium}" >/dev/null || wanted+=(chromium)
python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3 python3-venv)
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || wanted+=(python3-aiosmtpd)
[ ${#wanted[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ${wanted[*]} …"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null; then
        # The packages start servers on the usual ports; the tests use their own.
        service redis-server stop >/dev/null 2>&1 || true
        service mosquitto stop >/dev/null 2>&1 || true
        service postgresql stop >/dev/null 2>&1 || true
        exit 0
    fi
fi
echo "Not installed: ${wanted[*]}. The tests that need them are left out." >&2
[ "${CI:-}" != true ] || exit 1
