#!/bin/sh
# Creates venv/ and installs the locked Python packages into it.
#
# The functions emulator and the deployment need the environment to be in venv/, with an interpreter
# that is named like one of the platform's runtimes (python3.11 to python3.14).
set -eu

usable() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

python=
for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
  if command -v "$candidate" >/dev/null && usable "$candidate"; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  cat >&2 <<'END'
This project needs Python 3.11 to 3.14, and none was found on PATH.
  Debian or Ubuntu: apt-get install python3.11 python3.11-venv
  macOS:            brew install python@3.11
  elsewhere:        https://www.python.org/downloads/
END
  exit 1
fi

if ! usable venv/bin/python; then
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian has this part of Python in a separate package.
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      apt-get update
      DEBIAN_FRONTEND=noninteractive apt-get install -y "python$version-venv"
    else
      echo "$python has no venv module. On Debian or Ubuntu: apt-get install python$version-venv" >&2
      exit 1
    fi
  fi
  "$python" -m venv --clear venv
fi

if ! venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes \
  -r requirements.txt -r requirements-dev.txt; then
  echo "pip could not install the packages. Can it reach the package index?" >&2
  exit 1
fi
