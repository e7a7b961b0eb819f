#pragma once

#include <ostream>

#include "tests/model/tiny_flamingo.h"

namespace flamingo::testing {

/// An option of the paper's ablations (docs/ablations.md) at tiny size.
struct AblationVariant {
  const char* name;
  void (*change)(model::FlamingoConfig&);
};

inline void PrintTo(const AblationVariant& variant, std::ostream* out) { *out << variant.name; }

inline void use_clip(model::FlamingoConfig& config) {
  config.vision = vision::ClipVitConfig{
      .image_size = 16, .patch_size = 8, .width = 16, .layers = 1, .heads = 2, .mlp_width = 32};
}

inline const AblationVariant kAblationVariants[] = {
    {"baseline", [](auto&) {}},
    {"no_gates", [](auto& c) { c.xattn.gate = lm::GateKind::kNone; }},
    {"vanilla", [](auto& c) { c.xattn.form = lm::XattnForm::kVanilla; }},
    {"vanilla_no_gates",
     [](auto& c) {
       c.xattn.form = lm::XattnForm::kVanilla;
       c.xattn.gate = lm::GateKind::kNone;
     }},
    {"grafting",
     [](auto& c) {
       c.xattn.form = lm::XattnForm::kGrafting;
       c.xattn.graft_depth = 2;
     }},
    {"grafting_relative",
     [](auto& c) {
       c.xattn.form = lm::XattnForm::kGrafting;
       c.xattn.graft_depth = 1;
       c.lm.position = lm::PositionKind::kRelative;
     }},
    {"single_in_the_middle", [](auto& c) { c.xattn.every = 0; }},
    {"every_second",
     [](auto& c) {
       c.xattn.first = 0;
       c.xattn.every = 2;
     }},
    {"mlp", [](auto& c) { c.resampler->kind = resampler::ResamplerKind::kMlp; }},
    {"transformer", [](auto& c) { c.resampler->kind = resampler::ResamplerKind::kTransformer; }},
    {"all_previous", [](auto& c) { c.xattn.media_attention = lm::MediaAttention::kAllPrevious; }},
    {"all_previous_vanilla",
     [](auto& c) {
       c.xattn.form = lm::XattnForm::kVanilla;
       c.xattn.media_attention = lm::MediaAttention::kAllPrevious;
     }},
    {"clip", use_clip},
};

inline model::FlamingoConfig config_of(const AblationVariant& variant) {
  auto config = tiny_flamingo();
  variant.change(config);
  return config;
}

}  // namespace flamingo::testing
