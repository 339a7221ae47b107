#!/usr/bin/env bash
# Checks that pointers and other unsafe code are used only in the folders that own or view memory.
#
#     Scripts/check_fence.sh
#
# The compiler's strict memory safety names every unsafe expression of `Rollout` and `Actor`; those in the
# folders below are left out. The other modules are built with it. docs/architecture.md describes the fence.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fence='^Sources/(Rollout/(Memory|System|Vectorized)|Actor/(Kernels|Executor))/'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The word would silence the compiler, so it may not be used outside.
grep -rnE '(^|[^A-Za-z])@?unsafe([^A-Za-z-]|$)|Unsafe[A-Z]|withUnsafe|unsafeBitCast|Unmanaged|\.pointee' \
  Sources --include='*.swift' | grep -vE "$fence" | grep -vE '^[^:]+:[0-9]+: *//' >"$work/found" || true

for module in Rollout Actor; do
  # The module is for the next one; code is only checked.
  if ! swiftc -whole-module-optimization -emit-module -emit-module-path "$work/$module.swiftmodule" \
    -module-name "$module" -package-name rlplay -I "$work" -swift-version 6 -strict-memory-safety \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility \
    -enable-experimental-feature Lifetimes $(find "Sources/$module" -name '*.swift') \
    >"$work/output" 2>&1; then
    cat "$work/output" >&2
    exit 1
  fi
  grep -E '^Sources/[^ ]+ warning: .*StrictMemorySafety' "$work/output" | sort -u \
    | grep -vE "$fence" >>"$work/found" || true
done

if [[ -s $work/found ]]; then
  cat "$work/found" >&2
  echo "fence: $(wc -l <"$work/found") lines with unsafe code outside of the folders that own memory" >&2
  exit 1
fi
echo "fence: nothing found"
