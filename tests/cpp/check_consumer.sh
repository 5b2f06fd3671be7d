#!/usr/bin/env bash
# Builds examples/cpp in the three ways that users embed the core: from a source tree, from an
# installed prefix, from an installed wheel; asks a small image and compares with what Python answers.
# Usage: check_consumer.sh BIN (the folder of python, pip, cmake, ninja and nb201).
set -euo pipefail
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake() { "$bin/cmake" "$@"; }

build() {  # name, then CMake options
  local name=$1
  shift
  cmake -S "$root/examples/cpp" -B "$work/$name" -G Ninja -DCMAKE_MAKE_PROGRAM="$bin/ninja" "$@" >"$work/log" ||
    { cat "$work/log"; return 1; }
  cmake --build "$work/$name" >"$work/log" || { cat "$work/log"; return 1; }
  found=$("$work/$name/ask" "$image" "$cell" cifar10 ori-test 200 888)
  [ "$found" = "$expected" ] || { echo "consumer: $name answers $found, Python $expected" >&2; return 1; }
  if "$work/$name/ask" "$work/absent.nb201" 2>/dev/null; then echo "consumer: $name opened nothing" >&2; return 1; fi
  echo "consumer: $name works"
}

image=$work/synthetic.nb201
cell='|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|'
"$bin/nb201" convert "$root/nb201store/demo_data/synthetic-tss.pickle.pbz2" "$image" >/dev/null
expected=$("$bin/python" -c 'import sys, nb201store as nb
bench = nb.open(sys.argv[1])
accuracy = bench.accuracy(nb.tss.code(sys.argv[2]), "cifar10", "ori-test", schedule=200, seed=888)
print(f"{accuracy:.17g}")' "$image" "$cell")

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
