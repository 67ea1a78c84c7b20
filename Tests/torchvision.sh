#!/usr/bin/env bash
# Weights and features beside torchvision: its state dicts in kindreel, kindreel's exports in it.
# Optional: without a Python that has torch, torchvision and safetensors it says so and succeeds.
#
#   Tests/torchvision.sh [KINDREEL]        PYTHON names the interpreter; the default is python3
#
#   python3 -m venv venv && venv/bin/pip install torch torchvision safetensors numpy
#   PYTHON=venv/bin/python Tests/torchvision.sh
set -euo pipefail
cd "$(dirname "$0")/.."
kindreel=$(realpath "${1:-.build/release/kindreel}")
python=${PYTHON:-python3}
if ! "$python" -c 'import torch, torchvision, safetensors, numpy' 2> /dev/null; then
  echo "skipped: $python has no torch, torchvision, safetensors or numpy"
  exit 0
fi
exec "$python" Tests/torchvision_oracle.py "$kindreel"
