#pragma once

#include "flamingo/model/flamingo.h"
#include "flamingo/nn/init.h"

namespace flamingo {

/// A model small enough for tests, with random weights and gates that are open.
inline model::FlamingoConfig tiny_flamingo_config() {
  model::FlamingoConfig config;
  vision::NfnetConfig nfnet;
  nfnet.image_size = 16;
  nfnet.stem_channels = {8, 16};
  nfnet.stem_strides = {2, 2};
  nfnet.depths = {1};
  nfnet.widths = {32};
  nfnet.strides = {1};
  nfnet.group_width = 0;
  nfnet.final_width = 0;
  nfnet.stochastic_depth = 0;
  config.vision = nfnet;
  auto& resampler = config.resampler.emplace();
  resampler.dim = 32;
  resampler.width = 24;
  resampler.depth = 1;
  resampler.heads = 2;
  resampler.head_dim = 8;
  resampler.num_latents = 4;
  config.lm.vocab = 40;
  config.lm.additional_vocab = 2;
  config.lm.dim = 32;
  config.lm.num_layers = 3;
  config.lm.num_heads = 4;
  config.lm.num_kv_heads = 2;
  config.lm.head_dim = 8;
  config.lm.ffw_dim = 48;
  config.lm.max_positions = 64;
  config.xattn.every = 2;
  config.xattn.num_heads = 2;
  config.xattn.head_dim = 8;
  config.xattn.ffw_dim = 64;
  config.xattn.gate_init = 0.7;
  config.tokens.additional = {"<EOC>", "<image>"};
  config.transform.size = 16;
  return config;
}

inline model::Flamingo tiny_flamingo(uint64_t seed = 1) {
  model::Flamingo model(tiny_flamingo_config(), lm::WeightOptions::of(torch::kFloat32));
  nn::init_weights(*model, seed);
  torch::NoGradGuard guard;
  for (const auto& parameter : model->named_parameters()) {
    if (parameter.key().find("alpha") != std::string::npos) parameter.value().fill_(0.7);
  }
  return model;
}

}  // namespace flamingo
