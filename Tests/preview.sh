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
check "are as large as they should be" test "$(size all.png)" = 402x1283
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
check "and a bent one" leaves 78 "motion vectors are not warped" "$video" --views mv+spline --out none.png
cp "$video" own.png
check "a sheet is not written over its video" leaves 73 "own.png: is the video itself" own.png --out own.png
check "which is as it was" cmp "$video" own.png
truncate -s 4G large.yaml
check "settings that are too large are not read" leaves 65 "at most 1048576 are read" \
  "$video" --config large.yaml --out none.png
check "nor those without an end" leaves 65 "at most 1048576 are read" \
  "$video" --config /dev/zero --out none.png
printf '\xef\xbb\xbfseed: 3\nepochs: 2\n' > marked.yaml
check "a mark before the settings is none of them" "$kindreel" preview "$video" --views rgb \
  --config marked.yaml --out marked.png
printf "no video" > text.mp4
check "a file that is no video" leaves 65 "text.mp4" text.mp4 --out none.png
check "a file that is not there" leaves 66 "missing.mp4" missing.mp4 --out none.png
check "a folder that is not there" leaves 73 "cannot be written" "$video" --out none/x.png

finish_checks
