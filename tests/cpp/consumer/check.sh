#!/usr/bin/env bash
# Builds and runs the consumer project in the three ways that users embed the core: from a source tree, from an
# installed prefix, from an installed wheel. Usage: check.sh BIN (the folder of python, pip, cmake and ninja).
set -euo pipefail
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake() { "$bin/cmake" "$@"; }

build() {  # name, then CMake options
  local name=$1
  shift
  cmake -S "$here" -B "$work/$name" -G Ninja -DCMAKE_MAKE_PROGRAM="$bin/ninja" "$@" >"$work/log" ||
    { cat "$work/log"; return 1; }
  cmake --build "$work/$name" >"$work/log" || { cat "$work/log"; return 1; }
  "$work/$name/consumer" >/dev/null
  echo "consumer: $name works"
}

build source-tree -DNB201STORE_SOURCE="$root"

cmake -S "$root" -B "$work/core" -G Ninja -DCMAKE_MAKE_PROGRAM="$bin/ninja" -DCMAKE_INSTALL_PREFIX="$work/prefix" >/dev/null
cmake --build "$work/core" --target install >/dev/null
build prefix -DCMAKE_PREFIX_PATH="$work/prefix"

"$bin/pip" --quiet --disable-pip-version-check wheel --no-build-isolation --no-deps \
  --config-settings=build-dir="$work/wheel-build" -w "$work" "$root"
"$bin/pip" --quiet --disable-pip-version-check install --no-deps --target "$work/site" "$work"/nb201store-*.whl
cd "$work"
# -S: without the hook of an editable install, which would answer for the source tree.
config=$(PYTHONPATH="$work/site" "$bin/python" -P -S -c 'import nb201store; print(nb201store.get_cmake_dir())')
case "$config" in "$work"/site/*) ;; *) echo "get_cmake_dir gave $config, not the installed wheel's" >&2; exit 1 ;; esac
build wheel -Dnb201store_DIR="$config"
