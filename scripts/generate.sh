#!/usr/bin/env bash
# generate.sh [--check]: runs every script whose name begins with `write-`. Each writes a committed file from code; with
# --check it writes nothing and fails if the file is stale.
set -euo pipefail
cd "$(dirname "$0")/.."

shopt -s nullglob
result=0
for script in scripts/write-*.ts ./*/scripts/write-*.ts; do
  node --conditions=chainr-source --import=tsx "$script" "$@" || result=1
done
exit $result
