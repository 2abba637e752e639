#!/usr/bin/env bash
# Sees to libfaketime, under which tests let the clock of a real Redis jump. Those tests say themselves when they cannot run,
# so that a machine without it can still run all others: this never fails.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v faketime >/dev/null && exit 0
why=$(scripts/apt-install.sh faketime) || echo "The tests of a clock that jumps need faketime, and will be skipped: $why." >&2
