#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "flamingo/core/layer_config.h"

namespace flamingo::nn {

/// Normalises the last axis; statistics in fp32, result in the type of x.
class NormImpl : public torch::nn::Module {
 public:
  NormImpl(int64_t dim, const NormConfig& config, const torch::TensorOptions& options);

  /// x [..., dim] -> [..., dim], same type.
  torch::Tensor forward(const torch::Tensor& x) const;

  const NormConfig& config() const { return config_; }

  torch::Tensor weight;  ///< [dim], starts at 1
  torch::Tensor bias;    ///< [dim], starts at 0; undefined for RMSNorm

 private:
  NormConfig config_;
};
TORCH_MODULE(Norm);

}  // namespace flamingo::nn
