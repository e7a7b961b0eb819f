#pragma once

#include "flamingo/model/flamingo.h"
#include "flamingo/nn/init.h"
#include "tests/lm/tiny_models.h"

namespace flamingo::testing {

/// All parts of Flamingo, small: NFNet, resampler, gated layers before blocks 1 and 2, tiny_lm().
inline model::FlamingoConfig tiny_flamingo() {
  model::FlamingoConfig config;
  vision::NfnetConfig vision;
  vision.image_size = 16;
  vision.stem_channels = {8};
  vision.stem_strides = {2};
  vision.depths = {1};
  vision.widths = {16};
  vision.strides = {2};
  vision.group_width = 4;
  vision.final_width = 0;
  config.vision = vision;
  config.resampler = resampler::ResamplerConfig{.dim = 16,
                                                .width = 12,
                                                .depth = 1,
                                                .heads = 2,
                                                .head_dim = 8,
                                                .num_latents = 5,
                                                .num_frames = 4};
  config.lm = tiny_lm();
  config.lm.additional_vocab = 2;
  config.tokens.additional = {"<image>", "<EOC>"};
  config.xattn.first = 1;
  config.xattn.num_heads = 2;
  config.xattn.head_dim = 8;
  config.xattn.ffw_dim = 24;
  config.xattn.gate_init = 0.4;
  config.transform.size = 16;
  return config;
}

inline model::Flamingo make_flamingo(const model::FlamingoConfig& config,
                                     torch::ScalarType type = torch::kFloat32) {
  model::Flamingo model(config, lm::WeightOptions::of(type));
  nn::init_weights(*model, 21);
  return model;
}

/// pixels [B, M, F, 3, 16, 16], the same every time.
inline torch::Tensor some_pixels(int64_t batch, int64_t media, int64_t frames = 1) {
  return torch::linspace(-2, 2, batch * media * frames * 3 * 16 * 16)
      .view({batch, media, frames, 3, 16, 16})
      .sin();
}

}  // namespace flamingo::testing
