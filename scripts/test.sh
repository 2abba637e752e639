#!/usr/bin/env bash
# `make test`: installs what is missing, runs every check and every test, and ends with one line of counts. Everything
# runs even if one part fails.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/require-node.sh
scripts/provide-redis.sh
scripts/provide-chromium.sh
scripts/provide-docker.sh
scripts/install-packages.sh

counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
export CHAINR_TEST_COUNTS=$counts

failed=()
npm run --silent check || failed+=(check)
npm run --silent test:integration || failed+=(test:integration)

echo
[ ${#failed[@]} -eq 0 ] || echo "FAILED: ${failed[*]}"
awk '{ passed += $1; failed += $2; skipped += $3 }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit passed == 0 || failed > 0 }' "$counts" ||
  failed+=(counts)
[ ${#failed[@]} -eq 0 ]
