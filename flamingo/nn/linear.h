#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <memory>
#include <vector>

#include "flamingo/nn/lora.h"

namespace flamingo::nn {

class PackedWeight;

/// What is around a layer's product where several processes share its work or its weight
/// (parallel/): y = after(before(x) W^T) + b.
class AroundProduct {
 public:
  virtual ~AroundProduct() = default;
  /// x [..., in] -> [..., in], the layer's input.
  virtual torch::Tensor before(const torch::Tensor& x) const { return x; }
  /// y [..., out] -> [..., out], the layer's product.
  virtual torch::Tensor after(const torch::Tensor& y) const { return y; }
};

/// y = x W^T + b with weight [out, in] and optional bias [out].
///
/// Computes in the type of x: fp32 masters are cast down per call (differentiably), frozen weights
/// are stored in the compute type and used as they are, or as blocks that are decoded per use. On
/// the meta device no memory is taken.
class LinearImpl : public torch::nn::Module {
 public:
  LinearImpl(int64_t in, int64_t out, bool bias, const torch::TensorOptions& options);
  ~LinearImpl() override;

  /// x [..., in] -> [..., out], same type. Throws Error when the last dimension is not `in`.
  torch::Tensor forward(const torch::Tensor& x) const;

  /// Puts blocks in the place of a frozen weight, of which only shape and type stay (on the meta
  /// device). Throws Error when weight or bias is trained, or the shapes differ.
  void pack(c10::intrusive_ptr<PackedWeight> blocks);
  /// The blocks, or null.
  const c10::intrusive_ptr<PackedWeight>& packed() const { return packed_; }

  /// Adds a trained change of low rank to the frozen weight: y += (alpha / rank) (x A^T) B^T.
  /// Throws Error on a rank out of range or a second one.
  void add_lora(int64_t rank, double alpha);
  /// Puts the change into the weight, and ends it. Throws Error where the weight is blocks.
  void merge_lora();

  torch::Tensor weight;                                      ///< [out, in]
  torch::Tensor bias;                                        ///< [out] or undefined
  Lora lora{nullptr};                                        ///< null: none
  std::vector<std::shared_ptr<const AroundProduct>> around;  ///< outermost first; mostly empty

 private:
  /// x [..., in], offset [out] or undefined -> x W^T + offset [..., out].
  torch::Tensor product(const torch::Tensor& x, const torch::Tensor& offset) const;

  c10::intrusive_ptr<PackedWeight> packed_;
};
TORCH_MODULE(Linear);

/// x W^T + b over the last axis: x [..., in], weight [out, in], bias [out] or undefined ->
/// [..., out]. The rows of x become one matrix first: of a slice such as x[:, -1:], torch would
/// rather copy the weights (a vocabulary of 49,152: 8 % of a prefill of 512 tokens).
torch::Tensor linear_by_rows(const torch::Tensor& x, const torch::Tensor& weight,
                             const torch::Tensor& bias = {});

/// `tensor`, of any shape, in the type of `like` (itself when it already is).
torch::Tensor cast_like(const torch::Tensor& tensor, const torch::Tensor& like);

}  // namespace flamingo::nn
