#!/usr/bin/env bash
# Small files of every kind that SeekingTests mints, as seeds for fuzzing.
#
#   Tests/Fuzz/mint-videos.sh FOLDER        needs the ffmpeg tool
set -euo pipefail
folder=$(realpath "$1")
cd "$(dirname "$0")/../.."
ffmpeg=(ffmpeg -nostdin -v error -y)
# By one thread and without random ids, so that the files are the same every time.
exact=(-threads 1 -fflags +bitexact)
picture="testsrc2=size=48x32:rate=25,noise=alls=12:allf=t:all_seed=7"

# A line is a file's name and how it is encoded, as in the test's list.
sed -nE 's/^ *(Zoo\()?"([a-z0-9-]+\.[a-z0-9]+)", "([^"]*)".*/\2 \3/p' \
  Tests/VideoTests/SeekingTests.swift |
  while read -r name encoding; do
    read -ra words <<< "${encoding//\\\\/\\}"
    # x265 corrupts its memory where a picture is smaller than its largest block.
    [[ $encoding != *libx265* ]] || words+=(-s 64x64)
    "${ffmpeg[@]}" -f lavfi -i "$picture" -frames:v 21 "${words[@]}" "${exact[@]}" "$folder/$name" < /dev/null ||
      echo "cannot mint $name" >&2
  done
"${ffmpeg[@]}" -i "$folder/long.mp4" -c copy -metadata:s:v rotate=90 "${exact[@]}" "$folder/turned.mp4"
"${ffmpeg[@]}" -ss 0.3 -i "$folder/h264.mkv" -c copy "${exact[@]}" "$folder/edited.mp4"
"${ffmpeg[@]}" -f lavfi -i sine=duration=0.5 -i "$folder/xvid.avi" -map 0 -map 1 -c:v copy \
  "${exact[@]}" "$folder/sound.avi"
