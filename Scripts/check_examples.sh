#!/usr/bin/env bash
# Builds and runs the package in Examples: the design on one page, a task in about 30 lines of Swift and
# of Python, a custom environment, loss and training loop in less than 100 lines, the command with a
# custom environment and algorithm, the cube notebook's figures, and the overview's notebook. The task
# in Python is left out if `python3` cannot import Gymnasium, unless RLPLAY_REQUIRE_PYTHON is set.
#
#     Scripts/check_examples.sh
#
# It builds from scratch, as a user would, in a temporary directory: with rlplay as a dependency by path,
# and without unsafe flags. Scripts/check_dependency.sh has the dependency by version, with them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../Examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A user's build has none of our environment variables.
unset RLPLAY_STRICT
export RLPLAY_MARCH=baseline

lines=$(find Sources/Catch -name '*.swift' -exec cat {} + | wc -l)
((lines < 100)) || {
  echo "check_examples.sh: Catch has $lines lines: keep it below 100" >&2
  exit 1
}

swift build -c release --scratch-path "$work" >&2
! grep --quiet --recursive --include='*.yaml' -e '-march=' "$work" || {
  echo "check_examples.sh: the build plan has unsafe flags in spite of RLPLAY_MARCH=baseline" >&2
  exit 1
}
output=$(swift run -c release --scratch-path "$work" --skip-build Monolith)
echo "$output"
# Episodes of the first policy have about 20 steps; of 12 runs the worst ended with 179.
[[ $output =~ episode\ length\ ([0-9]+)$ ]] && ((BASH_REMATCH[1] >= 80)) || {
  echo "check_examples.sh: Monolith did not learn to balance" >&2
  exit 1
}
output=$(swift run -c release --scratch-path "$work" --skip-build Catch)
echo "$output"
# The largest mean return is 1, without a single miss.
[[ $output =~ mean\ return\ (-?[0-9.]+)$ ]] && awk "BEGIN { exit !(${BASH_REMATCH[1]} >= 0.9) }" || {
  echo "check_examples.sh: Catch did not learn to catch" >&2
  exit 1
}

bin=$(swift build -c release --scratch-path "$work" --show-bin-path)
figures=$("$bin/CubeFigures")
echo "$figures" | sed -n '/^max/,$p'
[[ $figures != *false* ]] && awk "BEGIN { exit !(${figures##* } < 1e-10) }" || {
  echo "check_examples.sh: CubeFigures are not those of the notebook" >&2
  exit 1
}

# The command for a custom environment and algorithm: each subcommand that knows them.
mine=$bin/Mine
fail() {
  echo "check_examples.sh: $1" >&2
  exit 1
}
# One task in two languages, each trained by the same command.
python=$PWD/Python
cd "$work"
dock() {
  "$bin/Dock" check-env "$1" --steps 1000 || fail "check-env finds fault with $1"
  "$bin/Dock" train --env "$1" --algorithm ppo --steps 200000 --seed 1 --run-dir "dock-$2" --quiet
  local result
  result=$("$bin/Dock" evaluate "dock-$2" --env "$1" --seed 1 --json | tail -1)
  echo "$result"
  # Without thrust the mean return is -14, and the best that a linear rule reaches is -1.19.
  [[ $result =~ \"mean_return\":\ ?(-?[0-9.]+) ]] && awk "BEGIN { exit !(${BASH_REMATCH[1]} >= -2) }" \
    || fail "$1 is not learned"
}
dock Dock-v0 swift
if python3 -c 'import gymnasium' 2>/dev/null; then
  PYTHONPATH=$python dock gym:dock:Dock-v0 python
elif [[ -n ${RLPLAY_REQUIRE_PYTHON:-} ]]; then
  fail "RLPLAY_REQUIRE_PYTHON is set and python3 cannot import gymnasium"
else
  echo "check_examples.sh: without Gymnasium, Python/dock.py is left out"
fi
"$bin/Overview" 3 || fail "Overview does not train"
overview=$(echo runs/Cart-v0-overview-3-*)
(($(grep -c policy_score "$overview/metrics.jsonl") == 300)) || fail "Overview leaves out updates"
(($(grep -c eval_median "$overview/metrics.jsonl") == 3)) || fail "Overview leaves out evaluations"
[[ $("$bin/Overview" runs) == *" done "* ]] || fail "the run of Overview has no end"
"$bin/Overview" evaluate "$overview" --episodes 2 >/dev/null || fail "Overview's policy does not play"
"$bin/Overview" report "$overview" --svg plots || fail "Overview is not drawn"
for plot in loss entropy policy-score grad-norm evaluation episode-entropy episode-log-ratios; do
  [[ -s plots/$plot.svg ]] || fail "the report of Overview lacks $plot"
done
[[ $(<"$overview/report.html") == *"|logits.weight| · |hidden.weight|"* ]] \
  || fail "the report of Overview lacks the weights"
"$mine" check-env Mine-v0 --steps 1000 || fail "check-env finds fault with Mine-v0"
[[ $("$mine" envs) == *"Mine-v0  Walk to the right"* ]] || fail "envs does not list Mine-v0"
"$mine" train --algorithm simple --steps 40000 --eval-every 20000 --seed 1 --run-dir run --quiet
"$mine" train --resume run --steps 60000 --quiet || fail "the run is not resumed"
[[ $("$mine" describe run) =~ algorithm\ +simple ]] || fail "describe does not name the algorithm"
"$mine" evaluate run --video run.gif >/dev/null || fail "the episodes are not recorded"
[[ -s run.gif ]] || fail "evaluate leaves no pictures of Mine-v0"
result=$("$mine" evaluate run --seed 1 --json | tail -1)
echo "$result"
[[ $result =~ \"mean_return\":\ ?([0-9.]+) ]] && awk "BEGIN { exit !(${BASH_REMATCH[1]} >= 0.9) }" \
  || fail "Mine did not learn to walk to the right"
