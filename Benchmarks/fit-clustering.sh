#!/usr/bin/env bash
# Fits t = a·N²·D + b·N·D to the times of average linkage on cosine distance at small N, predicts larger
# ones up to a million rows, and compares the predictions with runs where that is asked for.
#
# usage: Benchmarks/fit-clustering.sh [WIDTH [ROWS…]]     (default: 128 200000 400000)
# Wall time needs an idle machine; processor time is fitted beside it. 400,000 × 128 take some five
# minutes of processor time and 0.4 GB, a million half an hour and 0.8 GB.
# Output: a table on standard output; runs/fit-clustering/results.json. Rows stay in runs/fit-clustering.
set -euo pipefail
cd "$(dirname "$0")/.."
kindreel=.build/release/kindreel
out=runs/fit-clustering
[ -x "$kindreel" ] || swift build -c release --product kindreel >&2
python="$(Benchmarks/python-venv.sh "" numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 fastcluster==1.3.0)"
mkdir -p "$out"
[ $# -gt 0 ] || set -- 128 200000 400000
"$python" Benchmarks/fit_clustering.py "$kindreel" "$out" "$@"
