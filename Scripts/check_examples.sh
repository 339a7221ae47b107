#!/usr/bin/env bash
# Builds the package in Examples and runs it: an environment, a loss and a training loop of its own, in fewer than a hundred lines.
#
#     Scripts/check_examples.sh
#
# From nothing, as a user would: the build lies in a directory of its own, which is thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../Examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A user's build has nothing of ours in its environment.
unset RLPLAY_STRICT RLPLAY_MARCH

lines=$(find Sources -name '*.swift' -exec cat {} + | wc -l)
((lines < 100)) || {
  echo "check_examples.sh: the example has $lines lines: keep it below 100" >&2
  exit 1
}

swift build -c release --scratch-path "$work" >&2
output=$(swift run -c release --scratch-path "$work" --skip-build Catch)
echo "$output"
# The largest mean return is 1, of one who never misses.
[[ $output =~ mean\ return\ (-?[0-9.]+)$ ]] && awk "BEGIN { exit !(${BASH_REMATCH[1]} >= 0.9) }" || {
  echo "check_examples.sh: Catch did not learn to catch" >&2
  exit 1
}
