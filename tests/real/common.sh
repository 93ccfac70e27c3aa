# What the scripts for real builds share. Sourced, with $root set to the repository.

# The command: RBUILDOUT, else the release build.
rbuildout=${RBUILDOUT:-${CARGO_TARGET_DIR:-$root/target}/release/rbuildout}
[ -x "$rbuildout" ] || { echo "$rbuildout is missing: build it with \`cargo build --release\`, or set RBUILDOUT." >&2; exit 2; }

# Sources come from a folder with files named by their md5, where one is given, else from upstream and Debian.
export RBUILDOUT_MIRRORS="${RBUILDOUT_TEST_SOURCES:-debian}"
sources=()
[ -z "${RBUILDOUT_TEST_SOURCES:-}" ] || sources=(buildout:socket-timeout=5)

# A home and a cache of their own: nothing of the user's gets in.
isolate() {
  mkdir -p "$1/home" "$1/cache"
  export HOME=$1/home XDG_CACHE_HOME=$1/cache
  unset MAKEFLAGS MAKELEVEL CC CXX CFLAGS CPPFLAGS LDFLAGS
}

# Kind, mode, path and link target of everything below a directory, then the digests of the files; without the run's own
# directory, whose logs tell times.
manifest() (
  cd "$1"
  find . -path ./.rbuildout -prune -o -path './*/.rbuildout' -prune -o -printf '%y %m %p %l\n' | LC_ALL=C sort
  find . -path ./.rbuildout -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
)

# Processes that work in a directory or have files of it open.
processes_in() {
  local process found=
  for process in /proc/[0-9]*; do
    [ "${process#/proc/}" != $$ ] || continue
    if { readlink "$process/cwd" "$process/exe"; find "$process/fd" -type l -printf '%l\n'; } 2>/dev/null | grep -q "^$1/"; then
      found="$found ${process#/proc/}"
    fi
  done
  echo $found
}

# Now, in milliseconds.
now() { date +%s%3N; }
