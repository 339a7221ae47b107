#!/usr/bin/env bash
# Builds and runs the package in Examples: the design on one page, and a custom environment, loss and
# training loop in less than 100 lines.
#
#     Scripts/check_examples.sh
#
# It builds from scratch, as a user would, in a temporary directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../Examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A user's build has none of our environment variables.
unset RLPLAY_STRICT RLPLAY_MARCH

lines=$(find Sources/Catch -name '*.swift' -exec cat {} + | wc -l)
((lines < 100)) || {
  echo "check_examples.sh: the example has $lines lines: keep it below 100" >&2
  exit 1
}

swift build -c release --scratch-path "$work" >&2
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
