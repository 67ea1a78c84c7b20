#!/usr/bin/env bash
# Seeking in real files, frame by frame against the ffmpeg tool: videos from four Debian packages, which
# are fetched into a scratch directory and not installed. Not part of CI (130 MB). Says why it skips.
#
#   Tests/real-videos.sh [FOLDER OF OTHER VIDEOS]
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(opencv-doc python3-mecavideo forensics-samples-files python3-imageio)
folder=${1:-}
if [[ -z $folder ]]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  if ! command -v apt-get > /dev/null || ! (cd "$folder" && apt-get download -qq "${packages[@]}" 2> /dev/null); then
    echo "skipped: apt-get cannot download ${packages[*]}"
    exit 0
  fi
  for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/files"; done
fi
KINDREEL_REAL_VIDEOS=$(realpath "$folder") swift test -c release -Xswiftc -enable-testing \
  --disable-xctest --filter 'SeekingTests/real'
