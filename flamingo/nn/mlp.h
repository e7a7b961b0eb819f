#pragma once

#include "flamingo/nn/activation.h"
#include "flamingo/nn/linear.h"

namespace flamingo::nn {

/// Shape of a feed-forward part.
struct MlpConfig {
  int64_t dim = 0;
  int64_t hidden = 0;
  Activation activation = Activation::kGelu;
  bool gated = false;  ///< activation(gate x) * (up x); the gate's rows come first in up_proj
  bool bias = false;
};

/// down(activation(up x)), or down(activation(gate x) * (up x)).
class MlpImpl : public torch::nn::Module {
 public:
  MlpImpl(const MlpConfig& config, const torch::TensorOptions& options);

  /// x [..., dim] -> [..., dim], same type.
  torch::Tensor forward(const torch::Tensor& x) const;

  const MlpConfig& config() const { return config_; }

  Linear up_proj;    ///< [hidden, dim], or [2 * hidden, dim]: gate rows, then up rows
  Linear down_proj;  ///< [dim, hidden]

 private:
  MlpConfig config_;
};
TORCH_MODULE(Mlp);

}  // namespace flamingo::nn
