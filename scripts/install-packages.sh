#!/usr/bin/env bash
# `npm ci`, when node_modules is missing or older than what it is made from. npm writes
# node_modules/.package-lock.json last of all, so it is the stamp, and an installation that was cut
# off has none.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/require-node.sh

# Two `make run` at once must not install over each other; the lock is on a file that is always there.
exec 9<package.json
flock 9

stamp=node_modules/.package-lock.json
if [ -e "$stamp" ] && [ -z "$(find package-lock.json .npmrc -newer "$stamp")" ]; then
  exit 0
fi
echo 'Installing the packages with npm ci ...' >&2
npm ci --loglevel=error >&2
touch "$stamp"
