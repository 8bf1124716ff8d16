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

# Each file by itself, so that a run that broke off is gone on with.
made() { [ -s "secrets/$1" ]; }
# A certificate is written after its key, which alone is of no use.
made_pair() {
  if made "certs/$1.crt"; then return 0; fi
  rm -f "secrets/certs/$1.crt" "secrets/certs/$1.key"
  return 1
}

made postgres-password || head --bytes 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > secrets/postgres-password
made database || printf 'postgres://trawl:%s@postgres:5432/trawl' "$(cat secrets/postgres-password)" > secrets/database

hosts=()
for host in "$@"; do hosts+=(--host "$host"); done
made_pair ca || trawl certs init /secrets/certs
made_pair coordinator || trawl certs issue coordinator --dir /secrets/certs --host coordinator-1 --host coordinator-2 --host localhost "${hosts[@]}"
made_pair nats || trawl certs issue nats --dir /secrets/certs --host nats --host localhost
made_pair worker || trawl certs issue worker --dir /secrets/certs --client

made nats/accounts.conf || credentials init /secrets/nats
made nats/coordinator.creds || credentials coordinator /secrets/nats
# Written last.
made nats/worker-nats.worker.json || credentials worker /secrets/nats worker-nats
# Of what is mounted; ca.key and keys.json, which sign, stay as they are.
chmod 0644 secrets/certs/coordinator.key secrets/certs/nats.key secrets/certs/worker.key secrets/nats/coordinator.creds secrets/nats/worker-nats.creds

# Tokens are rows of the database: it has to be there.
docker compose up --detach --wait postgres
made worker.token || trawl token create --role worker --name compose-workers > secrets/worker.token
made viewer.token || trawl token create --role viewer --name prometheus > secrets/viewer.token
made admin.token || trawl token create --role admin --name "${USER:-admin}" > secrets/admin.token

chmod 0600 secrets/admin.token
echo "made what was missing in $(pwd)/secrets; now: docker compose up --detach --wait"
