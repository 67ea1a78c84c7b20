#!/usr/bin/env bash
# Feeds damaged and hostile files to the readers of weights, videos and lists, on one core, with
# AddressSanitizer. libav is not instrumented; what it says about a file guides the search instead.
#
#   Tests/fuzz.sh                          the same inputs every time, so that only a change can fail
#   Tests/fuzz.sh SECONDS [TARGET…]        a search for new ones, so many seconds for each target
#
# Inputs start from Tests/Fuzz/corpus, Tests/Fixtures/weights and, for Video, small files that the ffmpeg
# tool mints, without which that target is left out; new ones stay in $FUZZ_CORPUS, if it names a
# directory. A finding is written to crash-… or timeout-… here, and the script fails.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-}
[[ $seconds =~ ^[0-9]*$ ]] || { echo "fuzz.sh: SECONDS is '$seconds'" >&2; exit 64; }
shift $(($# > 0 ? 1 : 0))
[ $# -gt 0 ] || set -- StateDict Pickle Lists Video
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# module NAME FLAGS…: one target of the house as an instrumented static library.
module() {
  local name=$1
  shift
  swiftc -swift-version 6 -parse-as-library -sanitize=fuzzer,address -enable-testing \
    -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature ExistentialAny -module-name "$name" -wmo -I "$build" -I Sources/COpenBLAS \
    -I Sources/CLibAV -I "$build/CPixels" "$@" 2>&1 | { grep -v 'ld.gold: warning: Cannot export local symbol' || true; }
}

# library NAME SOURCE…
library() {
  local name=$1
  shift
  module "$name" -O -emit-module -emit-module-path "$build/$name.swiftmodule" -emit-object \
    -o "$build/$name.o" "$@"
}

# The libraries that a target tests, and those of C that they call.
parts_of() {
  case $1 in
    StateDict | Pickle) echo "$build/WeightFiles.o" ;;
    Lists | Video) echo "$build/Video.o $(echo "$build"/pixels-*.o) -lavformat -lavcodec -lswscale -lavutil" ;;
  esac
}

# Content hashes need swift-crypto, and no reader needs them.
# shellcheck disable=SC2046
library Tensors $(ls Sources/Tensors/*.swift | grep -v ContentHash)
case " $* " in
  *" StateDict "* | *" Pickle "*) library WeightFiles Sources/WeightFiles/*.swift ;;
esac
case " $* " in
  *" Lists "* | *" Video "*)
    # The cache hashes too, and these use it.
    mkdir "$build/CPixels"
    echo "module CPixels { header \"$PWD/Sources/CPixels/include/CPixels.h\" export * }" \
      > "$build/CPixels/module.modulemap"
    # shellcheck disable=SC2046
    library Video $(find Sources/Video -name '*.swift' |
      grep -vE '/(Scan|ShardWriter|ClipSource|MotionCache|ViewSheet|Cache/[A-Za-z]*)\.swift$')
    for source in Sources/CPixels/*.c; do
      clang -O1 -ffp-contract=off -ISources/CPixels/include -c "$source" \
        -o "$build/pixels-$(basename "$source" .c).o"
    done
    ;;
esac
clang -O1 -c Tests/Fuzz/remarks.c -o "$build/remarks.o"

# limit COUNT: how long a target is fed.
limit() {
  if [ -n "$seconds" ]; then
    echo "-max_total_time=$seconds"
  else
    echo "-seed=1 -runs=$1"
  fi
}

# Hashes decide in which order a set is walked, and with it which branches count as new.
export SWIFT_BACKTRACE=enable=no SWIFT_DETERMINISTIC_HASHING=1
export ASAN_OPTIONS=detect_leaks=0:symbolize=0
for target in "$@"; do
  echo "== $target"
  seeds=("Tests/Fuzz/corpus/$target")
  # A machine that stalls is no finding where the inputs are known.
  [ -n "$seconds" ] && patience=10 || patience=600
  limits=(-max_len=16384 -rss_limit_mb=1024 -malloc_limit_mb=64 -timeout="$patience")
  case $target in
    StateDict)
      seeds+=(Tests/Fixtures/weights)
      runs=600000
      ;;
    Pickle) runs=1200000 ;;
    Lists) runs=4000 ;;
    Video)
      if ! command -v ffmpeg > /dev/null; then
        echo "skipped: the ffmpeg tool is not installed"
        continue
      fi
      mkdir "$build/videos"
      Tests/Fuzz/mint-videos.sh "$build/videos"
      seeds+=("$build/videos")
      runs=3000
      # libav may take a gigabyte for a picture of 8K; the target itself bounds the processor's time.
      limits=(-max_len=32768 -rss_limit_mb=3072 -malloc_limit_mb=1100 -timeout=600)
      export ASAN_OPTIONS=detect_leaks=1:symbolize=0
      ;;
  esac
  # Without optimisation, a promise that is not kept is named.
  # shellcheck disable=SC2046
  module "${target}Target" "Tests/Fuzz/${target}Target.swift" "$build/Tensors.o" "$build/remarks.o" \
    $(parts_of "$target") -lopenblas -o "$build/$target"
  found="$build/corpus/$target"
  [ -z "$seconds" ] || found="${FUZZ_CORPUS:-$build/corpus}/$target"
  mkdir -p "$found"
  # shellcheck disable=SC2046
  "$build/$target" $(limit "$runs") "${limits[@]}" -print_final_stats=1 "$found" "${seeds[@]}" 2>&1 |
    grep -E 'ERROR|Fatal|failed|SUMMARY|Test unit|^Done|^stat::(average|peak)'
done
