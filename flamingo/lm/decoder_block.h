#pragma once

#include <functional>

#include "flamingo/lm/causal_attention.h"
#include "flamingo/nn/mlp.h"
#include "flamingo/nn/norm.h"

namespace flamingo::lm {

/// What is done to x [B, T, D] between a block's two parts.
using BetweenParts = std::function<torch::Tensor(const torch::Tensor& x)>;

/// One pre-norm block:
///
///   x = x + self_attn(input_layernorm(x))
///   x = between(x), where one is given
///   x = x + mlp(post_attention_layernorm(x))
///
/// or, with parallel_residual, x + self_attn(input_layernorm(x)) +
/// mlp(post_attention_layernorm(x)).
class DecoderBlockImpl : public torch::nn::Module {
 public:
  DecoderBlockImpl(const DecoderConfig& config, const torch::TensorOptions& options);

  /// x [B, T, D] -> [B, T, D], same type. With a cache, this is its block `layer`.
  torch::Tensor forward(const torch::Tensor& x, const BlockContext& context, KvCache* cache,
                        size_t layer, const BetweenParts& between = {}) const;

  nn::Norm input_layernorm;
  CausalAttention self_attn;
  nn::Norm post_attention_layernorm;
  nn::Mlp mlp;

 private:
  bool parallel_residual_;
};
TORCH_MODULE(DecoderBlock);

}  // namespace flamingo::lm
