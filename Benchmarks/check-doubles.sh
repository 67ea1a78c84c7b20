#!/usr/bin/env bash
# Trees of rows in float64 beside SciPy's, by average, single, complete and Ward's linkage: heights, and partitions at every cut
# in a gap above 1e-9. Rows are normal, copies up to 1e-9 or the last bit, narrow heaps, and of sizes near
# the ends of a double's range. With shapes instead average linkage on cosine distance of rows in heaps: 40000x128
# takes 13 GB.
#
# usage: Benchmarks/check-doubles.sh [COUNTxWIDTH…]
# Output: a line a tree on standard output; ends with 1 where one differs. Half a minute; 40000x128 five.
set -euo pipefail
cd "$(dirname "$0")/.."
kindreel=.build/release/kindreel
[ -x "$kindreel" ] || swift build -c release --product kindreel >&2
python="$(Benchmarks/python-venv.sh "" numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 fastcluster==1.3.0)"
env -u OPENBLAS_CORETYPE "$python" Benchmarks/check_doubles.py "$kindreel" "$@"
