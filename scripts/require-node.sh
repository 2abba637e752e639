#!/usr/bin/env bash
# Prints one sentence if Node or npm is missing or too old.
set -euo pipefail

if ! command -v node >/dev/null; then
  echo 'chainr needs Node 20.19 or newer, and there is no node on the PATH: install it from https://nodejs.org.' >&2
  exit 2
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  echo "chainr needs Node 20.19 or newer, and this is Node $(node --version): install a newer one from https://nodejs.org." >&2
  exit 2
fi
if ! command -v npm >/dev/null; then
  echo 'chainr needs npm, which comes with Node, and there is no npm on the PATH: install it.' >&2
  exit 2
fi
