#!/usr/bin/env bash
# Trains as a Slurm job. Before its time is over it saves at its next step, queues itself again and goes on;
# the same command goes on with a run that is there.
#
#   sbatch --nodes 2 --time 8:00:00 cluster-configs/slurm/train.sh RUN --config ucf101 --data videos.tsv
#
# What follows RUN are options of `kindreel train`. Submit it from the folder that holds kindreel's .build, or
# name the executable: `sbatch --export ALL,KINDREEL=PATH …`. A node has one rank, with a lane for each of its
# cores but no more than its share of batch.microbatches. Ranks refuse nodes of different kinds: choose one by
# --constraint.
#
# The signal comes five minutes before the end. An epoch begins by embedding and clustering, where nothing is
# saved: if that takes longer, ask for it earlier, as by `sbatch --signal B:USR1@1800`.
#SBATCH --job-name kindreel
#SBATCH --ntasks-per-node 1
#SBATCH --exclusive
#SBATCH --mem 0
#SBATCH --requeue
#SBATCH --open-mode append
#SBATCH --output %x-%j.out
#SBATCH --signal B:USR1@300
set -euo pipefail

run=${1:-}
if [[ $run == "" || $run == -* ]]; then
  echo "usage: sbatch [OPTION OF SBATCH]… $0 RUN [OPTION OF KINDREEL TRAIN]…" >&2
  exit 64
fi
shift
resume=()
if [[ -e $run/run.yaml ]]; then resume=(--resume); fi

# It ends `wait`, not the ranks: they save, and leave with 75.
ranks=
trap 'if [[ $ranks ]]; then kill -USR1 "$ranks" 2> /dev/null || true; fi' USR1
mpirun --map-by ppr:1:node --bind-to none \
  "${KINDREEL:-.build/release/kindreel}" train "$@" --out "$run" "${resume[@]}" &
ranks=$!
wait "$ranks" || while kill -0 "$ranks" 2> /dev/null; do wait "$ranks" || true; done
code=0
wait "$ranks" || code=$?
if ((code == 75)); then scontrol requeue "$SLURM_JOB_ID"; fi
exit "$code"
