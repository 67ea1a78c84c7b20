#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: those of Swift, with sanitizers, on damaged
# files, of commands, under mpirun. What needs other people's files or Slurm stays out:
# Tests/torchvision.sh, Tests/real-videos.sh, Tests/slurm.sh.
#
#   scripts/test.sh [OPTION OF SWIFT TEST]…
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh
# This builds the product as well. A `swift build` would compile every Swift module once more,
# because its flags differ from those of the tests.
swift test -c release -Xswiftc -enable-testing --disable-xctest "$@"
Tests/sanitize.sh
Tests/fuzz.sh
Tests/cluster.sh
Tests/preview.sh
Tests/video.sh
Tests/search.sh
Tests/mpirun.sh
Tests/jobs.sh
