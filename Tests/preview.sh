#!/usr/bin/env bash
# The command `kindreel preview`: what it writes, what it refuses and with which code.
# Prints "N passed, N failed" last.
#
#   Tests/preview.sh [KINDREEL]
set -euo pipefail
cd "$(dirname "$0")/.."

kindreel=$(realpath "${1:-.build/release/kindreel}")
video=$PWD/Samples/actions/videos/Walk/v_Walk_g05_c01.mp4
source Tests/checks.sh
cd "$work"

# leaves CODE TEXT ARGUMENT…: whether preview fails with a code and words, and writes nothing.
leaves() {
  local code=$1 text=$2 status=0 output
  shift 2
  output=$("$kindreel" preview "$@" 2>&1) || status=$?
  echo "$output"
  echo "code $status"
  [[ $status == "$code" && $output == *"$text"* && ! -e none.png ]]
}

# size FILE: width and height from a PNG's header.
size() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }

check "all views" "$kindreel" preview "$video" --views all --out all.png
check "are as large as they should be" test "$(size all.png)" = 402x1100
"$kindreel" preview "$video" --views residual,mv --set video.size=32 --seed 3 --out a.png
"$kindreel" preview "$video" --views residual,mv --set video.size=32 --seed 3 --out b.png
"$kindreel" preview "$video" --views residual,mv --set video.size=32 --seed 4 --out c.png
check "two views are as large as they should be" test "$(size a.png)" = 274x92
check "the same seed gives the same bytes" cmp a.png b.png
check "another seed gives others" bash -c '! cmp -s a.png c.png'
check "an unknown word is refused" leaves 64 "'sepia' in --views is no view" \
  "$video" --views rgb,sepia --out none.png
check "so is another kind of file" leaves 64 "must end in .png" "$video" --out none.jpg
check "and a warped motion vector" leaves 78 "motion vectors are not warped" \
  "$video" --views mv+warp --out none.png
printf "no video" > text.mp4
check "a file that is no video" leaves 65 "text.mp4" text.mp4 --out none.png
check "a file that is not there" leaves 66 "missing.mp4" missing.mp4 --out none.png
check "a folder that is not there" leaves 73 "cannot be written" "$video" --out none/x.png

finish_checks
