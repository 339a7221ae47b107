#!/usr/bin/env bash
# Kills the learner of a deterministic run repeatedly at random moments, resumes it each time, and
# compares its last checkpoint with that of an uninterrupted run.
#
#     Scripts/check_resume.sh [RLPLAY] [KILLS] [train's options ...]
#
# By default it kills the release build 20 times in 40,000,000 steps (STEPS). Exit code 0 if the last
# checkpoints are equal byte by byte.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rlplay=$(realpath "${1:-.build/release/rlplay}")
kills=${2:-20}
shift $(($# < 2 ? $# : 2))
options=(--deterministic --seed 3 --steps "${STEPS:-40000000}" --eval-every 0 "$@")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
state=cut/checkpoints/state.safetensors
RANDOM=1

"$rlplay" train --quiet --run-dir whole "${options[@]}"
arguments=(--run-dir cut --save-every 20000 "${options[@]}")
for ((kill = 1; kill <= kills; kill++)); do
  # A new inode shows that a state was saved since: each save creates a new file.
  former=$(stat -c '%i %y' "$state" 2>/dev/null || true)
  "$rlplay" train --quiet "${arguments[@]}" >output 2>&1 &
  learner=$!
  until [[ "$(stat -c '%i %y' "$state" 2>/dev/null || true)" != "$former" ]]; do
    if ! kill -0 $learner 2>/dev/null; then
      echo "check_resume.sh: the run ended before kill $kill" >&2
      cat output >&2
      exit 1
    fi
  done
  sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
  kill -9 $learner 2>/dev/null || { echo "check_resume.sh: too late for kill $kill" >&2; exit 1; }
  wait $learner 2>/dev/null || true
  arguments=(--resume cut)
done
"$rlplay" train --resume cut 2>/dev/null | grep resuming
cmp whole/checkpoints/last.safetensors cut/checkpoints/last.safetensors
echo "the same bytes after $kills kills"
