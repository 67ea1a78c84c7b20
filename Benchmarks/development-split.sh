#!/usr/bin/env bash
# Makes a development set of a data set in UCF101's layout: some groups of its training list become the
# queries, the others stay. So settings are chosen without the test list, which is not read.
#
# usage: Benchmarks/development-split.sh DATA OUT [GROUPS]     (default: "08 09 10 11 12")
set -euo pipefail
data="$(realpath "$1")"
out="$2"
groups="${3:-08 09 10 11 12}"
pattern="_g($(tr ' ' '|' <<<"$groups"))_"
videos="$data/videos" lists="$data/splits"
[ -d "$videos" ] || videos="$data/UCF-101" lists="$data/ucfTrainTestlist"
grep -qE "$pattern" "$lists/trainlist01.txt" || {
  echo "$lists/trainlist01.txt lists no video of the groups $groups" >&2
  exit 1
}
mkdir -p "$out/splits"
ln -sfn "$videos" "$out/videos"
cp "$lists/classInd.txt" "$out/splits/"
grep -E "$pattern" "$lists/trainlist01.txt" | sed 's/ .*//' >"$out/splits/testlist01.txt"
grep -vE "$pattern" "$lists/trainlist01.txt" >"$out/splits/trainlist01.txt"
wc -l "$out/splits/"*list01.txt
