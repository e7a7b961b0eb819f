#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "flamingo/nn/packed_weight.h"

namespace flamingo {

/// y = x W^T + b with weight [out, in] and optional bias [out].
///
/// Computes in the type of x: fp32 masters are cast down per call (differentiably), frozen weights
/// are stored in the compute type and used as they are, or as blocks that are decoded per use. On
/// the meta device no memory is taken.
class LinearImpl : public torch::nn::Module {
 public:
  LinearImpl(int64_t in, int64_t out, bool bias, const torch::TensorOptions& options);

  /// x [..., in] -> [..., out], same type. Throws Error when the last extent is not `in`.
  torch::Tensor forward(const torch::Tensor& x) const;

  /// Puts blocks in the place of a frozen weight, of which only shape and type stay (on the meta
  /// device). Throws Error when weight or bias is trained, or the shapes differ.
  void pack(c10::intrusive_ptr<PackedWeight> blocks);
  /// The blocks, or null.
  const c10::intrusive_ptr<PackedWeight>& packed() const { return packed_; }

  torch::Tensor weight;  ///< [out, in]
  torch::Tensor bias;    ///< [out] or undefined

 private:
  c10::intrusive_ptr<PackedWeight> packed_;
};
TORCH_MODULE(Linear);

/// x W^T + b over the last axis: x [..., in], weight [out, in], bias [out] or undefined ->
/// [..., out]. The rows of x become one matrix first: of a slice such as x[:, -1:], torch would
/// rather copy the weights (a vocabulary of 49,152: 8 % of a prefill of 512 tokens).
torch::Tensor linear_by_rows(const torch::Tensor& x, const torch::Tensor& weight,
                             const torch::Tensor& bias = {});

/// `tensor` in the type of `like` (itself when it already is).
torch::Tensor cast_like(const torch::Tensor& tensor, const torch::Tensor& like);

}  // namespace flamingo
