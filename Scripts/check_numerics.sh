#!/usr/bin/env bash
# Runs the numeric tests (kernels, gradients, layers, distributions) in a release build of library and tests.
#
#     Scripts/check_numerics.sh
#
# `swift test` runs the same tests with an optimized library too (Package.swift). The rest of a release build is
# in this one alone: optimized tests, and no code that exists for debugging.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export RLPLAY_TARGETS=ActorTests
swift test -c release -Xswiftc -enable-testing --disable-xctest --scratch-path .build-numerics 2>&1 | tail -1
