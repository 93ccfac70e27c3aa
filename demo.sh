#!/usr/bin/env bash
# From a fresh Debian machine to a real server that answers: installs a C compiler, builds rbuildout, builds HAProxy with
# everything that it needs from upstream sources, starts it, talks to it and stops it.
#
#   ./demo.sh [DIRECTORY]        default: target/demo
set -euo pipefail
cd "$(dirname "$0")"
say() { printf '\n== %s\n' "$*"; }

packages=()
command -v cc >/dev/null || packages+=(gcc libc6-dev)
command -v make >/dev/null || packages+=(make)
command -v xz >/dev/null || packages+=(xz-utils)
command -v bzip2 >/dev/null || packages+=(bzip2)
command -v cargo >/dev/null || packages+=(rustup)
if [ ${#packages[@]} -gt 0 ]; then
  say "Installing ${packages[*]}"
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends ca-certificates "${packages[@]}"
fi
command -v cargo >/dev/null && cargo --version >/dev/null 2>&1 || rustup default stable

say "Building rbuildout"
cargo build --release -p rbuildout
rbuildout=$PWD/${CARGO_TARGET_DIR:-target}/release/rbuildout
case ${CARGO_TARGET_DIR:-target} in /*) rbuildout=$CARGO_TARGET_DIR/release/rbuildout ;; esac

directory=${1:-target/demo}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
port=$((20000 + RANDOM % 10000))
run() { "$rbuildout" -c component/release-haproxy/software.cfg buildout:directory="$directory" server:port="$port" "$@"; }

say "Building HAProxy and what it needs in $directory"
run graph
run

say "Once more: nothing is to be done"
time run

say "Starting the server on port $port"
"$directory"/bin/haproxy-start >"$directory"/haproxy.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
get() {
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&3
  cat <&3
  exec 3<&-
}
for _ in $(seq 50); do
  get /ping >/dev/null 2>&1 && break
  kill -0 $server 2>/dev/null || { cat "$directory"/haproxy.log; exit 1; }
  sleep 0.1
done
answer=$(get /hello)
printf '%s\n' "$answer"
case $answer in *" 200 "*) ;; *) echo "The server did not answer as it should."; exit 1 ;; esac

say "Done"
"$directory"/parts/haproxy/sbin/haproxy -v 2>/dev/null | head -1 || true
echo "rbuildout built it with all its dependencies, it answered on port $port and is stopped now."
echo "Start it again: $directory/bin/haproxy-start"
