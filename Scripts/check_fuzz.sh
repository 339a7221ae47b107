#!/usr/bin/env bash
# Runs each parser on mutated inputs with libFuzzer, guided by coverage, under the address sanitizer.
#
#     Scripts/check_fuzz.sh [SECONDS] [TARGET ...]
#     Scripts/check_fuzz.sh build      # builds the program without running it
#
# SECONDS (30 by default) is the time per target; the targets are those of Tests/Fuzz/FuzzTarget.swift.
# A parser must neither trap nor take more than 10 seconds or 2 GB, and what it accepts has to survive
# being written and read again. Inputs start from Tests/Fuzz/Corpus, from the recipes, and from the files
# of a tiny run. An input that fails is kept in .build-fuzz and its path printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export RLPLAY_FUZZ=1
# Unoptimized: the instrumented kernels, which no parser reaches, take minutes to optimize.
export RLPLAY_MARCH=baseline
options=(--disable-index-store --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address --scratch-path .build-fuzz)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
swift build "${options[@]}" --product Fuzz >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
tail -1 "$work/log"
[[ ${1:-} != build ]] || exit 0

seconds=${1:-30}
shift || true
targets=("$@")
((${#targets[@]} > 0)) || targets=(safetensors state json wrappers command)
program=$(swift build "${options[@]}" --show-bin-path)/Fuzz

for target in "${targets[@]}"; do
  mkdir -p "$work/$target"
  if [[ -d Tests/Fuzz/Corpus/$target ]]; then cp Tests/Fuzz/Corpus/"$target"/* "$work/$target/"; fi
  case $target in
    json) cp Recipes/*.json "$work/$target/" ;;
    safetensors | state)
      .build/release/rlplay train --collector same --hidden none --envs-per-actor 2 --fragment-steps 4 \
        --steps 64 --eval-every 0 --seed 1 --run-dir "$work/run" --quiet >"$work/output" 2>&1 \
        || { cat "$work/output" >&2; exit 1; }
      find "$work/run" -name '*.safetensors' -exec cp {} "$work/$target/" \;
      rm -rf "$work/run"
      ;;
  esac
  # Backtraces of a trap would take a minute each.
  if ! SWIFT_BACKTRACE=enable=no RLPLAY_FUZZ_TARGET=$target "$program" "$work/$target" -seed=1 \
    -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -use_value_profile=1 \
    -artifact_prefix=.build-fuzz/"$target"- >"$work/log" 2>&1; then
    tail -40 "$work/log" >&2
    echo "check_fuzz.sh: FAILED: $target" >&2
    exit 1
  fi
  grep -E '^#[0-9]+' "$work/log" | tail -1 | sed "s/^/$target: /"
done
