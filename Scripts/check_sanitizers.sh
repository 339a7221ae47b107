#!/usr/bin/env bash
# Runs tests under the address sanitizer and under the thread sanitizer.
#
#     Scripts/check_sanitizers.sh            # both
#     Scripts/check_sanitizers.sh address    # memory, kernels, collectors, checkpoints; in .build-asan
#     Scripts/check_sanitizers.sh thread     # the memory that threads share; in .build-tsan
#     Scripts/check_sanitizers.sh build ...  # builds these tests without running them
#
# A test that cannot run under a sanitizer says so in a trait, with the reason. What is not reported is
# listed below, with the reason.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

shopt -s nullglob
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Backtraces of tests that expect a trap would take most of the time.
export SWIFT_BACKTRACE=enable=no

fail() {
  cat "$work"/report* /dev/null >&2
  echo "check_sanitizers.sh: FAILED: $1" >&2
  exit 1
}

# rlplay is the worker of the collectors.
declare -A targets=([address]=RolloutTests,ActorTests,LearnerTests,rlplay [thread]=RolloutTests,ActorTests)
# Tests of shared memory compute next to nothing: they are built unoptimized, which takes less time.
declare -A processor=([address]=${RLPLAY_MARCH:-native} [thread]=baseline)

# Runs `swift build` or `swift test` with a sanitizer; the arguments are the sanitizer, the subcommand and
# its options.
swift_with() {
  RLPLAY_MARCH=${processor[$1]} RLPLAY_TARGETS=${targets[$1]} swift "$2" \
    --disable-xctest --sanitize="$1" --scratch-path ".build-${1:0:1}san" "${@:3}"
}

# Runs the tests of the given filters with a sanitizer.
run() {
  local sanitizer=$1
  # Reports go to files, because those of workers and of tests that expect a failure would be lost.
  local options="log_path=$work/report"
  export ASAN_OPTIONS=$options TSAN_OPTIONS=$options
  swift_with "$sanitizer" test "${@:2}" >"$work/log" 2>&1 || {
    grep -vE '^(◇|✔|\[)' "$work/log" >&2
    fail "a test failed under the $sanitizer sanitizer"
  }
  local reports=("$work"/report*)
  ((${#reports[@]} == 0)) || fail "the $sanitizer sanitizer reports something"
  grep 'skipped: ' "$work/log" || true
  echo "$sanitizer sanitizer: $(grep -oE 'Test run with [0-9]+ tests.*' "$work/log" | tail -1)"
}

address() {
  # Values of the runtime and of the test library that live as long as the process.
  printf 'leak:%s\n' swift_initStaticObject swift_once libswift_Concurrency libTesting \
    lib_TestingInternals libFoundation >"$work/leaks"
  export LSAN_OPTIONS="suppressions=$work/leaks:print_suppressions=0"
  # The other tests of the learner reach no other memory, and those of matrix products compare with loops
  # that take minutes here.
  run address --filter '^RolloutTests\.' \
    --filter '^ActorTests\.(Executor|PolicyActor|Recurrent|Convolution|Indexing|Scan|Softmax|Reduction|Elementwise|LayerNorm|Lane|Transcend|FinalReaction)' \
    --filter '^LearnerTests\.(Collector|MultiWorker|SameProcess|ReplacedWorker|Resuming|LagLimit|FinalValue|Checkpoint|Safetensors|StateArchive|ReplayBuffer|MinibatchLearner|LossFunction)'
}

thread() {
  # Only these tests have threads: a worker and the learner share memory, and the learner's threads the
  # chunks of an update. Left out: the registry of environments, which is locked by the standard library's Mutex. Its
  # waiting is built without this sanitizer, which then takes what one thread after the other does for a race.
  run thread \
    --filter '^RolloutTests\.(FragmentPool|WeightBoard|Parking|Doorbell|WorkerLine|RunMemory|SharedMemory|ThreadPool)' \
    --filter '^ActorTests\.ExecutorThread'
}

only_builds=false
if [[ ${1:-} == build ]]; then
  only_builds=true
  shift
fi
sanitizers=("$@")
((${#sanitizers[@]} > 0)) || sanitizers=(address thread)
for sanitizer in "${sanitizers[@]}"; do
  if $only_builds; then swift_with "$sanitizer" build --build-tests; else "$sanitizer"; fi
done
