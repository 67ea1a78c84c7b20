#!/usr/bin/env bash
# Makes a copy of a data set in UCF101's layout whose videos are MPEG-4, as UCF101's own are: its decoder
# gives motion vectors, VP9's does not. Names stay, so lists do; what was recoded before is kept.
#
# usage: Benchmarks/recode.sh DATA OUT
set -euo pipefail
data="$(realpath "$1")"
out="$2"
mkdir -p "$out"
out="$(realpath "$out")"
cp -r "$data/splits" "$out/"
cd "$data"
find -L videos -type f -printf '%P\n' | sort | while read -r name; do
  [ ! -e "$out/videos/$name" ] || continue
  mkdir -p "$(dirname "$out/videos/$name")"
  ffmpeg -nostdin -v error -y -i "videos/$name" -c:v mpeg4 -q:v 3 -f avi "$out/videos/$name.part"
  mv "$out/videos/$name.part" "$out/videos/$name"
done
