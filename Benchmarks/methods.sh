#!/usr/bin/env bash
# Every method on the same network, videos and clips seen: a table of retrieval, one of the labels' NMI by epoch,
# and curves.
#
# usage: Benchmarks/methods.sh DATA [BUDGET] [SEEDS] [SET]     (default: quick, "0 1 2", methods)
# BUDGET is quick (20 epochs; less than three hours on two cores with DATA = shared data's actions) or full
# (100 epochs). SET is methods, attribution (to what cluster owes its lead) or ablations: the rows are in
# Benchmarks/methods.py. DATA is any layout with a train and a test split and class folders. Output: the
# table, in Markdown, on standard output and in runs/SET-BUDGET/table.md; curves.svg beside it.
# Runs that exist are kept, and one that was cut short goes on, so the script can be started again. The
# column s has the seconds from the start of a training to its end, labels included, of the fastest seed.
set -euo pipefail
cd "$(dirname "$0")/.."
data="$1"
budget="${2:-quick}"
seeds="${3:-0 1 2}"
rows="${4:-methods}"
export KINDREEL="${KINDREEL:-.build/release/kindreel}"
[ -x "$KINDREEL" ] || swift build -c release --product kindreel >&2
python="$(Benchmarks/python-venv.sh "$PWD/Benchmarks/.venv-plots" matplotlib)"
exec "$python" Benchmarks/methods.py "$rows" --data "$data" --budget "$budget" --seeds $seeds
