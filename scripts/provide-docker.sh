#!/usr/bin/env bash
# Sees to the programs with which tests start a Docker daemon of their own. Those tests say themselves
# when they cannot run, so that a machine without them can still run all others: this never fails.
set -euo pipefail
cd "$(dirname "$0")/.."

# dockerd is in /usr/sbin, which is not on everybody's PATH.
provide() {
  [ -x "$1" ] && return
  why=$(scripts/apt-install.sh "$2") || echo "The tests of containers need $2, and will be skipped: $why." >&2
}

provide /usr/sbin/dockerd docker.io
# Newer Debians have the command in a package of its own.
command -v docker >/dev/null || provide /usr/bin/docker docker-cli
provide /bin/busybox busybox-static
