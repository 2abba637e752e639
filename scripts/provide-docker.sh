#!/usr/bin/env bash
# Provides the programs with which tests start their own Docker daemon. Never fails: without them those tests are
# skipped and say why.
set -euo pipefail
cd "$(dirname "$0")/.."

# dockerd is in /usr/sbin, which may not be in PATH.
provide() {
  [ -x "$1" ] && return
  why=$(scripts/apt-install.sh "$2") || echo "The tests of containers need $2, and will be skipped: $why." >&2
}

provide /usr/sbin/dockerd docker.io
# Newer versions of Debian have the command in a separate package.
command -v docker >/dev/null || provide /usr/bin/docker docker-cli
provide /bin/busybox busybox-static
