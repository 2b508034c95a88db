#!/bin/sh
# Installs the locked Node packages of one folder.
#
# usage: node.sh FOLDER
set -eu

if ! command -v node >/dev/null || ! command -v npm >/dev/null ||
  ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'; then
  cat >&2 <<END
This project needs Node 20 or newer with npm, and $(node --version 2>/dev/null || echo none) was found on PATH.
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
