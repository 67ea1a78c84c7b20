#!/usr/bin/env bash
# The commands `kindreel embed`, `search` and `evaluate` on a few clips: what they find and print, what
# they refuse and with which code. Prints "N passed, N failed" last.
#
#   Tests/search.sh [KINDREEL]
set -euo pipefail
cd "$(dirname "$0")/.."

kindreel=$(realpath "${1:-.build/release/kindreel}")
source Tests/checks.sh
encoder=(--untrained 1 --config "$PWD/cluster-configs/presets/smoke.yaml" --lanes 1)
videos=$PWD/Samples/actions/videos
mkdir -p "$work/data/videos" "$work/data/splits"
for class in Jump Walk; do
  mkdir "$work/data/videos/$class"
  cp "$videos/$class"/v_*_g0[1567]_c0[12].mp4 "$work/data/videos/$class/"
  ls "$work/data/videos/$class" | grep _g0[567] | sed "s:^:$class/:" >> "$work/data/splits/trainlist01.txt"
  ls "$work/data/videos/$class" | grep _g01 | sed "s:^:$class/:" >> "$work/data/splits/testlist01.txt"
done
cd "$work"
jump=data/videos/Jump/v_Jump_g01_c01.mp4

# prints PATTERN COMMAND…: whether a command's standard output holds a pattern.
prints() {
  local pattern=$1
  shift
  "$@" > printed 2> complaints || { cat complaints; return 1; }
  cat printed
  grep -qE -- "$pattern" printed
}

# leaves CODE TEXT COMMAND…: whether a command fails with a code and words.
leaves() {
  local code=$1 text=$2 status=0 output
  shift 2
  output=$("$@" 2>&1) || status=$?
  echo "$output"
  echo "code $status"
  [[ $status == "$code" && $output == *"$text"* ]]
}

for command in "evaluate --data data" "embed --data data --out none.npy" "export --out none.safetensors"; do
  # shellcheck disable=SC2086
  check "no run, no ${command%% *}" leaves 66 "nowhere: holds no run" "$kindreel" $command --run nowhere
done
"$kindreel" export "${encoder[@]::4}" --out kept.safetensors > /dev/null
check "weights are not written over" leaves 64 "kept.safetensors would be written over an input" \
  "$kindreel" export --weights ./kept.safetensors --config "${encoder[3]}" --out kept.safetensors
check "no run, no report" leaves 66 "nowhere: holds no run" "$kindreel" report nowhere --out none.html

check "what cannot be printed is no success" leaves 73 "standard output cannot be written" \
  bash -c "'$kindreel' --version > /dev/full"
check "nor is a result" leaves 73 "standard output cannot be written" \
  bash -c "'$kindreel' doctor > /dev/full"
# As root nothing is forbidden; this takes that right away.
bound=()
if [[ $(id -u) == 0 ]]; then bound=(setpriv "--bounding-set=-dac_override,-dac_read_search"); fi
# forbidden PATH COMMAND…: whether a command leaves with 77 and names the path that it may not read.
forbidden() {
  local path=$1 mode status=0
  shift
  mode=$(stat -c %a "$path")
  chmod 000 "$path"
  leaves 77 "$path" "${bound[@]}" "$@" || status=1
  chmod "$mode" "$path"
  return "$status"
}
cp "${encoder[3]}" mine.yaml
echo "$jump" > videos.txt
echo "no table" > list.txt
mkdir -p started/checkpoints closed
cp mine.yaml started/run.yaml
check "a configuration that may not be read" forbidden mine.yaml \
  "$kindreel" train --data data --out refused --config ./mine.yaml
check "a list that may not be read" forbidden videos.txt "$kindreel" scan videos.txt --out none.tsv
check "a folder that may not be listed" forbidden closed "$kindreel" scan closed --out none.tsv
check "a table that may not be read" forbidden list.txt "$kindreel" train --data data --out refused \
  --lanes 1 --config mine.yaml --set labels.file=list.txt
