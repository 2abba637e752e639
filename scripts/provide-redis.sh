#!/usr/bin/env bash
# Provides redis-server 7.0 or newer: finds it, installs it, or says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

minimum=7.0

found() {
  redis-server --version 2>/dev/null | sed -n 's/.*v=\([0-9.]*\).*/\1/p' || true
}

new_enough() {
  [ -n "$1" ] && [ "$(printf '%s\n' "$minimum" "$1" | sort -V | head -n 1)" = "$minimum" ]
}

version=$(found)
new_enough "$version" && exit 0

if why=$(scripts/apt-install.sh redis-server "$minimum"); then
  version=$(found)
  new_enough "$version" && exit 0
  why="what it installed is version ${version:-unknown}"
fi
here=${version:+; this machine has $version}
echo "chainr needs redis-server $minimum or newer$here: install it (https://redis.io/docs/latest/operate/oss_and_stack/install/); $why." >&2
exit 2
