#!/usr/bin/env bash
# The laws that need real processes: the self test on 1 to 4 ranks, the same bits on any number of
# ranks and lanes, and the same bits after a stop. Prints "N passed, N failed" last.
#
#   Tests/mpirun.sh [KINDREEL]
set -euo pipefail
cd "$(dirname "$0")/.."

kindreel=$(realpath "${1:-.build/release/kindreel}")
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# More ranks than cores must not burn the cores that the others need.
export OMPI_MCA_mpi_yield_when_idle=1
source Tests/checks.sh

# ranks N SECONDS COMMAND…: runs a command on N ranks, and never for longer.
ranks() {
  local count=$1 seconds=$2
  shift 2
  timeout --kill-after 10 "$seconds" mpirun -n "$count" --oversubscribe --bind-to none "$@"
}

# field FILE KEY: a text field of the JSON object in the last line.
field() { tail -n 1 "$1" | sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p"; }

# same A B: whether two finished runs ended with the same weights and labels.
same() {
  local key
  for key in weights_hash labels_hash; do
    local one other
    one=$(field "$work/$1.out" "$key")
    other=$(field "$work/$2.out" "$key")
    echo "$key of $1: $one; of $2: $other"
    [[ -n $one && $one == "$other" ]] || return 1
  done
}

# A few clips in the layout of the sample set: three groups of four classes in each split.
make_data() {
  local class group clip list
  mkdir -p "$work/data/splits"
  cp Samples/actions/splits/classInd.txt "$work/data/splits/"
  for class in Cartwheel Jump Run Walk; do
    mkdir -p "$work/data/videos/$class"
    for group in 01 02 05 06; do
      for clip in Samples/actions/videos/"$class"/v_"${class}"_g"$group"_c0[12].*; do
        cp "$clip" "$work/data/videos/$class/"
      done
    done
  done
  # Each list keeps the lines whose video was copied.
  for list in trainlist01 testlist01; do
    while read -r line; do
      if [[ -e "$work/data/videos/${line%% *}" ]]; then echo "$line"; fi
    done < "Samples/actions/splits/$list.txt" > "$work/data/splits/$list.txt"
  done
}

train=("$kindreel" train --config smoke --data "$work/data")
# Long enough that a signal after the first epoch arrives before the last.
long=(--set epochs=8)

# finish NAME COMMAND…: a training run from its start to its end.
finish() {
  local name=$1
  shift
  "$@" --out "$work/$name" > "$work/$name.out"
}

# stop NAME CHECKPOINTS COMMAND…: asks a job on two ranks to stop once it has a checkpoint, and checks the
# code it leaves with.
stop() {
  local name=$1 checkpoints=$2 status=0 launcher waited
  shift 2
  # The limit is mpirun's own, because `timeout` does not pass SIGUSR1 on.
  mpirun --timeout 300 -n 2 --oversubscribe --bind-to none "$@" \
    > "$work/$name.out" 2> "$work/$name.log" &
  launcher=$!
  for ((waited = 0; waited < 1200; waited++)); do
    if compgen -G "$checkpoints/epoch-*" > "$work/$name.found"; then break; fi
    kill -0 "$launcher" 2> /dev/null || break
    sleep 0.1
  done
  # mpirun passes the signal on to every rank.
  kill -USR1 "$launcher" || true
  wait "$launcher" || status=$?
  cat "$work/$name.log"
  echo "left with code $status"
  [[ $status == 75 ]]
}

# rain NAME: sends a run signal upon signal from its first checkpoint until it has left.
#
# A handler on a thread whose stack pointer a kernel has borrowed would write over the heap.
rain() {
  local name=$1 status=0
  "${train[@]}" "${long[@]}" --lanes 1 --out "$work/$name" > "$work/$name.out" &
  local run=$! limit=$((SECONDS + 300))
  until compgen -G "$work/$name/checkpoints/epoch-*" > "$work/$name.found"; do
    kill -0 "$run" && ((SECONDS < limit)) || break
    sleep 0.1
  done
  while ((SECONDS < limit)) && kill -USR1 "$run" 2> /dev/null; do :; done
  if ((SECONDS >= limit)); then kill -KILL "$run"; fi
  wait "$run" || status=$?
  echo "left with code $status"
  [[ $status == 75 ]]
}

for count in 1 2 3 4; do
  check "self test on $count ranks" ranks "$count" 120 "$kindreel" selftest
done

make_data
# Lanes are as many as the cores that the affinity mask leaves.
one_core() {
  local core
  core=$(grep -m 1 Cpus_allowed_list /proc/self/status | grep -o '[0-9]*$')
  taskset -c "$core" "$kindreel" doctor > "$work/doctor"
  grep -qE '^cores +1 of' "$work/doctor" && grep -q ', 1 lanes a rank' "$work/doctor"
}
check "a process bound to one core has one lane" one_core

check "train on 1 rank × 1 lane" finish alone timeout 300 "${train[@]}" --lanes 1
check "train on 1 rank × 2 lanes" finish lanes timeout 300 "${train[@]}" --lanes 2
check "train on 4 simulated ranks" finish simulated \
  timeout 300 "${train[@]}" --ranks 4 --lanes 1
check "train on 2 ranks" finish two ranks 2 300 "${train[@]}" --lanes 1
check "train on 4 ranks" finish four ranks 4 300 "${train[@]}" --lanes 1
for other in lanes simulated two four; do
  check "same bits: alone and $other" same alone "$other"
done
# Keys are embedded in an order of their own, so a step of moco crosses ranks where others do not.
keys=(--lanes 1 --set objective.name=moco)
check "train moco on 1 rank" finish moco timeout 300 "${train[@]}" "${keys[@]}"
check "train moco on 4 ranks" finish moco4 ranks 4 300 "${train[@]}" "${keys[@]}"
check "same bits: moco and moco4" same moco moco4
# The first of these times the kernels, and the second finds the table in the machine's cache.
timed=(--lanes 1 --set convolutions=timed)
check "train with timed kernels on 1 rank" finish timed timeout 300 "${train[@]}" "${timed[@]}"
check "train with timed kernels on 2 ranks" finish timed2 ranks 2 300 "${train[@]}" "${timed[@]}"
check "same bits: timed and timed2" same timed timed2
check "another seed gives other bits" finish seed timeout 300 "${train[@]}" --lanes 1 --set seed=1
check "hashes tell seeds apart" bash -c "! cmp -s \
  <(tail -n 1 '$work/alone.out' | sed 's/.*weights_hash//') \
  <(tail -n 1 '$work/seed.out' | sed 's/.*weights_hash//')"

check "a second run in the same place is refused" bash -c "
  status=0
  timeout 60 '$kindreel' train --config smoke --data '$work/data' --out '$work/alone' || status=\$?
  [[ \$status == 73 ]]"

# Ranks of which one runs another build of the same version.
two_builds() {
  local output status=0
  { cat "$kindreel" && echo; } > "$work/other"
  chmod +x "$work/other"
  output=$(timeout --kill-after 10 120 mpirun --oversubscribe --bind-to none \
    -n 1 "${train[@]}" --lanes 1 --out "$work/mixed" : \
    -n 1 "$work/other" "${train[@]:1}" --lanes 1 --out "$work/mixed" 2>&1) || status=$?
  echo "$output"
  [[ $status == 76 && $output == *"the ranks differ; program: rank 0: "* ]]
}
check "ranks of two builds are refused" two_builds

check "train to the end without a stop" finish whole timeout 300 "${train[@]}" "${long[@]}" --lanes 2
check "a signal saves and leaves with 75" stop stopped "$work/stopped/checkpoints" \
  "${train[@]}" "${long[@]}" --lanes 1 --out "$work/stopped"
check "the stopped run goes on, on another number of ranks" finish stopped \
  timeout 300 "${train[@]}" "${long[@]}" --lanes 2 --resume
check "same bits: whole and stopped" same whole stopped
check "a rain of signals saves and leaves with 75" rain rained
check "the run goes on after the rain" finish rained \
  timeout 300 "${train[@]}" "${long[@]}" --lanes 2 --resume
check "same bits: whole and rained" same whole rained
check "a run goes on with its own settings where none are named" bash -c "
  set -o pipefail
  timeout 300 '$kindreel' train --data '$work/data' --out '$work/stopped' --lanes 2 --resume \
    --set epochs=9 | grep '\"epochs\":9,'"

two_scans() {
  local output status=0
  output=$(ranks 2 60 "$kindreel" scan "$work/data/videos" --out "$work/twice.tsv" 2>&1) || status=$?
  echo "$output"
  [[ $status == 64 && $output == *"a launcher has started 2"* && ! -e "$work/twice.tsv" ]]
}
check "the work of one process is refused on two ranks" two_scans

# The file shows neither by its size nor by its time that it changed after the scan, and rank 1 has to load it.
"$kindreel" scan "$work/data/videos" --out "$work/late.tsv" > "$work/scanned"
spoiled=$work/data/videos/Jump/v_Jump_g05_c01.mp4
cp -p "$spoiled" "$work/sound.mp4"
head -c "$(stat -c %s "$spoiled")" /dev/zero > "$work/zeros"
cp "$work/zeros" "$spoiled"
touch -r "$work/sound.mp4" "$spoiled"
named() {
  ranks 2 120 "$kindreel" train --config smoke --data "$work/late.tsv" --out "$work/late" --lanes 1 \
    --set epochs=1 --set video.badShare=0.5 2>&1 | grep "v_Jump_g05_c01.mp4: moov atom.*; replaced"
}
check "a video that another rank cannot read is named" named
cp -p "$work/sound.mp4" "$spoiled"

tune=("$kindreel" finetune --run "$work/alone" --data "$work/data" --epochs 60 --clips 1 --json)
tune_whole() { timeout 300 "${tune[@]}" --lanes 2 > "$work/tuned.json"; }
check "fine-tune to the end without a stop" tune_whole
check "a signal saves a fine-tuning and leaves with 75" stop tuning "$work/tuning" \
  "${tune[@]}" --lanes 1 --checkpoints "$work/tuning"
tune_on() {
  timeout 300 "${tune[@]}" --lanes 2 --checkpoints "$work/tuning" --resume > "$work/resumed.json"
  cmp "$work/tuned.json" "$work/resumed.json"
}
check "the stopped fine-tuning goes on, on another number of ranks, to the same figures" tune_on

finish_checks
