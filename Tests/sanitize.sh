#!/usr/bin/env bash
# Runs the C kernels under clang's address and undefined-behaviour sanitizers.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
clang -std=gnu17 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
  -ffp-contract=off -I "$root/Sources/CKernels/include" \
  "$root"/Sources/CKernels/*.c "$root/Tests/Sanitize/convolutions.c" \
  -ldnnl -lm -ldl -lpthread -o "$build/convolutions"
ASAN_OPTIONS=detect_leaks=0 "$build/convolutions"
