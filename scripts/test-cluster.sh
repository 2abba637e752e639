#!/usr/bin/env bash
# `make test-cluster`: the tests of every `cluster` folder, on the cluster and in the namespace of KUBECONFIG's current
# context. Then whether that cluster still answers as the stand-in of the other tests does; this needs kubectl. Both need
# the rights of an administrator.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/require-node.sh
scripts/provide-redis.sh
scripts/install-packages.sh

if [ -z "${KUBECONFIG:-}" ] || [ ! -f "$KUBECONFIG" ]; then
  echo "Set KUBECONFIG to the kubeconfig file of a cluster for tests: they create and delete pods in its current namespace." >&2
  exit 1
fi
if ! command -v kubectl >/dev/null; then
  echo "Install kubectl: the comparison with the stand-in needs it." >&2
  exit 1
fi

failed=()
npm run --silent test:cluster || failed+=(test:cluster)
node --conditions=chainr-source --import=tsx testkit/scripts/record-kubernetes.ts --check || failed+=(record-kubernetes)
[ ${#failed[@]} -eq 0 ] || echo "FAILED: ${failed[*]}"
[ ${#failed[@]} -eq 0 ]
