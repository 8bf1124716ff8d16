#!/usr/bin/env bash
# The coordinator on a login or service node, for as long as this runs (tmux, or deploy/systemd as a user's unit).
#   ./coordinator.sh CERTIFICATES      the folder that `trawl certs init` and `issue` have filled
set -euo pipefail
certificates="${1:?the folder with ca.crt, coordinator.crt and coordinator.key}"

exec trawl up --no-worker --home "${TRAWL_HOME:-$HOME/.trawl}" \
  --listen 0.0.0.0 --grpc-port 7077 --http-port 8080 \
  --tls-cert "$certificates/coordinator.crt" --tls-key "$certificates/coordinator.key" \
  --tls-ca "$certificates/ca.crt"
