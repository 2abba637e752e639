#!/usr/bin/env bash
# `make test-cluster`: the tests of every `cluster` folder, on the cluster and in the namespace of KUBECONFIG's current
# context.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/require-node.sh
scripts/provide-redis.sh
scripts/install-packages.sh

if [ -z "${KUBECONFIG:-}" ] || [ ! -f "$KUBECONFIG" ]; then
  echo "Set KUBECONFIG to the kubeconfig file of a cluster for tests: they create and delete pods in its current namespace." >&2
  exit 1
fi
exec npm run --silent test:cluster
