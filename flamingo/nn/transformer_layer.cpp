#include "flamingo/nn/transformer_layer.h"

#include "flamingo/core/shape.h"
#include "flamingo/nn/attention.h"

namespace flamingo::nn {

SelfAttentionImpl::SelfAttentionImpl(int64_t width, int64_t heads,
                                     const torch::TensorOptions& options)
    : heads_(heads),
      in_proj_(register_module("in_proj", Linear(width, 3 * width, true, options))),
      out_proj_(register_module("out_proj", Linear(width, width, true, options))) {
  require(heads > 0 && width % heads == 0, "self-attention",
          "expected heads to divide the width {}, got {}", width, heads);
}

torch::Tensor SelfAttentionImpl::forward(const torch::Tensor& x, const torch::Tensor& bias) const {
  expect_shape(x, {kAny, kAny, kAny}, "self-attention x");
  const auto qkv = in_proj_->forward(x).unflatten(2, {3, heads_, -1});  // [N, L, 3, H, Dh]
  const auto parts = qkv.permute({2, 0, 3, 1, 4});                      // [3, N, H, L, Dh]
  const auto mixed = attention(parts[0], parts[1], parts[2], bias);     // [N, H, L, Dh]
  return out_proj_->forward(mixed.transpose(1, 2).flatten(2));
}

TransformerLayerImpl::TransformerLayerImpl(const TransformerLayerConfig& config,
                                           const torch::TensorOptions& options)
    : norm_1_(register_module("norm_1",
                              Norm(config.width, NormConfig{.eps = config.norm_eps}, options))),
      attention_(register_module("attention", SelfAttention(config.width, config.heads, options))),
      norm_2_(register_module("norm_2",
                              Norm(config.width, NormConfig{.eps = config.norm_eps}, options))),
      mlp_(register_module("mlp", Mlp(MlpConfig{.dim = config.width,
                                                .hidden = config.mlp_width,
                                                .activation = config.activation,
                                                .bias = true},
                                      options))) {}

torch::Tensor TransformerLayerImpl::forward(const torch::Tensor& x,
                                            const torch::Tensor& bias) const {
  const auto h = x + attention_->forward(norm_1_->forward(x), bias);
  return h + mlp_->forward(norm_2_->forward(h));
}

}  // namespace flamingo::nn
