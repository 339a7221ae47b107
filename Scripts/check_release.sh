#!/usr/bin/env bash
# Runs the program of a release archive in a minimal Debian without Swift: it trains, evaluates and describes.
#
#     Scripts/check_release.sh ARCHIVE.tar.gz
#
# Needs root and debootstrap (apt-get install debootstrap). The Debian lies in a temporary directory.
set -euo pipefail
archive=$(realpath "$1")
root=$(mktemp -d)
cleanup() {
  for folder in proc dev; do
    ! mountpoint -q "$root/$folder" || umount --lazy --recursive "$root/$folder"
  done
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT

echo "-- Debian" >&2
debootstrap --variant=minbase --include=libstdc++6 bookworm "$root" >"$root.log" 2>&1 || {
  tail -5 "$root.log" >&2
  exit 1
}
rm -f "$root.log"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
tar --extract --file "$archive" --directory "$root/opt" --strip-components 1

inside() { chroot "$root" /bin/bash -c "cd /opt && $1"; }
if inside 'command -v swift'; then
  echo "check_release.sh: the Debian has a Swift" >&2
  exit 1
fi
echo "-- libraries" >&2
libraries=$(inside 'ldd ./rlplay')
echo "$libraries"
! grep -Ei 'swift|foundation|not found' <<<"$libraries" || {
  echo "check_release.sh: the program needs libraries of Swift" >&2
  exit 1
}
echo "-- program" >&2
inside './rlplay --version && ./rlplay train --actors 4 --until-return 475 --seed 1 --quiet && ./rlplay evaluate --seed 1 \
  && ./rlplay describe && ./rlplay train --config Recipes/seed-001.json --quiet'
echo "check_release.sh: $(basename "$archive") works"
