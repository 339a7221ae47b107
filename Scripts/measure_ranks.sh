#!/usr/bin/env bash
# Measures ranks on two hosts: network namespaces of this machine, joined by a link with a delay.
#
#     Scripts/measure_ranks.sh [RLPLAY] [SECONDS]
#
# SECONDS is the time for each sum, STEPS (4,000,000) the length of each run of two ranks.
#
# First two ranks are compared with one of as many workers, without any delay. Then, for delays of 0, 100 µs and 1 ms
# each way, it prints the time of a sum, and the efficiency of training: steps per second of two hosts of one core,
# divided by twice those of one. docs/machines.md has the formula. Needs root, iproute2 and Open MPI; the delay comes from
# netem, or from Scripts/delay_link.py where the kernel has no netem.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rlplay=$(realpath "${1:-.build/release/rlplay}")
seconds=${2:-2}
steps=${STEPS:-4000000}
scripts=$PWD/Scripts

mpirun=$(command -v mpirun.openmpi || true)
[[ -n $mpirun ]] || { echo "measure_ranks.sh: mpirun.openmpi is not installed" >&2; exit 1; }
if ! ip netns add rlplay-a 2>/dev/null; then
  echo "measure_ranks.sh: network namespaces are not allowed here ('ip netns add' failed)" >&2
  exit 1
fi
work=$(mktemp -d)
relay=""
finish() {
  [[ -z $relay ]] || kill "$relay" 2>/dev/null || true
  for host in rlplay-a rlplay-b; do
    ip netns del "$host" 2>/dev/null || true
    rm -rf "/etc/netns/$host"
  done
  rm -rf "$work"
}
trap finish EXIT
ip netns add rlplay-b
for host in rlplay-a rlplay-b; do
  mkdir -p "/etc/netns/$host"
  printf '127.0.0.1 localhost\n10.77.0.1 rlplay-a\n10.77.0.2 rlplay-b\n' >"/etc/netns/$host/hosts"
  ip -n "$host" link set lo up
done

# Starts a command on a host, as ssh would: [-x] HOST COMMAND ...
cat >"$work/agent" <<'AGENT'
#!/bin/bash
[[ $1 == -x ]] && shift
host=$1
shift
core=0
[[ $host == *-b ]] && core=$(($(nproc --all) > 1 ? 1 : 0))
exec taskset -c "$core" ip netns exec "$host" unshare -u bash -c "hostname $host; $*"
AGENT
chmod +x "$work/agent"

# Joins the hosts with a delay in seconds.
join() {
  [[ -z $relay ]] || { kill "$relay"; wait "$relay" 2>/dev/null || true; }
  ip -n rlplay-a link del wire 2>/dev/null || true
  relay=""
  ip link add rlplay-va type veth peer name rlplay-vb
  if [[ $1 == 0 ]] || tc qdisc add dev rlplay-va root netem delay 0 2>/dev/null; then
    if [[ $1 != 0 ]]; then
      tc qdisc replace dev rlplay-va root netem delay "$1s"
      tc qdisc replace dev rlplay-vb root netem delay "$1s"
    fi
  else
    ip link del rlplay-va
    "$scripts/delay_link.py" rlplay-va rlplay-vb "$1" >"$work/relay" &
    relay=$!
    until [[ -s $work/relay ]]; do sleep 0.01; done
    : >"$work/relay"
  fi
  local number=1
  for host in a b; do
    ip link set "rlplay-v$host" netns "rlplay-$host" name wire mtu 16384
    ip -n "rlplay-$host" address add "10.77.0.$number/24" dev wire
    ip -n "rlplay-$host" link set wire up
    number=2
  done
}

# Runs the command on both hosts.
ranks() {
  "$work/agent" rlplay-a "cd $work && $mpirun --allow-run-as-root --bind-to none -n 2 -host rlplay-a:1,rlplay-b:1 \
    --mca plm_rsh_agent $work/agent --mca btl tcp,self --mca btl_tcp_if_include wire --mca oob_tcp_if_include wire \
    $rlplay $*"
}

# Prints the milliseconds of a message and its answer.
trip() {
  "$work/agent" rlplay-b "timeout 20 python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((\"10.77.0.2\", 9))
while True: s.sendto(*s.recvfrom(9))'" &
  local echo=$!
  "$work/agent" rlplay-a "python3 -c '
import socket, statistics, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.2)
times = []
while len(times) < 200:
    began = time.monotonic()
    s.sendto(b\"?\", (\"10.77.0.2\", 9))
    try: s.recv(9)
    except OSError: continue
    times.append(time.monotonic() - began)
print(statistics.median(times) * 1e3)'"
  kill "$echo" 2>/dev/null || true
  wait "$echo" 2>/dev/null || true
}

rate() { python3 -c 'import json,sys; print(json.loads(sys.stdin.read().splitlines()[-1])["steps_per_second"])'; }

train="train --quiet --json --env CartPole-v1 --eval-every 0 --log none --seed 1 --hidden 32 --baseline none"
if [[ -z $("$rlplay" train --help | grep -e '--ranks') ]]; then
  echo "measure_ranks.sh: $rlplay does not train with ranks: only sums are measured" >&2
  train=""
fi

if [[ -n $train ]]; then
  echo "weak scaling on this machine: an update from 3,200 steps, by 16 workers"
  for round in 1 2 3; do
    one=$("$rlplay" $train --steps $steps --run-dir "$work/one-$round" --actors 16 --buffers 64 \
      --fragments-per-batch 16 | rate)
    two=$("$mpirun" --allow-run-as-root --bind-to none --oversubscribe -n 2 "$rlplay" $train --steps $steps \
      --run-dir "$work/two-$round" --actors 8 --buffers 32 --fragments-per-batch 8 | rate)
    python3 -c 'import sys; a, b = map(float, sys.argv[1:]); print(f"one rank {a:.0f} steps/s, two {b:.0f}: {b / a:.2f}")' \
      "$one" "$two"
  done
  train+=" --actors 4 --buffers 64 --fragments-per-batch 16"
  alone=$(cd "$work" && taskset -c 0 "$rlplay" $train --steps $((steps / 2)) --run-dir "$work/alone" | rate)
  echo "two hosts of one core: one rank has $alone steps/s"
fi
for delay in 0 0.0001 0.001; do
  join "$delay"
  trip=$(trip)
  echo "delay $delay s: a message and its answer take $trip ms"
  ranks bench --seconds "$seconds" --only allreduce
  if [[ -n $train ]]; then
    both=$(ranks $train --steps $steps --run-dir "$work/both-$delay" | rate)
    # An update takes the time of 3,200 steps of a rank. A sum of two ranks is a message of each to the other.
    python3 -c '
import sys
alone, both, trip = map(float, sys.argv[1:])
update, message = 3200 / alone, trip / 2e3
print(f"two ranks have {both:.0f} steps/s, efficiency {both / 2 / alone:.2f}; "
      f"{update / (update + message):.2f} on paper")' "$alone" "$both" "$trip"
  fi
done
