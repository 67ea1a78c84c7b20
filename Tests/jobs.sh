#!/usr/bin/env bash
# cluster-configs/pbs/train.sh and lsf/train.sh as these systems run them, which are not here: a folder of
# submission, a list of hosts, a walltime, a signal. Open MPI's parameter files. Tests/slurm.sh has a real Slurm.
# Prints "N passed, N failed" last.
#
#   Tests/jobs.sh [KINDREEL]
set -euo pipefail
if [[ ${JOBS_TEST:-} != inside ]]; then
  JOBS_TEST=inside exec timeout --kill-after 10 900 "$0" "$@"
fi
cd "$(dirname "$0")/.."
kindreel=$(realpath "${1:-.build/release/kindreel}")
source Tests/checks.sh

export KINDREEL=$kindreel OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
echo localhost > "$work/hosts"
options="--config smoke --data $PWD/Samples/actions --set epochs=8 --lanes 1"
leaves() {
  local wanted=$1 code=0
  shift
  timeout --kill-after 5 240 "$@" || code=$?
  if ((code != wanted)); then echo "left with $code"; fi
  ((code == wanted))
}
weights_of() { sed -n 's/.*"weights_hash": *"\([^"]*\)".*/\1/p' "$1" | tail -n 1; }
same_weights() { [[ -n $(weights_of "$1") && $(weights_of "$1") == "$(weights_of "$2")" ]]; }

# A qstat that tells the walltime of a job, or fails.
mkdir "$work/bin"
cat > "$work/bin/qstat" << QSTAT
#!/bin/sh
printf 'Job Id: %s\n    Resource_List.place = scatter\n' "\$2"
[ "\$WALLTIME" != "" ] || exit 1
printf '    Resource_List.walltime = %s\n' "\$WALLTIME"
QSTAT
chmod +x "$work/bin/qstat"
# pbs NAME WALLTIME: a job that trains a run of that name; its script is a copy in another folder.
cp cluster-configs/pbs/train.sh "$work/pbs.SC"
pbs() {
  (cd / && PATH=$work/bin:$PATH WALLTIME=$2 PBS_JOBID=7.server PBS_O_WORKDIR=$PWD PBS_NODEFILE=$work/hosts \
    RUN=$work/$1 OPTIONS=$options bash "$work/pbs.SC") > "$work/$1.out" 2>&1
}
check "PBS: without a run's folder it says how" leaves 64 env -u RUN bash cluster-configs/pbs/train.sh
check "PBS: a job ends well" pbs whole 8:00:00
stopped() {
  local code=0
  "$@" || code=$?
  ((code == 75))
}
check "PBS: a job saves before its time is over" stopped pbs parts 00:05:05
check "what it had is saved" grep '"stopped":true' "$work/parts.out"
check "PBS: the next one goes on" pbs parts 8:00:00
check "from where it was" grep "^resuming after" "$work/parts.out"
check "PBS: a run that is over ends at once, where qstat fails, too" pbs parts ""
check "which it says" grep "qstat tells no walltime" "$work/parts.out"
check "the weights are those of one job" same_weights "$work/whole.out" "$work/parts.out"

# lsf NAME [signal]: a job; all of its processes are signalled once an epoch is over.
lsf() {
  local code=0
  LSB_DJOB_HOSTFILE=$work/hosts RUN=$work/$1 OPTIONS=$options \
    setsid bash < cluster-configs/lsf/train.sh > "$work/$1.out" 2>&1 &
  local job=$!
  if [[ ${2:-} ]]; then
    until [[ -s $work/$1/metrics.jsonl ]] || ! kill -0 "$job"; do sleep 0.2; done
    kill -USR1 -- "-$job" || true
  fi
  wait "$job" || code=$?
  return "$code"
}
check "LSF: without a run's folder it says how" leaves 64 env -u RUN bash cluster-configs/lsf/train.sh
check "LSF: a job saves before its time is over" stopped lsf again signal
check "what it had is saved" grep '"stopped":true' "$work/again.out"
check "LSF: the same goes on" lsf again
check "to the weights of one job, too" same_weights "$work/whole.out" "$work/again.out"

# parameters FILE OPTION…: two ranks with Open MPI's parameters of a file, which say what they try.
parameters() {
  timeout --kill-after 5 120 mpirun --tune "cluster-configs/mpi/$1" --mca pml_base_verbose 10 \
    --mca btl_base_verbose 20 "${@:2}" -n 2 --oversubscribe --bind-to none "$kindreel" selftest --lanes 1 \
    > "$work/mpi.out" 2>&1
}
check "Open MPI: one machine" parameters single-node.conf
check "without a network" bash -c "! grep 'component tcp returned success' '$work/mpi.out'"
check "Open MPI: Ethernet" parameters ethernet.conf --mca btl_tcp_if_include 127.0.0.0/8
check "with one" grep "component tcp returned success" "$work/mpi.out"
# Where there is no InfiniBand, this ends at once, and by name.
parameters infiniband.conf || true
check "Open MPI: UCX is asked for" grep "component ucx" "$work/mpi.out"
finish_checks
