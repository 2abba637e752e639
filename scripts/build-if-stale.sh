#!/usr/bin/env bash
# Compiles the chainr command and everything that it imports if a file was changed, added or removed since the last time
# (removing a file makes its folder newer).
set -euo pipefail
cd "$(dirname "$0")/.."

exec 9<tsconfig.json
flock 9

stamp=cli/dist/.built
if [ -e "$stamp" ] && [ -z "$(find ./*/src ./*/package.json ./*/tsconfig.json tsconfig.*json package-lock.json -newer "$stamp" -print -quit)" ]; then
  exit 0
fi
echo 'Compiling ...' >&2
# A file that changes while the compiler runs is newer than its result.
started=$(mktemp)
trap 'rm -f "$started"' EXIT
npm run --silent build >&2
touch -r "$started" "$stamp"
