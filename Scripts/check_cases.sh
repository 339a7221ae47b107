#!/usr/bin/env bash
# Runs a build on small inputs that once failed, and checks the exit code and output of each.
#
#     Scripts/check_cases.sh [RLPLAY] [NAME ...]
#
# By default it runs all cases with the release build. Those of Tests/Cases/*.py need a Python with Gymnasium
# (PYTHON, or python3). Without it they are skipped and counted as "left out", or fail if
# RLPLAY_REQUIRE_PYTHON is set. Exit code 0 if every case is right.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cases=$PWD/Tests/Cases
rlplay=$(realpath "${1:-.build/release/rlplay}")
shift $(($# < 1 ? $# : 1))
wanted=("$@")
python=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0 passed=0 left_out=0

# The options of a run with one worker that takes a second.
small=(--actors 1 --buffers 3 --envs-per-actor 2 --fragments-per-batch 1 --steps 1000 --seed 1)
evaluations=(--eval-every 500 --eval-episodes 2)

has_gymnasium=0
"$python" -c 'import gymnasium, numpy' 2>/dev/null && has_gymnasium=1

# Begins a case in a new directory; false if it was not asked for or cannot run.
begin() {
  name=$1
  if ((${#wanted[@]})) && [[ " ${wanted[*]} " != *" $name "* ]]; then return 1; fi
  if [[ ${2:-} == gymnasium ]] && ((!has_gymnasium)); then
    if [[ -n ${RLPLAY_REQUIRE_PYTHON:-} ]]; then
      wrong "$name" "needs a Python with Gymnasium"
    else
      left_out=$((left_out + 1))
    fi
    return 1
  fi
  mkdir -p "$scratch/$name"
  cd "$scratch/$name" || exit 1
  cp "$cases"/*.py .
}

wrong() {
  failed=$((failed + 1))
  echo "WRONG $1: $2"
  [[ -f output ]] && sed 's/^/    /' output | head -20
}

right() { passed=$((passed + 1)); }

# Runs a command for at most a minute; its output goes to the file `output`, its exit code to `code`.
run() {
  timeout -k 5 60 "$@" >output 2>&1
  code=$?
}

# Checks the exit code, and that the output has each pattern, or does not have it with a leading !.
expect() {
  local about=$1 wanted_code=$2
  shift 2
  if ((code != wanted_code)); then
    wrong "$name" "$about: exit code $code and not $wanted_code"
    return
  fi
  local pattern
  for pattern in "$@"; do
    if [[ $pattern == !* ]]; then
      if grep -qE -e "${pattern#!}" output; then
        wrong "$name" "$about: the output has \"${pattern#!}\""
        return
      fi
    elif ! grep -qE -e "$pattern" output; then
      wrong "$name" "$about: the output has no \"$pattern\""
      return
    fi
  done
  right
}

# `rlplay check-env` and a small training run of an environment of Tests/Cases.
check_environment() { run "$rlplay" check-env "$1" --python "$python"; }
train() {
  rm -rf run
  run "$rlplay" train --env "$1" --python "$python" "${small[@]}" --run-dir run "${@:2}"
}

# MARK: The command line

if begin big_seed; then
  run "$rlplay" train --seed 18446744073709551616 --steps 1000
  expect "2^64" 64 "18446744073709551616 is too large: use 0 to 18446744073709551615"
fi

if begin stdout_full; then
  timeout 60 "$rlplay" train "${small[@]}" --eval-every 0 --quiet --json --run-dir run >/dev/full 2>output
  code=$?
  expect "a full disk behind standard output" 1 "standard output"
fi

# MARK: Descriptors

if begin closed_descriptors; then
  options=(--actors 2 --buffers 4 --steps 2000000 --eval-every 0 --seed 1)
  for how in "2>&-" "1>&-" "0<&-" "0<&- 1>&- 2>&-"; do
    for mode in "" --deterministic; do
      rm -rf run
      : >output
      eval "timeout 60 \"$rlplay\" train ${options[*]} $mode --run-dir run $how" >shown 2>&1
      code=$?
      # The run completes, but a summary that cannot be written is a failure.
      ((code == 1)) && [[ $how == *"1>&-"* ]] && code=0
      if ! "$python" -c '
import json
for line in open("run/metrics.jsonl"): json.loads(line)
assert json.loads(line)["env_steps"] >= 2000000, line' >output 2>&1; then code=70; fi
      expect "$how $mode" 0
    done
  done
fi

if begin few_descriptors; then
  for limit in 10 16 64 128; do
    (ulimit -n $limit && timeout -k 5 20 "$rlplay" train --actors 4 --buffers 6 --steps 20000 --eval-every 0 \
      --seed 1 --quiet --run-dir run$limit) >output 2>&1 </dev/null
    code=$?
    if ((code == 0)); then right; else expect "ulimit -n $limit" 1 "open files" "ulimit -n" "!NS[A-Za-z]*Error"; fi
  done
  # The program raises a soft limit that is below the hard one.
  (ulimit -S -n 256 && timeout -k 5 50 "$rlplay" train --actors 60 --buffers 300 --steps 100000 \
    --eval-every 0 --seed 1 --quiet --run-dir soft) >output 2>&1
  code=$?
  expect "a soft limit" 0
fi

# MARK: Signals

if begin signals; then
  for signal in TERM:143 HUP:129 USR1:138 XCPU:152; do
    rm -rf run
    timeout 60 "$rlplay" train --actors 2 --buffers 4 --steps 4000000000 --eval-every 0 --seed 1 --quiet \
      --save-every 1000000000 --run-dir run >output 2>&1 &
    learner=$!
    until grep -q env_steps run/metrics.jsonl 2>/dev/null; do sleep 0.05; done
    pkill "-${signal%:*}" -P $learner
    wait $learner
    code=$?
    [[ -s run/checkpoints/state.safetensors ]] || code=70
    expect "SIG${signal%:*}" "${signal#*:}"
  done
fi

if begin kill_all; then
  # All workers are killed ten times per second, about 200 kills in total. They are replaced, and the run
  # continues.
  "$rlplay" train --actors 4 --buffers 6 --steps 4000000000 --eval-every 0 --seed 1 --quiet --run-dir run \
    >output 2>&1 &
  learner=$!
  until grep -q env_steps run/metrics.jsonl 2>/dev/null; do sleep 0.05; done
  for ((round = 0; round < 50; round++)); do
    pkill -KILL -P $learner
    sleep 0.1
  done
  kill -TERM $learner 2>/dev/null
  wait $learner
  code=$?
  expect "under ten kills a second" 143
fi

# MARK: Untrusted files

if begin untrusted; then
  run "$rlplay" train --collector same --hidden none --steps 2000 --eval-every 0 --quiet --run-dir good
  checkpoint=good/checkpoints/last.safetensors
  "$python" edit.py $checkpoint module.safetensors metadata/environment gym:payload:X-v0
  "$python" edit.py $checkpoint beside.safetensors metadata/environment gym:CartPole-v1
  cp -r good program
  printf '#!/bin/sh\ntouch RAN\n' >program/tool
  chmod +x program/tool
  state=checkpoints/state.safetensors
  "$python" edit.py good/$state a.safetensors configuration/env '"gym:CartPole-v1"'
  "$python" edit.py a.safetensors b.safetensors configuration/python '"program/tool"'
  "$python" edit.py b.safetensors program/$state configuration/steps 4000
  echo 'open("RAN", "w")' >payload.py
  echo 'open("RAN", "w")' >gymnasium.py
  for command in "describe module.safetensors" "describe beside.safetensors" "evaluate module.safetensors" \
    "evaluate beside.safetensors" "train --resume program"; do
    # shellcheck disable=SC2086
    run "$rlplay" $command
    if [[ -e RAN ]]; then wrong untrusted "\"$command\" ran code"; else right; fi
    rm -f RAN
  done
fi

if begin metrics_link; then
  run "$rlplay" train --collector same --hidden none --steps 2000 --eval-every 0 --quiet --run-dir run
  echo "my notes" >notes.txt
  rm run/metrics.jsonl
  ln -s "$PWD/notes.txt" run/metrics.jsonl
  run "$rlplay" train --resume run --steps 4000 --quiet
  expect "a symbolic link in place of the metrics" 1 "symbolic link"
  [[ $(cat notes.txt) == "my notes" ]] || wrong metrics_link "the file behind the link has changed"
fi

if begin damaged_state; then
  run "$rlplay" train --collector same --hidden none --envs-per-actor 2 --steps 20000 --eval-every 0 --seed 3 \
    --quiet --run-dir good
  largest=9223372036854775807
  for change in "told/recentReturns/next 1000" "collector/progress/turns -5" "collector/progress/turns 3" \
    "collector/progress/steps $largest" "collector/workers/0/nextFragment $largest" "told/seconds 1e300" \
    "told/seconds -1" "tensor/updates ffffffffffffff7f" "tensor/collector.snapshot.0 ff" \
    "tensor/weights.logits.weight 0000c07f"; do
    rm -rf run
    cp -r good run
    # shellcheck disable=SC2086
    "$python" edit.py good/checkpoints/state.safetensors run/checkpoints/state.safetensors $change
    run "$rlplay" train --resume run --steps 20200 --quiet
    expect "resuming with $change" 1 "state.safetensors"
  done
  for change in "policy/recurrentLayers -1" "policy/recurrentLayers 2147483648" "policy/embeddingWidth -1" \
    "tensor/logits.weight 0000c07f"; do
    # shellcheck disable=SC2086
    "$python" edit.py good/checkpoints/last.safetensors changed.safetensors $change
    for command in describe "evaluate --episodes 1"; do
      # shellcheck disable=SC2086
      run "$rlplay" $command changed.safetensors
      expect "$command with $change" 1 "changed.safetensors"
    done
  done
fi

# MARK: Gymnasium's environments

if begin mask_int8 gymnasium; then
  check_environment gym:mask_int8:Mask-v0
  expect "check-env" 0
  train gym:mask_int8:Mask-v0 "${evaluations[@]}"
  expect "train" 0 "1,000 steps"
fi

if begin info_lives gymnasium; then
  train gym:info_lives:Lives-v0 "${evaluations[@]}"
  expect "info that is not asked for" 0
  train gym:info_lives:Lives-v0 --wrap end-on-lost-life
  expect "info that is asked for" 64 "lives"
fi

if begin old_reset gymnasium; then
  for environment in Dict Three Two; do
    check_environment gym:old_reset:$environment-v0
    expect $environment 1 "reset returned"
  done
fi

if begin reward_array gymnasium; then
  check_environment gym:reward_array:One-v0
  expect "one element" 0
  check_environment gym:reward_array:None-v0
  expect "None" 1 "reward is None"
fi

if begin surrogate gymnasium; then
  check_environment gym:surrogate:Name-v0
  expect "a file name that is no UTF-8" 1 "ValueError: cannot read donn" '!"kind"'
fi

if begin never_ends gymnasium; then
  check_environment gym:never_ends:On-v0
  expect "check-env" 0 "unchecked"
  train gym:never_ends:On-v0 --eval-every 0
  expect "train" 0
fi

if begin never_learns gymnasium; then
  train gym:never_learns:Inf-v0 --eval-every 0
  expect "an infinite reward" 1 "inf"
  train gym:never_learns:Large-v0 --eval-every 0
  expect "1e39" 1 "1e\+?39" "float32"
  train gym:never_learns:Huge-v0 --eval-every 0
  expect "1e300" 1 "1e\+?300" "float32" "!diverges"
fi

if begin wide_action gymnasium; then
  check_environment gym:wide_action:Wide-v0
  expect "check-env" 0 "1000"
  run "$rlplay" train --env gym:wide_action:Wide-v0 --python "$python" --algorithm ppo --actors 1 --buffers 3 \
    --fragments-per-batch 1 --steps 40000 --eval-every 40000 --seed 1 --json --quiet --run-dir run
  # The worst return is -10, the best 0; a policy that never leaves the lower bound has -9.99.
  "$python" -c 'import json; assert json.load(open("output"))["eval_return"] > -5' || code=70
  expect "a Box from 0 to 1000 is learned" 0
fi

if begin spaces_differ gymnasium; then
  for ((try = 0; try < 8; try++)); do
    run "$rlplay" train --env gym:spaces_differ:Size-v0 --python "$python" "${small[@]}" --run-dir run$try
    ((code == 0)) || break
  done
  expect "sizes that follow the process number" 1 "observation space" "learner's"
fi

if begin slow_start gymnasium; then
  run "$rlplay" train --env gym:slow_start:Slow-v0 --python "$python" --actors 1 --buffers 3 --envs-per-actor 2 \
    --fragments-per-batch 1 --steps 500 --eval-every 0 --hang-timeout 12 --seed 1 --run-dir run
  expect "slow to make" 0
fi

if begin slow_close gymnasium; then
  train gym:slow_close:Sim-v0 "${evaluations[@]}"
  expect "slow to close" 0
  if pkill -f "sleep 555555"; then wrong slow_close "simulators were left behind"; else right; fi
fi

if begin env_kwargs gymnasium; then
  train gym:FrozenLake-v1 --env-args is_slippery=false
  expect "arguments of Gymnasium's environments" 0 "1,000 steps"
  run "$rlplay" evaluate run --python "$python" --trust --episodes 1
  expect "evaluation with these arguments" 0
  train gym:FrozenLake-v1 --env-args is_slipery=false
  expect "an unknown argument" 64 "unexpected keyword argument 'is_slipery'"
fi

if begin text_part gymnasium; then
  if "$python" -c 'import minigrid' 2>/dev/null; then
    train gym:minigrid/MiniGrid-Empty-5x5-v0
    expect "a text within a Dict" 0 "played without 'mission'" "1,000 steps"
    train gym:minigrid/MiniGrid-Empty-5x5-v0 --wrap only=image
    expect "a part by its name" 0 "1,000 steps"
    train gym:minigrid/MiniGrid-Empty-5x5-v0 --wrap without=mission
    expect "a part that is left out by its name" 0 "!played without"
  else
    left_out=$((left_out + 1))
  fi
fi

echo "cases: $passed right, $failed wrong, $left_out left out"
((failed == 0))
