#!/usr/bin/env bash
# Runs the tests of memory, kernels, collectors and checkpoints under the address sanitizer.
#
#     Scripts/check_sanitizer.sh
#
# It builds into .build-asan. Tests that exhaust memory on purpose are left out, since the sanitizer replaces the
# allocator. Leaks of static values, which live as long as the process, are suppressed by name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
suppressions=$(mktemp)
trap 'rm -f "$suppressions"' EXIT
cat >"$suppressions" <<'END'
leak:swift_initStaticObject
leak:swift_once
leak:libswift_Concurrency
leak:libTesting
leak:lib_TestingInternals
leak:libFoundation
END
export LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0"
export ASAN_OPTIONS="detect_leaks=${RLPLAY_LEAKS:-0}:abort_on_error=0"
swift test --sanitize=address --scratch-path .build-asan \
  --filter '^RolloutTests\.' --filter '^ActorTests\..*(Kernel|Executor|FlatVector)' \
  --filter '^LearnerTests\..*(Collector|Checkpoint|Safetensors|Batch|Replay|State)'
