#!/usr/bin/env bash
# generate.sh [--check]: runs every script whose name begins with `write-`: each makes a committed file
# from code. With --check they write nothing, and fail when what is committed is stale.
set -euo pipefail
cd "$(dirname "$0")/.."

shopt -s nullglob
result=0
for script in scripts/write-*.ts ./*/scripts/write-*.ts; do
  node --conditions=chainr-source --import=tsx "$script" "$@" || result=1
done
exit $result
