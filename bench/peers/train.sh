#!/usr/bin/env bash
# Training steps of flamingo and of open_flamingo in turns, in fp32 and bf16, in one run (open_flamingo_train.py says what a
# step is). The first call installs the peer into .deps/open_flamingo, beside the torch of .deps/python.
#   SHAPES="tiny small" TYPES="bf16 fp32" set what is run, PEER another folder; options go to open_flamingo_train.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
BENCH=${1:?usage: bench/peers/train.sh FLAMINGO_BENCH [OPTION...]}
shift
PEER=${PEER:-.deps/open_flamingo}

if [ ! -d "$PEER" ]; then
  echo "== installing open_flamingo into $PEER"
  rm -rf "$PEER.part"
  python3 -m pip install --quiet --target "$PEER.part" transformers==4.57.1 einops==0.8.2 numpy jinja2 networkx sympy
  python3 -m pip install --quiet --no-deps --target "$PEER.part" open_flamingo==2.0.1 einops-exts==0.0.4
  mv "$PEER.part" "$PEER"
fi
for shape in ${SHAPES:-tiny small}; do
  for type in ${TYPES:-bf16 fp32}; do
    PYTHONPATH=$PEER:.deps/python python3 bench/peers/open_flamingo_train.py "$BENCH" --shape "$shape" --type "$type" "$@"
  done
done
