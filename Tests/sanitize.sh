#!/usr/bin/env bash
# Runs Winograd's kernels, the first layer's gradient, convolutions that several threads make at once,
# the passes over pixels and those over rows that are clustered under clang's address and
# undefined-behaviour sanitizers: a minute.
#
# Tests/Sanitize/convolutions.c, planes.c and creation.c themselves are compiled without them.
set -euo pipefail
grep -qm 1 avx2 /proc/cpuinfo || { echo "skipped: this CPU has no AVX2"; exit 0; }
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
flags=(-std=gnu17 -Wall -Wextra -ffp-contract=off -I "$root/Sources/CKernels/include" -I "$root/Sources/CKernels")
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all -gline-tables-only)
for source in "$root"/Sources/CKernels/*.c; do
  clang "${flags[@]}" "${sanitizers[@]}" -O1 -c "$source" -o "$build/$(basename "$source").o" &
done
for job in $(jobs -p); do wait "$job"; done
for program in convolutions planes creation; do
  clang "${flags[@]}" -O2 -c "$root/Tests/Sanitize/$program.c" -o "$build/$program"
  # gold warns about symbols of the sanitizer's own.
  clang "${sanitizers[@]}" "$build/$program" "$build"/*.o -ldnnl -lm -ldl -lpthread -o "$build/run" \
    2> "$build/log" || { cat "$build/log"; exit 1; }
  # oneDNN keeps its engine until the end.
  OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=0 "$build/run"
done

for part in CPixels CPanels; do
  program=$(tr '[:upper:]' '[:lower:]' <<< "${part#C}")
  clang -std=gnu17 -Wall -Wextra -ffp-contract=off -I "$root/Sources/$part/include" "${sanitizers[@]}" -O1 \
    "$root/Sources/$part"/*.c "$root/Tests/Sanitize/$program.c" -lm -o "$build/$program" 2> "$build/log" ||
    { cat "$build/log"; exit 1; }
  "$build/$program"
done
