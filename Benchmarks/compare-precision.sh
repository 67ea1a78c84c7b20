#!/usr/bin/env bash
# Accuracy in use: the same training with each number format and each way to convolve, several seeds.
#
# usage: Benchmarks/compare-precision.sh DATA [SEEDS] [EPOCHS] [VARIANT…]
#        (default: "0 1 2", 20, and the variants fp32/direct fp32/auto bf16/direct bf16/auto)
# A VARIANT is PRECISION/CONVOLUTIONS, as in the configuration. Output: a table on standard output
# (R@1 in percent, the last epoch's loss), and the loss curves in runs/compare-precision/losses.svg.
# Runs that exist are kept, so the script goes on where it stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
data="$1"
seeds="${2:-0 1 2}"
epochs="${3:-20}"
shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] || set -- fp32/direct fp32/auto bf16/direct bf16/auto
kindreel="${KINDREEL:-.build/release/kindreel}"
out=runs/compare-precision
[ -x "$kindreel" ] || swift build -c release --product kindreel >&2
python="$(Benchmarks/python-venv.sh "$PWD/Benchmarks/.venv-plots" matplotlib)"
mkdir -p "$out"

for variant in "$@"; do
  for seed in $seeds; do
    run="$out/${variant/\//-}-$seed"
    [ ! -s "$run.json" ] || continue
    rm -rf "$run"
    "$kindreel" train --config actions --data "$data" --out "$run" --lanes 2 \
      --set objective.name=simclr --set seed="$seed" --set epochs="$epochs" \
      --set precision="${variant%/*}" --set convolutions="${variant#*/}" >&2
    "$kindreel" evaluate --run "$run" --data "$data" --json >"$run.part"
    mv "$run.part" "$run.json"
  done
done

"$python" Benchmarks/compare_precision.py "$out" "$seeds" "$@"
