#!/usr/bin/env bash
# Installs the system packages that kindreel is built from and lacks; does nothing if all are there.
set -euo pipefail

packages=(
  libopenmpi-dev openmpi-bin libopenblas-dev libavformat-dev libavcodec-dev libswscale-dev
  libdnnl-dev ffmpeg pkg-config
)

if ! command -v swift > /dev/null; then
  echo "kindreel needs the Swift toolchain 6.2 or newer on the PATH: see https://www.swift.org/install" >&2
  exit 1
fi
if ! command -v dpkg > /dev/null || ! command -v apt-get > /dev/null; then
  echo "kindreel installs packages with apt only; elsewhere install these yourself and build with 'swift build -c release': ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)
  if [[ $status != installed ]]; then missing+=("$package"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo > /dev/null; then
    echo "kindreel lacks system packages and may not install them (neither root nor sudo); please have these installed: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
