#!/usr/bin/env bash
# Installs BUILD_DIR into a scratch folder and builds and runs tests/package against it.
set -euo pipefail
build_dir=$1
torch_dir=$2
source_dir=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build_dir" --prefix "$scratch/prefix" > "$scratch/log"
cmake -S "$source_dir" -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$scratch/prefix" -DTorch_DIR="$torch_dir" >> "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
cmake --build "$scratch/build" >> "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
"$scratch/build/describe"
