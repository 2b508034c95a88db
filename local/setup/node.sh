#!/bin/sh
# Installs the locked Node packages of one folder.
#
# usage: node.sh FOLDER
set -eu

if ! command -v node >/dev/null || ! command -v npm >/dev/null ||
  # As the package that builds the web app demands it.
  ! node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const good = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
    process.exit(good ? 0 : 1);'; then
  cat >&2 <<END
This project needs Node 20.19, 22.12 or newer with npm, and $(node --version 2>/dev/null || echo none) was found on PATH.
  Debian or Ubuntu: see https://deb.nodesource.com
  macOS:            brew install node
  elsewhere:        https://nodejs.org/
END
  exit 1
fi

cd "$1"
# No package here needs its install script: those only fetch or compile optional parts.
if ! npm ci --no-audit --no-fund --no-progress --ignore-scripts --prefer-offline; then
  echo "npm could not install the packages of $1/. Can it reach the registry?" >&2
  exit 1
fi
