#pragma once

#include <torch/types.h>

#include "flamingo/lm/decoder.h"
#include "flamingo/nn/init.h"

namespace flamingo::testing {

/// A LLaMA-like decoder of 3 small blocks.
inline lm::DecoderConfig tiny_lm() {
  lm::DecoderConfig config;
  config.vocab = 40;
  config.dim = 32;
  config.num_layers = 3;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 8;
  config.ffw_dim = 48;
  config.max_positions = 64;
  return config;
}

inline lm::Decoder make_decoder(const lm::DecoderConfig& config,
                                torch::ScalarType type = torch::kFloat32) {
  lm::Decoder decoder(config, lm::WeightOptions::of(type));
  nn::init_weights(*decoder, 7);
  return decoder;
}

/// ids [B, T] below `vocab`, the same every time.
inline torch::Tensor some_ids(int64_t batch, int64_t count, int64_t vocab = 40) {
  return torch::arange(batch * count, torch::kInt64)
      .mul(17)
      .add(3)
      .remainder(vocab)
      .view({batch, count});
}

/// Largest absolute difference of two tensors of one shape.
inline double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

}  // namespace flamingo::testing
