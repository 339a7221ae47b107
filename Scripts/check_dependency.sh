#!/usr/bin/env bash
# Makes a package of the README's examples outside the repository, with this one as a dependency, and
# runs it. The package trains a custom environment in worker processes and evaluates it.
#
#     Scripts/check_dependency.sh
#
# The dependency is by version, built with the default unsafe flags for the instruction set.
# Scripts/check_examples.sh has a dependency by path, built without unsafe flags.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A user's build has none of our environment variables.
unset RLPLAY_STRICT RLPLAY_MARCH

# Writes the package's sources: the blocks of Swift in the README that name a file in the first line.
make_package() {
  local package=$1 requirement=$2
  mkdir -p "$package/Sources/Mine"
  awk -v folder="$package/" '
    /^```swift/ { inside = 1; first = 1; next }
    /^```/ { inside = 0; file = ""; next }
    inside && first { first = 0; if ($1 == "//" && $2 ~ /\.swift$/) { file = folder $2; next } }
    inside && file { print > file }
  ' "$root/README.md"
  # The README names a released version; replace it with the one under test.
  sed -i -E "s|\\.package\\(.*\\)|.package($requirement)|" "$package/Package.swift"
  for file in Package.swift Sources/Mine/Hallway.swift Sources/Mine/Training.swift; do
    [[ -s $package/$file ]] || {
      echo "check_dependency.sh: the README has no example $file" >&2
      exit 1
    }
  done
}

# Builds and runs the package, and checks its build plan and the mean return that it prints.
try_package() {
  local package=$1
  # In the package's directory, as a user would.
  (cd "$package" && swift build -c release --cache-path "$work/cache" >&2)
  grep --quiet --recursive --include='*.yaml' -e '-march=native' "$package/.build" || {
    echo "check_dependency.sh: the build plan has no -march=native" >&2
    exit 1
  }
  local output
  output=$(cd "$package" && swift run -c release --skip-build Mine)
  echo "$output"
  [[ $output =~ ^mean\ return\ ([0-9.]+)$ ]] && awk "BEGIN { exit !(${BASH_REMATCH[1]} >= 0.9) }" || {
    echo "check_dependency.sh: the package did not learn the hallway" >&2
    exit 1
  }
}

# A copy of the current files in a repository with a version.
released="$work/released/rlplay"
mkdir -p "$released"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -c) \
  | tar -x -C "$released"
(
  cd "$released"
  git init --quiet
  git add --all
  git -c user.name=check -c user.email=check@example.org commit --quiet --message "Check"
  git tag 0.0.1
)

make_package "$work/by-version" "url: \"file://$released\", exact: \"0.0.1\""
try_package "$work/by-version"
