#!/usr/bin/env bash
# A linkage in kindreel, SciPy, scikit-learn and fastcluster (its distances made by a matrix product), on
# the same unit rows in one run: seconds, memory, and whether trees are equal.
#
# usage: Benchmarks/compare-clustering.sh [SHAPE…]     (default: 2000x128 5000x128 20000x128 20000x512)
# A shape COUNTxWIDTH~SPREAD is of ten heaps whose elements spread so little around their centres,
# COUNTxWIDTH~SPREAD@HEAPS of so many. SHAPE/LINKAGE/METRIC is for another linkage than average on cosine
# distance, for example 5000x128/complete/euclidean; the metric may be left out.
# Output: a table on standard output; runs/compare-clustering/results.json. Rows and trees stay in
# runs/compare-clustering. A peer takes N²/2 doubles: 1.6 GB for 20000 rows, 6.4 GB for 40000.
set -euo pipefail
cd "$(dirname "$0")/.."
kindreel=.build/release/kindreel
out=runs/compare-clustering
[ -x "$kindreel" ] || swift build -c release --product kindreel >&2
python="$(Benchmarks/python-venv.sh "" numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 fastcluster==1.3.0)"
mkdir -p "$out"
[ $# -gt 0 ] || set -- 2000x128 5000x128 20000x128 20000x512
# A pin meant for one machine's library may slow down NumPy's own.
env -u OPENBLAS_CORETYPE "$python" Benchmarks/compare_clustering.py "$kindreel" "$out" "$@"
