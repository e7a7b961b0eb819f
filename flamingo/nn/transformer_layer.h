#pragma once

#include "flamingo/nn/mlp.h"
#include "flamingo/nn/norm.h"

namespace flamingo::nn {

/// Shape of one pre-norm encoder layer.
struct TransformerLayerConfig {
  int64_t width = 0;
  int64_t heads = 0;      ///< divides width
  int64_t mlp_width = 0;  ///< hidden width of the feed-forward part
  Activation activation = Activation::kGelu;
  double norm_eps = 1e-5;
};

/// Self-attention over all positions, with biases.
class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(int64_t width, int64_t heads, const torch::TensorOptions& options);

  /// x [N, L, W], bias broadcastable to [N, H, L, L] or undefined -> [N, L, W].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& bias = {}) const;

 private:
  int64_t heads_;
  Linear in_proj_;  ///< [3 W, W]: query rows, key rows, value rows
  Linear out_proj_;
};
TORCH_MODULE(SelfAttention);

/// x += attention(norm_1(x)); x += mlp(norm_2(x)).
class TransformerLayerImpl : public torch::nn::Module {
 public:
  /// Throws Error unless heads divides width.
  TransformerLayerImpl(const TransformerLayerConfig& config, const torch::TensorOptions& options);

  /// x [N, L, W], bias as in SelfAttentionImpl -> [N, L, W].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& bias = {}) const;

 private:
  Norm norm_1_;
  SelfAttention attention_;
  Norm norm_2_;
  Mlp mlp_;
};
TORCH_MODULE(TransformerLayer);

}  // namespace flamingo::nn
