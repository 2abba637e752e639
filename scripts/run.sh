#!/usr/bin/env bash
# `make run`: installs what is missing, then executes `chainr up`. If nothing is missing, this takes a fraction of a
# second.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/require-node.sh
scripts/provide-redis.sh
scripts/install-packages.sh
scripts/build-if-stale.sh
exec node --import ./scripts/stop-with-make.mjs cli/bin/chainr.js up --example examples/readme.json