check "checkpoints that may not be listed are not taken for none" forbidden started/checkpoints \
  "$kindreel" embed --run started --data data --out none.npy
check "so many lanes are refused" leaves 64 "--lanes is 40000; it must lie in 1…1024" \
  "$kindreel" evaluate "${encoder[@]::4}" --data data --lanes 40000
check "no run, no resuming" leaves 66 "nowhere: holds no run to resume" \
  "$kindreel" train --data data --out nowhere --resume
check "clips of such extents are refused" leaves 64 "T and S must be at most 4096" \
  "$kindreel" bench layers --clip 3x100000x8x8
check "bad labels leave" leaves 65 "list.txt" "$kindreel" train --data data --out refused --lanes 1 \
  --config "$OLDPWD/cluster-configs/presets/smoke.yaml" --set labels.file=list.txt
check "no run behind" bash -c "! test -e refused/run.yaml"
check "an estimate is for one set of videos" leaves 64 "--data and --videos exclude each other" \
  "$kindreel" train --estimate --data data --videos 9
check "clips are not written over" leaves 64 "clips.npy would be written over an input" \
  "$kindreel" embed "${encoder[@]}" --tensor clips.npy --out ./clips.npy
search=("$kindreel" search "${encoder[@]}" --library library.npy)
check "embed a library" prints "16 rows of 128 in library.npy" \
  "$kindreel" embed "${encoder[@]}" --data data --split all --out library.npy
check "its encoder is described" grep -q \
  '^{"clips":1,"colours":"mean 0.*","encoder":"R3D-10, .*","feature":"pooled","frames":4,' library.encoder.json
check "a video finds itself first" prints '^   1  1\.0000  Jump/v_Jump_g01_c01\.mp4$' "${search[@]}" "$jump"
sed 's/^evaluation:$/evaluation:\n  shows: [rgb, residual]/' "${encoder[3]}" > both.yaml
both=(--untrained 1 --config both.yaml --lanes 1)
kept() {
  "$kindreel" embed "${encoder[@]}" --data data --split all --out "$1" > /dev/null || return 1
  cat "${1%.npy}".* > before
  leaves 73 "No space left on device" \
    "$kindreel" embed "${encoder[@]}" --data data --split all --out "$1" &&
    cat "${1%.npy}".* | cmp - before
}
mkdir -p linked && touch linked/ids.tsv
ln -s linked/ids.tsv chained.ids.tsv
check "ids behind a link are written there, and written again" bash -c "for turn in 1 2; do \
  '$kindreel' embed ${encoder[*]@Q} --data data --split all --out chained.npy > /dev/null || exit 1; done; \
  [[ -L chained.ids.tsv ]] && cmp linked/ids.tsv library.ids.tsv"
if mkdir -p small && mount -t tmpfs -o size=32k none small 2> /dev/null; then
  check "a full disk leaves the library as it was" kept small/library.npy
  umount small
else
  echo "skipped: a full disk (this user may not mount a small one)"
fi

check "rows of two contents are embedded" prints "16 rows of 256 in both.npy" \
  "$kindreel" embed "${both[@]}" --data data --split all --out both.npy
check "and a video is no nearer to itself than 1" prints '^   1  1\.0000  Jump/v_Jump_g01_c01\.mp4$' \
  "$kindreel" search "${both[@]}" --library both.npy "$jump"
check "ten are found for each query, in the order asked" bash -c "
  '${search[0]}' ${search[*]:1} data/videos/Walk/v_Walk_g01_c02.mp4 $jump > printed
  [[ \$(wc -l < printed) == 22 && \$(sed -n 1p printed) == *Walk_g01_c02.mp4 && \$(sed -n 12p printed) == $jump ]]"
check "as many as asked for, in JSON" prints \
  '^\{"library":"library.npy","queries":\[\{"neighbors":\[\{"id":"Jump/v_Jump_g01_c01.mp4","rank":1,' \
  "${search[@]}" "$jump" --top 1 --json
