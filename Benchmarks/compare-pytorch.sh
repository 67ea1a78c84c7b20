#!/usr/bin/env bash
# A whole training step (or the embedding pass) in kindreel and in PyTorch, in turns on the same cores.
#
# usage: Benchmarks/compare-pytorch.sh CASE [ROUNDS] [LANES]        (default: 5 rounds, 2 lanes)
#
# CASE is ENCODER/CLIP/BATCH/PRECISION[/inference], for example
#   r3d18/3x16x112x112/4/fp32    r3d18/3x8x64x64/16/bf16    slic18/3x16x112x112/4/bf16/inference
# BATCH counts clips a lane: PyTorch gets BATCH·LANES clips and LANES threads. Each round runs kindreel
# and every PyTorch variant once, each in a process of its own, one after the other. Printed are the
# medians of clips/s with their range, the ratio kindreel/variant as the median of the rounds' ratios
# with its range, and peak memory. Results of all runs: runs/compare-pytorch/CASE.jsonl.
set -euo pipefail
cd "$(dirname "$0")/.."
IFS=/ read -r encoder clip batch precision pass <<<"${1:?usage: compare-pytorch.sh CASE [ROUNDS] [LANES]}/"
pass="${pass%/}"
rounds="${2:-5}"
lanes="${3:-2}"
kindreel="${KINDREEL:-.build/release/kindreel}"
[ -x "$kindreel" ] || swift build -c release --product kindreel >&2
python="$(Benchmarks/python-venv.sh)"
results="runs/compare-pytorch/$(tr / - <<<"$1").jsonl"
mkdir -p "$(dirname "$results")"
: >"$results"

inference=()
[ "$pass" = inference ] && inference=(--inference)
# Channels last is PyTorch's faster layout in fp32; in bf16 all that is known is tried.
case "$precision" in
  fp32) variants="fp32 fp32-compile fp32-ddp" ;;
  bf16) variants="autocast autocast-compile autocast-ddp" ;;
  *) echo "compare-pytorch.sh: precision '$precision' is neither fp32 nor bf16" >&2; exit 2 ;;
esac
# PyTorch's bf16 weight gradients are wrong where the input has two frames (oneDNN 3.13).
[ "$precision" = bf16 ] && [ "$pass" != inference ] && variants="$variants autocast-correct"

for ((round = 0; round < rounds; round++)); do
  "$kindreel" bench train-step --encoder "$encoder" --clip "$clip" --batch "$batch" \
    --precision "$precision" --lanes "$lanes" --repetitions 3 "${inference[@]}" --json |
    tr -d '\n' >>"$results"
  echo >>"$results"
  for variant in $variants; do
    OMP_NUM_THREADS="$lanes" "$python" Benchmarks/compare_pytorch.py --encoder "$encoder" \
      --clip "$clip" --batch $((batch * lanes)) --variant "$variant" --threads "$lanes" \
      --repetitions 3 "${inference[@]}" >>"$results"
  done
  echo "round $((round + 1)) of $rounds done" >&2
done

"$python" - "$results" <<'PY'
import json, statistics, sys

runs = [json.loads(line) for line in open(sys.argv[1])]
ours = [run for run in runs if "variant" not in run]
first = ours[0]
print(f"{first['machine']}, {first['isa']}, commit {first['commit']}; {first['versions']}")
def line(name, all, ratios=None):
    speeds = [run["clips_per_second"] for run in all]
    memory = max(run["peak_rss_bytes"] for run in all) / 2**20
    text = f"{name:24} {statistics.median(speeds):8.3f} [{min(speeds):.3f} {max(speeds):.3f}] clips/s {memory:7.0f} MiB"
    if ratios:
        text += f"   kindreel is {statistics.median(ratios):.2f} [{min(ratios):.2f} {max(ratios):.2f}] times as fast"
    print(text)
line("kindreel", ours)
for variant in dict.fromkeys(run["variant"] for run in runs if "variant" in run):
    theirs = [run for run in runs if run.get("variant") == variant]
    ratios = [a["clips_per_second"] / b["clips_per_second"] for a, b in zip(ours, theirs)]
    line(f"PyTorch {theirs[0]['torch']} {variant}", theirs, ratios)
PY
