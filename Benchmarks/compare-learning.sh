#!/usr/bin/env bash
# SimCLR in kindreel and in PyTorch, side by side on the same machine: the same network, setting and
# clips seen; recall before and after, and the time of the training alone.
#
# usage: Benchmarks/compare-learning.sh DATA [SEEDS] [EPOCHS]     (default: "0 1 2", 20)
# DATA has UCF101's layout (videos/, splits/). Output: a table on standard output; all results in
# runs/compare-learning.
set -euo pipefail
cd "$(dirname "$0")/.."
data="$1"
seeds="${2:-0 1 2}"
epochs="${3:-20}"
kindreel=.build/release/kindreel
out=runs/compare-learning
[ -x "$kindreel" ] || swift build -c release --product kindreel >&2
python="$(Benchmarks/python-venv.sh)"
mkdir -p "$out"

field() { # FILE KEY: a number of a flat or nested JSON object
  "$python" - "$1" "$2" <<'PY'
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("/"):
    value = value[key]
print(f"{value:.1f}")
PY
}

printf '%-10s %4s %9s %6s %6s %6s %6s %11s\n' who seed untrained R@1 R@5 R@10 R@20 'training, s'
for seed in $seeds; do
  torch="$out/pytorch-$seed.json"
  [ -s "$torch" ] || "$python" Benchmarks/pytorch_reference.py --data "$data" --epochs "$epochs" \
    --seed "$seed" --threads 2 --json "$torch" >&2
  printf '%-10s %4s %9s %6s %6s %6s %6s %11s\n' PyTorch "$seed" \
    "$(field "$torch" before/R@1)" "$(field "$torch" after/R@1)" "$(field "$torch" after/R@5)" \
    "$(field "$torch" after/R@10)" "$(field "$torch" after/R@20)" "$(field "$torch" seconds)"

  run="$out/kindreel-$seed"
  if [ ! -s "$run.json" ]; then
    rm -rf "$run"
    "$kindreel" train --config actions --data "$data" --out "$run" --lanes 2 \
      --set objective.name=simclr --set seed="$seed" --set epochs="$epochs" >&2
    "$kindreel" evaluate --untrained "$seed" --config actions --data "$data" --json \
      > "$run.before.json"
    "$kindreel" evaluate --run "$run" --data "$data" --json > "$run.json"
  fi
  seconds="$(sed -n 's/.*"seconds":\([0-9.]*\).*/\1/p' "$run/metrics.jsonl" |
    awk '{ sum += $1 } END { printf "%.1f", sum }')"
  printf '%-10s %4s %9s %6s %6s %6s %6s %11s\n' kindreel "$seed" \
    "$(field "$run.before.json" recall/1)" "$(field "$run.json" recall/1)" \
    "$(field "$run.json" recall/5)" "$(field "$run.json" recall/10)" \
    "$(field "$run.json" recall/20)" "$seconds"
done
