#!/usr/bin/env bash
# Makes the virtual environment of the Python peers, from PyPI, and prints its python.
# usage: Benchmarks/python-venv.sh [DIR [PACKAGE…]]     (default: Benchmarks/.venv, torch numpy av)
set -euo pipefail
venv=$(realpath -m "${1:-$(dirname "$0")/.venv}")
shift $(($# > 0 ? 1 : 0))
[ $# -gt 0 ] || set -- torch==2.15.0 numpy av
stamp="$venv/installed: $*"
if [ ! -e "$stamp" ]; then
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
  touch "$stamp"
fi
echo "$venv/bin/python"
