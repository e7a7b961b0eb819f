# make demo | test | build : everything a user needs; see `make help`.
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
LM := .deps/lm/SmolLM2-135M-Instruct.Q4_1.gguf
PICTOGRAMS := build/data/pictograms.safetensors
FLAMINGO := $(BUILD)/bin/flamingo
export NINJA_STATUS = [%f/%t, %es] 

.PHONY: help deps configured build program pictograms drawings demo test test-asan test-arm fuzz test-long test-stress golden bench bench-peers bench-train data default-model format check-format tidy install clean
.DEFAULT_GOAL := help

help:
	@echo "flamingo: start with 'make demo' (downloads of some 300 MB, then a build of some 6 minutes on 2 cores), then 'make test'."
	@echo
	@echo "make demo           install what is missing, build, and show the default model at work (build/demo.html)"
	@echo "make test           build and run every test; those without torch under sanitizers"
	@echo "make build          flamingo, flamingo-golden and flamingo-bench in $(BUILD)/bin"
	@echo "make bench          speed beside the measured roofs of this machine"
	@echo "make bench-peers    the same beside llama.cpp, built from its PyPI package on the first call"
	@echo "make bench-train    training steps in turns with open_flamingo's own trainer, installed on the first call"
	@echo "make golden         compare with the reference outputs in tests/golden"
	@echo "make data           build training data: interleaved pages, captioned pictures and clips"
	@echo "make drawings       drawings of 288 pixels from four packages, and photographs to measure on"
	@echo "make default-model  train the default model again, from the recipes (hours)"
	@echo "make test-long      the whole suite under ASan + UBSan, torch code included (half an hour)"
	@echo "make test-stress    every test 20 times with other seeds beside a busy machine, and as other processors would (hours)"
	@echo "make test-arm       the library without torch for 64-bit ARM, its tests in QEMU"
	@echo "make fuzz           every parser under libFuzzer, FUZZ_SECONDS (60) each; FUZZ='gguf page' only those"
	@echo "make format check-format tidy install clean"

deps:
	@tools/setup.sh

# $(call configure,PRESET): CMake's output is shown only when it fails.
define configure
@mkdir -p build
@test -f build/$(1)/build.ninja || { echo "== configuring build/$(1)" && \
  cmake --preset $(1) $(CMAKE_FLAGS) > build/cmake-$(1).log 2>&1; } || { cat build/cmake-$(1).log; rm -f build/$(1)/CMakeCache.txt; \
  echo "flamingo: CMake failed as said above. A missing compiler or library: tools/setup.sh installs them on Debian;"; \
  echo "  elsewhere see docs/dependencies.md. Then run the same make command again."; exit 1; }
endef

configured: deps
	$(call configure,$(PRESET))

build: configured
	@ninja -C $(BUILD) -j $(JOBS) flamingo-cli flamingo-golden flamingo-bench

program: configured
	@test -x $(FLAMINGO) || echo "== building flamingo (some 6 minutes on 2 cores; next: the demo's pictures, then the demo)"
	@ninja -C $(BUILD) -j $(JOBS) flamingo-cli

$(PICTOGRAMS): | program
	$(FLAMINGO) data pictograms --sources .deps/pictograms --output $@

pictograms: program $(PICTOGRAMS)

# Training data like the paper's: interleaved pages (M3W-mini), captioned pictures, captioned clips.
data: pictograms
	@tools/setup.sh pages
	$(FLAMINGO) data build --recipe recipes/m3w/mini.json -t $(JOBS)
	$(FLAMINGO) data pairs -o build/data/pairs
	$(FLAMINGO) data pairs --clips -n 2000 -o build/data/clips

# Drawings for encoders of large pictures, and photographs to measure on (which nothing is trained on).
STAMPS := .deps/photographs/tuxpaint-stamps-default/usr/share/tuxpaint/stamps
drawings: program
	@tools/setup.sh drawings
	$(FLAMINGO) data pictograms --side 288 --unseen 0.2 --held-out 0.25 \
	  --clipart .deps/drawings/openclipart-svg/usr/share/openclipart/svg -o build/data/drawings
	$(FLAMINGO) data pictures $(STAMPS) --side 288 -o build/data/drawings/photographs.tar

demo: pictograms
	$(FLAMINGO) demo --html build/demo.html

test: pictograms
	@ninja -C $(BUILD) -j $(JOBS)
	@$(MAKE) --no-print-directory test-asan
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)
	$(BUILD)/bin/flamingo-golden --lm $(LM) tests/golden

# Parsers, tokenizers, kernels and decoders under AddressSanitizer and UndefinedBehaviorSanitizer.
test-asan: deps
	$(call configure,asan-base)
	@ninja -C build/asan-base -j $(JOBS)
	ctest --test-dir build/asan-base --output-on-failure -j $(JOBS)

# The portable kernels and all else that knows neither torch nor media, as an ARM machine has them.
test-arm:
	@tools/setup.sh arm
	$(call configure,arm64)
	@ninja -C build/arm64 -j $(JOBS)
	ctest --test-dir build/arm64 --output-on-failure -j $(JOBS)

FUZZ_SECONDS ?= 60
fuzz: deps
	@tools/setup.sh fuzz
	$(call configure,fuzz)
	@ninja -C build/fuzz -j $(JOBS)
	tests/fuzz/run.sh build/fuzz/fuzz $(FUZZ_SECONDS) $(FUZZ)

test-long: deps
	@tools/setup.sh tensorboard
	$(call configure,dev)
	@ninja -C build/dev -j $(JOBS) all flamingo-bench
	ctest --test-dir build/dev --output-on-failure -j $(JOBS)

# Goes on where it was ended; STRESS="--fresh" starts anew, STRESS="--only '^lm/' --seeds 3" runs less.
test-stress: pictograms
	@ninja -C $(BUILD) -j $(JOBS) --quiet
	@test -f build/asan-base/build.ninja || cmake --preset asan-base
	@ninja -C build/asan-base -j $(JOBS) --quiet
	tests/stress.py $(BUILD) build/asan-base --lm $(LM) $(STRESS)

golden: build
	$(BUILD)/bin/flamingo-golden --lm $(LM) tests/golden

bench: build
	$(BUILD)/bin/flamingo-bench --lm $(LM)

bench-peers: build
	bench/peers/run.sh $(BUILD)/bin/flamingo-bench $(LM)

bench-train: build
	bench/peers/train.sh $(BUILD)/bin/flamingo-bench
	bench/peers/train.sh $(BUILD)/bin/flamingo-bench --padded

default-model: data
	$(FLAMINGO) pretrain-vision --recipe recipes/pictogram/vision.json
	$(FLAMINGO) train --recipe recipes/pictogram/flamingo.json
	$(FLAMINGO) train --recipe recipes/mixture/flamingo.json
	$(FLAMINGO) eval --model runs/mixture/flamingo/model --heads runs/pictogram/vision/contrastive

CLANG_FORMAT := .deps/clang-format/clang_format/data/bin/clang-format
FORMATTED = $$(git ls-files 'flamingo/*.h' 'flamingo/*.cpp' 'flamingo/*.inl' 'tests/*.h' 'tests/*.cpp' 'bench/*.h' 'bench/*.cpp')

format:
	@tools/setup.sh clang-format
	$(CLANG_FORMAT) -i $(FORMATTED)

check-format:
	@tools/setup.sh clang-format
	@$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

tidy:
	cmake --preset tidy && ninja -C build/tidy -j $(JOBS)

install: build
	cmake --install $(BUILD) --prefix $(or $(PREFIX),/usr/local)

clean:
	rm -rf build
