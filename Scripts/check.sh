#!/usr/bin/env bash
# Runs the checks that every commit has to pass: format, language, documentation, build without warnings, tests.
#
#     Scripts/check.sh
#
# It stops at the first step that fails and names it. The tests come last, and the last line of the
# output is the test runner's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Warnings are errors. Changing the variable rebuilds everything, so all steps have it set. Set it in
# the shell that you develop in, too.
export RLPLAY_STRICT=1

step="start"
trap 'status=$?; ((status == 0)) || echo "check.sh: FAILED at step \"$step\"" >&2' EXIT
begin() {
  step=$1
  echo "== $step" >&2
}

begin "format"
swift format lint --strict --parallel --recursive Sources Tests Examples Package.swift

begin "language"
Scripts/check_language.py

begin "unsafe code"
Scripts/check_fence.sh

begin "documentation"
# Every file that a page links to exists.
missing=0
shopt -s nullglob
for page in *.md docs/*.md docs/*/*.md Examples/*.md; do
  while IFS= read -r target; do
    case $target in http://* | https://* | mailto:* | \#* | "") continue ;; esac
    if [[ ! -e "$(dirname "$page")/${target%%#*}" ]]; then
      echo "$page: links to $target, which does not exist" >&2
      missing=1
    fi
  done < <(sed '/^```/,/^```/d' "$page" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//')
done
((missing == 0))

begin "file lengths"
# A long file is not a failure, but deserves a second look.
find Sources Tests -name '*.swift' -exec awk 'END { if (NR > 300) print FILENAME ": " NR " lines" }' {} \;

begin "release build"
swift build -c release

begin "tests"
swift test
