#!/usr/bin/env bash
# Installs the Python originals that tests compare with: zc.buildout and the recipes, into target/peers. Quick when they
# are there.
set -euo pipefail
cd "$(dirname "$0")/.."
peers=${CARGO_TARGET_DIR:-target}/peers
packages=(zc.buildout==3.0.1 slapos.recipe.cmmi==0.23 slapos.recipe.build==0.66 slapos.recipe.template==5.1
  plone.recipe.command==1.1 collective.recipe.template==2.2 zc.recipe.egg==2.0.7 jinja2==3.1.6)
# pkg_resources, by which zc.buildout finds recipes, left later versions.
tools=('setuptools==67.8.0' 'pip==23.2.1' wheel)
# Has a module in common with slapos.recipe.build: it lives in an environment of its own, `cookbook` in the other.
cookbook=(zc.buildout==3.0.1 slapos.cookbook==1.0.514)
mark="${tools[*]} ${packages[*]} ${cookbook[*]}"
if [ "$(cat "$peers/installed" 2>/dev/null)" = "$mark" ]; then
  exit 0
fi
rm -rf "$peers"
# zc.buildout 3.0.1 does not run on the newest Pythons: the oldest at hand from 3.9 on is taken.
for python in ${PYTHON:-python3.11 python3.10 python3.9 python3}; do
  if "$python" -c 'import venv, ensurepip' 2>/dev/null; then break; fi
done
"$python" -m venv "$peers"
"$peers/bin/python" -m pip install --quiet --disable-pip-version-check "${tools[@]}"
"$peers/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation "${packages[@]}"
"$python" -m venv "$peers/cookbook"
"$peers/cookbook/bin/python" -m pip install --quiet --disable-pip-version-check "${tools[@]}"
"$peers/cookbook/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation "${cookbook[@]}"
# pkg_resources of that age looks for distributions by their written names, which pip does not keep.
for written in slapos.recipe.cmmi slapos.recipe.build slapos.recipe.template plone.recipe.command collective.recipe.template \
  zc.recipe.egg; do
  for found in "$peers"/lib/python3*/site-packages/"${written//./_}"-*.dist-info; do
    version=${found##*/"${written//./_}"-}
    if [ -d "$found" ]; then mv "$found" "${found%/*}/$written-$version"; fi
  done
done
"$peers/bin/buildout" --version
echo "$mark" >"$peers/installed"
