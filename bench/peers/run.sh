#!/usr/bin/env bash
# flamingo-bench beside llama.cpp: the same GGUF and threads, one after the other, in one run.
# The first call builds llama.cpp into .deps/peers (ten minutes and more on 2 cores).
set -euo pipefail
cd "$(dirname "$0")/../.."
BENCH=${1:?usage: bench/peers/run.sh FLAMINGO_BENCH MODEL.gguf}
MODEL=${2:?usage: bench/peers/run.sh FLAMINGO_BENCH MODEL.gguf}
PEERS=.deps/peers

if [ ! -d "$PEERS/llama_cpp" ]; then
  echo "== building llama.cpp into $PEERS"
  mkdir -p .deps && rm -rf "$PEERS.part"
  CMAKE_ARGS="-DGGML_NATIVE=ON -DLLAMA_BUILD_TESTS=OFF -DLLAVA_BUILD=OFF" \
    python3 -m pip install --quiet --no-binary llama-cpp-python --target "$PEERS.part" llama-cpp-python==0.3.36
  mv "$PEERS.part" "$PEERS"
fi
"$BENCH" --lm "$MODEL" prefill decode
PYTHONPATH=$PEERS python3 bench/peers/bench_llama_cpp.py "$MODEL"
