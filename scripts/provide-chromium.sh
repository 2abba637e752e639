#!/usr/bin/env bash
# Provides the browser for the tests of the page. Never fails: without it those tests are skipped and say why.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v chromium >/dev/null && exit 0
why=$(scripts/apt-install.sh chromium) || echo "The tests of the page need chromium, and will be skipped: $why." >&2
