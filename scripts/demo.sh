#!/usr/bin/env bash
# Installs what is missing, builds, trains on the sample set with two MPI ranks, and shows what was
# learned: retrieval before and after, clusters by epoch, throughput, and where the run lies.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh
swift build -c release --product kindreel

kindreel=.build/release/kindreel
data=Samples/actions
run=runs/demo-$(date -u +%Y%m%dT%H%M%SZ)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1
mkdir -p runs

# recall FILE K: R@K from the JSON object in the last line.
recall() {
  tail -n 1 "$1" | sed -n "s/.*\"recall\": *{[^}]*\"$2\": *\([-0-9.e+]*\).*/\1/p"
}

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
before=$reports/before.json
after=$reports/after.json

echo "retrieval before training:"
"$kindreel" evaluate --untrained 0 --config demo --data "$data" --json > "$before"
tail -n 1 "$before"

started=$SECONDS
mpirun -n 2 --oversubscribe --bind-to none \
  "$kindreel" train --config demo --data "$data" --out "$run" --lanes 1
seconds=$((SECONDS - started))

"$kindreel" evaluate --run "$run" --data "$data" --json > "$after"

echo
echo "clusters by epoch:"
# One line an epoch; epochs of the warm-up have no clusters.
awk '
  function value(key,   place, rest) {
    place = index($0, "\"" key "\":")
    if (!place) return "-"
    rest = substr($0, place + length(key) + 3)
    sub(/[,}].*/, "", rest)
    return rest == "null" ? "-" : rest
  }
  function rounded(text, digits) {
    return text == "-" ? text : sprintf("%." digits "f", text)
  }
  BEGIN { printf "  %5s %9s %9s %7s %9s\n", "epoch", "loss", "clusters", "NMI", "clips/s" }
  /"kind":"epoch"/ {
    rate = value("clips_per_second")
    if (rate != "-") { sum += rate; count++ }
    printf "  %5s %9s %9s %7s %9s\n", value("epoch"), rounded(value("loss"), 4), \
      value("clusters"), rounded(value("nmi"), 3), rounded(rate, 0)
  }
  END { if (count) printf "mean throughput: %.0f clips/s\n", sum / count }
' "$run/metrics.jsonl"

echo
echo "video retrieval, test in train, in percent:"
printf '  %-9s %6s %6s %6s %6s\n' "" R@1 R@5 R@10 R@20
for when in before after; do
  printf '  %-9s' "$when"
  for k in 1 5 10 20; do printf ' %6.1f' "$(recall "$reports/$when.json" "$k")"; done
  printf '\n'
done
echo
echo "training took $seconds s on 2 ranks"
echo "the run lies in $run"
