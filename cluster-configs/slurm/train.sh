#!/usr/bin/env bash
# Trains as a Slurm job. Shortly before its time is over it saves and queues itself again; the same command
# goes on with a run that is there, also after a node's failure.
#
#   sbatch --nodes 4 --time 8:00:00 cluster-configs/slurm/train.sh RUN --config ucf101 --data videos.tsv
#
# What follows RUN are options of `kindreel train`. Submit it from the folder that holds kindreel's
# .build, or name the executable: `sbatch --export ALL,KINDREEL=PATH …`. A node has one rank, which computes on
# all its cores.
#SBATCH --job-name kindreel
#SBATCH --ntasks-per-node 1
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --open-mode append
#SBATCH --output %x-%j.out
#SBATCH --signal B:USR1@300
set -euo pipefail

run=${1:?name a run directory}
shift
resume=()
if [[ -e $run/run.yaml ]]; then resume=(--resume); fi

mpirun --map-by ppr:1:node --bind-to none \
  "${KINDREEL:-.build/release/kindreel}" train --out "$run" "${resume[@]}" "$@" &
ranks=$!
# Slurm's signal ends `wait`, not the ranks: they save, and leave with 75.
trap 'kill -USR1 "$ranks"' USR1
wait "$ranks" || while kill -0 "$ranks" 2> /dev/null; do wait "$ranks" || true; done
code=0
wait "$ranks" || code=$?
if ((code == 75)); then scontrol requeue "$SLURM_JOB_ID"; fi
exit "$code"
