#!/usr/bin/env bash
# Makes the virtual environment of the Python peers, from PyPI, and prints its python.
# usage: Benchmarks/python-venv.sh [DIR]
set -euo pipefail
cd "$(dirname "$0")"
venv="${1:-$PWD/.venv}"
if ! "$venv/bin/python" -c 'import torch, av' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy av >&2
fi
echo "$venv/bin/python"
