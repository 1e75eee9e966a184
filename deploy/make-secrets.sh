#!/usr/bin/env bash
# Makes the secrets of compose.yaml in deploy/secrets, or in the folder given, and keeps those that are there: passwords, the keys that all
# nodes share, and a self-signed certificate to replace by a real one.
set -euo pipefail
folder=${1:-$(dirname "$0")/secrets}

umask 077
mkdir -p "$folder/tls"
cd "$folder"
random() { openssl rand -hex 32; }
if [ ! -e milepost.toml ]; then
    postgres=$(random) redis=$(random)
    printf '%s' "$postgres" >postgres-password
    printf 'requirepass %s\n' "$redis" >redis.conf
    cat >milepost.toml <<TOML
database_url = "postgres://milepost:$postgres@172.30.80.31/milepost?sslmode=disable"
redis_url = "redis://:$redis@172.30.80.32"
jwt_secret = "$(random)"
vapid_private_key = "$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')"
TOML
fi
if [ ! -e tls/key.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=localhost \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout tls/key.pem -out tls/fullchain.pem 2>/dev/null
fi
# The containers read them as users of their own. Nobody else on this machine gets past the folder.
chmod 444 milepost.toml postgres-password redis.conf tls/fullchain.pem
