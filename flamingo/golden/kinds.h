#pragma once

#include <filesystem>
#include <string>

#include "flamingo/golden/report.h"

namespace flamingo::golden {

namespace fs = std::filesystem;

/// What the user may set.
struct Options {
  std::string
      lm_path;  ///< SmolLM2-135M-Instruct.Q4_1.gguf, for folders that do not store the model
};

/// One kind of fixture: recognised by the files of a folder, never by its name.
/// `matches` looks at one folder only; the walker descends into folders that nothing matches.
#define FLAMINGO_GOLDEN_KIND(kind)             \
  bool matches_##kind(const fs::path& folder); \
  void compare_##kind(const fs::path& folder, const Options& options, Report& report)

FLAMINGO_GOLDEN_KIND(tokenizer);      ///< tokenizer.json + encode.jsonl
FLAMINGO_GOLDEN_KIND(preprocessing);  ///< images/ + expected.safetensors
FLAMINGO_GOLDEN_KIND(nfnet);          ///< model/config.json with "dm_nfnet" + cases/
FLAMINGO_GOLDEN_KIND(nfnet_sizes);    ///< dm_nfnet_sizes.json
FLAMINGO_GOLDEN_KIND(efficientnet);   ///< model/ with config.json of an "efficientnet", or a .pth
FLAMINGO_GOLDEN_KIND(clip);           ///< cases/ + any of hf/, open_clip/, openai/
FLAMINGO_GOLDEN_KIND(gguf);           ///< model.gguf + inputs.safetensors (+ blocks.safetensors)
FLAMINGO_GOLDEN_KIND(gguf_lm);        ///< cases/ + dequantized.safetensors, model given by lm_path
FLAMINGO_GOLDEN_KIND(idefics);        ///< model/config.json with model_type idefics + cases/
#undef FLAMINGO_GOLDEN_KIND

}  // namespace flamingo::golden