check "more than there are is all" bash -c "
  [[ \$('${search[0]}' ${search[*]:1} $jump --top 99 | wc -l) == 17 ]]"
cp "$jump" copy.mp4
mkdir twins
cp "$jump" twins/b.mp4
cp "$jump" twins/a.mp4
"$kindreel" embed "${encoder[@]}" --data twins --out twins.npy > /dev/null
check "ties go to the lower id" bash -c "
  '$kindreel' search ${encoder[*]} --library twins.npy copy.mp4 | awk '{ print \$3 }' | tail -n 2 \
    | tr '\n' ' ' | grep -q '^a.mp4 b.mp4 \$'"
check "the same on two ranks" bash -c "
  cmp <('${search[0]}' ${search[*]:1} $jump --json) <('${search[0]}' ${search[*]:1} $jump --json --ranks 2)"

check "another encoder is refused" leaves 65 "library.npy: was embedded with the weights" \
  "$kindreel" search --untrained 2 --config "${encoder[3]}" --library library.npy "$jump"
check "a query that is no video is refused" leaves 65 "1 of 1 videos cannot be read:" \
  "${search[@]}" library.ids.tsv
check "a missing query is refused" leaves 66 "absent.mp4: " "${search[@]}" absent.mp4
check "a missing library is refused" leaves 66 "absent.npy: " \
  "$kindreel" search "${encoder[@]}" --library absent.npy "$jump"
check "no neighbours are refused" leaves 64 "--top is 0" "${search[@]}" "$jump" --top 0
for part in ids.tsv encoder.json; do
  cp library.npy bare.npy
  rm -f bare.ids.tsv bare.encoder.json
  cp library.ids.tsv bare.ids.tsv
  cp library.encoder.json bare.encoder.json
  rm "bare.$part"
  check "a library without $part is refused" leaves 66 "bare.$part: " \
    "$kindreel" search "${encoder[@]}" --library bare.npy "$jump"
done
sed -i 's/"pooled"/"head"/' bare.encoder.json 2> /dev/null || sed 's/"pooled"/"head"/' library.encoder.json > bare.encoder.json
cp library.ids.tsv bare.ids.tsv
check "rows of another width are refused" leaves 65 \
  "bare.npy: has rows of 128 numbers, and the encoder gives 32" \
  "$kindreel" search "${encoder[@]}" --library bare.npy "$jump"
{ head -n 1 library.ids.tsv && tail -n +2 library.ids.tsv | tac; } > bare.ids.tsv
check "ids in another order than the rows are refused" leaves 65 "where row 0, a tab and its id" \
  "$kindreel" search "${encoder[@]}" --library bare.npy "$jump"
sed 's/$/\r/' library.ids.tsv > bare.ids.tsv
cp library.encoder.json bare.encoder.json
check "ids may end their lines as on Windows" prints '^   1  1\.0000  Jump/v_Jump_g01_c01\.mp4$' \
  "$kindreel" search "${encoder[@]}" --library bare.npy "$jump"
sed '$d' library.ids.tsv > bare.ids.tsv
check "ids that do not fit are refused" leaves 65 "bare.ids.tsv: has 15 ids for 16 rows" \
  "$kindreel" search "${encoder[@]}" --library bare.npy "$jump"
echo '{}' > bare.encoder.json
cp library.ids.tsv bare.ids.tsv
check "a description that is none is refused" leaves 65 "bare.encoder.json: does not describe" \
  "$kindreel" search "${encoder[@]}" --library bare.npy "$jump"

