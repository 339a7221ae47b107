#!/usr/bin/env bash
# Builds the API documentation of the library modules with the toolchain's docc.
#
#     Scripts/build_documentation.sh              # builds and discards it, as a check
#     Scripts/build_documentation.sh DIRECTORY    # builds DIRECTORY/<Module>.doccarchive of each module
#
# A warning is an error: a link to a symbol that does not exist, or a parameter that a comment leaves
# out. Needs `swift build -c release`, because the comments are read from the built modules. An
# archive is a directory of static pages: serve it with `python3 -m http.server` and open
# /documentation/<module in lower case>.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
output=$(realpath -m "${1:-$work/archives}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
modules=.build/release/Modules

for tool in swift-symbolgraph-extract docc; do
  command -v "$tool" >/dev/null || {
    echo "build_documentation.sh: $tool is not in PATH: add the bin directory of a Swift 6.3 toolchain" >&2
    exit 1
  }
done
triple=$(swift -print-target-info \
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["unversionedTriple"])')

failed=()
mkdir -p "$output"
for module in Rollout Actor Learner Worker; do
  [[ -f $modules/$module.swiftmodule ]] || {
    echo "build_documentation.sh: $modules has no $module: run 'swift build -c release' first" >&2
    exit 1
  }
  mkdir -p "$work/symbols/$module"
  swift-symbolgraph-extract -module-name "$module" -I "$modules" -target "$triple" \
    -minimum-access-level public -output-dir "$work/symbols/$module"
  docc convert "Sources/$module/Documentation.docc" \
    --additional-symbol-graph-dir "$work/symbols/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "rlplay.$module" \
    --warnings-as-errors --output-path "$output/$module.doccarchive" \
    >"$work/report" 2>&1 || failed+=("$module")
  # On success the report is only the name of the archive.
  [[ " ${failed[*]:-} " != *" $module "* ]] || cat "$work/report" >&2
done
((${#failed[@]} == 0)) || {
  echo "build_documentation.sh: docc reports warnings or errors in ${failed[*]}" >&2
  exit 1
}
echo "documentation of Rollout, Actor, Learner, Worker: no warnings"
