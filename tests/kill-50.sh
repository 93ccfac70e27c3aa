#!/usr/bin/env bash
# Kills a real build at random moments, runs it again to its end, and compares with a build that nothing disturbed: paths,
# modes, contents and .installed.cfg. No process may be left.
#
#   tests/kill-50.sh [COUNT] [DIRECTORY]        default: 50 kills, a temporary directory
#
# RBUILDOUT is the command, RBUILDOUT_TEST_SOURCES a folder with sources, SEED makes the moments the same again.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/real/common.sh"
count=${1:-50}
top=${2:-$(mktemp -d "${TMPDIR:-/tmp}/rb-kill-XXXXXX")}
mkdir -p "$top"
top=$(cd "$top" && pwd -P)
RANDOM=${SEED:=$(($(date +%s) % 32768))}
isolate "$top"
work=$top/work

# Every other build shares its parts in a directory of its own.
clean() {
  chmod -R u+w "$top/shared" "$work" 2>/dev/null || true
  rm -rf "$work" "$top/shared"
  mkdir -p "$work" "$top/shared"
}
build() {
  local options=()
  [ "$1" = own ] || options=(buildout:shared-part-list="$top/shared")
  shift
  exec "$rbuildout" -U --jobs 2 -c "$root/tests/real/quick.cfg" buildout:directory="$work" \
    buildout:download-cache="$top/downloads" "${sources[@]}" "${options[@]}" "$@"
}
everything() { manifest "$work"; manifest "$top/shared"; }

mkdir -p "$top/downloads"
declare -A span
for kind in own shared; do
  clean
  begun=$(now)
  (build $kind) >"$top/build.log" 2>&1 || { cat "$top/build.log"; exit 1; }
  span[$kind]=$(($(now) - begun))
  everything >"$top/undisturbed-$kind"
  clean
  # Once more, to know that builds are the same at all.
  begun=$(now)
  (build $kind) >"$top/build.log" 2>&1
  span[$kind]=$(($(now) - begun))
  everything >"$top/again"
  diff "$top/undisturbed-$kind" "$top/again" || { echo "Two undisturbed builds differ." >&2; exit 1; }
  echo "undisturbed build, $kind parts: ${span[$kind]} ms, $(grep -c '^f' "$top/undisturbed-$kind") files"
done

kills=0 late=0 orphans=0 wrong=0
while [ $kills -lt "$count" ]; do
  kind=own
  [ $(((kills + late) % 2)) = 0 ] || kind=shared
  clean
  (build $kind) >"$top/killed.log" 2>&1 &
  run=$!
  moment=$(((RANDOM * 32768 + RANDOM) % span[$kind]))
  sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
  if ! kill -KILL $run 2>/dev/null; then
    wait $run || { cat "$top/killed.log"; exit 1; }
    late=$((late + 1))
    continue
  fi
  wait $run 2>/dev/null || true
  kills=$((kills + 1))
  left=$(processes_in "$work" | wc -w)
  orphans=$((orphans + left))
  parts=$(grep -hs '"installed"' "$work"/.rbuildout/journal-* | wc -l || true)
  if ! (build $kind) >"$top/rerun.log" 2>&1; then
    echo "kill $kills at $moment ms ($kind): the rerun failed" >&2
    cat "$top/rerun.log" >&2
    exit 1
  fi
  verdict=same
  everything >"$top/after"
  if ! diff "$top/undisturbed-$kind" "$top/after" >"$top/difference"; then
    verdict=DIFFERENT wrong=$((wrong + 1))
    head -40 "$top/difference"
    cp "$top/difference" "$top/difference-$kills"
  fi
  remaining=$(processes_in "$work")
  [ -z "$remaining" ] || { verdict="PROCESSES LEFT: $remaining" wrong=$((wrong + 1)); }
  again=$(build $kind 2>&1) || true
  case $again in
    *"Nothing to do: "*) ;;
    *) verdict="NOT IDLE: $again" wrong=$((wrong + 1)) ;;
  esac
  echo "kill $kills at $moment ms ($kind parts): $parts recorded, $left processes left behind, then: $verdict"
done
echo "$kills kills (seed $SEED, $late more came too late), $orphans processes left behind by them and ended by the next run: $wrong wrong"
[ $wrong = 0 ] || exit 1
clean
[ $# -gt 1 ] || rm -rf "$top"
