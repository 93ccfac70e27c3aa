#!/usr/bin/env bash
# Plans, and with `build` also builds, releases of a checkout of SlapOS as they are, and prints a table.
#
#   tests/conformance/releases.sh CHECKOUT [plan|build] [RELEASE...]
#
# CHECKOUT is the root of the tree; a RELEASE is a profile below its `software/` (`helloworld/software.cfg`; `all` is each
# `*/software*.cfg`). Without any, some of different kinds are taken.
#
# `plan` initialises every part: recipes and extensions in Python come from the index that pip is configured with. `build`
# installs what the sources at hand allow: a folder of files named by their md5 in RBUILDOUT_TEST_SOURCES, then Debian's
# archive. It takes hours; BUILD_SECONDS (1500) ends it for each release, and a later one goes on where that stopped.
#
# ASSIGNMENTS are put on the command line of each: `buildout:extensions=` builds with the Python at hand, instead of a release's
# own, and `buildout:shared-part-list=DIR` builds what releases have in common once.
#
# Columns: parts of the plan; whether all are initialised; parts built; what is missing. Work is done in WORK, by default a
# directory of its own that goes away. Fails if a release can't be planned that is not in the list of exceptions below.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=${1:?the checkout of SlapOS}
shift
what=plan
case ${1:-} in plan | build) what=$1 && shift ;; esac
tree=$(cd "$tree" && pwd)
. "$root/tests/real/common.sh"

# What the tree itself lacks, or leaves to the site.
declare -A excused=(
  [postgres/software.cfg]="the md5 of instance.cfg.in in buildout.hash.cfg is not that of the file"
)
declare -A site=(
  [erp5testnode/software.cfg]="buildout:shared-part-list=SHARED"
)

releases=("$@")
if [ ${#releases[@]} = 0 ]; then
  releases=(helloworld html5as-base re6stnet monitor jupyter gitlab kvm theia rapid-cdn nginx-push-stream neoppod erp5
    erp5testnode postgres)
  releases=("${releases[@]/%//software.cfg}")
elif [ "${releases[*]}" = all ]; then
  mapfile -t releases < <(cd "$tree/software" && ls -d */software*.cfg)
fi

if [ -n "${WORK:-}" ]; then
  work=$WORK
  mkdir -p "$work"
else
  work=$(mktemp -d)
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
fi
isolate "$work"
# Both: the folder has what Debian has not.
export RBUILDOUT_MIRRORS="${RBUILDOUT_TEST_SOURCES:-} debian"

failed=0
sections() { grep -c '^install ' "$1" || true; }
# Which file of which part could not be had.
missing() {
  sed -n 's/^  Installing \(.*\)\.$/\1/p; s/^Error: \(.*\)/ \1/p' "$1" | awk '
    /^ / { if (part) print part ":" substr($0, 1, 110); part = ""; next } { part = $0 }' | sort -u
}

printf '| release | parts | initialised | built | what is missing |\n|---|---|---|---|---|\n'
for release in "${releases[@]}"; do
  name=${release//\//-}
  directory=$work/${name%.cfg}
  mkdir -p "$directory"
  arguments=(-U -c "$tree/software/$release" "buildout:directory=$directory" "buildout:eggs-directory=$work/eggs"
    buildout:socket-timeout=5)
  read -ra assignments <<<"${ASSIGNMENTS:-}"
  arguments+=("${assignments[@]}")
  [ -z "${site[$release]:-}" ] || arguments+=("${site[$release]/SHARED/$work/shared}")
  out=$work/$name.plan error=$work/$name.error
  lacking= built=
  if "$rbuildout" plan "${arguments[@]}" >"$out" 2>"$error"; then
    initialised=all
  else
    initialised=no
    lacking=${excused[$release]:-}
    if [ -z "$lacking" ]; then
      lacking=$(sed -n 's/^Error: //p' "$error" | head -1)
      failed=1
    fi
  fi
  parts=$(sections "$out")
  if [ $what = build ] && [ $initialised = all ]; then
    status=0
    timeout -s INT -k 60 "${BUILD_SECONDS:-1500}" "$rbuildout" --keep-going "${arguments[@]}" \
      >"$work/$name.build" 2>"$work/$name.build-error" || status=$?
    # 1 is that of parts that failed; `timeout` has others.
    [ $status -le 1 ] || lacking="not ended in ${BUILD_SECONDS:-1500} s; "
    built=$(sed -n 's/^parts = //p' "$directory/.installed.cfg" 2>/dev/null | wc -w)
    lacking+=$(missing "$work/$name.build-error" | paste -sd ';' | sed 's/;/; /g; s/|/\\|/g')
  fi
  printf '| %s | %s | %s | %s | %s |\n' "${release%/software.cfg}" "$parts" "$initialised" "${built:--}" "$lacking"
done
exit $failed
