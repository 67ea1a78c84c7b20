#!/usr/bin/env bash
# Trains as a job of LSF. Before its time is over it saves at its next step and ends with 75, upon which LSF
# queues it again; the same command goes on with a run that is there.
#
#   RUN=runs/mine OPTIONS="--config ucf101 --data videos.tsv" bsub -n 2 -W 8:00 < cluster-configs/lsf/train.sh
#
# OPTIONS are those of `kindreel train`. Submit from the folder that holds kindreel's .build, or name the
# executable (KINDREEL=PATH). A node has one rank, with a lane for each of its cores but no more than its share
# of batch.microbatches: -n is the number of nodes.
#
# The signal comes five minutes before the end. An epoch begins by embedding and clustering, where nothing is
# saved: if that takes longer, ask for it earlier, as by `bsub -wt 30`.
#BSUB -J kindreel
#BSUB -R "span[ptile=1]"
#BSUB -x
#BSUB -r
#BSUB -Q 75
#BSUB -wa USR1
#BSUB -wt 5
#BSUB -o kindreel-%J.out
set -euo pipefail

if [[ ${RUN:-} == "" ]]; then
  echo "usage: RUN=FOLDER OPTIONS='[OPTION OF KINDREEL TRAIN]…' bsub [OPTION OF BSUB]… < $0" >&2
  exit 64
fi
read -ra options <<< "${OPTIONS:-}"
if [[ -e $RUN/run.yaml ]]; then options+=(--resume); fi

# LSF signals all processes of the job, mpirun too, which tells the ranks: they save, and leave with 75. Here
# the signal ends `wait` alone.
trap : USR1
mpirun --hostfile "$LSB_DJOB_HOSTFILE" --map-by ppr:1:node --bind-to none \
  "${KINDREEL:-.build/release/kindreel}" train "${options[@]}" --out "$RUN" &
ranks=$!
wait "$ranks" || while kill -0 "$ranks" 2> /dev/null; do wait "$ranks" || true; done
wait "$ranks"
