#include "flamingo/lm/decoder_block.h"

namespace flamingo::lm {
namespace {

nn::MlpConfig mlp_config(const DecoderConfig& config) {
  return {.dim = config.dim,
          .hidden = config.ffw_dim,
          .activation = config.activation,
          .gated = config.gated_ffw,
          .bias = config.ffw_bias};
}

}  // namespace

DecoderBlockImpl::DecoderBlockImpl(const DecoderConfig& config, const torch::TensorOptions& options)
    : input_layernorm(
          register_module("input_layernorm", nn::Norm(config.dim, config.norm, options))),
      self_attn(register_module("self_attn", CausalAttention(config, options))),
      post_attention_layernorm(
          register_module("post_attention_layernorm", nn::Norm(config.dim, config.norm, options))),
      mlp(register_module("mlp", nn::Mlp(mlp_config(config), options))),
      parallel_residual_(config.parallel_residual) {}

torch::Tensor DecoderBlockImpl::forward(const torch::Tensor& x, const BlockContext& context,
                                        KvCache* cache, size_t layer,
                                        const BetweenParts& between) const {
  auto y = x + self_attn->forward(input_layernorm->forward(x), context, cache, layer);
  if (between) y = between(y);
  return y + mlp->forward(post_attention_layernorm->forward(parallel_residual_ ? x : y));
}

}  // namespace flamingo::lm
