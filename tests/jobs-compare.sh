#!/usr/bin/env bash
# Builds a release with --jobs 1 and with --jobs 2: the times, and whether the trees are the same.
#
#   tests/jobs-compare.sh [PROFILE] [PART...]        default: component/release-haproxy/software.cfg, its own parts
#
# RBUILDOUT is the command, RBUILDOUT_TEST_SOURCES a folder with sources.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/real/common.sh"
profile=$(realpath "${1:-$root/component/release-haproxy/software.cfg}")
[ $# = 0 ] || shift
top=$(mktemp -d "${TMPDIR:-/tmp}/rb-jobs-XXXXXX")
trap 'chmod -R u+w "$top"; rm -rf "$top"' EXIT
isolate "$top"
mkdir -p "$top/downloads"
parts=()
[ $# = 0 ] || parts=(buildout:parts="$*")

declare -A time
for jobs in 2 1 2; do
  # The first build fills the download cache and tells how long parts take; it is not compared by its time.
  rm -rf "$top/work"
  mkdir "$top/work"
  begun=$(now)
  "$rbuildout" -U --jobs $jobs -c "$profile" buildout:directory="$top/work" buildout:download-cache="$top/downloads" \
    "${sources[@]}" "${parts[@]}" >"$top/out-$jobs" 2>"$top/err" || { cat "$top/out-$jobs" "$top/err"; exit 1; }
  time[$jobs]=$(($(now) - begun))
  manifest "$top/work" >"$top/tree-$jobs"
done
number=$(sed -n 's/^parts = //p' "$top/work/.installed.cfg" | wc -w)
grep -v '^Creating directory\|: trying ' "$top/out-1" >"$top/said-1"
grep -v '^Creating directory\|: trying ' "$top/out-2" >"$top/said-2"
echo "$number parts: --jobs 1 ${time[1]} ms, --jobs 2 ${time[2]} ms ($((time[1] * 100 / time[2]))%)"
diff "$top/tree-1" "$top/tree-2" >"$top/difference" || { echo "The trees differ:"; head -40 "$top/difference"; exit 1; }
diff "$top/said-1" "$top/said-2" || { echo "The runs said different things."; exit 1; }
echo "The trees, the state and the output are the same."
[ "$(nproc)" = 1 ] || [ "${time[2]}" -lt "${time[1]}" ] || { echo "Two jobs are not quicker than one."; exit 1; }
