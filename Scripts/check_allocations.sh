#!/usr/bin/env bash
# Counts the allocations of a fragment, an update, a publication and a start, as a table.
#
#     Scripts/check_allocations.sh [PROGRAM]
#
# PROGRAM is .build/release/Allocations by default, which `swift build -c release` makes. The script
# fails if a count is above its threshold in Tests/Allocations/main.swift. A library that is preloaded
# counts, because Swift may not define malloc.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang -O2 -shared -fPIC -fno-builtin -o "$work/count.so" Scripts/count_allocations.c
LD_PRELOAD="$work/count.so" "${1:-.build/release/Allocations}"
