#include "flamingo/nn/mlp.h"

#include "flamingo/nn/bf16_kernels.h"

namespace flamingo::nn {

MlpImpl::MlpImpl(const MlpConfig& config, const torch::TensorOptions& options)
    : up_proj(register_module("up_proj", Linear(config.dim, (config.gated ? 2 : 1) * config.hidden,
                                                config.bias, options))),
      down_proj(
          register_module("down_proj", Linear(config.hidden, config.dim, config.bias, options))),
      config_(config) {}

torch::Tensor MlpImpl::forward(const torch::Tensor& x) const {
  const auto up = up_proj->forward(x);
  if (!config_.gated) return down_proj->forward(activate(config_.activation, up));
  if (config_.activation == Activation::kSilu && takes_bf16_kernels(up)) {
    return down_proj->forward(bf16_swiglu(up));
  }
  const auto halves = up.chunk(2, -1);
  return down_proj->forward(activate(config_.activation, halves[0]) * halves[1]);
}

}  // namespace flamingo::nn