evaluate=("$kindreel" evaluate "${encoder[@]}" --data data)
mkdir both && ln -s "$PWD/data/videos" both/videos && mkdir both/splits
cat data/splits/*.txt > both/splits/trainlist01.txt && cp data/splits/testlist01.txt both/splits
check "a test list that training shares is refused" leaves 65 "which trainlist01.txt lists, too" \
  "$kindreel" evaluate "${encoder[@]}" --data both
check "evaluate prints a table" prints '^plain +[0-9.]+ +[0-9.]+ +100.0' "${evaluate[@]}"
check "with further columns and the probe" prints '^(reranked|linear probe)' \
  "${evaluate[@]}" --post centred whitened expanded reranked --probe --protocol iic --clips 2
check "in JSON" prints '"protocol":"kindreel","queries":4,.*"split":"test","unreadable":0' \
  "${evaluate[@]}" --json
check "on held-out training groups" prints '"gallery":8,.*"queries":4,.*"split":"held-out"' \
  "${evaluate[@]}" --held-out --json
check "a feature beside a published protocol is refused" leaves 64 "--feature head would not be" \
  "${evaluate[@]}" --protocol iic --feature head
sed 's/^  frames: 4$/  frames: 1/' "${encoder[3]}" > still.yaml
printf 'objective:\n  name: simclr\n' >> still.yaml
check "in one frame nothing moves" leaves 78 "evaluation.shows: cannot show what changes between frames" \
  "$kindreel" evaluate --untrained 1 --config still.yaml --data data --shows residual
check "so many clips are refused" leaves 64 "--clips is 1000000; it must lie in 1…1000" \
  "$kindreel" finetune "${encoder[@]}" --data data --clips 1000000
check "an unknown protocol is refused" leaves 64 "'vcop'" "${evaluate[@]}" --protocol vcop
check "a run whose only step was finite ends" "$kindreel" train "${encoder[@]:2}" --data data \
  --out diverged --set epochs=1 --set optimizer.learningRate=1e30 --set optimizer.warmupSteps=0
for post in --probe "--post reranked"; do
  # shellcheck disable=SC2086
  check "diverged weights are not measured, $post" leaves 80 "the weights have diverged" \
    "$kindreel" evaluate --run diverged --data data $post
done
check "they embed nothing" leaves 80 "the weights have diverged" \
  "$kindreel" embed --run diverged --data data --out diverged.npy
check "an odd batch has no pairs of views" leaves 64 "--batch is 3" \
  "$kindreel" bench train-step --batch 3

check "a full standard error changes no exit code" bash -c "status=0; \
  '$kindreel' embed --run nowhere --data data --out none.npy 2> /dev/full || status=\$?; [[ \$status == 66 ]]"
check "two epochs are trained" "$kindreel" train "${encoder[@]:2}" --data data --out damaged
newest=$(ls -d damaged/checkpoints/epoch-* | sort | tail -n 1)
printf XXXX | dd of="$newest/optimizer.safetensors" bs=1 seek=500 conv=notrunc status=none
check "a damaged checkpoint is named, and the one that is taken" bash -c "'$kindreel' embed --run damaged \
  --data data --out older.npy 2>&1 | grep -E '$(basename "$newest") .*optimizer.*; taken is run damaged, 1 epochs'"

# A file that shows neither by its size nor by its time that it changed after the scan.
cp -r data late
"$kindreel" scan late/videos --out late.tsv > scanned
spoiled=late/videos/Jump/v_Jump_g05_c01.mp4
touch -r "$spoiled" stamp
head -c "$(stat -c %s "$spoiled")" /dev/zero > zeros
cp zeros "$spoiled"
touch -r stamp "$spoiled"
check "a video that can no longer be read is no row of zeros" leaves 65 "Jump/v_Jump_g05_c01.mp4: moov atom" \
  "$kindreel" embed "${encoder[@]}" --data late.tsv --out late.npy
sed 's/^video:$/video:\n  badShare: 0.5/' "$OLDPWD/cluster-configs/presets/smoke.yaml" > half.yaml
check "nor where some may be missing" bash -c "'$kindreel' embed --untrained 1 --config half.yaml --lanes 1 \
  --data late.tsv --out late.npy 2> named | grep '^15 rows' && grep 'v_Jump_g05_c01.mp4: moov atom' named"

finish_checks
