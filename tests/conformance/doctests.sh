#!/usr/bin/env bash
# Runs zc.buildout 3.0.1's own doctests with rbuildout in the place of each bin/buildout. Exits with 1 if an example fails
# that is not in doctests/exceptions.txt, or one passes that is.
#
#   tests/conformance/doctests.sh [--checkout DIR] [FILE | FILE:TEST]...      default: all files
#   tests/conformance/doctests.sh --quick                                     files that together take a minute or two
#
# RBUILDOUT is the command, CHECKOUT or DIR a checkout of zc.buildout at the tag 3.0.1. Without one its source distribution is
# taken, which lacks doc/*.rst: seven of the files are left out. What is needed comes from pip's index, and is kept in
# target/conformance/doctests. Needs a Python from 3.9 to 3.11; the
# baseline was made with 3.11. All files take a quarter of an hour.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/real/common.sh"
checkout=${CHECKOUT:-} arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --checkout) checkout=$2; shift ;;
    --quick) arguments+=(allow-unknown-extras.txt allowhosts.txt bootstrapping.rst debugging.txt downloadcache.txt
      extends-cache.txt getting-started.rst implicit-parts.rst optimizing.rst reference.rst runsetup.txt setup.txt
      variables-extending-and-substitutions.rst windows.txt writing-recipes.rst) ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

kind=${checkout:+checkout}
directory=${CARGO_TARGET_DIR:-$root/target}/conformance/doctests/${kind:-sdist}
tools=(pip==22.3.1 setuptools==65.5.1 wheel==0.38.4)
mark="${tools[*]} ${checkout:-sdist} $(md5sum "$0" | cut -c1-32)"
if [ "$(cat "$directory/ready" 2>/dev/null)" != "$mark" ]; then
  echo "Setting up $directory" >&2
  rm -rf "$directory"
  mkdir -p "$directory"
  directory=$(cd "$directory" && pwd -P)
  found=
  for python in ${PYTHON:-python3.11 python3.10 python3.9 python3}; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))' 2>/dev/null; then
      found=yes
      break
    fi
  done
  [ "$found" ] || { echo "zc.buildout 3.0.1 needs a Python from 3.9 to 3.11, with venv: name one with PYTHON." >&2; exit 2; }
  "$python" -m venv "$directory/venv"
  python=$directory/venv/bin/python source=$directory/buildout
  pip() { "$python" -m pip --quiet --disable-pip-version-check "$@"; }
  pip install "${tools[@]}"
  if [ -n "$checkout" ]; then
    cp -r "$checkout" "$source"
  else
    # Of the recipe the checkout has a copy that differs in its version only.
    for distribution in zc.buildout==3.0.1 zc.recipe.egg==2.0.7; do
      pip download --no-deps --no-binary :all: --no-build-isolation --dest "$directory/sources" "$distribution"
    done
    mkdir -p "$source/zc.recipe.egg_"
    tar xzf "$directory"/sources/zc*buildout-*.tar.gz -C "$source" --strip-components 1
    tar xzf "$directory"/sources/zc*recipe*egg-*.tar.gz -C "$source/zc.recipe.egg_" --strip-components 1
  fi
  cp "$root/tests/conformance/doctests/runner.cfg" "$source"
  (
    cd "$source"
    export PATH="$directory/venv/bin:$PATH" HOME=$directory PYTHONWARNINGS=ignore
    "$python" setup.py -q egg_info
    PYTHONPATH=src "$python" -c 'import sys, zc.buildout.buildout as b; b.main(sys.argv[1:])' -U -c runner.cfg
  )
  # The Python that the tests run in has what this interpreter has, and nothing of the environment that made it.
  "$python" - "$source" "$directory/path.json" <<'PY'
import json, os, re, sys
source, target = sys.argv[1:]
with open(os.path.join(source, 'bin', 'py')) as script:
    paths = re.findall(r"^  '(/[^']+)'", script.read(), re.M)
site = os.path.dirname(os.path.dirname(__import__('pip').__file__))
paths = [path for path in paths if path != site and '/wheel-' not in path]
with open(target, 'w') as file:
    json.dump(sorted(paths, key=lambda path: not path.endswith('/src')) + [site], file, indent=1)
PY
  echo "$mark" >"$directory/ready"
fi
directory=$(cd "$directory" && pwd -P)
exec "$directory/venv/bin/python" "$root/tests/conformance/doctests/run.py" --directory "$directory" \
  --results "$directory/results.json" "$rbuildout --upstream" ${arguments[@]+"${arguments[@]}"}
