#!/usr/bin/env bash
# All checks that a commit has to pass: format, build without warnings, documentation, tests.
#
#     Scripts/check.sh
#
# Ends at the first step that fails and says which. The tests come last, so that the last line of the
# output is the test runner's own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Warnings are errors. Changing the variable rebuilds everything, so all steps here have it set; a shell to
# develop in had better set it too.
export RLPLAY_STRICT=1

step="start"
trap 'status=$?; ((status == 0)) || echo "check.sh: FAILED at step \"$step\"" >&2' EXIT
begin() {
  step=$1
  echo "== $step" >&2
}

begin "format"
swift format lint --strict --parallel --recursive Sources Tests Examples Package.swift

begin "documentation"
# Every file that a page links to is there.
missing=0
shopt -s nullglob
for page in *.md docs/*.md docs/*/*.md Examples/*.md; do
  while IFS= read -r target; do
    case $target in http://* | https://* | mailto:* | \#* | "") continue ;; esac
    if [[ ! -e "$(dirname "$page")/${target%%#*}" ]]; then
      echo "$page: links to $target, which is not there" >&2
      missing=1
    fi
  done < <(sed '/^```/,/^```/d' "$page" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//')
done
((missing == 0))

begin "file lengths"
# A long file is no failure; it wants a second look.
find Sources Tests -name '*.swift' -exec awk 'END { if (NR > 300) print FILENAME ": " NR " lines" }' {} \;

begin "release build"
swift build -c release

begin "tests"
swift test
