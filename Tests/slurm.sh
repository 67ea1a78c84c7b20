#!/usr/bin/env bash
# cluster-configs/slurm/train.sh under a real Slurm. Its two nodes share this machine and are gone with the
# test. Not part of scripts/test.sh: it needs root and Slurm's programs,
#   apt-get install --no-install-recommends slurmctld slurmd slurm-client iproute2
# Prints "N passed, N failed" last.
#
#   Tests/slurm.sh [KINDREEL]
set -euo pipefail
if [[ ${SLURM_TEST:-} != inside ]]; then
  SLURM_TEST=inside exec timeout --kill-after 10 600 \
    unshare --mount --pid --net --fork --kill-child --mount-proc "$0" "$@"
fi
cd "$(dirname "$0")/.."
kindreel=$(realpath "${1:-.build/release/kindreel}")
source Tests/checks.sh

# Open MPI wants an interface besides the loopback.
ip link add here type veth peer name there
ip address add 192.0.2.1/24 dev here
for interface in lo here there; do ip link set "$interface" up; done
export SLURM_CONF=$work/slurm.conf
cat > "$SLURM_CONF" << CONF
ClusterName=test
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=17000
SlurmUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
StateSaveLocation=$work/state
SlurmctldPidFile=$work/slurmctld.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdSpoolDir=$work/%n
SlurmdPidFile=$work/%n.pid
SlurmdLogFile=$work/%n.log
NodeName=n[1-2] NodeAddr=127.0.0.1 NodeHostname=$(hostname) Port=[17001-17002] CPUs=2
PartitionName=all Nodes=ALL Default=YES
CONF
mkdir -p "$work/state" "$work/n1" "$work/n2"
slurmctld -c
slurmd -N n1
slurmd -N n2

# until_true SECONDS COMMAND…: waits until a command succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" > "$work/waited" 2>&1; do
    ((SECONDS < end)) || { cat "$work/waited"; return 1; }
    sleep 1
  done
}
idle() { [[ $(sinfo -h -t idle -o %D) == 2 ]]; }
check "two nodes are there" until_true 30 idle

export KINDREEL=$kindreel OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# More ranks than cores must not burn the cores that the others need.
export OMPI_MCA_mpi_yield_when_idle=1

# submit NODES NAME: queues a run of that name and prints the number of its job.
submit() {
  sbatch --parsable --nodes "$1" --output "$work/$2.out" cluster-configs/slurm/train.sh "$work/$2" \
    --config smoke --data Samples/actions --set epochs=4
}
is() { scontrol --oneliner show job "$1" | grep -q "JobState=$2"; }
has_ended() { ! is "$1" "\(PENDING\|CONFIGURING\|RUNNING\|COMPLETING\)"; }
weights_of() { sed -n 's/.*"weights_hash": *"\([^"]*\)".*/\1/p' "$work/$1.out" | tail -n 1; }
same_weights() { [[ -n $(weights_of one) && $(weights_of one) == "$(weights_of two)" ]]; }

one=$(submit 1 one)
check "a job on one node ends" until_true 120 has_ended "$one"
check "and well" is "$one" COMPLETED
again=$(submit 1 one)
check "a run that is over ends at once" until_true 60 has_ended "$again"
check "and well, too" is "$again" COMPLETED
two=$(submit 2 two)
check "another trains on two nodes" until_true 60 test -s "$work/two/metrics.jsonl"
check "Slurm's signal reaches its script" scancel --batch --signal USR1 "$two"
check "it queues itself again" until_true 60 is "$two" PENDING
check "what it had is saved" grep '"stopped":true' "$work/two.out"
check "it goes on to its end" until_true 240 has_ended "$two"
check "which is good" is "$two" COMPLETED
check "from where it was" grep "^resuming after" "$work/two.out"
check "on both nodes, both times" test "$(grep -c "^2 ranks" "$work/two.out")" = 2
check "with the weights of one node" same_weights
((failed == 0)) || tail -n 30 "$work"/*.out "$work"/*.log
finish_checks
