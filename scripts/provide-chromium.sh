#!/usr/bin/env bash
# Sees to the browser of the tests of the page. Those tests say themselves when they cannot run, so
# that a machine without it can still run all others: this never fails.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v chromium >/dev/null && exit 0
why=$(scripts/apt-install.sh chromium) || echo "The tests of the page need chromium, and will be skipped: $why." >&2
