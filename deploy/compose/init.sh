#!/usr/bin/env bash
# Makes what a fleet needs before its first start, in ./secrets: a certificate authority and certificates, the
# database's password, NATS credentials, and tokens. What is there already stays: it may be run again.
#   ./init.sh [HOST...]     names and addresses under which others reach this machine
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Files are bind-mounted one by one and read by users of several images; the folder keeps everybody else out.
umask 022
mkdir -p secrets/certs secrets/nats
chmod 0700 secrets

TRAWL_USER="$(id -u):$(id -g)"
export TRAWL_USER
trawl() { docker compose run --rm --no-deps --no-TTY tools "$@"; }
credentials() { docker compose run --rm --no-deps --no-TTY --entrypoint node tools /opt/trawl/deploy/nats/credentials.mjs "$@"; }

docker compose build

if [ ! -s secrets/postgres-password ]; then
  head --bytes 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > secrets/postgres-password
  printf 'postgres://trawl:%s@postgres:5432/trawl' "$(cat secrets/postgres-password)" > secrets/database
fi

if [ ! -s secrets/certs/ca.crt ]; then
  trawl certs init /secrets/certs
  hosts=()
  for host in "$@"; do hosts+=(--host "$host"); done
  trawl certs issue coordinator --dir /secrets/certs --host coordinator-1 --host coordinator-2 --host localhost "${hosts[@]}"
  trawl certs issue nats --dir /secrets/certs --host nats --host localhost
  trawl certs issue worker --dir /secrets/certs --client
fi

if [ ! -s secrets/nats/accounts.conf ]; then
  credentials init /secrets/nats
  credentials coordinator /secrets/nats
  credentials worker /secrets/nats worker-nats
fi
# Of what is mounted; ca.key and keys.json, which sign, stay as they are.
chmod 0644 secrets/certs/coordinator.key secrets/certs/nats.key secrets/certs/worker.key secrets/nats/coordinator.creds secrets/nats/worker-nats.creds

# Tokens are rows of the database: it has to be there.
docker compose up --detach --wait postgres
[ -s secrets/worker.token ] || trawl token create --role worker --name compose-workers > secrets/worker.token
[ -s secrets/viewer.token ] || trawl token create --role viewer --name prometheus > secrets/viewer.token
[ -s secrets/admin.token ] || trawl token create --role admin --name "${USER:-admin}" > secrets/admin.token

chmod 0600 secrets/admin.token
echo "made what was missing in $(pwd)/secrets; now: docker compose up --detach --wait"
