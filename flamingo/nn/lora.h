#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "flamingo/nn/init.h"

namespace flamingo::nn {

/// A trained low-rank change of a frozen matrix W [out, in]: y = x W^T + (alpha / r) (x A^T) B^T.
/// A starts random and B at 0, so that training starts from W exactly.
/// Source: Hu et al. 2021, section 4.1.
class LoraImpl : public torch::nn::Module, public InitsItself {
 public:
  /// fp32 masters, which init_weights starts. Throws Error unless 1 <= rank <= min(in, out).
  LoraImpl(int64_t in, int64_t out, int64_t rank, double alpha, torch::Device device = torch::kCPU);

  /// x [..., in] -> the change of y, [..., out], in the type of x.
  torch::Tensor forward(const torch::Tensor& x) const;
  /// B = 0.
  void init_own() override { b.zero_(); }
  /// (alpha / r) B A, the change of W, [out, in] fp32.
  torch::Tensor change() const;

  torch::Tensor a;  ///< [r, in]
  torch::Tensor b;  ///< [out, r]

 private:
  double scale_;
};
TORCH_MODULE(Lora);

}  // namespace flamingo::nn
