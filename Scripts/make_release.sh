#!/usr/bin/env bash
# Makes the archives of a release: a statically linked, stripped program for two levels of x86-64.
#
#     Scripts/make_release.sh [DIRECTORY]
#
# It writes rlplay-VERSION-linux-LEVEL.tar.gz for the levels x86-64-v3 and x86-64-v4, and SHA256SUMS, to the directory
# (dist by default). The version is that of the sources. The program needs glibc and libstdc++ alone. docs/releasing.md
# has the steps around it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=$(realpath -m "${1:-$root/dist}")
cd "$root"
levels=(x86-64-v3 x86-64-v4)

version=$(sed -nE 's/^package let releaseVersion = "(.*)"$/\1/p' Sources/Rollout/Support/Version.swift)
[[ -n $version ]] || {
  echo "make_release.sh: Sources/Rollout/Support/Version.swift has no version" >&2
  exit 1
}
grep -q "^## $version" CHANGELOG.md || {
  echo "make_release.sh: CHANGELOG.md has no section for $version" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$target"
# Times and owners are fixed, so that equal sources give equal archives.
time=$(git log -1 --format=%ct)

for level in "${levels[@]}"; do
  echo "-- $level" >&2
  RLPLAY_MARCH=$level swift build -c release --product rlplay --static-swift-stdlib \
    --scratch-path "$work/build-$level" >&2
  name=rlplay-$version-linux-$level
  mkdir -p "$work/$name"
  strip -o "$work/$name/rlplay" "$work/build-$level/release/rlplay"
  cp -r README.md CHANGELOG.md LICENSE docs Recipes "$work/$name"
  rm -rf "$work/build-$level"
  tar --directory "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" \
    --create "$name" | gzip --no-name >"$target/$name.tar.gz"
done
(cd "$target" && sha256sum rlplay-"$version"-*.tar.gz >SHA256SUMS && cat SHA256SUMS)
