#include "flamingo/model/presets.h"

#include <utility>

namespace flamingo::model {
namespace {

/// One row of the paper's table of sizes.
struct PaperSize {
  int64_t dim;         ///< D of LM and gated layers
  int64_t num_layers;  ///< LM blocks
  int64_t every;       ///< LM blocks per gated layer
};

FlamingoConfig paper_model(const PaperSize& size) {
  FlamingoConfig config;
  config.vision = vision::nfnet_preset("nfnet-f6");
  config.resampler = resampler::ResamplerConfig{.dim = config.vision.dim()};
  config.widen_media = true;
  config.lm = chinchilla_lm(size.dim, size.num_layers);
  config.lm.additional_vocab = 1;
  config.xattn.every = size.every;
  config.xattn.num_heads = config.lm.num_heads;
  config.xattn.head_dim = config.lm.head_dim;
  config.xattn.ffw_dim = config.lm.ffw_dim;
  config.tokens.additional = {"<EOC>"};
  config.transform.size = 320;
  return config;
}

FlamingoConfig pictogram_model() {
  FlamingoConfig config;
  config.vision = vision::nfnet_preset("nfnet-pictogram");
  config.resampler = resampler::ResamplerConfig{.dim = config.vision.dim(),
                                                .width = 384,
                                                .depth = 2,
                                                .heads = 6,
                                                .head_dim = 64,
                                                .num_latents = 8};
  config.lm = smollm2_135m();
  config.lm.additional_vocab = 2;
  config.xattn = lm::GatedXattnConfig{
      .first = 4, .every = 6, .num_heads = 8, .head_dim = 64, .ffw_dim = 4 * config.lm.dim};
  config.tokens.additional = {"<image>", "<EOC>"};
  config.transform.size = config.vision.image_size();
  return config;
}

struct Preset {
  const char* name;
  FlamingoConfig (*make)();
};

constexpr Preset kPresets[] = {
    {"flamingo-3b", [] { return paper_model({.dim = 2048, .num_layers = 24, .every = 1}); }},
    {"flamingo-9b", [] { return paper_model({.dim = 4096, .num_layers = 32, .every = 4}); }},
    {"flamingo-80b", [] { return paper_model({.dim = 8192, .num_layers = 80, .every = 7}); }},
    {"flamingo-pictogram", pictogram_model},
};

}  // namespace

lm::DecoderConfig chinchilla_lm(int64_t dim, int64_t num_layers) {
  constexpr int64_t kHeadDim = 128;
  lm::DecoderConfig config;
  config.vocab = 32000;
  config.dim = dim;
  config.num_layers = num_layers;
  config.num_heads = dim / kHeadDim;
  config.num_kv_heads = config.num_heads;
  config.head_dim = kHeadDim;
  config.ffw_dim = 4 * dim;
  config.activation = Activation::kGelu;
  config.gated_ffw = false;
  config.position = lm::PositionKind::kRelative;
  return config;
}

lm::DecoderConfig smollm2_135m() {
  lm::DecoderConfig config;
  config.rotary_base = 100000.0;
  config.max_positions = 8192;
  return config;
}

FlamingoConfig flamingo_preset(std::string_view name) {
  std::string known;
  for (const Preset& preset : kPresets) {
    if (name == preset.name) return preset.make();
    known += (known.empty() ? "" : ", ") + std::string(preset.name);
  }
  fail("preset", "expected one of {}, got \"{}\"", known, name);
}

std::vector<std::string> flamingo_preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

}  // namespace flamingo::model
