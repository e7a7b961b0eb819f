#!/usr/bin/env bash
# EfficientNet-Lite2 of flamingo-bench beside torch and ONNX Runtime: one shape, type and number of threads, in one run.
# The first call installs the peers into .deps/vision_peers, beside the torch of .deps/python.
set -euo pipefail
cd "$(dirname "$0")/../.."
BENCH=${1:?usage: bench/peers/vision.sh FLAMINGO_BENCH [THREADS]}
THREADS=${2:-2}
PEER=.deps/vision_peers

if [ ! -d "$PEER" ]; then
  echo "== installing efficientnet_lite_pytorch and onnxruntime into $PEER"
  rm -rf "$PEER.part"
  python3 -m pip install --quiet --target "$PEER.part" onnxruntime==1.31.1 onnx==1.23.2 numpy jinja2 networkx sympy
  python3 -m pip install --quiet --no-deps --target "$PEER.part" efficientnet-lite-pytorch==0.1.0
  mv "$PEER.part" "$PEER"
fi
tools/setup.sh encoders
"$BENCH" --threads "$THREADS" vision
PYTHONPATH=$PEER:.deps/python python3 bench/peers/bench_vision.py .deps/encoders/*lite2*.pth --threads "$THREADS"
