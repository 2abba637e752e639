#!/usr/bin/env bash
# `make run`: makes ready what is missing, then becomes `chainr up`. With everything in place this
# adds a fraction of a second.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/require-node.sh
scripts/provide-redis.sh
scripts/install-packages.sh
scripts/build-if-stale.sh
exec node --import ./scripts/stop-with-make.mjs cli/bin/chainr.js up --example examples/readme.json
