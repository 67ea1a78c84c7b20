#!/usr/bin/env bash
# Trains as a job of PBS (OpenPBS, PBS Professional). Before its time is over it saves at its next step and
# ends with 75; the same command goes on with a run that is there.
#
#   qsub -l select=2:ncpus=32:mpiprocs=1 -l walltime=8:00:00 \
#     -v "RUN=runs/mine,OPTIONS=--config ucf101 --data videos.tsv" cluster-configs/pbs/train.sh
#
# A chain of jobs goes on until one ends well, whereupon PBS deletes the rest:
#
#   job=$(qsub …); for part in 2 3 4; do job=$(qsub -W "depend=afternotok:$job" …); done
#
# OPTIONS are those of `kindreel train`, without commas. Submit from the folder that holds kindreel's .build, or
# name the executable (KINDREEL=PATH among the variables). A node has one rank, with a lane for each of its cores
# but no more than its share of batch.microbatches.
#
# PBS sends no signal before the end, so the job asks for its time and sends one itself, SPARE seconds (300)
# earlier. An epoch begins by embedding and clustering, where nothing is saved: if that takes longer, set SPARE.
#PBS -N kindreel
#PBS -l place=scatter:excl
#PBS -j oe
#PBS -r y
set -euo pipefail
cd "${PBS_O_WORKDIR:-.}"

if [[ ${RUN:-} == "" ]]; then
  echo "usage: qsub [OPTION OF QSUB]… -v RUN=FOLDER,OPTIONS='[OPTION OF KINDREEL TRAIN]…' $0" >&2
  exit 64
fi
read -ra options <<< "${OPTIONS:-}"
if [[ -e $RUN/run.yaml ]]; then options+=(--resume); fi

# Debian's Open MPI does not know PBS, and reaches the nodes by ssh.
mpirun --hostfile "$PBS_NODEFILE" --map-by ppr:1:node --bind-to none \
  "${KINDREEL:-.build/release/kindreel}" train "${options[@]}" --out "$RUN" &
ranks=$!

# They save, and leave with 75.
walltime=$(qstat -f "$PBS_JOBID" | sed -n 's/^ *Resource_List.walltime = //p') || true
if [[ $walltime =~ ^([0-9]+):([0-9]+):([0-9]+)$ ]]; then
  end=$((10#${BASH_REMATCH[1]} * 3600 + 10#${BASH_REMATCH[2]} * 60 + 10#${BASH_REMATCH[3]}))
  while kill -0 "$ranks" 2> /dev/null && ((SECONDS < end - ${SPARE:-300})); do sleep 1; done
  kill -USR1 "$ranks" 2> /dev/null || true
else
  echo "note: qstat tells no walltime, so nothing is saved before the job's end" >&2
fi
wait "$ranks"
