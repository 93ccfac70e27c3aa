#!/usr/bin/env bash
# Everything that must pass: format, clippy, tests, real builds, documentation.
#
#   ./test.sh            all of it
#   ./test.sh quick      without the real builds
#   ./test.sh STEP...    only these: format clippy build tests real docs
#
# Tests need strace, git, make, a C compiler and Python 3 with venv; `.ci/run` installs them. Real builds take their
# sources from upstream and from Debian, or from RBUILDOUT_TEST_SOURCES, a folder of files named by their md5.
set -euo pipefail
cd "$(dirname "$0")"

# One profile for everything that runs, so that nothing is built twice.
profile=release
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never} INSTA_UPDATE=no

format() { cargo fmt --all --check; }
clippy() { cargo clippy --workspace --all-targets --profile $profile --locked -- -D warnings; }
build() { cargo build --workspace --bins --profile $profile --locked; }
nextest() { cargo nextest run --workspace --cargo-profile $profile --locked "$@"; }
tests() {
  tests/peers.sh
  nextest --profile ci
}
real() { nextest --profile real --run-ignored all; }
docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --profile $profile --locked; }

case ${1:-all} in
  all) steps=(format clippy build docs tests real) ;;
  quick) steps=(format clippy build docs tests) ;;
  *) steps=("$@") ;;
esac

times=()
for step in "${steps[@]}"; do
  printf '\n== %s\n' "$step"
  begun=$SECONDS
  "$step" || {
    status=$?
    printf '\n== %s failed after %d s\n' "$step" $((SECONDS - begun))
    exit $status
  }
  times+=("$step $((SECONDS - begun)) s")
done
printf '\n== passed:'
printf ' %s;' "${times[@]}"
printf ' together %d s\n' $SECONDS
