#!/usr/bin/env bash
# Random windows of 16 frames, decoded and scaled to 171×128 on one core, in kindreel, PyAV, decord and
# torchcodec, in turns.
#
# usage: Benchmarks/compare-decode.sh [ROUNDS] [FILE…]     (default: 3 rounds of made files)
#
# Without files, some are made with the ffmpeg tool: 7 s of 320×240, XviD and H.264, with groups of
# pictures of 250 and of 12 frames. All read the same windows, one by one. Files are opened and indexed
# before; with REOPEN=1 every window opens its file anew instead. Printed are medians of clips a second
# of the processor's time, which other programs disturb less than the clock's; how many times as fast
# kindreel is as the best of the others in the same round: median [least, greatest]; and who gave other
# frames than asked for.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds="${1:-3}"
shift $(($# > 0 ? 1 : 0))
kindreel="${KINDREEL:-.build/release/kindreel}"
[ -x "$kindreel" ] || swift build -c release --product kindreel >&2
python="${PYTHON:-$(Benchmarks/python-venv.sh "$PWD/Benchmarks/.venv-decode" \
  torch==2.15.0 torchcodec==0.17.0 numpy av==18.1.0 decord==0.6.0)}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
reopen=()
[ -z "${REOPEN:-}" ] || reopen=(--reopen)

if [ $# -eq 0 ]; then
  pattern="testsrc2=size=320x240:rate=25,noise=alls=12:allf=t:all_seed=7"
  mandelbrot="mandelbrot=size=320x240:rate=25,noise=alls=4:allf=t:all_seed=7"
  make() { ffmpeg -nostdin -v error -y -f lavfi -i "$1" -t 7 "${@:3}" "$work/$2"; }
  for gop in 250 12; do
    make "$pattern" "pattern-$gop.avi" -c:v libxvid -q:v 5 -g "$gop"
    make "$pattern" "pattern-$gop.mp4" -c:v libx264 -g "$gop"
    make "$mandelbrot" "mandelbrot-$gop.avi" -c:v libxvid -q:v 5 -g "$gop"
    make "$mandelbrot" "mandelbrot-$gop.mp4" -c:v libx264 -g "$gop"
  done
  set -- "$work"/*.avi "$work"/*.mp4
fi

peers=(pyav decord torchcodec torchcodec-approximate)
for file in "$@"; do
  for ((round = 0; round < rounds; round++)); do
    taskset -c 0 "$kindreel" bench decode "$file" --frames 16 --windows 20 --repetitions 3 \
      "${reopen[@]}" --json | tr -d '\n' > "$work/own"
    starts=$(grep -o '"starts":"[^"]*"' "$work/own" | cut -d '"' -f 4)
    { cat "$work/own" && echo; } >> "$work/results"
    for peer in "${peers[@]}"; do
      taskset -c 0 "$python" Benchmarks/compare_decode.py --peer "$peer" --starts "$starts" \
        "${reopen[@]}" "$file" >> "$work/results" 2> "$work/errors" ||
        echo "$peer cannot: $(tail -n 1 "$work/errors")" >&2
    done
  done
  ffmpeg -nostdin -v error -y -i "$file" -vsync passthrough -s 171x128 -sws_flags bilinear \
    -pix_fmt rgb24 -f rawvideo "$work/frames"
  for peer in "${peers[@]}"; do
    taskset -c 0 "$python" Benchmarks/compare_decode.py --peer "$peer" --starts "$starts" \
      --reference "$work/frames" "$file" >> "$work/results" 2> "$work/errors" ||
      echo "$peer cannot: $(tail -n 1 "$work/errors")" >&2
  done
  "$python" - "$(basename "$file")" "$work/results" << 'PY'
import json, statistics, sys

rounds, wrong = [], []
for line in open(sys.argv[2]):
    run = json.loads(line)
    if "wrong" in run:
        wrong += [f"{run['peer']} gave {run['wrong']} wrong frames"] if run["wrong"] else []
        continue
    if "peer" not in run:
        rounds.append({})
    rounds[-1][run.get("peer", "kindreel")] = run["clips_per_processor_second"]
names = list(dict.fromkeys(name for speeds in rounds for name in speeds))
text = [f"{sys.argv[1]:18}"]
for name in names:
    text.append(f"{name} {statistics.median(speeds[name] for speeds in rounds if name in speeds):.1f}")
best = [
    speeds["kindreel"] / max(speed for name, speed in speeds.items() if name != "kindreel")
    for speeds in rounds
    if len(speeds) > 1
]
if best:
    text.append(f"  {statistics.median(best):.2f} [{min(best):.2f} {max(best):.2f}] times the best")
print("  ".join(text + wrong), flush=True)
PY
  : > "$work/results"
done
