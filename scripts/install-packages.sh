#!/usr/bin/env bash
# Runs `npm ci` if node_modules is missing or older than its sources. npm writes node_modules/.package-lock.json last,
# so that file is the time stamp, and an interrupted installation has none.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/require-node.sh

# Two `make run` at once must not install at the same time. The lock is on a file that always exists.
exec 9<package.json
flock 9

stamp=node_modules/.package-lock.json
if [ -e "$stamp" ] && [ -z "$(find package-lock.json .npmrc -newer "$stamp")" ]; then
  exit 0
fi
echo 'Installing the packages with npm ci ...' >&2
npm ci --loglevel=error >&2
touch "$stamp"
