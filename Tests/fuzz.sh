#!/usr/bin/env bash
# Feeds damaged and hostile files to the readers of weights, on one core, with AddressSanitizer.
#
#   Tests/fuzz.sh [SECONDS]        seconds for each of the two targets; the default is 30
#
# Inputs start from Tests/Fuzz/corpus and Tests/Fixtures/weights; new ones stay in $FUZZ_CORPUS, if it
# names a directory. A finding is written to crash-… or timeout-… here, and the script fails.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# module NAME FLAGS…: one target of the house as an instrumented static library.
module() {
  local name=$1
  shift
  swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer,address -enable-testing \
    -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature ExistentialAny -module-name "$name" -wmo -I "$build" -I Sources/COpenBLAS \
    "$@" 2>&1 | { grep -v 'ld.gold: warning: Cannot export local symbol' || true; }
}

# Content hashes need swift-crypto, and no reader of weights needs them.
# shellcheck disable=SC2046
module Tensors -emit-module -emit-module-path "$build/Tensors.swiftmodule" -emit-object \
  -o "$build/Tensors.o" $(ls Sources/Tensors/*.swift | grep -v ContentHash)
module WeightFiles -emit-module -emit-module-path "$build/WeightFiles.swiftmodule" -emit-object \
  -o "$build/WeightFiles.o" Sources/WeightFiles/*.swift

export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:symbolize=0
for target in StateDict Pickle; do
  module "${target}Target" "Tests/Fuzz/${target}Target.swift" "$build/Tensors.o" \
    "$build/WeightFiles.o" -lopenblas -o "$build/$target"
  found="${FUZZ_CORPUS:-$build/corpus}/$target"
  mkdir -p "$found"
  seeds=("Tests/Fuzz/corpus/$target")
  [[ $target == StateDict ]] && seeds+=(Tests/Fixtures/weights)
  echo "== $target"
  "$build/$target" -max_total_time="$seconds" -max_len=16384 -rss_limit_mb=1024 -malloc_limit_mb=64 \
    -timeout=10 -print_final_stats=1 "$found" "${seeds[@]}" 2>&1 |
    grep -E 'ERROR|Fatal|SUMMARY|Test unit|^Done|^stat::(average|peak)'
done
