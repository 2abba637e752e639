#!/usr/bin/env bash
# apt-install.sh PACKAGE [MINIMUM]: installs a Debian package if that needs no password. Exits 0 if it is installed, and
# 3 with one sentence on stdout if not. Progress goes to stderr.
set -euo pipefail

package=$1 minimum=${2:-0}

refuse() {
  echo "$1"
  exit 3
}

command -v apt-get >/dev/null || refuse 'this machine has no apt-get'

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  { command -v sudo && sudo -n true; } >/dev/null 2>&1 || refuse 'apt-get needs root, and sudo asks for a password'
  as_root=(sudo -n)
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" \
    </dev/null >&2
}

# Without the epoch, so that 5:7.0.15 compares as 7.0.15; empty if apt knows none.
candidate() {
  LC_ALL=C apt-cache policy "$package" | sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}\([0-9].*\)$/\2/p'
}

fit() {
  [ -n "$(candidate)" ] && dpkg --compare-versions "$(candidate)" ge "$minimum"
}

# A fresh machine has no package lists, and old lists name packages that no longer exist.
if ! fit; then
  echo "Reading the package lists, to install $package ..." >&2
  apt update || refuse 'apt-get update failed'
  [ -n "$(candidate)" ] || refuse "apt-get knows no package $package"
  fit || refuse "apt-get offers only version $(candidate)"
fi
echo "Installing $package $(candidate) with apt-get ..." >&2
apt install -y --no-install-recommends "$package" || { apt update && apt install -y --no-install-recommends "$package"; } ||
  refuse "apt-get could not install $package"
